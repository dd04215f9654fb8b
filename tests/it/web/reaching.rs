//! Somebody who may arrange access and is no administrator reaches for more, by the ways that his rights open to him.
//! Whatever he tries, in one batch or in several, he and those he helps end up with what they had.

use axum::http::StatusCode;
use telescope::domain::access::{self, Principal};
use telescope::domain::audit::Outcome;
use telescope::domain::error::ErrorCode;
use telescope::domain::privilege::{
    AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges, can,
};
use telescope::domain::{AccountId, Email, GroupId, Identity, ProviderGroups, RequestInfo, RoleId};
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

/// Two groups with an account each: the desk sees what is in the first, and nothing of the second.
struct Told {
    test: TestApp,
    seen: AccountId,
    hidden: AccountId,
    lobby: GroupId,
    vault: GroupId,
    /// The desk's own role.
    desk: RoleId,
    /// A role that may enter what is in the second group.
    keepers: RoleId,
}

impl Told {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let (seen, hidden) = (test.account(1, None).await, test.account(2, Some(ADA)).await);
        let (lobby, vault) = (test.group("Lobby", &[seen]).await, test.group("Vault", &[hidden]).await);
        let desk = test.role("Desk", &[(lobby, VIEW)], MANAGE).await;
        let keepers = test.role("Keepers", &[(vault, ENTER)], SystemPrivileges::NONE).await;
        test.give(DESK, desk).await;
        Self { test, seen, hidden, lobby, vault, desk, keepers }
    }

    /// Somebody as a request of his would have him.
    async fn actor(&self, email: &str) -> Principal {
        Principal::User(sign_in::person(&self.test.user(email).await, true))
    }

    /// What becomes of these edits of the desk's.
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

    /// What somebody may do with an account by now.
    async fn may(&self, email: &str, account: AccountId) -> AccountPrivileges {
        let entry = self.test.app.live.accounts.get(account).unwrap();
        access::privileges(&self.test.app.live.policy.current(), &self.actor(email).await, &entry.account)
    }
}

fn whom(email: &str) -> UserRef {
    UserRef::Email(Email::parse(email).unwrap())
}

#[tokio::test]
async fn nobody_gets_further_within_one_batch_than_with_one_edit() {
    let told = Told::new().await;
    let (role, group) = (RoleId::generate(), GroupId::generate());
    let enter = |group, role| Edit::Cell(group, role, ENTER);
    let report = told
        .tries(&[
            // A role of his own making, in a group of his own making, on an account that he may only see.
            Edit::AddRole(role, "Accomplices".into()),
            Edit::AddGroup(group, "Elsewhere".into()),
            Edit::PutIn(told.seen, group),
            Edit::Give(whom(HELPER), role),
            enter(group, role),
            enter(told.lobby, role),
            enter(told.vault, role),
            Edit::System(role, SystemPrivileges::ALL),
            // What others may enter, with his account in it; and what he can't see, into what he can.
            Edit::PutIn(told.seen, told.vault),
            Edit::PutIn(told.hidden, told.lobby),
            Edit::TakeOut(told.hidden, told.vault),
            // Roles that can do more than he, and his own.
            Edit::Give(whom(HELPER), told.keepers),
            Edit::Give(whom(DESK), role),
            Edit::Take(whom(DESK), told.desk),
            Edit::RenameRole(told.keepers, "Accomplices of mine".into()),
            Edit::RenameRole(told.desk, "Keepers of mine".into()),
            enter(told.lobby, told.desk),
            Edit::System(told.desk, SystemPrivileges::ALL),
            Edit::DeleteRole(told.desk),
            // The accomplice gets what there is to give, no more.
            Edit::Cell(told.lobby, role, VIEW),
            Edit::System(role, MANAGE),
        ])
        .await;
    assert_eq!((report.done, report.failed.len()), (6, 15), "{:#?}", report.failed);
    for email in [DESK, HELPER] {
        assert_eq!(told.may(email, told.seen).await, VIEW, "{email}");
        assert_eq!(told.may(email, told.hidden).await, AccountPrivileges::NONE, "{email}");
        let system =
            access::system_privileges(&told.test.app.live.policy.current(), &told.actor(email).await);
        assert_eq!(system, MANAGE, "{email}");
    }
}

/// Whoever may do more is nobody's to change: not his roles, not his sessions, not his rank.
#[tokio::test]
async fn people_above_are_left_alone() {
    let told = Told::new().await;
    told.test.give(HELPER, told.keepers).await;
    let (root, desk) = (told.test.signed_in(ADMIN).await, told.test.signed_in(DESK).await);
    let empty = RoleId::generate();
    let report = told
        .tries(&[
            Edit::AddRole(empty, "Nothing at all".into()),
            Edit::Give(whom(HELPER), empty),
            Edit::Give(whom(ADMIN), empty),
            Edit::Take(whom(HELPER), told.keepers),
            Edit::Take(whom(ADMIN), empty),
        ])
        .await;
    assert_eq!((report.done, report.failed.len()), (1, 4), "{:?}", report.failed);
    for email in [ADMIN, HELPER] {
        for what in ["end-sessions", "disable", "grant-admin", "revoke-admin", "forget-identity"] {
            let before = told.test.user(email).await;
            let status = told.does(&desk, what, email).await;
            let is_so = if before.admin { "grant-admin" } else { "revoke-admin" } == what;
            let expected = if is_so { StatusCode::SEE_OTHER } else { StatusCode::CONFLICT };
            assert_eq!(status, expected, "{what} {email}");
            assert_eq!(told.test.user(email).await, before);
        }
    }
    assert_eq!(root.get("/accounts").await.status, StatusCode::OK);
    assert_eq!(told.does(&desk, "grant-admin", DESK).await, StatusCode::CONFLICT);
}

/// Edits are judged by the rules from before the batch, so that what is taken within it may be given back within it, and
/// neither opens a way; the trail has both.
#[tokio::test]
async fn what_a_batch_takes_and_gives_back_is_as_it_was() {
    let told = Told::new().await;
    let nothing = AccountPrivileges::NONE;
    let report = told
        .tries(&[
            Edit::Give(whom(HELPER), told.keepers),
            Edit::Cell(told.vault, told.keepers, nothing),
            Edit::Give(whom(HELPER), told.keepers),
            Edit::Cell(told.vault, told.keepers, ENTER),
        ])
        .await;
    let refused: Vec<&str> = report.failed.iter().map(|failed| failed.what.as_str()).collect();
    assert_eq!((report.done, refused), (2, vec![HELPER, HELPER]), "{:?}", report.failed);
    assert_eq!(told.may(HELPER, told.hidden).await, nothing);
    let rules = told.test.app.live.policy.current();
    assert_eq!(rules.role(told.keepers).unwrap().in_group(told.vault), ENTER);
    let conn = &mut told.test.app.db.read().await.unwrap();
    let entries = store::audit::page(conn, &store::audit::Filter::default(), 100).await.unwrap();
    let cells = entries
        .iter()
        .filter(|entry| entry.code == "role.group.privileges" && entry.outcome == Outcome::Done);
    assert_eq!(cells.count(), 2, "the taking and the giving back");
}

/// What is deleted and made again under its old name is new: nobody has anything by it.
#[tokio::test]
async fn a_role_or_a_group_that_is_made_again_gives_nothing() {
    let told = Told::new().await;
    told.test.give(HELPER, told.keepers).await;
    // Nobody who has less than Helper may delete the role.
    let same = told.test.role("Same", &[(told.vault, ENTER)], SystemPrivileges::NONE).await;
    told.test.give(DESK, same).await;
    let (role, group) = (RoleId::generate(), GroupId::generate());
    let report = told
        .tries(&[
            Edit::DeleteRole(told.keepers),
            Edit::AddRole(role, "KEEPERS".into()),
            Edit::DeleteGroup(told.vault),
            Edit::AddGroup(group, "vault".into()),
            Edit::Cell(group, role, ENTER),
        ])
        .await;
    assert_eq!((report.done, report.failed.len()), (4, 1), "{:?}", report.failed);
    assert_eq!(told.may(HELPER, told.hidden).await, AccountPrivileges::NONE);
    let rules = told.test.app.live.policy.current();
    assert!(rules.roles_of(told.test.user(HELPER).await.id).is_empty());
}

/// The identity provider puts people into roles by their names, so a name is as good as the role.
#[tokio::test]
async fn a_role_that_is_called_like_a_group_of_the_provider_gives_no_more_than_its_maker_has() {
    let told = Told::new().await;
    let role = RoleId::generate();
    let edits = [
        Edit::AddRole(role, "Everybody".into()),
        Edit::Cell(told.lobby, role, ENTER),
        Edit::System(role, SystemPrivileges::ALL),
        Edit::Cell(told.lobby, role, VIEW),
    ];
    let report = told.tries(&edits).await;
    assert_eq!((report.done, report.failed.len()), (2, 2), "{:?}", report.failed);
    let groups = ProviderGroups::Listed(vec!["EVERYBODY".to_owned(), "keepers of the vault".to_owned()]);
    let identity = Identity { groups, ..Identity::claimed(Email::parse(DESK).unwrap()) };
    sign_in::sign_in(&told.test.app, &identity, &RequestInfo::default()).await.unwrap();
    assert_eq!(told.test.app.live.policy.current().roles_of(told.test.user(DESK).await.id).len(), 2);
    assert_eq!(told.may(DESK, told.seen).await, VIEW);
    // It is his own by now: what others have given to it since he can't add to.
    let report = told.tries(&[Edit::Cell(told.lobby, role, AccountPrivileges::NONE)]).await;
    assert_eq!(report.done, 0, "{:?}", report.failed);
}

/// Somebody to whom a role was given before he came is whoever proves the address, however it is written.
#[tokio::test]
async fn a_place_that_is_kept_for_an_address_is_for_whoever_proves_it() {
    let told = Told::new().await;
    told.test.give(HELPER, told.keepers).await;
    let claimed = Identity { verified: false, ..Identity::claimed(Email::parse(HELPER).unwrap()) };
    let refused = sign_in::sign_in(&told.test.app, &claimed, &RequestInfo::default()).await;
    assert!(matches!(refused, Err(OpError::Refused(_))), "{refused:?}");
    let proven = Identity::claimed(Email::parse(" Helper@EXAMPLE.org").unwrap());
    let person = sign_in::sign_in(&told.test.app, &proven, &RequestInfo::default()).await.unwrap();
    assert_eq!(person.person.id, told.test.user(HELPER).await.id);
    assert!(told.may(HELPER, told.hidden).await.has(AccountPrivilege::Login));
}

/// Somebody who owns an account has rights without any role. Whoever lets him in again gives them to him, and whoever
/// forgets his identity gives them to the next one under his address.
#[tokio::test]
async fn what_somebody_owns_counts_when_he_is_let_in_again_or_his_identity_is_forgotten() {
    let told = Told::new().await;
    let (root, ada) = (told.test.signed_in(ADMIN).await, told.test.signed_in(ADA).await);
    let desk = told.test.signed_in(DESK).await;
    assert_eq!(told.does(&desk, "forget-identity", ADA).await, StatusCode::CONFLICT);
    assert_eq!(ada.get("/accounts").await.status, StatusCode::OK);
    assert_eq!(told.does(&root, "disable", ADA).await, StatusCode::SEE_OTHER);
    assert_eq!(told.does(&desk, "enable", ADA).await, StatusCode::CONFLICT);
    assert!(told.test.user(ADA).await.disabled, "she is shut out as before");

    // With what an owner may do on her account, and on every one of hers, he may.
    let all = told.test.role("Heirs", &[(told.vault, access::OWNER)], SystemPrivileges::NONE).await;
    told.test.give(DESK, all).await;
    assert_eq!(told.does(&desk, "enable", ADA).await, StatusCode::SEE_OTHER);
    assert_eq!(told.does(&desk, "forget-identity", ADA).await, StatusCode::SEE_OTHER);
    told.test.account(3, Some(ADA)).await;
    assert_eq!(told.does(&desk, "disable", ADA).await, StatusCode::CONFLICT, "she owns more now");
    assert_eq!(told.does(&root, "disable", ADA).await, StatusCode::SEE_OTHER);
    assert_eq!(told.does(&desk, "enable", ADA).await, StatusCode::CONFLICT);
    assert_eq!(told.does(&root, "enable", ADA).await, StatusCode::SEE_OTHER);
}

/// Whoever forgot his own identity could come under a second address, be two people, and approve for himself.
#[tokio::test]
async fn nobody_forgets_his_own_identity() {
    let told = Told::new().await;
    let (root, desk) = (told.test.signed_in(ADMIN).await, told.test.signed_in(DESK).await);
    for (who, email) in [(&root, ADMIN), (&desk, DESK)] {
        assert_eq!(told.does(who, "forget-identity", email).await, StatusCode::CONFLICT, "{email}");
        assert_eq!(who.get("/accounts").await.status, StatusCode::OK, "{email} is signed in as before");
    }
}

/// UserRef is disabled, or has lost the right, arranges nothing with what he was let in for.
#[tokio::test]
async fn a_permission_from_before_is_worth_nothing_after() {
    let told = Told::new().await;
    let edits = [Edit::AddRole(RoleId::generate(), "Late".into())];
    let actor = told.actor(DESK).await;
    let rules = told.test.app.live.policy.current();
    let permit = access::decide_system::<can::ManageAccess>(&rules, &actor).unwrap();
    let root = told.test.signed_in(ADMIN).await;
    assert_eq!(told.does(&root, "disable", DESK).await, StatusCode::SEE_OTHER);
    let late = save(&*told.test.app, permit.grant(), &edits, None).await;
    assert!(matches!(late, Err(OpError::Refused(ErrorCode::Blocked))));
    assert_eq!(told.does(&root, "enable", DESK).await, StatusCode::SEE_OTHER);
    told.test.sql("delete from role_members").await;
    let late = save(&*told.test.app, permit.grant(), &edits, None).await;
    assert!(late.is_err(), "the rules in memory are of the past: {late:?}");

    // So is the rank that somebody came with.
    let stale = told.actor(ADMIN).await;
    let permit = access::decide_system::<can::ManageAccess>(&rules, &stale).unwrap();
    told.test.sql("update users set admin = false").await;
    assert!(save(&*told.test.app, permit.grant(), &edits, None).await.is_err());
}

/// Which groups an account is in decides who gets at it, so the trail has each step, wherever it was arranged.
#[tokio::test]
async fn the_trail_has_the_groups_that_an_accounts_page_puts_it_into() {
    let told = Told::new().await;
    let root = told.test.signed_in(ADMIN).await;
    for groups in ["lobby, Board", "Board", "Board, New, new"] {
        let saved = root.edit(told.seen, &[("owner", ""), ("comment", ""), ("groups", groups)]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    }
    let conn = &mut told.test.app.db.read().await.unwrap();
    let filter = store::audit::Filter { account: Some(told.seen), ..Default::default() };
    let mut entries = store::audit::page(conn, &filter, 100).await.unwrap();
    entries.reverse();
    let about_groups = entries.iter().filter(|entry| entry.code.starts_with("group"));
    let written: Vec<(&str, &str)> =
        about_groups.map(|entry| (entry.code.as_str(), entry.details.as_deref().unwrap())).collect();
    let group = |name: &str| format!("{{\"group\":\"{name}\"}}");
    let (board, lobby, new) = (group("Board"), group("Lobby"), group("New"));
    assert_eq!(
        written,
        [
            ("group.added", board.as_str()),
            ("group.account.joined", &board),
            ("group.account.left", &lobby),
            ("group.added", &new),
            ("group.account.joined", &new),
        ]
    );
    assert!(entries.iter().all(|entry| entry.outcome == Outcome::Done && entry.actor == ADMIN));
}

/// What somebody has by his roles ends with them; what he has as an owner would not.
#[tokio::test]
async fn nobody_who_arranges_access_makes_himself_an_owner() {
    let told = Told::new().await;
    let all = told.test.role("All", &[(told.lobby, AccountPrivileges::ALL)], SystemPrivileges::NONE).await;
    told.test.give(DESK, all).await;
    let desk = told.test.signed_in(DESK).await;
    let to = async |owner: &str| {
        desk.edit(told.seen, &[("owner", owner), ("comment", ""), ("groups", "Lobby")]).await
    };
    let refused = to(DESK).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert!(refused.texts("#owner-error")[0].contains("make yourself the owner"), "{}", refused.body);
    assert_eq!(to(HELPER).await.status, StatusCode::SEE_OTHER, "to somebody else it may be given");
    telescope::ops::audit::queue::flush(&told.test.app).await.unwrap();
    let conn = &mut told.test.app.db.read().await.unwrap();
    let entries = store::audit::page(conn, &store::audit::Filter::default(), 100).await.unwrap();
    let edits = entries.iter().filter(|entry| entry.code == "account.edited");
    let (failed, done): (Vec<_>, Vec<_>) = edits.partition(|entry| entry.outcome == Outcome::Failed);
    assert_eq!((failed.len(), done.len()), (1, 1), "the attempt is in the trail");
    assert!(failed[0].reason.as_deref().unwrap().contains("make yourself the owner"), "and why it failed");
}

/// A change goes on to its end, whether or not somebody waits for the answer.
#[tokio::test]
async fn what_was_asked_for_is_done_though_nobody_waits_for_the_answer() {
    let told = Told::new().await;
    let root = told.test.signed_in(ADMIN).await;
    told.test.signed_in(HELPER).await;
    let (held, release) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    let turn = told.test.app.db.maintain(async |_| -> Result<(), store::StoreError> {
        held.notify_one();
        release.notified().await;
        Ok(())
    });
    let leave = async {
        held.notified().await;
        let path = format!("/users/{}/disable", told.test.user(HELPER).await.id);
        // Long enough to get to where it waits, also under load.
        let left = tokio::time::timeout(std::time::Duration::from_secs(2), root.post(&path, &[])).await;
        assert!(left.is_err(), "it waits for its turn");
        release.notify_one();
    };
    tokio::join!(async { turn.await.unwrap() }, leave);
    let shut_out = async || told.test.user(HELPER).await.disabled.then_some(());
    crate::support::waiting::until("it is done", crate::support::waiting::DEADLINE, shut_out).await;
}
