//! `/accounts/{id}/edit`: owner, comment and groups.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::directory::Entry;
use crate::domain::Email;
use crate::domain::privilege::can;
use crate::ops::accounts::Details;
use crate::ops::{self, OpError};
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::{Allowed, May};
use crate::web::shell::{Shell, dialog_or_page, wants_fragment};

/// What a person typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    owner: String,
    comment: String,
    groups: String,
}

#[derive(Template)]
#[template(path = "pages/edit.html", blocks = ["dialog"])]
struct Edit<'a> {
    shell: Shell,
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
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    allowed: Allowed<can::View>,
    _may: May<can::ManageAccess>,
) -> Result<Response, AppError> {
    let account = &allowed.entry.account;
    let groups = store::groups::all(&mut app.db.read().await?).await?;
    let in_it = groups.iter().filter(|group| account.groups.contains(&group.id));
    let typed = Typed {
        owner: account.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
        comment: account.comment.clone(),
        groups: in_it.map(|group| group.name.as_str()).collect::<Vec<_>>().join(", "),
    };
    let known_groups = groups.into_iter().map(|group| group.name).collect();
    let shell = Shell::of(&app, &allowed.actor);
    let page = Edit { shell, entry: &allowed.entry, typed, known_groups, error: None };
    dialog_or_page(&headers, StatusCode::OK, &page.as_dialog(), &page)
}

/// Saves what was typed, or shows the form again with it.
pub async fn save(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    allowed: Allowed<can::View>,
    may: May<can::ManageAccess>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let saved = match parse(&typed) {
        Ok(details) => ops::accounts::edit(&app, allowed.grant(), may.grant(), details).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(()) if wants_fragment(&headers) => {
            Ok(([("hx-trigger", "close-dialog")], crate::web::fragment::done("Saved.")).into_response())
        }
        Ok(()) => Ok(Redirect::to(&format!("/accounts/{}", allowed.entry.account.id)).into_response()),
        Err(OpError::Invalid { field, message }) => {
            let shell = Shell::of(&app, &allowed.actor);
            let error = Some((field, message));
            let page = Edit { shell, entry: &allowed.entry, typed, known_groups: Vec::new(), error };
            dialog_or_page(&headers, StatusCode::UNPROCESSABLE_ENTITY, &page.as_dialog(), &page)
        }
        Err(error) => Err(error.into()),
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
