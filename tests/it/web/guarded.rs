//! Accounts whose secrets are shown only after something that a group requires.

use axum::http::StatusCode;
use telescope::clock::Clock;
use telescope::domain::{AccountId, GroupId};

use super::app::{ADMIN, TestApp, Visitor};

/// The stored password of each of them.
pub const PASSWORD: &str = "Blaukehlchen 5";

/// Adds an account with a stored password, in a group that requires `approval` or `confirmation`.
pub async fn guarded(
    test: &TestApp,
    admin: &Visitor,
    owner: Option<&str>,
    requirement: &str,
) -> (AccountId, GroupId) {
    let account = test.account(1, owner).await;
    let group = test.group("Board", &[account]).await;
    admin.post(&format!("/accounts/{account}/password"), &[("password", PASSWORD)]).await;
    let set = admin.post(&format!("/groups/{group}/{requirement}"), &[("needed", "yes")]).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
    (account, group)
}

/// An application with such an account and with a clock that the test advances.
pub struct Guarded {
    pub test: TestApp,
    pub account: AccountId,
    pub group: GroupId,
    pub root: Visitor,
}

impl Guarded {
    /// Of these administrators, the usual one is signed in.
    pub async fn new(admins: &str, owner: Option<&str>, requirement: &str) -> Self {
        let clock = Clock::manual(Clock::System.now());
        let test = TestApp::with_clock(&[("ADMIN_EMAILS", admins)], clock).await;
        let root = test.signed_in(ADMIN).await;
        let (account, group) = guarded(&test, &root, owner, requirement).await;
        Self { test, account, group, root }
    }
}
