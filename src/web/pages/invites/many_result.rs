//! `POST /invites/list/{job}/result`: the links of a list as a file. They are secrets: the file is the answer to a form, is
//! not cached, and is recorded before it is sent.

use axum::response::Response;

use crate::domain::JobId;
use crate::domain::invite::InviteState;
use crate::domain::privilege::can;
use crate::ops::invites::list::{self, EmailState, LineState, ResultLine};
use crate::web::csv;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::state::AppState;
use crate::web::words::onboarding as words;

/// The columns, in order. Programs rely on them.
const COLUMNS: [&str; 6] = ["owner", "phone", "link", "expires", "error", "email"];

pub async fn download(
    app: AppState,
    may: May<can::AddAccount>,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    let lines = list::result(&app, &may.actor, job).await?;
    Ok(csv::download(("telescope-invites", app.clock.now()), COLUMNS, lines.iter().map(record)))
}

fn record(line: &ResultLine) -> String {
    let phone = line.phone.as_ref().map(|phone| phone.digits()).unwrap_or_default();
    let link = line.link.as_ref().map(list::Link::expose).unwrap_or_default();
    let expires = line.expires.map(|at| at.rfc3339()).unwrap_or_default();
    let error = match &line.state {
        LineState::Waiting => words::NOT_CREATED_YET,
        LineState::Failed(why) => why,
        LineState::Invite(None) => words::INVITE_DELETED,
        // What is open has a link, unless that was made with a master key that is no longer known.
        LineState::Invite(Some(InviteState::Created | InviteState::Opened | InviteState::LoggingIn)) => {
            if line.link.is_some() {
                ""
            } else {
                words::LINK_UNKNOWN
            }
        }
        LineState::Invite(Some(state)) => words::label(*state),
    };
    let email = match &line.email {
        None => "",
        Some(EmailState::Waiting) => words::NOT_SENT_YET,
        Some(EmailState::Sent) => words::SENT,
        Some(EmailState::Failed(why)) => why,
    };
    csv::record([line.owner.as_str(), phone, link, &expires, error, email])
}
