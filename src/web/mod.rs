//! The web: the only part that speaks HTTP and HTML.
//!
//! Below is the route table, one line per route; what a handler needs to be allowed to stands in its
//! signature. Around it lie the layers, outermost first: a request is counted, its host checked, its origin
//! checked, and only then does anybody look at who sent it.

mod arrange;
mod assets;
mod attempts;
mod auth;
mod client;
mod csv;
mod effects;
mod entrance;
mod error;
mod extract;
mod form;
mod fragment;
mod host;
mod layers;
mod live;
pub mod pages;
mod privileges;
mod query;
mod rows;
mod shell;
mod standby;
mod text;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use attempts::SignIns;
pub use auth::Remembered;
pub use entrance::Asserted;
pub use live::{OpenStreams, TrailFeed};
pub use standby::standby;

use crate::app::App;
use pages::{
    access, account, accounts, add, audit, cell, code, edit, explain, group, groups, jobs, log_out, oidc,
    password, provide, remove, reveal_password, reveals, role, roles, sign_in, user, users,
};

/// Everything that answers requests.
pub fn router(app: Arc<App>) -> Router {
    let pages = Router::new()
        .route("/", get(accounts::home))
        .route("/accounts", get(accounts::list))
        .route("/accounts/events", get(live::list))
        .route("/accounts/add", get(add::form).post(add::add))
        .route("/accounts/add-test", post(add::add_test))
        .route("/accounts/{account}", get(account::show))
        .route("/accounts/{account}/events", get(live::account))
        .route("/accounts/{account}/ask-for-code", post(account::ask_for_code))
        .route("/accounts/{account}/connect", post(account::connect))
        .route("/accounts/{account}/disconnect", post(account::disconnect))
        .route("/accounts/{account}/provide", get(provide::form).post(provide::provide))
        .route("/accounts/{account}/edit", get(edit::form).post(edit::save))
        .route("/accounts/{account}/password", get(password::form).post(password::save))
        .route("/accounts/{account}/password/reveal", get(reveal_password::form).post(reveal_password::show))
        .route("/accounts/{account}/password/reveal/request", post(reveal_password::request))
        .route("/accounts/{account}/password/reveal/request/events", get(live::password_request))
        .route("/accounts/{account}/code", get(code::form).post(code::show))
        .route("/accounts/{account}/code/wait", post(code::wait))
        .route("/accounts/{account}/code/request", post(code::request))
        .route("/accounts/{account}/code/request/events", get(live::code_request))
        .route("/accounts/{account}/code/events", get(live::code))
        .route("/accounts/{account}/code/look", post(code::look))
        .route("/accounts/{account}/log-out", get(log_out::form).post(log_out::log_out))
        .route("/accounts/{account}/remove", get(remove::form).post(remove::remove))
        .route("/accounts/{account}/remove/retry", post(remove::retry))
        .route("/accounts/{account}/remove/skip", post(remove::skip))
        .route("/reveals", get(reveals::list))
        .route("/reveals/events", get(live::reveals))
        .route("/reveals/{reveal}/approve", post(reveals::approve))
        .route("/reveals/{reveal}/refuse", post(reveals::refuse))
        .route("/jobs", get(jobs::list))
        .route("/jobs/events", get(live::jobs))
        .route("/audit", get(audit::list))
        .route("/audit/events", get(live::trail))
        .route("/audit/export", post(audit::export::export))
        .route("/access", get(access::matrix))
        .route("/access/explain", get(explain::explained))
        .route("/access/{group}/{role}", get(cell::form).post(cell::save))
        .route("/roles", get(roles::list).post(roles::add))
        .route("/roles/{role}", get(role::show))
        .route("/roles/{role}/rename", post(role::rename))
        .route("/roles/{role}/delete", post(role::delete))
        .route("/roles/{role}/system", post(role::system))
        .route("/roles/{role}/give", post(role::give))
        .route("/roles/{role}/take", post(role::take))
        .route("/groups", get(groups::list).post(groups::add))
        .route("/groups/{group}", get(group::show))
        .route("/groups/{group}/rename", post(group::rename))
        .route("/groups/{group}/delete", post(group::delete))
        .route("/groups/{group}/approval", post(group::approval))
        .route("/groups/{group}/put-in", post(group::put_in))
        .route("/groups/{group}/take-out", post(group::take_out))
        .route("/users", get(users::list))
        .route("/users/roles", post(users::roles))
        .route("/users/{user}", get(user::show))
        .route("/users/{user}/roles", post(user::roles))
        .route("/users/{user}/end-sessions", post(user::end_sessions))
        .route("/users/{user}/disable", post(user::disable))
        .route("/users/{user}/enable", post(user::enable))
        .route("/users/{user}/grant-admin", post(user::grant_admin))
        .route("/users/{user}/revoke-admin", post(user::revoke_admin))
        .route("/users/{user}/forget-identity", post(user::forget_identity))
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign-in/start", get(oidc::start))
        .route("/sign-in/callback", get(oidc::callback))
        .route("/sign-out", post(sign_in::sign_out))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed);
    let pages = layers::with_session(pages, &app);
    let public = Router::new()
        .route("/static/{file}", get(assets::file))
        .route("/favicon.ico", get(assets::icon))
        .route("/health", get(|| async { "ok\n" }));
    layers::around(public.merge(pages), &app).with_state(app)
}
