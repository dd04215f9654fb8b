//! The route table, one line per route. What a handler needs to be allowed to do stands in its signature.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::pages::{access, accounts, audit, groups, jobs, reveals, roles, sign_in, users};
use super::state::AppState;
use super::{assets, error, layers};
use crate::context::App;

/// Everything that answers requests.
pub fn router(app: Arc<App>) -> Router {
    let state = AppState::new(app);
    let pages = Router::new()
        .route("/", get(accounts::list::home))
        .route("/accounts", get(accounts::list::list))
        .route("/accounts/events", get(accounts::list_events::list))
        .route("/accounts/add", get(accounts::add::form).post(accounts::add::add))
        .route("/accounts/add-test", post(accounts::add::add_test))
        .route("/accounts/{account}", get(accounts::show::show))
        .route("/accounts/{account}/events", get(accounts::show_events::account))
        .route("/accounts/{account}/ask-for-code", post(accounts::show::ask_for_code))
        .route("/accounts/{account}/connect", post(accounts::show::connect))
        .route("/accounts/{account}/disconnect", post(accounts::show::disconnect))
        .route("/accounts/{account}/provide", get(accounts::login::form).post(accounts::login::submit))
        .route("/accounts/{account}/edit", get(accounts::edit::form).post(accounts::edit::save))
        .route("/accounts/{account}/password", get(accounts::password::form).post(accounts::password::save))
        .route(
            "/accounts/{account}/password/reveal",
            get(reveals::password::form).post(reveals::password::show),
        )
        .route("/accounts/{account}/password/reveal/request", post(reveals::password::request))
        .route(
            "/accounts/{account}/password/reveal/request/events",
            get(reveals::approval_events::password_request),
        )
        .route("/accounts/{account}/code", get(reveals::code::form).post(reveals::code::show))
        .route("/accounts/{account}/code/wait", post(reveals::code::wait))
        .route("/accounts/{account}/code/request", post(reveals::code::request))
        .route("/accounts/{account}/code/request/events", get(reveals::approval_events::code_request))
        .route("/accounts/{account}/code/events", get(reveals::code_events::code))
        .route("/accounts/{account}/code/look", post(reveals::code::look))
        .route("/accounts/{account}/log-out", get(accounts::log_out::form).post(accounts::log_out::log_out))
        .route("/accounts/{account}/remove", get(accounts::remove::form).post(accounts::remove::remove))
        .route("/accounts/{account}/remove/retry", post(accounts::remove::retry))
        .route("/accounts/{account}/remove/skip", post(accounts::remove::skip))
        .route("/reveals", get(reveals::list::list))
        .route("/reveals/events", get(reveals::list_events::reveals))
        .route("/reveals/{reveal}/approve", post(reveals::list::approve))
        .route("/reveals/{reveal}/refuse", post(reveals::list::refuse))
        .route("/jobs", get(jobs::list::list))
        .route("/jobs/events", get(jobs::list_events::jobs))
        .route("/audit", get(audit::list::list))
        .route("/audit/events", get(audit::events::trail))
        .route("/audit/export", post(audit::export::export))
        .route("/access", get(access::matrix::matrix))
        .route("/access/explain", get(access::explain::explained))
        .route("/access/{group}/{role}", get(access::cell::form).post(access::cell::save))
        .route("/roles", get(roles::list::list).post(roles::list::add))
        .route("/roles/{role}", get(roles::show::show))
        .route("/roles/{role}/rename", post(roles::show::rename))
        .route("/roles/{role}/delete", post(roles::show::delete))
        .route("/roles/{role}/system", post(roles::show::system))
        .route("/roles/{role}/give", post(roles::show::give))
        .route("/roles/{role}/take", post(roles::show::take))
        .route("/groups", get(groups::list::list).post(groups::list::add))
        .route("/groups/{group}", get(groups::show::show))
        .route("/groups/{group}/rename", post(groups::show::rename))
        .route("/groups/{group}/delete", post(groups::show::delete))
        .route("/groups/{group}/approval", post(groups::show::approval))
        .route("/groups/{group}/put-in", post(groups::show::put_in))
        .route("/groups/{group}/take-out", post(groups::show::take_out))
        .route("/users", get(users::list::list))
        .route("/users/roles", post(users::list::roles))
        .route("/users/{user}", get(users::show::show))
        .route("/users/{user}/roles", post(users::show::roles))
        .route("/users/{user}/end-sessions", post(users::show::end_sessions))
        .route("/users/{user}/disable", post(users::show::disable))
        .route("/users/{user}/enable", post(users::show::enable))
        .route("/users/{user}/grant-admin", post(users::show::grant_admin))
        .route("/users/{user}/revoke-admin", post(users::show::revoke_admin))
        .route("/users/{user}/forget-identity", post(users::show::forget_identity))
        .route("/sign-in", get(sign_in::form::form).post(sign_in::form::sign_in))
        .route("/sign-in/start", get(sign_in::oidc::start))
        .route("/sign-in/callback", get(sign_in::oidc::callback))
        .route("/sign-out", post(sign_in::form::sign_out))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed);
    let pages = layers::with_session(pages, &state);
    let public = Router::new()
        .route("/static/{file}", get(assets::file))
        .route("/favicon.ico", get(assets::icon))
        .route("/health", get(|| async { "ok\n" }));
    layers::around(public.merge(pages), &state).with_state(state)
}
