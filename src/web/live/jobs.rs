//! The live list of long work.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::stream;
use crate::app::App;
use crate::web::auth::Caller;
use crate::web::fragment::partial;
use crate::web::pages;

/// The stream.
pub async fn jobs(State(app): State<Arc<App>>, caller: Caller) -> Response {
    let mut shown = String::new();
    stream(app, caller, move |app, actor| {
        let html = pages::jobs::rendered(app, actor).ok()?;
        if html == shown {
            return None;
        }
        shown.clone_from(&html);
        Some(partial("#jobs", "innerMorph", &html))
    })
    .await
}
