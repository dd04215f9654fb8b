//! `/accounts/add`: a new account.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use crate::domain::access::Principal;
use crate::domain::privilege::can;
use crate::domain::{Email, Phone};
use crate::ops::accounts::NewAccount;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::AppState;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AddForm {
    phone: String,
    owner: String,
    comment: String,
}

impl Fields for AddForm {
    const NAMES: &'static [&'static str] = &["phone", "owner", "comment"];
}

#[derive(Template)]
#[template(path = "pages/accounts/add.html", blocks = ["dialog"])]
struct AddPage {
    layout: Layout,
    form: FormState<AddForm>,
    /// Whether the reader has just added an account without having access to it. It may have existed before.
    unseen: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AddQuery {
    added: String,
}

/// The page after adding an account to which the person has no access. It says the same of a number that had an account
/// already.
pub(super) fn unseen_path() -> String {
    paths::with_query(paths::ACCOUNTS_ADD, [("added", "unseen")])
}

/// The form. Its owner is empty for administrators; for others it is filled in with themselves.
pub async fn form(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Query(query): Query<AddQuery>,
) -> Result<Response, AppError> {
    let owner = match &may.actor {
        Principal::User(person) if !person.admin => person.email.to_string(),
        Principal::User(_) | Principal::Invite(_) | Principal::Cli | Principal::System(_) => String::new(),
    };
    let form = FormState::new(AddForm { owner, ..AddForm::default() });
    let page = AddPage { layout: Layout::of(&app, &may.actor), form, unseen: query.added == "unseen" };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Adds the account. Continues with the first step of its login, which the dialog loads in place.
pub async fn add(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Form(form): Form<AddForm>,
) -> Result<Response, AppError> {
    let added = match parse(&form) {
        Ok(new) => ops::accounts::add(&app, may.grant(), new).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(id) => {
            let next = match (id, request_type) {
                (None, _) => unseen_path(),
                (Some(id), RequestType::Partial) => paths::account_login(id),
                (Some(id), RequestType::Full) => paths::account(id),
            };
            Ok(Redirect::to(&next).into_response())
        }
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            let page = AddPage { layout: Layout::of(&app, &may.actor), form, unseen: false };
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}

fn parse(form: &AddForm) -> Result<NewAccount, OpError> {
    let phone = Phone::parse(&form.phone).map_err(|error| OpError::invalid("phone", error))?;
    let owner = match form.owner.trim() {
        "" => None,
        owner => Some(Email::parse(owner).map_err(|error| OpError::invalid("owner", error))?),
    };
    Ok(NewAccount { phone, owner, comment: form.comment.trim().to_owned() })
}
