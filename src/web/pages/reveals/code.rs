//! `/accounts/{id}/code`: showing a login code, now or when it comes.
//!
//! A code is the answer to a form and stands nowhere else: loading the page again shows nothing. It hides
//! after a minute, by the script or, without one, by a refresh.

use askama::Template;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::access::Principal;
use crate::domain::privilege::can;
use crate::domain::reveal::RevealKind;
use crate::domain::{AccountId, Millis, Secret};
use crate::live::accounts::Entry;
use crate::ops::reveals::code::{self, CodeWait, Revealed};
use crate::ops::{OpError, approvals};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::reveals::approval::Approval;
use crate::web::state::{AppState, State};
use crate::web::words::text;

/// Seconds that a secret stays on the page.
pub const SHOWN: i64 = 60;

/// What the page shows below its form.
#[derive(Debug)]
enum Outcome {
    Nothing,
    Shown(Revealed),
    Waiting(Millis),
}

#[derive(Template)]
#[template(path = "pages/reveals/code.html", blocks = ["dialog"])]
struct CodePage<'a> {
    layout: Layout,
    entry: &'a Entry,
    outcome: Outcome,
    reason: String,
    error: Option<(Option<&'static str>, String)>,
    /// The way to another person's approval, if one is needed.
    approval: Option<Approval>,
}

impl CodePage<'_> {
    fn about_reason(&self) -> Option<&str> {
        self.error.as_ref().filter(|(field, _)| *field == Some("reason")).map(|(_, message)| message.as_str())
    }

    fn trouble(&self) -> Option<&str> {
        self.error.as_ref().filter(|(field, _)| field.is_none()).map(|(_, message)| message.as_str())
    }

    fn moment(&self, at: &Millis) -> String {
        text::moment(*at)
    }
}

/// A secret that was revealed, for the page and for the live stream.
#[derive(Template)]
#[template(path = "parts/revealed.html")]
pub struct RevealedPart<'a> {
    /// The secret.
    pub secret: &'a Secret,
    /// Where it is from, in a sentence.
    pub words: String,
    /// Whether it is a text of any length rather than a few digits.
    pub long: bool,
}

impl<'a> RevealedPart<'a> {
    /// A login code.
    pub fn code(revealed: &'a Revealed) -> Self {
        let words = format!(
            "Telegram sent it at {}. Do not pass it on in Telegram: that makes it worthless at once.",
            text::moment(revealed.sent)
        );
        Self { secret: &revealed.code, words, long: false }
    }
}

/// What a person typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    reason: String,
}

/// The form.
pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
) -> Result<Response, AppError> {
    answer(&app, request_type, &allowed.actor, &allowed.entry, String::new(), Ok(Outcome::Nothing)).await
}

/// Shows the newest code.
pub async fn show(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let shown = code::show_code(&app, allowed.grant(), &typed.reason).await.map(Outcome::Shown);
    answer(&app, request_type, &allowed.actor, &allowed.entry, typed.reason, shown).await
}

/// Waits for the next code.
pub async fn wait(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let pending_reveals =
        code::wait_for_code(&app, &allowed.grant(), &typed.reason).await.map(Outcome::Waiting);
    answer(&app, request_type, &allowed.actor, &allowed.entry, typed.reason, pending_reveals).await
}

/// Asks for another person's approval.
pub async fn request(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let asked = approvals::request(&app, allowed.grant(), &typed.reason).await.map(|()| Outcome::Nothing);
    if asked.is_ok() && !request_type.is_partial() {
        return Ok(Redirect::to(&format!("/accounts/{}/code", allowed.entry.account.id)).into_response());
    }
    answer(&app, request_type, &allowed.actor, &allowed.entry, typed.reason, asked).await
}

/// Looks once whether the awaited code came: the way without JavaScript.
pub async fn look(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
) -> Result<Response, AppError> {
    let looked = match code::poll_code(&app, &allowed.actor, allowed.entry.account.id).await {
        Ok(CodeWait::Came(revealed)) => Ok(Outcome::Shown(revealed)),
        Ok(CodeWait::Waiting(until)) => Ok(Outcome::Waiting(until)),
        Ok(CodeWait::Over) => {
            Err(OpError::Refused("Nothing is awaited any more. Begin again with a reason.".into()))
        }
        Err(error) => Err(error),
    };
    answer(&app, request_type, &allowed.actor, &allowed.entry, String::new(), looked).await
}

async fn answer(
    app: &State,
    request_type: RequestType,
    actor: &Principal,
    entry: &Entry,
    reason: String,
    outcome: Result<Outcome, OpError>,
) -> Result<Response, AppError> {
    let (status, outcome, error) = match outcome {
        Ok(outcome) => (StatusCode::OK, outcome, None),
        Err(OpError::Invalid { field, message }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Outcome::Nothing, Some((Some(field), message)))
        }
        Err(OpError::Refused(message)) => (StatusCode::CONFLICT, Outcome::Nothing, Some((None, message))),
        Err(OpError::Telegram(message)) => (StatusCode::BAD_GATEWAY, Outcome::Nothing, Some((None, message))),
        Err(error) => return Err(error.into()),
    };
    let shown = matches!(outcome, Outcome::Shown(_));
    let approval = match &outcome {
        Outcome::Nothing => {
            let about = error.as_ref().filter(|(field, _)| field.is_some()).map(|(_, words)| words.clone());
            Approval::read(app, actor, entry.account.id, RevealKind::LoginCode, &reason, about).await?
        }
        Outcome::Shown(_) | Outcome::Waiting(_) => None,
    };
    let page = CodePage { layout: Layout::of(app, actor), entry, outcome, reason, error, approval };
    if request_type.is_partial() {
        return html_with(status, &page.as_dialog());
    }
    let response = html_with(status, &page)?;
    Ok(if shown { leaving(response, entry.account.id) } else { response })
}

/// A page with a secret on it, which without a script leaves with the page.
pub fn leaving(page: Response, account: AccountId) -> Response {
    let away = format!("{SHOWN}; url=/accounts/{account}");
    ([(HeaderName::from_static("refresh"), away)], page).into_response()
}
