//! `/accounts/{account}/provide`: the next step of the login alone, for the dialog and for browsers without JavaScript.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;

use crate::domain::access::{Permit, privileges};
use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::login::form::{LoginForm, edits_password};
use crate::web::login::step::{Step, is_changing};
use crate::web::pages::accounts::actions;
use crate::web::pages::accounts::code_use::CodeUse;
use crate::web::paths;
use crate::web::state::AppState;

#[derive(Template)]
#[template(path = "pages/accounts/login.html", blocks = ["dialog"])]
struct LoginPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    step: String,
}

impl LoginPage<'_> {
    fn is_changing(&self) -> bool {
        is_changing(&self.entry.snapshot)
    }
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
) -> Result<Response, AppError> {
    let entry = &allowed.entry;
    let may = privileges(&app.live.policy.current(), &allowed.actor, &entry.account);
    let codes = CodeUse::now(&app, &entry.account).await;
    let step = Step::new(entry, may, codes.as_ref(), app.clock.now()).render()?;
    let page = LoginPage { layout: Layout::of(&app, &allowed.actor), entry, step };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Sends what was entered to Telegram.
pub async fn submit(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(form): Form<LoginForm>,
) -> Result<Response, AppError> {
    let done = match form.parse(&allowed.entry.snapshot, allowed.entry.account.identifier.kind()) {
        Ok(input) => {
            let edits = edits_password(&app, &allowed.actor, &allowed.entry, input.edits_password())?;
            let edits = edits.as_ref().map(Permit::grant);
            ops::login::submit(&app, allowed.grant(), form.token, input, edits).await
        }
        Err(error) => Err(error),
    };
    actions::answer(&app, request_type, &allowed, done).await
}
