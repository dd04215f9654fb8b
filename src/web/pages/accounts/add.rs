//! `/accounts/add`: a new account.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::{AccountPrivilege, can};
use crate::domain::{AccountId, Email, Phone};
use crate::ops::accounts::NewAccount;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::form::RequestType;
use crate::web::fragment;
use crate::web::layout::Layout;
use crate::web::state::{AppState, State};

/// What a person typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    phone: String,
    owner: String,
    comment: String,
}

#[derive(Template)]
#[template(path = "pages/accounts/add.html", blocks = ["dialog"])]
struct Add {
    layout: Layout,
    typed: Typed,
    /// Whether an account was added just now that the reader may not see.
    unseen: bool,
    error: Option<(&'static str, String)>,
}

/// What was added just now, from the URL.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Added {
    added: String,
}

impl Add {
    fn about(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(at, _)| *at == field).map(|(_, message)| message.as_str())
    }
}

/// The form, empty but for whoever is no administrator: what he adds is his, if he does not say otherwise.
pub async fn form(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Query(added): Query<Added>,
) -> Result<Response, AppError> {
    let owner = match &may.actor {
        Principal::User(person) if !person.admin => person.email.to_string(),
        Principal::User(_) | Principal::Cli | Principal::System(_) => String::new(),
    };
    let typed = Typed { owner, ..Typed::default() };
    let layout = Layout::of(&app, &may.actor);
    let page = Add { layout, typed, unseen: added.added == "unseen", error: None };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Adds the account, or shows the form again with what was typed.
pub async fn add(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let added = match parse(&typed) {
        Ok(new) => ops::accounts::add(&app, may.grant(), new).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(id) => Ok(next(&app, &may.actor, request_type, id)),
        Err(OpError::Invalid { field, message }) => {
            let layout = Layout::of(&app, &may.actor);
            let page = Add { layout, typed, unseen: false, error: Some((field, message)) };
            request_type.dialog(StatusCode::UNPROCESSABLE_ENTITY, &page.as_dialog(), &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Adds an account with a random test number. The row comes by itself where the page is live.
pub async fn add_test(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
) -> Result<Response, AppError> {
    let id = ops::accounts::add_test(&app, may.grant()).await?;
    let seen = is_seen(&app, &may.actor, id);
    if !request_type.is_partial() {
        let place = if seen { format!("/accounts#account-{id}") } else { UNSEEN.to_owned() };
        return Ok(Redirect::to(&place).into_response());
    }
    let number = app.live.accounts.get(id).map_or_else(String::new, |entry| entry.account.phone.to_string());
    let but = if seen { "" } else { " You may not see it." };
    Ok(fragment::done(&format!("{number} was added.{but}")))
}

/// Where whoever adds an account that he may not see is told so.
const UNSEEN: &str = "/accounts/add?added=unseen";

fn is_seen(app: &State, actor: &Principal, id: AccountId) -> bool {
    app.live.accounts.get(id).is_some_and(|entry| {
        privileges(&app.live.policy.current(), actor, &entry.account).has(AccountPrivilege::View)
    })
}

/// After adding comes the first step of the login, which the dialog loads in place.
fn next(app: &State, actor: &Principal, request_type: RequestType, id: AccountId) -> Response {
    if !is_seen(app, actor, id) {
        Redirect::to(UNSEEN).into_response()
    } else if request_type.is_partial() {
        Redirect::to(&format!("/accounts/{id}/provide")).into_response()
    } else {
        Redirect::to(&format!("/accounts/{id}")).into_response()
    }
}

fn parse(typed: &Typed) -> Result<NewAccount, OpError> {
    let phone = Phone::parse(&typed.phone).map_err(|error| OpError::invalid("phone", error))?;
    let owner = match typed.owner.trim() {
        "" => None,
        owner => Some(Email::parse(owner).map_err(|error| OpError::invalid("owner", error))?),
    };
    Ok(NewAccount { phone, owner, comment: typed.comment.trim().to_owned() })
}
