//! The live list of requests to see a secret, for those who decide them.

use axum::response::Response;

use crate::web::auth::session::RequestSession;
use crate::web::fragment::partial;
use crate::web::pages;
use crate::web::state::AppState;
use crate::web::stream::stream;

/// The stream. Whoever may not decide is shown no request; that is looked at with every message.
pub async fn reveals(app: AppState, caller: RequestSession) -> Response {
    let mut shown = String::new();
    stream(app, caller, move |app, actor| {
        let html = pages::reveals::list::rendered(app, actor, None).ok()?;
        if html == shown {
            return None;
        }
        shown.clone_from(&html);
        Some(partial("#reveals", "innerMorph", &html))
    })
    .await
}
