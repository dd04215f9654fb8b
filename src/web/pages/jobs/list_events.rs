//! The live list of long work.

use axum::response::Response;

use crate::web::auth::session::RequestSession;
use crate::web::fragment::partial;
use crate::web::pages;
use crate::web::state::AppState;
use crate::web::stream::stream;

/// The stream.
pub async fn jobs(app: AppState, caller: RequestSession) -> Response {
    let mut shown = String::new();
    stream(app, caller, move |app, actor| {
        let html = pages::jobs::list::rendered(app, actor).ok()?;
        if html == shown {
            return None;
        }
        shown.clone_from(&html);
        Some(partial("#jobs", "innerMorph", &html))
    })
    .await
}
