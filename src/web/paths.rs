//! Every address of the pages, once: the pattern for the route table and the function that fills it in. Handlers and
//! templates use these, so that an address that doesn't exist doesn't compile.

use std::fmt::Display;

use serde::Serialize;

use crate::domain::{AccountId, GroupId, InviteId, JobId, ProxyId, RevealId, RoleId, UserId};

/// Something that fills in a `T`. Templates pass references, or references to references.
pub trait Fills<T>: Display {}

impl<T: Display> Fills<T> for T {}
impl<T: Display> Fills<T> for &T {}
impl<T: Display> Fills<T> for &&T {}

/// A pattern is both what axum matches and what `format!` fills in, so the two can't differ.
macro_rules! paths {
    ($($constant:ident = $pattern:literal $(=> $name:ident($($argument:ident: $kind:ty),+))?;)+) => {
        $(pub const $constant: &str = $pattern;)+
        $($(pub fn $name($($argument: impl Fills<$kind>),+) -> String { format!($pattern) })?)+

        #[cfg(test)]
        const ALL: &[&str] = &[$($pattern),+];
    };
}

paths! {
    HOME = "/";
    EVENTS = "/events";
    ACCOUNTS = "/accounts";
    ACCOUNTS_EVENTS = "/accounts/events";
    ACCOUNTS_ADD = "/accounts/add";
    ACCOUNTS_CHANGE = "/accounts/change";
    ACCOUNTS_ADD_TEST = "/accounts/add-test";
    ACCOUNT = "/accounts/{account}" => account(account: AccountId);
    ACCOUNT_EVENTS = "/accounts/{account}/events" => account_events(account: AccountId);
    ACCOUNT_PICTURE = "/accounts/{account}/picture" => account_picture(account: AccountId);
    ACCOUNT_CONNECT = "/accounts/{account}/connect" => account_connect(account: AccountId);
    ACCOUNT_DISCONNECT = "/accounts/{account}/disconnect" => account_disconnect(account: AccountId);
    ACCOUNT_LOGIN = "/accounts/{account}/provide" => account_login(account: AccountId);
    ACCOUNT_CODES_ALLOW = "/accounts/{account}/codes/allow" => account_codes_allow(account: AccountId);
    ACCOUNT_LOGIN_ACTION = "/accounts/{account}/login-action" => account_login_action(account: AccountId);
    ACCOUNT_EDIT = "/accounts/{account}/edit" => account_edit(account: AccountId);
    ACCOUNT_PROXY = "/accounts/{account}/proxy" => account_proxy(account: AccountId);
    ACCOUNT_NUMBER = "/accounts/{account}/number" => account_number(account: AccountId);
    ACCOUNT_PASSWORD = "/accounts/{account}/password" => account_password(account: AccountId);
    ACCOUNT_TWO_STEP = "/accounts/{account}/two-step" => account_two_step(account: AccountId);
    ACCOUNT_PASSWORD_REMOVE = "/accounts/{account}/password/remove" => account_password_remove(account: AccountId);
    ACCOUNT_TOKEN_USE = "/accounts/{account}/token/use" => account_token_use(account: AccountId);
    ACCOUNT_TOKEN_REMOVE = "/accounts/{account}/token/remove" => account_token_remove(account: AccountId);
    ACCOUNT_DEVICES_REFRESH = "/accounts/{account}/devices/refresh" => account_devices_refresh(account: AccountId);
    ACCOUNT_DEVICE_END = "/accounts/{account}/devices/end" => account_device_end(account: AccountId);
    ACCOUNT_DEVICES_END_OTHERS = "/accounts/{account}/devices/end-others"
        => account_devices_end_others(account: AccountId);
    ACCOUNT_DEVICE_CONFIRM = "/accounts/{account}/devices/confirm" => account_device_confirm(account: AccountId);
    ACCOUNT_DEVICES_IDLE = "/accounts/{account}/devices/idle" => account_devices_idle(account: AccountId);
    ACCOUNT_LOG_OUT = "/accounts/{account}/log-out" => account_log_out(account: AccountId);
    ACCOUNT_REMOVE = "/accounts/{account}/remove" => account_remove(account: AccountId);
    ACCOUNT_REMOVE_RETRY = "/accounts/{account}/remove/retry" => account_remove_retry(account: AccountId);
    ACCOUNT_REMOVE_SKIP = "/accounts/{account}/remove/skip" => account_remove_skip(account: AccountId);

    DEVICES = "/devices";

    CODE = "/accounts/{account}/code" => code(account: AccountId);
    CODE_WAIT = "/accounts/{account}/code/wait" => code_wait(account: AccountId);
    CODE_POLL = "/accounts/{account}/code/look" => code_poll(account: AccountId);
    CODE_EVENTS = "/accounts/{account}/code/events" => code_events(account: AccountId);
    CODE_EMERGENCY = "/accounts/{account}/code/emergency" => code_emergency(account: AccountId);
    CODE_EMERGENCY_WAIT = "/accounts/{account}/code/emergency/wait" => code_emergency_wait(account: AccountId);
    CODE_REQUEST = "/accounts/{account}/code/request" => code_request(account: AccountId);
    CODE_REQUEST_EVENTS = "/accounts/{account}/code/request/events" => code_request_events(account: AccountId);
    DEVICE_LOGIN = "/accounts/{account}/device" => device_login(account: AccountId);
    DEVICE_LOGIN_EMERGENCY = "/accounts/{account}/device/emergency" => device_login_emergency(account: AccountId);
    DEVICE_LOGIN_REQUEST = "/accounts/{account}/device/request" => device_login_request(account: AccountId);
    DEVICE_LOGIN_REQUEST_EVENTS = "/accounts/{account}/device/request/events"
        => device_login_request_events(account: AccountId);
    REVEAL_PASSWORD = "/accounts/{account}/password/reveal" => reveal_password(account: AccountId);
    REVEAL_PASSWORD_REQUEST = "/accounts/{account}/password/reveal/request"
        => reveal_password_request(account: AccountId);
    REVEAL_PASSWORD_REQUEST_EVENTS = "/accounts/{account}/password/reveal/request/events"
        => reveal_password_request_events(account: AccountId);
    APPROVALS = "/reveals";
    APPROVALS_EVENTS = "/reveals/events";
    MY_REQUESTS = "/reveals/mine";
    MY_REQUESTS_EVENTS = "/reveals/mine/events";
    APPROVAL_WITHDRAW = "/reveals/{reveal}/withdraw" => approval_withdraw(reveal: RevealId);
    APPROVAL_APPROVE = "/reveals/{reveal}/approve" => approval_approve(reveal: RevealId);
    APPROVAL_DECLINE = "/reveals/{reveal}/refuse" => approval_decline(reveal: RevealId);

    INVITES = "/invites";
    INVITES_EVENTS = "/invites/events";
    INVITES_NEW = "/invites/new";
    INVITES_LIST = "/invites/list";
    INVITES_LIST_JOB = "/invites/list/{job}" => invites_list_job(job: JobId);
    INVITES_LIST_EVENTS = "/invites/list/{job}/events" => invites_list_events(job: JobId);
    INVITES_LIST_RESULT = "/invites/list/{job}/result" => invites_list_result(job: JobId);
    INVITES_LIST_STOP = "/invites/list/{job}/stop" => invites_list_stop(job: JobId);
    INVITES_LIST_RETRY = "/invites/list/{job}/retry" => invites_list_retry(job: JobId);
    INVITE_LINK = "/invites/{invite}/link" => invite_link(invite: InviteId);
    INVITE_EMAIL = "/invites/{invite}/email" => invite_email(invite: InviteId);
    INVITE_RENEW = "/invites/{invite}/renew" => invite_renew(invite: InviteId);
    INVITE_REVOKE = "/invites/{invite}/revoke" => invite_revoke(invite: InviteId);
    ONBOARDING = "/onboarding";
    ONBOARDING_INVITE = "/onboarding/invite/{token}" => onboarding_invite(token: String);
    ONBOARDING_NUMBER = "/onboarding/number";
    ONBOARDING_LOGIN = "/onboarding/login";
    ONBOARDING_LOGIN_EVENTS = "/onboarding/login/events";
    ONBOARDING_ACTION = "/onboarding/login/action";

    ABOUT = "/about";
    ABOUT_DOCUMENT = "/about/{document}" => about_document(document: &'static str);
    JOBS = "/jobs";
    JOBS_EVENTS = "/jobs/events";
    JOB = "/jobs/{job}" => job(job: JobId);
    JOB_EVENTS = "/jobs/{job}/events" => job_events(job: JobId);
    JOB_REPORT = "/jobs/{job}/report" => job_report(job: JobId);
    JOB_REPORT_CSV = "/jobs/{job}/report.csv" => job_report_csv(job: JobId);
    JOB_RETRY = "/jobs/{job}/retry" => job_retry(job: JobId);
    JOB_STOP = "/jobs/{job}/stop" => job_stop(job: JobId);
    AUDIT = "/audit";
    AUDIT_EVENTS = "/audit/events";
    AUDIT_EXPORT = "/audit/export";
    AUDIT_ACKNOWLEDGE = "/audit/acknowledge";

    ACCESS = "/access";
    ACCESS_EXPLAIN = "/access/explain";
    ACCESS_CELL = "/access/{group}/{role}" => access_cell(group: GroupId, role: RoleId);
    ROLES = "/roles";
    ROLE = "/roles/{role}" => role(role: RoleId);
    ROLE_RENAME = "/roles/{role}/rename" => role_rename(role: RoleId);
    ROLE_DELETE = "/roles/{role}/delete" => role_delete(role: RoleId);
    ROLE_SYSTEM = "/roles/{role}/system" => role_system(role: RoleId);
    ROLE_GIVE = "/roles/{role}/give" => role_give(role: RoleId);
    ROLE_TAKE = "/roles/{role}/take" => role_take(role: RoleId);
    GROUPS = "/groups";
    GROUP = "/groups/{group}" => group(group: GroupId);
    GROUP_RENAME = "/groups/{group}/rename" => group_rename(group: GroupId);
    GROUP_DELETE = "/groups/{group}/delete" => group_delete(group: GroupId);
    GROUP_APPROVAL = "/groups/{group}/approval" => group_approval(group: GroupId);
    GROUP_EMERGENCY = "/groups/{group}/emergency" => group_emergency(group: GroupId);
    GROUP_CONFIRMATION = "/groups/{group}/confirmation" => group_confirmation(group: GroupId);
    GROUP_PROXY = "/groups/{group}/proxy" => group_proxy(group: GroupId);
    GROUP_PUT_IN = "/groups/{group}/put-in" => group_put_in(group: GroupId);
    GROUP_TAKE_OUT = "/groups/{group}/take-out" => group_take_out(group: GroupId);
    PROXIES = "/proxies";
    PROXIES_EVENTS = "/proxies/events";
    PROXIES_ADD = "/proxies/add";
    PROXIES_DEFAULT = "/proxies/default";
    PROXY = "/proxies/{proxy}" => proxy(proxy: ProxyId);
    PROXY_TEST = "/proxies/{proxy}/test" => proxy_test(proxy: ProxyId);
    PROXY_REMOVE = "/proxies/{proxy}/remove" => proxy_remove(proxy: ProxyId);
    USERS = "/users";
    USERS_ROLES = "/users/roles";
    OFFBOARDING = "/users/off-boarding";
    OFFBOARDING_REPORT = "/users/off-boarding/{job}" => offboarding_report(job: JobId);
    OFFBOARDING_CSV = "/users/off-boarding/{job}/csv" => offboarding_csv(job: JobId);
    USER = "/users/{user}" => user(user: UserId);
    USER_ROLES = "/users/{user}/roles" => user_roles(user: UserId);
    USER_END_SESSIONS = "/users/{user}/end-sessions" => user_end_sessions(user: UserId);
    USER_DISABLE = "/users/{user}/disable" => user_disable(user: UserId);
    USER_ENABLE = "/users/{user}/enable" => user_enable(user: UserId);
    USER_GRANT_ADMIN = "/users/{user}/grant-admin" => user_grant_admin(user: UserId);
    USER_REVOKE_ADMIN = "/users/{user}/revoke-admin" => user_revoke_admin(user: UserId);
    USER_MOVE = "/users/{user}/move" => user_move(user: UserId);
    USER_FORGET_IDENTITY = "/users/{user}/forget-identity" => user_forget_identity(user: UserId);

    SIGN_IN = "/sign-in";
    SIGN_IN_START = "/sign-in/start";
    SIGN_IN_CALLBACK = "/sign-in/callback";
    SIGN_OUT = "/sign-out";
    CONFIRM_IDENTITY = "/confirm-identity";
    CONFIRM_IDENTITY_START = "/confirm-identity/start";

    ICON = "/static/icon.svg";
    STATIC = "/static/{file}" => static_file(file: String);
    FAVICON = "/favicon.ico";
    HEALTH = "/health";
    READY = "/ready";
}

/// An address with a query; without one if nothing is in it.
pub fn with_query(path: &str, query: impl Serialize) -> String {
    match serde_html_form::to_string(query) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        Ok(_) | Err(_) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn patterns_are_filled_in() {
        let (account, group, role) = (AccountId::generate(), GroupId::generate(), RoleId::generate());
        assert_eq!(code_wait(account), format!("/accounts/{account}/code/wait"));
        assert_eq!(access_cell(group, role), format!("/access/{group}/{role}"));
        assert_eq!(static_file(String::from("a.css")), "/static/a.css");
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(with_query(ACCOUNTS, [("owner", "a+b@c")]), "/accounts?owner=a%2Bb%40c");
        assert_eq!(with_query(ACCOUNTS, [("", ""); 0]), "/accounts");
    }

    #[test]
    fn no_address_is_there_twice() {
        let distinct: HashSet<_> = ALL.iter().collect();
        assert_eq!(distinct.len(), ALL.len());
    }
}
