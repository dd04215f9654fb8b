//! `/accounts/{account}/proxy`: through which proxy an account connects.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;

use super::choice::{Choice, ChoiceForm};
use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::{Allowed, May};
use crate::web::form::{FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::proxies as words;

#[derive(Template)]
#[template(path = "pages/proxies/account.html", blocks = ["dialog"])]
struct AccountProxyPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    form: FormState<ChoiceForm>,
    options: Vec<Choice>,
    /// What counts now, and why.
    now: String,
}

fn page<'a>(
    app: &State,
    allowed: &'a Allowed<can::View>,
    form: FormState<ChoiceForm>,
) -> AccountProxyPage<'a> {
    let (plan, entry) = (app.live.proxies.plan(), &allowed.entry);
    AccountProxyPage {
        layout: Layout::of(app, &allowed.actor),
        entry,
        options: form.values.options(&plan),
        now: words::decided(app, &plan, &entry.account),
        form,
    }
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
    _may: May<can::ManageAccess>,
) -> Result<Response, AppError> {
    let choice = app.live.proxies.plan().choices.accounts.get(&allowed.entry.account.id).copied();
    let page = page(&app, &allowed, FormState::new(ChoiceForm::of(choice)));
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn save(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
    may: May<can::ManageAccess>,
    Form(sent): Form<ChoiceForm>,
) -> Result<Response, AppError> {
    let saved = match sent.choices() {
        Ok((choice, seen)) => {
            ops::proxies::select_for_account(&app, allowed.grant(), may.grant(), choice, seen).await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(()) => Ok(request_type.dialog_done(words::SELECTED, &paths::account(allowed.entry.account.id))),
        Err(error) => {
            let now = app.live.proxies.plan().choices.accounts.get(&allowed.entry.account.id).copied();
            let sent = ChoiceForm { proxy: sent.proxy, ..ChoiceForm::of(now) };
            let (status, form) = FormState::rejected(sent, error)?;
            let page = page(&app, &allowed, form);
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}
