//! Ten thousand people, a thousand accounts, fifty roles, thirty groups: the access pages still open fast, since none
//! of them queries the database once per row.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::domain::{Account, AccountId, DesiredState, Email, GroupId, Millis, Phone, RoleId};
use telescope::store::{self, Conn, StoreError};

use super::app::{ADMIN, TestApp};

const PEOPLE: usize = 10_000;
const ACCOUNTS: u16 = 1000;
const ROLES: usize = 50;
const GROUPS: usize = 30;
/// The limit for a page in an unoptimised build on a busy machine.
const BOUND: Duration = Duration::from_secs(30);

async fn fill(conn: &mut Conn<'_>, accounts: &[Account]) -> Result<(Vec<GroupId>, Vec<RoleId>), StoreError> {
    let groups: Vec<GroupId> = (0..GROUPS).map(|_| GroupId::generate()).collect();
    let roles: Vec<RoleId> = (0..ROLES).map(|_| RoleId::generate()).collect();
    for (number, group) in groups.iter().enumerate() {
        store::groups::insert(conn, *group, &format!("Group {number}")).await?;
    }
    let set = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    let more = set.union(AccountPrivileges::of(&[AccountPrivilege::ViewContacts]));
    for (number, role) in roles.iter().enumerate() {
        store::roles::insert(conn, *role, &format!("Role {number}")).await?;
        for group in &groups {
            store::roles::set_cell(conn, *group, *role, if number == 0 { more } else { set }).await?;
        }
    }
    for account in accounts {
        store::accounts::insert(conn, account).await?;
        store::groups::put_in(conn, groups[0], account.id).await?;
    }
    for number in 0..PEOPLE {
        let email = Email::parse(&format!("person{number:05}@example.org")).unwrap();
        let user = store::users::named(conn, &email, Millis(0)).await?;
        store::roles::give(conn, roles[0], user.id).await?;
        store::roles::give(conn, roles[1 + number % (ROLES - 1)], user.id).await?;
    }
    Ok((groups, roles))
}

#[tokio::test]
async fn the_pages_open_with_ten_thousand_people() {
    let test = TestApp::new().await;
    let account = |number| Account {
        id: AccountId::generate(),
        identifier: Phone::test(2, number).into(),
        owner: None,
        comment: String::new(),
        groups: Vec::new(),
        wanted: DesiredState::Disconnected,
        folder: format!("folder-{number}"),
        created: Millis(0),
    };
    let accounts: Vec<Account> = (0..ACCOUNTS).map(account).collect();
    let filled = async |conn: &mut Conn<'_>| fill(conn, &accounts).await;
    let (groups, roles) = test.app.db.maintain(filled).await.unwrap();
    accounts.iter().for_each(|account| test.app.live.accounts.put_account(account.clone()));
    test.apply_policy().await;
    let root = test.signed_in(ADMIN).await;
    let (group, role) = (groups[0], roles[0]);
    let person = test.user("person00000@example.org").await.id;
    let mut pages = vec![
        ("/access".to_owned(), "td a", GROUPS * ROLES),
        (format!("/access/{group}/{role}"), ".tick", 8),
        ("/roles".into(), "tbody tr", ROLES),
        (format!("/roles/{role}"), ".ticks li", 100),
        ("/groups".into(), "tbody tr", GROUPS),
        (format!("/groups/{group}"), ".ticks li", 100),
        (format!("/groups/{}?q=9996", groups[1]), ".ticks li", 50),
        ("/users".into(), "tbody tr", 100),
        (format!("/users/{person}"), ".ticks li", 2),
    ];
    // Keyset pagination: the next page starts after the last row of this one.
    let next = root.get(&format!("/roles/{role}")).await.attributes("a[rel=next]", "href").remove(0);
    assert!(next.ends_with("after=person00099%40example.org"), "{next}");
    pages.push((next, ".ticks li", 100));
    for (path, row, rows) in pages {
        let began = Instant::now();
        let page = root.get(&path).await;
        let took = began.elapsed();
        println!("{path}: {took:?}, {} KiB", page.body.len() / 1024);
        assert_eq!((page.status, page.texts(row).len()), (StatusCode::OK, rows), "{path}");
        assert!(took < BOUND, "{path}: {took:?}");
    }
    let began = Instant::now();
    let looked = root.post(&format!("/access/{group}/{role}"), &[]).await;
    let took = began.elapsed();
    println!("a preview of a change for everyone: {took:?}, {} KiB", looked.body.len() / 1024);
    let words = looked.texts(".effects").join(" ");
    assert!(words.contains("person00019@example.org and") && !words.contains("person00020"), "{words}");
    assert!(took < BOUND * 2 && looked.body.len() < 64 * 1024, "{took:?}");
}

#[tokio::test]
async fn losing_one_of_many_equal_roles_changes_nothing() {
    let test = TestApp::new().await;
    let set = AccountPrivileges::of(&[AccountPrivilege::View]);
    let group = test.group("Sales", &[]).await;
    let (one, other) = (
        test.role("One", &[(group, set)], SystemPrivileges::NONE).await,
        test.role("Other", &[(group, set)], SystemPrivileges::NONE).await,
    );
    test.give("ada@example.org", one).await;
    test.give("ada@example.org", other).await;
    let root = test.signed_in(ADMIN).await;
    let looked = root.post(&format!("/access/{group}/{one}"), &[]).await;
    assert!(looked.texts(".review").join(" ").contains("No one gains or loses a permission"));
}
