//! `/accounts/add`: a new account.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use crate::domain::access::Principal;
use crate::domain::privilege::can;
use crate::domain::{AccountId, BotToken, Email, Input, Phone, Secret};
use crate::ops::accounts::NewAccount;
use crate::ops::bots::NewBot;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::{AppState, State};

/// In the address of the page after adding an account without having access to it.
const UNSEEN: &str = "unseen";
const UNSEEN_BOT: &str = "unseen-bot";

/// What the account logs in with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LoginWith {
    #[default]
    Phone,
    Token,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct AddForm {
    login_with: LoginWith,
    phone: String,
    /// Never shown again.
    bot_token: Secret,
    keep: Option<String>,
    owner: String,
    comment: String,
}

impl Fields for AddForm {
    const NAMES: &'static [&'static str] = &["phone", "bot-token", "owner", "comment"];
}

#[derive(Template)]
#[template(path = "pages/accounts/add.html", blocks = ["dialog"])]
struct AddPage {
    layout: Layout,
    form: FormState<AddForm>,
    /// Whether the reader has just added an account without having access to it. It may have existed before.
    unseen: Option<LoginWith>,
}

impl AddPage {
    fn is_bot(&self) -> bool {
        self.form.values.login_with == LoginWith::Token
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AddQuery {
    added: String,
}

/// The page after adding an account to which the person has no access. It says the same of a number that had an account
/// already.
pub(super) fn unseen_path(login_with: LoginWith) -> String {
    let added = match login_with {
        LoginWith::Phone => UNSEEN,
        LoginWith::Token => UNSEEN_BOT,
    };
    paths::with_query(paths::ACCOUNTS_ADD, [("added", added)])
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
    let unseen = match query.added.as_str() {
        UNSEEN => Some(LoginWith::Phone),
        UNSEEN_BOT => Some(LoginWith::Token),
        _ => None,
    };
    let page = AddPage { layout: Layout::of(&app, &may.actor), form, unseen };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Adds the account, and logs a bot in. Continues with the first step of its login, which the dialog loads in place.
pub async fn add(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Form(form): Form<AddForm>,
) -> Result<Response, AppError> {
    match add_account(&app, &may, &form).await {
        Ok(id) => {
            let next = match (id, request_type) {
                (None, _) => unseen_path(form.login_with),
                (Some(id), RequestType::Partial) => paths::account_login(id),
                (Some(id), RequestType::Full) => paths::account(id),
            };
            Ok(Redirect::to(&next).into_response())
        }
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            let page = AddPage { layout: Layout::of(&app, &may.actor), form, unseen: None };
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}

async fn add_account(
    app: &State,
    may: &May<can::AddAccount>,
    form: &AddForm,
) -> Result<Option<AccountId>, OpError> {
    let comment = form.comment.trim().to_owned();
    match form.login_with {
        LoginWith::Phone => {
            let phone = Phone::parse(&form.phone).map_err(|error| OpError::invalid("phone", error))?;
            let new = NewAccount { identifier: phone.into(), owner: owner(form)?, comment };
            ops::accounts::add(app, may.grant(), new).await
        }
        LoginWith::Token => {
            let field = Input::BotToken.name();
            let token = BotToken::parse(&form.bot_token).map_err(|why| OpError::invalid(field, why))?;
            let new = NewBot { token, keep: form.keep.is_some(), owner: owner(form)?, comment };
            ops::bots::add(app, may.grant(), new).await
        }
    }
}

fn owner(form: &AddForm) -> Result<Option<Email>, OpError> {
    match form.owner.trim() {
        "" => Ok(None),
        owner => Email::parse(owner).map(Some).map_err(|error| OpError::invalid("owner", error)),
    }
}
