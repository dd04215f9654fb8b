//! The page: what Telegram says of the password now, and what can be done about it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::form::{Done, TwoStepValues, Wanted};
use crate::domain::privilege::can;
use crate::domain::two_step::TwoStepState;
use crate::live::accounts::Entry;
use crate::ops;
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::FormState;
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::accounts::stored_password;
use crate::web::words::moments::{Moment, Sentence, moment};

#[derive(Template)]
#[template(path = "pages/two_step/show.html")]
pub(super) struct TwoStepPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    /// What Telegram says; else why that is not known.
    state: Result<TwoStepState, String>,
    stored: Sentence,
    has_stored: bool,
    /// Whether it is stored and was not rejected.
    has_usable: bool,
    /// Whether it is not known yet which password is valid.
    is_unsettled: bool,
    done: Option<Done>,
    form: FormState<TwoStepValues>,
}

impl TwoStepPage<'_> {
    /// What is wrong with the current password in this form, if it was the one that was sent.
    fn current_error(&self, form: Wanted) -> Option<&str> {
        self.form.error("before").filter(|_| self.form.values.sent == Some(form))
    }

    fn reset_at(&self) -> Option<Moment> {
        self.state.as_ref().ok()?.reset_at.map(moment)
    }
}

pub(super) async fn answer(
    app: &State,
    allowed: &Allowed<can::EditTwoFactorPassword>,
    status: StatusCode,
    done: Option<Done>,
    form: FormState<TwoStepValues>,
) -> Result<Response, AppError> {
    let entry = &allowed.entry;
    ops::accounts::phone_of(&entry.account)?;
    let state = match ops::two_step::state(app, &allowed.grant()).await {
        Ok(state) => Ok(state),
        Err(error) => Err(AppError::from(error).into_answer()?.1),
    };
    let conn = &mut app.db.read().await?;
    let stored = store::secrets::two_step_password(conn, entry.account.id).await?;
    let is_unsettled = store::secrets::is_two_step_unsettled(conn, entry.account.id).await?;
    let page = TwoStepPage {
        layout: Layout::of(app, &allowed.actor),
        entry,
        state,
        stored: stored_password(stored.map(|fact| (fact.stored_at, fact.rejected_at))),
        has_stored: stored.is_some(),
        has_usable: stored.is_some_and(|fact| fact.rejected_at.is_none()),
        is_unsettled,
        done,
        form,
    };
    html_with(status, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShowQuery {
    done: Option<String>,
}

pub async fn show(
    app: AppState,
    allowed: Allowed<can::EditTwoFactorPassword>,
    Query(query): Query<ShowQuery>,
) -> Result<Response, AppError> {
    let done = query.done.and_then(|done| done.parse().ok());
    answer(&app, &allowed, StatusCode::OK, done, FormState::default()).await
}
