//! `/accounts/{account}/password/remove`: removes the stored two-step password, after a question.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::accounts as words;

#[derive(Template)]
#[template(path = "pages/accounts/password_remove.html", blocks = ["dialog"])]
struct RemovePage<'a> {
    layout: Layout,
    entry: &'a Entry,
    is_stored: bool,
}

impl<'a> RemovePage<'a> {
    async fn new(app: &State, allowed: &'a Allowed<can::EditTwoFactorPassword>) -> Result<Self, AppError> {
        let entry = &allowed.entry;
        let conn = &mut app.db.read().await?;
        let is_stored = store::secrets::two_step_password(conn, entry.account.id).await?.is_some();
        Ok(Self { layout: Layout::of(app, &allowed.actor), entry, is_stored })
    }
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
) -> Result<Response, AppError> {
    let page = RemovePage::new(&app, &allowed).await?;
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn remove(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
) -> Result<Response, AppError> {
    ops::two_step::remove_password(&app, allowed.grant()).await?;
    Ok(request_type.dialog_done(words::PASSWORD_REMOVED, &paths::account(allowed.entry.account.id)))
}
