//! `/accounts/{account}/edit`: owner, comment and groups.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::{Deserialize, Deserializer};

use crate::domain::privilege::can;
use crate::domain::{Account, Email};
use crate::live::accounts::Entry;
use crate::ops::accounts::Details;
use crate::ops::{self, OpError};
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::{Allowed, May};
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::pages::accounts::is_visible;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::accounts as words;

/// What a request changes. A missing field stays unchanged: an incomplete form must not remove an owner.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EditRequest {
    #[serde(deserialize_with = "even_if_empty")]
    owner: Option<String>,
    #[serde(deserialize_with = "even_if_empty")]
    comment: Option<String>,
    #[serde(deserialize_with = "even_if_empty")]
    groups: Option<String>,
}

/// An empty field is present, and clears the value.
fn even_if_empty<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    String::deserialize(field).map(Some)
}

#[derive(Debug)]
struct EditForm {
    owner: String,
    comment: String,
    groups: String,
}

impl Fields for EditForm {
    const NAMES: &'static [&'static str] = &["owner", "comment", "groups"];
}

impl EditForm {
    fn of(app: &State, account: &Account) -> Self {
        let names = app.live.accounts.groups();
        let groups: Vec<&str> =
            account.groups.iter().filter_map(|id| names.get(id)).map(AsRef::as_ref).collect();
        Self {
            owner: account.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
            comment: account.comment.clone(),
            groups: groups.join(", "),
        }
    }

    fn with(self, request: EditRequest) -> Self {
        Self {
            owner: request.owner.unwrap_or(self.owner),
            comment: request.comment.unwrap_or(self.comment),
            groups: request.groups.unwrap_or(self.groups),
        }
    }
}

#[derive(Template)]
#[template(path = "pages/accounts/edit.html", blocks = ["dialog"])]
struct EditPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    form: FormState<EditForm>,
    known_groups: Vec<String>,
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
    _may: May<can::ManageAccess>,
) -> Result<Response, AppError> {
    let groups = store::groups::all(&mut app.db.read().await?).await?;
    let known_groups = groups.into_iter().map(|group| group.name).collect();
    let form = FormState::new(EditForm::of(&app, &allowed.entry.account));
    let page =
        EditPage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form, known_groups };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Saves the form. Continues with the account's page, or the list if the editor no longer has access to the account.
pub async fn save(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
    may: May<can::ManageAccess>,
    Form(request): Form<EditRequest>,
) -> Result<Response, AppError> {
    let form = EditForm::of(&app, &allowed.entry.account).with(request);
    let saved = match parse(&form) {
        Ok(details) => ops::accounts::edit(&app, allowed.grant(), may.grant(), details).await,
        Err(error) => Err(error),
    };
    if let Err(error) = saved {
        let (status, form) = FormState::rejected(form, error)?;
        let layout = Layout::of(&app, &allowed.actor);
        let page = EditPage { layout, entry: &allowed.entry, form, known_groups: Vec::new() };
        return request_type.dialog(status, &page.as_dialog(), &page);
    }
    let id = allowed.entry.account.id;
    let visible = is_visible(&app, &allowed.actor, id);
    let next = if visible { paths::account(id) } else { paths::ACCOUNTS.to_owned() };
    Ok(request_type.dialog_done(words::SAVED, &next))
}

fn parse(form: &EditForm) -> Result<Details, OpError> {
    let owner = match form.owner.trim() {
        "" => None,
        owner => Some(Email::parse(owner).map_err(|error| OpError::invalid("owner", error))?),
    };
    let mut groups: Vec<String> = Vec::new();
    for name in form.groups.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if !groups.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
            groups.push(name.to_owned());
        }
    }
    Ok(Details { owner, comment: form.comment.trim().to_owned(), groups })
}
