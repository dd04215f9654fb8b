//! `/invites/{invite}/…`: showing a link, replacing it, sending it by e-mail, and taking an invite back. A link is a secret: the answer to a form
//! shows it, and no page can be loaded that does.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::InviteId;
use crate::domain::access::Principal;
use crate::domain::invite::Invite;
use crate::domain::privilege::can;
use crate::ops::invites::{self, Link};
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::moments::{Moment, moment};
use crate::web::words::onboarding as words;

#[derive(Template)]
#[template(path = "pages/invites/link.html", blocks = ["dialog"])]
pub(super) struct LinkPage {
    layout: Layout,
    invite: Invite,
    link: Link,
    expires: Moment,
    email: EmailState,
}

/// What a page says about sending the link by e-mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EmailState {
    /// The settings name no mail server.
    Unavailable,
    Possible,
    Sent,
    Failed(String),
}

impl EmailState {
    fn of(app: &State) -> Self {
        if app.mailer.is_some() { Self::Possible } else { Self::Unavailable }
    }

    fn is_possible(&self) -> bool {
        match self {
            Self::Possible | Self::Failed(_) => true,
            Self::Unavailable | Self::Sent => false,
        }
    }
}

impl LinkPage {
    pub(super) async fn of(
        app: &State,
        reader: &Principal,
        id: InviteId,
        link: Link,
    ) -> Result<Self, AppError> {
        let invite = store::invites::get(&mut app.db.read().await?, id).await?.ok_or(AppError::NotFound)?;
        let (layout, email) = (Layout::of(app, reader), EmailState::of(app));
        Ok(Self { layout, expires: moment(invite.expires), invite, link, email })
    }

    pub(super) fn with(self, email: EmailState) -> Self {
        Self { email, ..self }
    }

    pub(super) fn answer(&self, request_type: RequestType) -> Result<Response, AppError> {
        request_type.dialog(StatusCode::OK, &self.as_dialog(), self)
    }
}

/// Shows the link again.
pub async fn show(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Path(invite): Path<InviteId>,
) -> Result<Response, AppError> {
    let link = invites::show_link(&app, &may.actor, invite).await?;
    LinkPage::of(&app, &may.actor, invite, link).await?.answer(request_type)
}

/// Sends the link to the person whom it is for.
pub async fn email(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Path(invite): Path<InviteId>,
) -> Result<Response, AppError> {
    let invite = invites::send_link(&app, &may.actor, invite).await?;
    Ok(request_type.dialog_done(&words::emailed(&invite), paths::INVITES))
}

/// Replaces the link.
pub async fn renew(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Path(invite): Path<InviteId>,
) -> Result<Response, AppError> {
    let link = invites::renew(&app, &may.actor, invite).await?;
    LinkPage::of(&app, &may.actor, invite, link).await?.answer(request_type)
}

pub async fn revoke(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Path(invite): Path<InviteId>,
) -> Result<Response, AppError> {
    invites::revoke(&app, &may.actor, invite).await?;
    Ok(request_type.done(words::REVOKED, paths::INVITES))
}
