//! `/groups/{group}/proxy`: through which proxy the accounts of a group connect that have no choice of their own.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;

use super::choice::{Choice, ChoiceForm};
use crate::domain::GroupId;
use crate::domain::privilege::can;
use crate::ops;
use crate::store;
use crate::store::groups::Group;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::FormState;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::notice::{self, Notice};
use crate::web::paths;
use crate::web::state::{AppState, State};

#[derive(Template)]
#[template(path = "pages/proxies/group.html")]
struct GroupProxyPage {
    layout: Layout,
    group: Group,
    form: FormState<ChoiceForm>,
    options: Vec<Choice>,
}

async fn page(
    app: &State,
    may: &May<can::ManageAccess>,
    id: GroupId,
    form: FormState<ChoiceForm>,
) -> Result<GroupProxyPage, AppError> {
    let group = store::groups::get(&mut app.db.read().await?, id).await?.ok_or(AppError::NotFound)?;
    let options = form.values.options(&app.live.proxies.plan());
    Ok(GroupProxyPage { layout: Layout::of(app, &may.actor), group, options, form })
}

fn selected(app: &State, id: GroupId) -> ChoiceForm {
    ChoiceForm::of(app.live.proxies.plan().choices.groups.get(&id).copied())
}

pub async fn form(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
) -> Result<Response, AppError> {
    let form = FormState::new(selected(&app, id));
    html_with(StatusCode::OK, &page(&app, &may, id, form).await?)
}

pub async fn save(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(sent): Form<ChoiceForm>,
) -> Result<Response, AppError> {
    let saved = match sent.choices() {
        Ok((choice, seen)) => ops::proxies::select_for_group(&app, may.grant(), id, choice, seen).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(()) => Ok(Redirect::to(&notice::url(&paths::group(id), Notice::Saved)).into_response()),
        Err(error) => {
            let sent = ChoiceForm { proxy: sent.proxy, ..selected(&app, id) };
            let (status, form) = FormState::rejected(sent, error)?;
            html_with(status, &page(&app, &may, id, form).await?)
        }
    }
}
