//! `/invites/new`: inviting a person to bring an account in.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use super::link::{EmailState, LinkPage};
use crate::domain::access::Principal;
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{Email, GroupId, InviteId, Phone};
use crate::ops::OpError;
use crate::ops::invites::{self, NewInvite, may_manage_group};
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::onboarding as words;
use crate::words::sentence;

/// The lifetimes that the form offers, in hours.
const LIFETIMES: [u32; 5] = [1, 24, 3 * 24, 7 * 24, 30 * 24];
/// The one that is chosen at first.
const USUAL: u32 = 3 * 24;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InviteForm {
    person: String,
    phone: String,
    comment: String,
    hours: String,
    /// Whether to send the link by e-mail.
    email: Option<String>,
    group: Vec<String>,
}

impl Fields for InviteForm {
    const NAMES: &'static [&'static str] = &["person", "phone", "comment", "hours", "groups"];
}

#[derive(Template)]
#[template(path = "pages/invites/create.html", blocks = ["dialog"])]
struct CreatePage {
    layout: Layout,
    form: FormState<InviteForm>,
    /// The groups that the account may join: id, name, and whether it is chosen.
    groups: Vec<(GroupId, String, bool)>,
    lifetimes: Vec<(u32, String, bool)>,
    can_email: bool,
}

impl CreatePage {
    async fn of(
        app: &State,
        may: &May<can::AddAccount>,
        form: FormState<InviteForm>,
    ) -> Result<Self, AppError> {
        let policy = app.live.policy.current();
        let all = store::groups::all(&mut app.db.read().await?).await?;
        let allowed = all.into_iter().filter(|group| may_manage_group(&policy, &may.actor, group.id));
        let groups = allowed.map(|group| {
            let is_chosen = form.values.group.contains(&group.id.to_string());
            (group.id, group.name, is_chosen)
        });
        Ok(Self {
            layout: Layout::of(app, &may.actor),
            groups: groups.collect(),
            lifetimes: lifetimes(app, &form.values.hours),
            can_email: app.mailer.is_some(),
            form,
        })
    }
}

/// The lifetimes to choose from, and whether each is chosen.
pub(super) fn lifetimes(app: &State, chosen: &str) -> Vec<(u32, String, bool)> {
    let most = app.config.onboarding.invite_days.saturating_mul(24);
    let chosen = chosen.parse().unwrap_or(USUAL.min(most));
    let offered = LIFETIMES.into_iter().filter(|hours| *hours <= most);
    offered.map(|hours| (hours, words::lifetime(hours), hours == chosen)).collect()
}

/// A chosen lifetime. A text that is no number is none.
pub(super) fn lifetime(chosen: &str) -> u32 {
    match chosen.trim() {
        "" => USUAL,
        hours => hours.parse().unwrap_or(0),
    }
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
) -> Result<Response, AppError> {
    let page = CreatePage::of(&app, &may, FormState::new(InviteForm::default())).await?;
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Creates the invite and shows its link, which the next request does not.
pub async fn create(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Form(form): Form<InviteForm>,
) -> Result<Response, AppError> {
    let created = match parse(&form) {
        Ok(new) => invites::create(&app, may.grant(), new).await,
        Err(error) => Err(error),
    };
    match created {
        Ok((id, link)) => {
            let page = LinkPage::of(&app, &may.actor, id, link).await?;
            match form.email {
                Some(_) => page.with(email(&app, &may.actor, id).await).answer(request_type),
                None => page.answer(request_type),
            }
        }
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            let page = CreatePage::of(&app, &may, form).await?;
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}

/// Sends the link. The invite exists, so a failure is shown beside the link.
async fn email(app: &State, actor: &Principal, id: InviteId) -> EmailState {
    match invites::send_link(app, actor, id).await {
        Ok(_) => EmailState::Sent,
        Err(error) => EmailState::Failed(sentence(&error.code())),
    }
}

fn parse(form: &InviteForm) -> Result<NewInvite, OpError> {
    let person = Email::parse(&form.person).map_err(|error| OpError::invalid("person", error))?;
    let phone = match form.phone.trim() {
        "" => None,
        phone => Some(Phone::parse(phone).map_err(|error| OpError::invalid("phone", error))?),
    };
    let groups: Result<Vec<GroupId>, _> = form.group.iter().map(|id| id.parse()).collect();
    let groups = groups.map_err(|_| OpError::Refused(ErrorCode::FormStale))?;
    let comment = form.comment.trim().to_owned();
    Ok(NewInvite { person, phone, comment, groups, hours: lifetime(&form.hours) })
}
