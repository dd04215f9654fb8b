//! `/accounts/{id}/edit`: owner, comment and groups.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::{Deserialize, Deserializer};

use crate::domain::access::privileges;
use crate::domain::privilege::{AccountPrivilege, can};
use crate::domain::{Account, Email};
use crate::live::accounts::Entry;
use crate::ops::accounts::Details;
use crate::ops::{self, OpError};
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::{Allowed, May};
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::state::{AppState, State};

/// What a form sends. What is not in it stays as it is: half a form must not take an owner away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    #[serde(deserialize_with = "even_if_empty")]
    owner: Option<String>,
    #[serde(deserialize_with = "even_if_empty")]
    comment: Option<String>,
    #[serde(deserialize_with = "even_if_empty")]
    groups: Option<String>,
}

/// An empty field is a field: whoever empties it means it.
fn even_if_empty<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    String::deserialize(field).map(Some)
}

/// What stands in the fields.
#[derive(Debug)]
struct Typed {
    owner: String,
    comment: String,
    groups: String,
}

impl Typed {
    /// The account as it is.
    fn present(app: &State, account: &Account) -> Self {
        let names = app.live.accounts.groups();
        let groups: Vec<&str> =
            account.groups.iter().filter_map(|id| names.get(id)).map(AsRef::as_ref).collect();
        Self {
            owner: account.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
            comment: account.comment.clone(),
            groups: groups.join(", "),
        }
    }

    fn with(self, sent: Sent) -> Self {
        Self {
            owner: sent.owner.unwrap_or(self.owner),
            comment: sent.comment.unwrap_or(self.comment),
            groups: sent.groups.unwrap_or(self.groups),
        }
    }
}

#[derive(Template)]
#[template(path = "pages/accounts/edit.html", blocks = ["dialog"])]
struct Edit<'a> {
    layout: Layout,
    entry: &'a Entry,
    typed: Typed,
    known_groups: Vec<String>,
    error: Option<(&'static str, String)>,
}

impl Edit<'_> {
    fn about(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(at, _)| *at == field).map(|(_, message)| message.as_str())
    }
}

/// The form, with what is known.
pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
    _may: May<can::ManageAccess>,
) -> Result<Response, AppError> {
    let groups = store::groups::all(&mut app.db.read().await?).await?;
    let typed = Typed::present(&app, &allowed.entry.account);
    let known_groups = groups.into_iter().map(|group| group.name).collect();
    let layout = Layout::of(&app, &allowed.actor);
    let page = Edit { layout, entry: &allowed.entry, typed, known_groups, error: None };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Saves what was typed, or shows the form again with it.
pub async fn save(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
    may: May<can::ManageAccess>,
    Form(sent): Form<Sent>,
) -> Result<Response, AppError> {
    let typed = Typed::present(&app, &allowed.entry.account).with(sent);
    let saved = match parse(&typed) {
        Ok(details) => ops::accounts::edit(&app, allowed.grant(), may.grant(), details).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(()) if request_type.is_partial() => {
            Ok(([("hx-trigger", "close-dialog")], crate::web::fragment::done("Saved.")).into_response())
        }
        Ok(()) => Ok(Redirect::to(&after(&app, &allowed)).into_response()),
        Err(OpError::Invalid { field, message }) => {
            let layout = Layout::of(&app, &allowed.actor);
            let error = Some((field, message));
            let page = Edit { layout, entry: &allowed.entry, typed, known_groups: Vec::new(), error };
            request_type.dialog(StatusCode::UNPROCESSABLE_ENTITY, &page.as_dialog(), &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// The account's page, or the list for whoever has just taken it out of his own sight.
fn after(app: &State, allowed: &Allowed<can::View>) -> String {
    let id = allowed.entry.account.id;
    let sees = |entry: &Arc<Entry>| {
        privileges(&app.live.policy.current(), &allowed.actor, &entry.account).has(AccountPrivilege::View)
    };
    if app.live.accounts.get(id).is_some_and(|entry| sees(&entry)) {
        format!("/accounts/{id}")
    } else {
        "/accounts".into()
    }
}

fn parse(typed: &Typed) -> Result<Details, OpError> {
    let owner = match typed.owner.trim() {
        "" => None,
        owner => Some(Email::parse(owner).map_err(|error| OpError::invalid("owner", error))?),
    };
    let mut groups: Vec<String> = Vec::new();
    for name in typed.groups.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if !groups.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
            groups.push(name.to_owned());
        }
    }
    Ok(Details { owner, comment: typed.comment.trim().to_owned(), groups })
}
