//! A large organisation: 10,000 people, 1,000 accounts, 50 roles, 30 groups. Pages open without a query per row, and
//! a changed rule reaches 200 open pages within a second.
//!
//! The bounds are generous, since the machine may be busy and the build unoptimised; the times are printed.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use futures_util::future::join_all;
use telescope::domain::access::{Policy, Principal, decide_system};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, can};
use telescope::domain::{Account, AccountId, DesiredState, Email, GroupId, Millis, Phone, RoleId};
use telescope::ops::access::{self, Edit};
use telescope::store::{self, StoreError};

use super::app::{ADMIN, TestApp, Visitor};

const PEOPLE: usize = 10_000;
const ACCOUNTS: u16 = 1_000;
const ROLES: usize = 50;
const GROUPS: usize = 30;
/// Open pages while a rule is changed.
const OPEN: usize = 200;

/// The limit for a page or a changed rule.
const PROMPT: Duration = Duration::from_secs(20);

/// Creates the organisation in one transaction.
async fn organisation(test: &TestApp) -> (Vec<RoleId>, Vec<GroupId>) {
    let roles: Vec<RoleId> = (0..ROLES).map(|_| RoleId::generate()).collect();
    let groups: Vec<GroupId> = (0..GROUPS).map(|_| GroupId::generate()).collect();
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let mut accounts = Vec::new();
    let made = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        for (number, group) in groups.iter().enumerate() {
            store::groups::insert(conn, *group, &format!("Group {number}")).await?;
        }
        for (number, role) in roles.iter().enumerate() {
            store::roles::insert(conn, *role, &format!("Role {number}")).await?;
            for group in groups.iter().skip(number % 3).step_by(3) {
                store::roles::set_cell(conn, *group, *role, view).await?;
            }
        }
        for number in 0..ACCOUNTS {
            let account = Account {
                id: AccountId::generate(),
                identifier: Phone::test(1, number).into(),
                owner: None,
                comment: String::new(),
                groups: vec![groups[usize::from(number) % GROUPS]],
                wanted: DesiredState::Disconnected,
                folder: format!("folder-{number}"),
                created: Millis(0),
            };
            store::accounts::insert(conn, &account).await?;
            accounts.push(account);
        }
        for number in 0..PEOPLE {
            let email = Email::parse(&format!("person{number}@example.org")).unwrap();
            let user = store::users::named(conn, &email, Millis(0)).await?;
            store::roles::give(conn, roles[number % ROLES], user.id).await?;
        }
        Ok(())
    };
    test.app.db.maintain(made).await.unwrap();
    accounts.into_iter().for_each(|account| test.app.live.accounts.put_account(account));
    test.apply_policy().await;
    (roles, groups)
}

/// The number of account rows on a page.
async fn rows(visitor: &Visitor) -> usize {
    visitor.get("/accounts").await.attributes("tbody tr[id]", "id").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_organisation_has_fast_pages_and_rule_changes() {
    let test = TestApp::new().await;
    let (roles, groups) = organisation(&test).await;
    let root = test.signed_in(ADMIN).await;
    for page in ["/accounts", "/users", "/audit"] {
        let begun = Instant::now();
        let answer = root.get(page).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        eprintln!("{page}: {:?}, {} KiB", begun.elapsed(), answer.body.len() / 1024);
        assert!(begun.elapsed() < PROMPT, "{page}: {:?}", begun.elapsed());
    }

    // 200 people with the first role have their lists open.
    let mut streams = Vec::new();
    for number in 0..OPEN {
        let person = test.signed_in(&format!("person{}@example.org", number * ROLES)).await;
        if number == 0 {
            assert!(rows(&person).await > 50);
        }
        let mut stream = person.stream("/accounts/events").await;
        super::live::next(&mut stream).await;
        streams.push(stream);
    }
    let permit = decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli).unwrap();
    let edits = [Edit::Cell(groups[0], roles[0], AccountPrivileges::NONE)];
    let begun = Instant::now();
    let shown = access::preview(&test.app, permit.grant(), &edits).await.unwrap();
    eprintln!("a preview: {:?}", begun.elapsed());
    assert_eq!(shown.policy_diff[0].1.len(), PEOPLE / ROLES, "everyone with the role loses it");
    let begun = Instant::now();
    let report = access::save(&*test.app, permit.grant(), &edits, Some(shown.version)).await.unwrap();
    let saved = begun.elapsed();
    assert_eq!((report.done, report.failed.len()), (1, 0));
    let reached = join_all(streams.iter_mut().map(async |stream| {
        super::live::next(stream).await;
        begun.elapsed()
    }));
    let mut reached = reached.await;
    reached.sort();
    eprintln!(
        "a changed rule: saved after {saved:?}, on half of {OPEN} open pages after {:?}, on all after {:?}",
        reached[OPEN / 2],
        reached[OPEN - 1]
    );
    assert!(reached[OPEN - 1] < PROMPT, "{:?}", reached[OPEN - 1]);
}
