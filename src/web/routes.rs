//! The route table, one line per route. The permissions that a handler needs are in its signature.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::pages::access::named::{create, delete, rename};
use super::pages::groups::requirement::{self, Approval, Confirmation, Emergency};
use super::pages::{
    about, access, accounts, audit, devices, groups, invites, jobs, offboarding, onboarding, proxies,
    reveals, roles, session_events, sign_in, two_step, users,
};
use super::state::AppState;
use super::{assets, error, health, layers, paths};
use crate::context::App;
use crate::domain::reveal::{DeviceLogin, LoginCode, TwoStepPassword};
use crate::domain::{GroupId, RoleId};

/// The router.
pub fn router(app: Arc<App>) -> Router {
    let state = AppState::new(app);
    let pages = Router::new()
        .route(paths::HOME, get(accounts::list::home))
        .route(paths::EVENTS, get(session_events::session))
        .route(paths::ACCOUNTS, get(accounts::list::list))
        .route(paths::ACCOUNTS_EVENTS, get(accounts::list_events::list))
        .route(paths::ACCOUNTS_ADD, get(accounts::add::form).post(accounts::add::add))
        .route(paths::ACCOUNTS_CHANGE, post(accounts::change::change))
        .route(paths::ACCOUNTS_ADD_TEST, post(accounts::add_test::add_test))
        .route(paths::ACCOUNT, get(accounts::show::show))
        .route(paths::ACCOUNT_EVENTS, get(accounts::show_events::account))
        .route(paths::ACCOUNT_PICTURE, get(accounts::picture::picture))
        .route(paths::ACCOUNT_CODES_ALLOW, get(accounts::allow_codes::ask).post(accounts::allow_codes::allow))
        .route(paths::ACCOUNT_LOGIN_ACTION, post(accounts::actions::act))
        .route(paths::ACCOUNT_CONNECT, post(accounts::actions::connect))
        .route(paths::ACCOUNT_DISCONNECT, post(accounts::actions::disconnect))
        .route(paths::ACCOUNT_LOGIN, get(accounts::login::form).post(accounts::login::submit))
        .route(paths::ACCOUNT_EDIT, get(accounts::edit::form).post(accounts::edit::save))
        .route(paths::ACCOUNT_PROXY, get(proxies::account::form).post(proxies::account::save))
        .route(paths::ACCOUNT_NUMBER, get(accounts::number::form).post(accounts::number::save))
        .route(paths::ACCOUNT_TWO_STEP, get(two_step::show::show).post(two_step::form::send))
        .route(paths::ACCOUNT_PASSWORD, get(accounts::password::form).post(accounts::password::save))
        .route(
            paths::ACCOUNT_PASSWORD_REMOVE,
            get(accounts::password_remove::form).post(accounts::password_remove::remove),
        )
        .route(
            paths::REVEAL_PASSWORD,
            get(reveals::secret::form::<TwoStepPassword>).post(reveals::password::show),
        )
        .route(paths::REVEAL_PASSWORD_REQUEST, post(reveals::secret::request::<TwoStepPassword>))
        .route(paths::REVEAL_PASSWORD_REQUEST_EVENTS, get(reveals::approval_events::password_request))
        .route(paths::CODE, get(reveals::secret::form::<LoginCode>).post(reveals::code::show))
        .route(paths::CODE_WAIT, post(reveals::code::wait))
        .route(paths::CODE_EMERGENCY, post(reveals::code::show_in_emergency))
        .route(paths::CODE_EMERGENCY_WAIT, post(reveals::code::wait_in_emergency))
        .route(paths::CODE_REQUEST, post(reveals::secret::request::<LoginCode>))
        .route(paths::CODE_REQUEST_EVENTS, get(reveals::approval_events::code_request))
        .route(paths::CODE_EVENTS, get(reveals::code_events::code))
        .route(paths::CODE_POLL, post(reveals::code::poll))
        .route(paths::DEVICE_LOGIN, get(reveals::device::form).post(reveals::device::log_in))
        .route(paths::DEVICE_LOGIN_EMERGENCY, post(reveals::device::log_in_in_emergency))
        .route(paths::DEVICE_LOGIN_REQUEST, post(reveals::secret::request::<DeviceLogin>))
        .route(paths::DEVICE_LOGIN_REQUEST_EVENTS, get(reveals::approval_events::device_request))
        .route(paths::ACCOUNT_TOKEN_USE, post(accounts::bot_token::log_in))
        .route(paths::ACCOUNT_TOKEN_REMOVE, get(accounts::bot_token::form).post(accounts::bot_token::remove))
        .route(paths::ACCOUNT_DEVICES_REFRESH, post(devices::refresh::refresh))
        .route(paths::ACCOUNT_DEVICE_END, get(devices::end::ask).post(devices::end::end))
        .route(
            paths::ACCOUNT_DEVICES_END_OTHERS,
            get(devices::end_others::ask).post(devices::end_others::end),
        )
        .route(paths::ACCOUNT_DEVICE_CONFIRM, post(devices::confirm::confirm))
        .route(paths::ACCOUNT_DEVICES_IDLE, get(devices::idle::form).post(devices::idle::save))
        .route(paths::ACCOUNT_LOG_OUT, get(accounts::log_out::form).post(accounts::log_out::log_out))
        .route(paths::ACCOUNT_REMOVE, get(accounts::remove::form).post(accounts::remove::remove))
        .route(paths::ACCOUNT_REMOVE_RETRY, post(accounts::remove::retry))
        .route(paths::ACCOUNT_REMOVE_SKIP, post(accounts::remove::skip))
        .route(paths::DEVICES, get(devices::list::list))
        .route(paths::APPROVALS, get(reveals::list::list))
        .route(paths::APPROVALS_EVENTS, get(reveals::list_events::reveals))
        .route(paths::MY_REQUESTS, get(reveals::mine::list))
        .route(paths::MY_REQUESTS_EVENTS, get(reveals::mine_events::requests))
        .route(paths::APPROVAL_WITHDRAW, post(reveals::mine::withdraw))
        .route(paths::APPROVAL_APPROVE, post(reveals::decide::approve))
        .route(paths::APPROVAL_DECLINE, post(reveals::decide::decline))
        .route(paths::INVITES, get(invites::list::list))
        .route(paths::INVITES_EVENTS, get(invites::list_events::invites))
        .route(paths::INVITES_NEW, get(invites::create::form).post(invites::create::create))
        .route(paths::INVITES_LIST, get(invites::many::form).post(invites::many::submit))
        .route(paths::INVITES_LIST_JOB, get(invites::many_job::show))
        .route(paths::INVITES_LIST_EVENTS, get(invites::many_events::progress))
        .route(paths::INVITES_LIST_RESULT, post(invites::many_result::download))
        .route(paths::INVITES_LIST_STOP, post(invites::many_job::stop))
        .route(paths::INVITES_LIST_RETRY, post(invites::many_job::retry))
        .route(paths::INVITE_LINK, post(invites::link::show))
        .route(paths::INVITE_EMAIL, post(invites::link::email))
        .route(paths::INVITE_RENEW, post(invites::link::renew))
        .route(paths::INVITE_REVOKE, post(invites::link::revoke))
        .route(paths::ONBOARDING, get(onboarding::own::form).post(onboarding::own::begin))
        .route(paths::ABOUT, get(about::about))
        .route(paths::ABOUT_DOCUMENT, get(about::document))
        .route(paths::JOBS, get(jobs::list::list))
        .route(paths::JOBS_EVENTS, get(jobs::list_events::jobs))
        .route(paths::JOB, get(jobs::show::show))
        .route(paths::JOB_EVENTS, get(jobs::show_events::job))
        .route(paths::JOB_REPORT, get(jobs::report::page))
        .route(paths::JOB_REPORT_CSV, get(jobs::report::csv))
        .route(paths::JOB_RETRY, post(jobs::show::retry))
        .route(paths::JOB_STOP, post(jobs::show::stop))
        .route(paths::AUDIT, get(audit::list::list))
        .route(paths::AUDIT_EVENTS, get(audit::events::stream))
        .route(paths::AUDIT_EXPORT, post(audit::export::export))
        .route(paths::AUDIT_ACKNOWLEDGE, post(audit::mismatch::acknowledge))
        .route(paths::ACCESS, get(access::matrix::matrix))
        .route(paths::ACCESS_EXPLAIN, get(access::explain::explain))
        .route(paths::ACCESS_CELL, get(access::cell::form).post(access::cell::save))
        .route(paths::ROLES, get(roles::list::list).post(create::<RoleId>))
        .route(paths::ROLE, get(roles::show::show))
        .route(paths::ROLE_RENAME, post(rename::<RoleId>))
        .route(paths::ROLE_DELETE, post(delete::<RoleId>))
        .route(paths::ROLE_SYSTEM, post(roles::system::save))
        .route(paths::ROLE_GIVE, post(roles::members::add))
        .route(paths::ROLE_TAKE, post(roles::members::remove))
        .route(paths::GROUPS, get(groups::list::list).post(create::<GroupId>))
        .route(paths::GROUP, get(groups::show::show))
        .route(paths::GROUP_RENAME, post(rename::<GroupId>))
        .route(paths::GROUP_DELETE, post(delete::<GroupId>))
        .route(paths::GROUP_APPROVAL, get(requirement::ask::<Approval>).post(requirement::save::<Approval>))
        .route(
            paths::GROUP_EMERGENCY,
            get(requirement::ask::<Emergency>).post(requirement::save::<Emergency>),
        )
        .route(
            paths::GROUP_CONFIRMATION,
            get(requirement::ask::<Confirmation>).post(requirement::save::<Confirmation>),
        )
        .route(paths::GROUP_PROXY, get(proxies::group::form).post(proxies::group::save))
        .route(paths::GROUP_PUT_IN, post(groups::accounts::add))
        .route(paths::GROUP_TAKE_OUT, post(groups::accounts::remove))
        .route(paths::PROXIES, get(proxies::list::list))
        .route(paths::PROXIES_EVENTS, get(proxies::list_events::proxies))
        .route(paths::PROXIES_ADD, get(proxies::form::add_form).post(proxies::form::add))
        .route(paths::PROXIES_DEFAULT, post(proxies::list::select_default))
        .route(paths::PROXY, get(proxies::form::edit_form).post(proxies::form::edit))
        .route(paths::PROXY_TEST, post(proxies::list::test))
        .route(paths::PROXY_REMOVE, get(proxies::remove::ask).post(proxies::remove::remove))
        .route(paths::USERS, get(users::list::list))
        .route(paths::USERS_ROLES, post(users::roles::of_selected))
        .route(paths::OFFBOARDING, get(offboarding::show::show).post(offboarding::show::submit))
        .route(paths::OFFBOARDING_REPORT, get(offboarding::report::page))
        .route(paths::OFFBOARDING_CSV, get(offboarding::report::csv))
        .route(paths::USER, get(users::show::show))
        .route(paths::USER_ROLES, post(users::roles::of_one))
        .route(paths::USER_END_SESSIONS, get(users::question::end_sessions).post(users::change::end_sessions))
        .route(paths::USER_DISABLE, get(users::question::disable).post(users::change::disable))
        .route(paths::USER_ENABLE, get(users::question::enable).post(users::change::enable))
        .route(paths::USER_GRANT_ADMIN, get(users::question::grant_admin).post(users::change::grant_admin))
        .route(paths::USER_REVOKE_ADMIN, get(users::question::revoke_admin).post(users::change::revoke_admin))
        .route(paths::USER_MOVE, get(users::move_to::ask).post(users::move_to::move_to))
        .route(
            paths::USER_FORGET_IDENTITY,
            get(users::question::forget_identity).post(users::change::forget_identity),
        )
        .route(paths::SIGN_IN, get(sign_in::form::form).post(sign_in::form::sign_in))
        .route(paths::SIGN_IN_START, get(sign_in::oidc::start))
        .route(paths::SIGN_IN_CALLBACK, get(sign_in::oidc::callback))
        .route(paths::SIGN_OUT, post(sign_in::sign_out::sign_out))
        .route(paths::CONFIRM_IDENTITY, get(sign_in::confirm::page).post(sign_in::confirm::claim))
        .route(paths::CONFIRM_IDENTITY_START, get(sign_in::confirm::start))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed);
    let pages = layers::with_session(pages, &state);
    // These need no session: what counts is the link, or the cookie of the browser that has begun.
    let public = Router::new()
        .route(paths::ONBOARDING_INVITE, get(onboarding::invite::show).post(onboarding::invite::begin))
        .route(paths::ONBOARDING_NUMBER, post(onboarding::number::give))
        .route(paths::ONBOARDING_LOGIN, get(onboarding::login::show).post(onboarding::login::submit))
        .route(paths::ONBOARDING_LOGIN_EVENTS, get(onboarding::login_events::login))
        .route(paths::ONBOARDING_ACTION, post(onboarding::login::act))
        .route(paths::STATIC, get(assets::file))
        .route(paths::FAVICON, get(assets::icon))
        .route(paths::HEALTH, get(health::health))
        .route(paths::READY, get(health::ready));
    layers::around(public.merge(pages), &state).with_state(state)
}
