//! Waiting for the code of an armed reveal. This stream ends when the code came, or when there is nothing to wait
//! for; it carries the code, so it looks at its viewer's rights before each look at the reveal.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use axum::response::sse::Event;
use tokio::sync::mpsc;

use crate::domain::AccountId;
use crate::ops::OpError;
use crate::ops::reveals::code::{self, CodeWait};
use crate::web::auth::session::RequestSession;
use crate::web::extract::Path;
use crate::web::fragment::partial;
use crate::web::pages::reveals::revealed::RevealedPart;
use crate::web::state::AppState;
use crate::web::stream::viewer::Viewer;
use crate::web::stream::{SESSION_CHECK, Sender, answer, begin, say_goodbye};
use crate::web::words::reveals as words;
use crate::words::sentence;

/// The stream. What is armed is bound to its viewer, and whether he may see it is decided when the code is given.
pub async fn code(app: AppState, caller: RequestSession, Path(account): Path<AccountId>) -> Response {
    let (sender, events) = mpsc::channel(2);
    match begin(&app, &caller, &sender).await {
        Ok(Some(viewer)) => drop(tokio::spawn(wait(app, viewer, account, sender))),
        Ok(None) => {}
        Err(silence) => return silence,
    }
    answer(events)
}

async fn wait(app: AppState, mut viewer: Viewer, account: AccountId, sender: Sender) {
    let mut changes = app.live.accounts.subscribe();
    let first = Event::default().id(format!("{}-0", app.epoch)).event("waiting").data("1");
    if sender.send(Ok(first)).await.is_err() {
        return;
    }
    loop {
        if !viewer.is_present(&app).await {
            say_goodbye(&app, &viewer, &sender).await;
            return;
        }
        let left = match code::poll_code(&app, &viewer.actor, account).await {
            Ok(CodeWait::Waiting(until)) => until.seconds_since(app.clock.now()).max(1).unsigned_abs(),
            Ok(CodeWait::Came(revealed)) => {
                end(&sender, RevealedPart::code(revealed).render()).await;
                return;
            }
            Ok(CodeWait::Over) => {
                end(&sender, Nothing { why: words::NO_CODE_CAME }.render()).await;
                return;
            }
            Err(OpError::Refused(why)) => {
                end(&sender, Nothing { why: &sentence(&why) }.render()).await;
                return;
            }
            Err(_) => {
                end(&sender, Nothing { why: words::CODE_UNAVAILABLE }.render()).await;
                return;
            }
        };
        tokio::select! {
            _ = changes.changed() => {}
            () = app.stopping.cancelled() => return,
            () = sender.closed() => return,
            () = viewer.has_news() => {
                if !viewer.look_again(&app).await {
                    say_goodbye(&app, &viewer, &sender).await;
                    return;
                }
            }
            () = tokio::time::sleep(SESSION_CHECK.min(Duration::from_secs(left))) => {}
        }
    }
}

/// What stands there when no code came.
#[derive(Template)]
#[template(path = "parts/no_code.html")]
struct Nothing<'a> {
    why: &'a str,
}

async fn end(sender: &Sender, html: askama::Result<String>) {
    if let Ok(html) = html {
        let _ = sender.send(Ok(Event::default().data(partial("#awaited", "outerHTML", &html)))).await;
    }
    let _ = sender.send(Ok(Event::default().event("over").data("1"))).await;
}
