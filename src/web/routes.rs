//! The route table, one line per route. What a handler needs to be allowed to do stands in its signature.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::pages::access::named::{create, delete, rename};
use super::pages::{access, accounts, audit, groups, jobs, reveals, roles, sign_in, users};
use super::state::AppState;
use super::{assets, error, layers};
use crate::context::App;
use crate::domain::{GroupId, RoleId};

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
        .route("/access/explain", get(access::explain::explain))
        .route("/access/{group}/{role}", get(access::cell::form).post(access::cell::save))
        .route("/roles", get(roles::list::list).post(create::<RoleId>))
        .route("/roles/{role}", get(roles::show::show))
        .route("/roles/{role}/rename", post(rename::<RoleId>))
        .route("/roles/{role}/delete", post(delete::<RoleId>))
        .route("/roles/{role}/system", post(roles::system::save))
        .route("/roles/{role}/give", post(roles::members::add))
        .route("/roles/{role}/take", post(roles::members::remove))
        .route("/groups", get(groups::list::list).post(create::<GroupId>))
        .route("/groups/{group}", get(groups::show::show))
        .route("/groups/{group}/rename", post(rename::<GroupId>))
        .route("/groups/{group}/delete", post(delete::<GroupId>))
        .route("/groups/{group}/approval", post(groups::approval::save))
        .route("/groups/{group}/put-in", post(groups::accounts::add))
        .route("/groups/{group}/take-out", post(groups::accounts::remove))
        .route("/users", get(users::list::list))
        .route("/users/roles", post(users::roles::of_selected))
        .route("/users/{user}", get(users::show::show))
        .route("/users/{user}/roles", post(users::roles::of_one))
        .route("/users/{user}/end-sessions", post(users::change::end_sessions))
        .route("/users/{user}/disable", post(users::change::disable))
        .route("/users/{user}/enable", post(users::change::enable))
        .route("/users/{user}/grant-admin", post(users::change::grant_admin))
        .route("/users/{user}/revoke-admin", post(users::change::revoke_admin))
        .route("/users/{user}/forget-identity", post(users::change::forget_identity))
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
