//! An access manager who is not an administrator tries to escalate privileges. Whatever they try, in one batch or in
//! several, they and their accomplices end up with what they had.

mod accounts;
mod identities;

use axum::http::StatusCode;
use telescope::domain::access::{self, Principal};
use telescope::domain::audit::Outcome;
use telescope::domain::error::ErrorCode;
use telescope::domain::privilege::{
    AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges, can,
};
use telescope::domain::{AccountId, Email, GroupId, RoleId};
use telescope::ops::access::{Edit, Report, UserRef, save};
use telescope::ops::{OpError, sign_in};
use telescope::store;

use super::app::{ADMIN, TestApp, Visitor};

const ADA: &str = "ada@example.org";
const DESK: &str = "desk@example.org";
const HELPER: &str = "helper@example.org";

const MANAGE: SystemPrivileges = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
const VIEW: AccountPrivileges = AccountPrivileges::of(&[AccountPrivilege::View]);
const ENTER: AccountPrivileges = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);

/// Two groups with an account each: the desk sees the first and not the second.
struct Scene {
    test: TestApp,
    seen: AccountId,
    hidden: AccountId,
    lobby: GroupId,
    vault: GroupId,
    /// The desk's own role.
    desk: RoleId,
    /// A role that may log in to the accounts in the second group.
    keepers: RoleId,
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let (seen, hidden) = (test.account(1, None).await, test.account(2, Some(ADA)).await);
        let (lobby, vault) = (test.group("Lobby", &[seen]).await, test.group("Vault", &[hidden]).await);
        let desk = test.role("Desk", &[(lobby, VIEW)], MANAGE).await;
        let keepers = test.role("Keepers", &[(vault, ENTER)], SystemPrivileges::NONE).await;
        test.give(DESK, desk).await;
        Self { test, seen, hidden, lobby, vault, desk, keepers }
    }

    /// A person as loaded for a request.
    async fn actor(&self, email: &str) -> Principal {
        Principal::User(sign_in::person(&self.test.user(email).await, true))
    }

    /// Applies these edits as the desk; returns the report.
    async fn tries(&self, edits: &[Edit]) -> Report {
        let actor = self.actor(DESK).await;
        let permit =
            access::decide_system::<can::ManageAccess>(&self.test.app.live.policy.current(), &actor).unwrap();
        save(&*self.test.app, permit.grant(), edits, None).await.unwrap()
    }

    async fn does(&self, who: &Visitor, what: &str, whom: &str) -> StatusCode {
        let id = self.test.user(whom).await.id;
        who.post(&format!("/users/{id}/{what}"), &[]).await.status
    }

    /// A person's current privileges on an account.
    async fn may(&self, email: &str, account: AccountId) -> AccountPrivileges {
        let entry = self.test.app.live.accounts.get(account).unwrap();
        access::privileges(&self.test.app.live.policy.current(), &self.actor(email).await, &entry.account)
    }
}

fn whom(email: &str) -> UserRef {
    UserRef::Email(Email::parse(email).unwrap())
}

#[tokio::test]
async fn a_batch_permits_no_more_than_single_edits() {
    let scene = Scene::new().await;
    let (role, group) = (RoleId::generate(), GroupId::generate());
    let enter = |group, role| Edit::Cell(group, role, ENTER);
    let report = scene
        .tries(&[
            // A new role in a new group with an account that the desk may only see.
            Edit::AddRole(role, "Accomplices".into()),
            Edit::AddGroup(group, "Elsewhere".into()),
            Edit::PutIn(scene.seen, group),
            Edit::Give(whom(HELPER), role),
            enter(group, role),
            enter(scene.lobby, role),
            enter(scene.vault, role),
            Edit::System(role, SystemPrivileges::ALL),
            // Its account into a group of others; and hidden accounts into a visible group.
            Edit::PutIn(scene.seen, scene.vault),
            Edit::PutIn(scene.hidden, scene.lobby),
            Edit::TakeOut(scene.hidden, scene.vault),
            // Roles that give more than the desk has, and its own.
            Edit::Give(whom(HELPER), scene.keepers),
            Edit::Give(whom(DESK), role),
            Edit::Take(whom(DESK), scene.desk),
            Edit::RenameRole(scene.keepers, "Accomplices of mine".into()),
            Edit::RenameRole(scene.desk, "Keepers of mine".into()),
            enter(scene.lobby, scene.desk),
            Edit::System(scene.desk, SystemPrivileges::ALL),
            Edit::DeleteRole(scene.desk),
            // The accomplice gets what the desk has, and no more.
            Edit::Cell(scene.lobby, role, VIEW),
            Edit::System(role, MANAGE),
        ])
        .await;
    assert_eq!((report.done, report.failed.len()), (6, 15), "{:#?}", report.failed);
    for email in [DESK, HELPER] {
        assert_eq!(scene.may(email, scene.seen).await, VIEW, "{email}");
        assert_eq!(scene.may(email, scene.hidden).await, AccountPrivileges::NONE, "{email}");
        let system =
            access::system_privileges(&scene.test.app.live.policy.current(), &scene.actor(email).await);
        assert_eq!(system, MANAGE, "{email}");
    }
}

/// Roles, sessions and administration of people with more permissions can't be changed.
#[tokio::test]
async fn people_with_more_permissions_can_not_be_changed() {
    let scene = Scene::new().await;
    scene.test.give(HELPER, scene.keepers).await;
    let (root, desk) = (scene.test.signed_in(ADMIN).await, scene.test.signed_in(DESK).await);
    let empty = RoleId::generate();
    let report = scene
        .tries(&[
            Edit::AddRole(empty, "Nothing at all".into()),
            Edit::Give(whom(HELPER), empty),
            Edit::Give(whom(ADMIN), empty),
            Edit::Take(whom(HELPER), scene.keepers),
            Edit::Take(whom(ADMIN), empty),
        ])
        .await;
    assert_eq!((report.done, report.failed.len()), (1, 4), "{:?}", report.failed);
    for email in [ADMIN, HELPER] {
        for what in ["end-sessions", "disable", "grant-admin", "revoke-admin", "forget-identity"] {
            let before = scene.test.user(email).await;
            let status = scene.does(&desk, what, email).await;
            let is_so = if before.admin { "grant-admin" } else { "revoke-admin" } == what;
            let expected = if is_so { StatusCode::SEE_OTHER } else { StatusCode::CONFLICT };
            assert_eq!(status, expected, "{what} {email}");
            assert_eq!(scene.test.user(email).await, before);
        }
    }
    assert_eq!(root.get("/accounts").await.status, StatusCode::OK);
    assert_eq!(scene.does(&desk, "grant-admin", DESK).await, StatusCode::CONFLICT);
}

/// Edits are checked against the rules before the batch: what it removes, it may grant again, and neither step gives
/// more. The audit log has both steps.
#[tokio::test]
async fn removing_and_restoring_in_one_batch_changes_nothing() {
    let scene = Scene::new().await;
    let nothing = AccountPrivileges::NONE;
    let report = scene
        .tries(&[
            Edit::Give(whom(HELPER), scene.keepers),
            Edit::Cell(scene.vault, scene.keepers, nothing),
            Edit::Give(whom(HELPER), scene.keepers),
            Edit::Cell(scene.vault, scene.keepers, ENTER),
        ])
        .await;
    let refused: Vec<&str> = report.failed.iter().map(|failed| failed.what.as_str()).collect();
    assert_eq!((report.done, refused), (2, vec![HELPER, HELPER]), "{:?}", report.failed);
    assert_eq!(scene.may(HELPER, scene.hidden).await, nothing);
    let rules = scene.test.app.live.policy.current();
    assert_eq!(rules.role(scene.keepers).unwrap().in_group(scene.vault), ENTER);
    let conn = &mut scene.test.app.db.read().await.unwrap();
    let entries = store::audit::page(conn, &store::audit::Filter::default(), 100).await.unwrap();
    let cells = entries
        .iter()
        .filter(|entry| entry.code == "role.group.privileges" && entry.outcome == Outcome::Done);
    assert_eq!(cells.count(), 2, "both steps are logged");
}

/// A role or group that is deleted and created again with the same name is new and gives nothing.
#[tokio::test]
async fn a_recreated_role_or_group_gives_nothing() {
    let scene = Scene::new().await;
    scene.test.give(HELPER, scene.keepers).await;
    // Deleting the role requires at least Helper's permissions.
    let same = scene.test.role("Same", &[(scene.vault, ENTER)], SystemPrivileges::NONE).await;
    scene.test.give(DESK, same).await;
    let (role, group) = (RoleId::generate(), GroupId::generate());
    let report = scene
        .tries(&[
            Edit::DeleteRole(scene.keepers),
            Edit::AddRole(role, "KEEPERS".into()),
            Edit::DeleteGroup(scene.vault),
            Edit::AddGroup(group, "vault".into()),
            Edit::Cell(group, role, ENTER),
        ])
        .await;
    assert_eq!((report.done, report.failed.len()), (4, 1), "{:?}", report.failed);
    assert_eq!(scene.may(HELPER, scene.hidden).await, AccountPrivileges::NONE);
    let rules = scene.test.app.live.policy.current();
    assert!(rules.roles_of(scene.test.user(HELPER).await.id).is_empty());
}

/// The identity provider assigns roles by name, so choosing a role's name can assign the role.
/// A request that was permitted before its person was blocked or lost the permission changes nothing.
#[tokio::test]
async fn an_outdated_permission_has_no_effect() {
    let scene = Scene::new().await;
    let edits = [Edit::AddRole(RoleId::generate(), "Late".into())];
    let actor = scene.actor(DESK).await;
    let rules = scene.test.app.live.policy.current();
    let permit = access::decide_system::<can::ManageAccess>(&rules, &actor).unwrap();
    let root = scene.test.signed_in(ADMIN).await;
    assert_eq!(scene.does(&root, "disable", DESK).await, StatusCode::SEE_OTHER);
    let late = save(&*scene.test.app, permit.grant(), &edits, None).await;
    assert!(matches!(late, Err(OpError::Refused(ErrorCode::Blocked))));
    assert_eq!(scene.does(&root, "enable", DESK).await, StatusCode::SEE_OTHER);
    scene.test.sql("delete from role_members").await;
    let late = save(&*scene.test.app, permit.grant(), &edits, None).await;
    assert!(late.is_err(), "the rules in memory are outdated: {late:?}");

    // So is the administration that was loaded with the request.
    let stale = scene.actor(ADMIN).await;
    let permit = access::decide_system::<can::ManageAccess>(&rules, &stale).unwrap();
    scene.test.sql("update users set admin = false").await;
    assert!(save(&*scene.test.app, permit.grant(), &edits, None).await.is_err());
}

/// The groups of an account decide who has access to it, so each change is logged, also on the account's page.
/// A change is completed even if the client disconnects.
#[tokio::test]
async fn a_change_is_completed_after_the_client_disconnects() {
    let scene = Scene::new().await;
    let root = scene.test.signed_in(ADMIN).await;
    scene.test.signed_in(HELPER).await;
    let (held, release) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    let turn = scene.test.app.db.maintain(async |_| -> Result<(), store::StoreError> {
        held.notify_one();
        release.notified().await;
        Ok(())
    });
    let leave = async {
        held.notified().await;
        let path = format!("/users/{}/disable", scene.test.user(HELPER).await.id);
        // Long enough to reach the lock, also under load.
        let left = tokio::time::timeout(std::time::Duration::from_secs(2), root.post(&path, &[])).await;
        assert!(left.is_err(), "it waits for the lock");
        release.notify_one();
    };
    tokio::join!(async { turn.await.unwrap() }, leave);
    let shut_out = async || scene.test.user(HELPER).await.disabled.then_some(());
    crate::support::waiting::until("it is done", crate::support::waiting::DEADLINE, shut_out).await;
}
