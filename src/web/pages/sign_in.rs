//! `/sign-in`: for trying Telescope out, where anybody may claim any address.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::App;
use crate::domain::Email;
use crate::web::auth;
use crate::web::error::AppError;
use crate::web::shell::{Shell, html, html_with};

#[derive(Template)]
#[template(path = "pages/sign_in.html")]
struct SignIn {
    shell: Shell,
    email: String,
    admins: Vec<String>,
    error: Option<String>,
}

impl SignIn {
    fn new(app: &App, email: String, error: Option<String>) -> Self {
        let admins = app.config.admin_emails.iter().map(ToString::to_string).collect();
        Self { shell: Shell::anonymous(app), email, admins, error }
    }
}

/// What a person typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    email: String,
}

/// The form.
pub async fn form(State(app): State<Arc<App>>) -> Result<Response, AppError> {
    let first = app.config.admin_emails.iter().next().map(ToString::to_string).unwrap_or_default();
    html(&SignIn::new(&app, first, None))
}

/// Signs in.
pub async fn sign_in(
    State(app): State<Arc<App>>,
    session: Session,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    match Email::parse(&typed.email) {
        Ok(email) => {
            auth::sign_in(&app, &session, &email).await?;
            Ok(Redirect::to("/accounts").into_response())
        }
        Err(error) => {
            let page = SignIn::new(&app, typed.email, Some(error.to_string()));
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Signs out: the session ends, and its open pages with it.
pub async fn sign_out(session: Session) -> Result<Response, AppError> {
    session.flush().await?;
    Ok(Redirect::to("/sign-in").into_response())
}
