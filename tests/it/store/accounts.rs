//! Adding, changing and removing accounts.

use telescope::domain::{Account, AccountId, DesiredState, Email, GroupId, Identifier, Millis, Phone};
use telescope::store::{Conn, StoreError, accounts, groups, login_attempts, unique};

use crate::support::db::TestDb;

super::on_both!(
    an_account_is_read_back_unchanged,
    a_number_is_unique_until_its_account_is_removed,
    a_bot_is_stored_and_found_by_its_id,
    edited_details_are_stored,
    group_names_are_unique,
    missing_rows_can_not_be_changed,
    attempts_are_counted_by_number_and_time,
);

fn account(number: u16) -> Account {
    Account {
        id: AccountId::generate(),
        identifier: Phone::test(2, number).into(),
        owner: None,
        comment: String::new(),
        groups: vec![],
        wanted: DesiredState::Connected,
        folder: format!("folder-{number}-{}", AccountId::generate()),
        created: Millis(1_700_000_000_123),
    }
}

async fn insert(test: &TestDb, account: &Account) -> Result<(), StoreError> {
    test.db.maintain(async |conn: &mut Conn<'_>| accounts::insert(conn, account).await).await
}

/// Inserts one, for other tests.
pub(super) async fn added(test: &TestDb, number: u16) -> AccountId {
    let account = account(number);
    insert(test, &account).await.unwrap();
    account.id
}

async fn group(test: &TestDb, name: &str) -> Result<GroupId, StoreError> {
    let id = GroupId::generate();
    test.db.maintain(async |conn: &mut Conn<'_>| groups::insert(conn, id, name).await).await?;
    Ok(id)
}

async fn all(test: &TestDb) -> Vec<Account> {
    accounts::all(&mut test.db.read().await.unwrap()).await.unwrap()
}

async fn get(test: &TestDb, id: AccountId) -> Option<Account> {
    accounts::get(&mut test.db.read().await.unwrap(), id).await.unwrap()
}

async fn a_bot_is_stored_and_found_by_its_id(test: TestDb) {
    let bot = Account { identifier: Identifier::parse("Bot 7000000042").unwrap(), ..account(1) };
    let phone = Account { identifier: Phone::parse("+7000000042").unwrap().into(), ..account(2) };
    insert(&test, &bot).await.unwrap();
    insert(&test, &phone).await.unwrap();
    assert_eq!(all(&test).await, [bot.clone(), phone.clone()]);
    assert_eq!(get(&test, bot.id).await.as_ref(), Some(&bot));
    let again = Account { id: AccountId::generate(), folder: "another".into(), ..bot.clone() };
    assert_eq!(unique(&insert(&test, &again).await.unwrap_err()), Some("accounts.phone"));

    let conn = &mut test.db.read().await.unwrap();
    let numbers = accounts::numbers(conn, &[bot.id, phone.id]).await.unwrap();
    assert_eq!(numbers[&bot.id], (bot.identifier.clone(), false));
    assert_eq!(numbers[&phone.id], (phone.identifier.clone(), false));
    let found = accounts::with_digits(conn, "0000042", 9).await.unwrap();
    assert_eq!(found.len(), 2, "both are found by their digits");
}

async fn an_account_is_read_back_unchanged(test: TestDb) {
    assert!(all(&test).await.is_empty());
    let (zebras, apes) = (group(&test, "zebras").await.unwrap(), group(&test, "Apes").await.unwrap());
    let full = Account {
        owner: Some(Email::parse("Ada@Example.org").unwrap()),
        comment: "Don't panic: \"цитата\" \u{1f600} ; drop table accounts --\n%_".into(),
        groups: vec![apes, zebras],
        wanted: DesiredState::Disconnected,
        ..account(1)
    };
    let plain = account(2);
    insert(&test, &full).await.unwrap();
    insert(&test, &plain).await.unwrap();
    assert_eq!(all(&test).await, [full.clone(), plain.clone()]);
    assert_eq!(get(&test, full.id).await, Some(full));
    assert_eq!(get(&test, plain.id).await, Some(plain));
    assert_eq!(get(&test, AccountId::generate()).await, None);
}

async fn a_number_is_unique_until_its_account_is_removed(test: TestDb) {
    let first = Account { groups: vec![group(&test, "people").await.unwrap()], ..account(1) };
    insert(&test, &first).await.unwrap();
    let error = insert(&test, &account(1)).await.unwrap_err();
    assert_eq!(unique(&error), Some("accounts.phone"));
    let same_folder = Account { folder: first.folder.clone(), ..account(2) };
    assert_eq!(unique(&insert(&test, &same_folder).await.unwrap_err()), Some("accounts.folder"));
    let same_id = Account { id: first.id, ..account(3) };
    assert_eq!(unique(&insert(&test, &same_id).await.unwrap_err()), Some("accounts.id"));

    let gone = Millis(1_700_000_000_999);
    test.db
        .maintain(async |conn: &mut Conn<'_>| accounts::tombstone(conn, first.id, gone).await)
        .await
        .unwrap();
    assert_eq!(get(&test, first.id).await, None);
    let second = account(1);
    insert(&test, &second).await.unwrap();
    assert_eq!(all(&test).await, [second]);
    let again =
        test.db.maintain(async |conn: &mut Conn<'_>| accounts::tombstone(conn, first.id, gone).await).await;
    assert!(matches!(again, Err(StoreError::Missing)));
}

async fn edited_details_are_stored(test: TestDb) {
    let (one, two) = (group(&test, "one").await.unwrap(), group(&test, "two").await.unwrap());
    let mut account = Account { groups: vec![one], ..account(1) };
    insert(&test, &account).await.unwrap();
    account.owner = Some(Email::parse("bob@example.org").unwrap());
    account.comment = "new".into();
    account.groups = vec![two];
    account.wanted = DesiredState::Disconnected;
    test.db
        .maintain(async |conn: &mut Conn<'_>| {
            accounts::set_details(conn, account.id, account.owner.as_ref(), &account.comment, &[two, two])
                .await?;
            accounts::set_wanted(conn, account.id, account.wanted).await
        })
        .await
        .unwrap();
    assert_eq!(get(&test, account.id).await, Some(account.clone()));

    let unknown_group = test
        .db
        .maintain(async |conn: &mut Conn<'_>| {
            accounts::set_details(conn, account.id, None, "lost", &[GroupId::generate()]).await
        })
        .await;
    assert!(matches!(unknown_group, Err(StoreError::Missing)), "{unknown_group:?}");
    assert_eq!(get(&test, account.id).await, Some(account), "a failed change leaves nothing behind");
}

async fn group_names_are_unique(test: TestDb) {
    let bees = group(&test, "Bees").await.unwrap();
    let ants = group(&test, "ants").await.unwrap();
    assert_eq!(unique(&group(&test, "BEES").await.unwrap_err()), Some("account_groups.name_folded"));
    let member = Account { groups: vec![bees], ..account(1) };
    insert(&test, &member).await.unwrap();

    let rename = test.db.maintain(async |conn: &mut Conn<'_>| groups::rename(conn, ants, "bees").await).await;
    assert_eq!(unique(&rename.unwrap_err()), Some("account_groups.name_folded"));
    test.db.maintain(async |conn: &mut Conn<'_>| groups::rename(conn, bees, "Äpfel").await).await.unwrap();
    assert_eq!(unique(&group(&test, "äpfel").await.unwrap_err()), Some("account_groups.name_folded"));
    let names = groups::all(&mut test.db.read().await.unwrap()).await.unwrap();
    assert_eq!(names.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["ants", "Äpfel"]);

    test.db.maintain(async |conn: &mut Conn<'_>| groups::delete(conn, bees).await).await.unwrap();
    assert_eq!(get(&test, member.id).await.unwrap().groups, []);
}

async fn missing_rows_can_not_be_changed(test: TestDb) {
    let (nobody, nothing) = (AccountId::generate(), GroupId::generate());
    for (what, result) in [
        (
            "wanted",
            test.db
                .maintain(async |c: &mut Conn<'_>| {
                    accounts::set_wanted(c, nobody, DesiredState::Connected).await
                })
                .await,
        ),
        (
            "details",
            test.db
                .maintain(async |c: &mut Conn<'_>| accounts::set_details(c, nobody, None, "", &[]).await)
                .await,
        ),
        (
            "tombstone",
            test.db.maintain(async |c: &mut Conn<'_>| accounts::tombstone(c, nobody, Millis(1)).await).await,
        ),
        ("rename", test.db.maintain(async |c: &mut Conn<'_>| groups::rename(c, nothing, "x").await).await),
        ("delete", test.db.maintain(async |c: &mut Conn<'_>| groups::delete(c, nothing).await).await),
    ] {
        assert!(matches!(result, Err(StoreError::Missing)), "{what}: {result:?}");
    }
    let lost = Account { groups: vec![nothing], ..account(1) };
    assert!(matches!(insert(&test, &lost).await, Err(StoreError::Missing)));
    assert!(all(&test).await.is_empty());
}

async fn attempts_are_counted_by_number_and_time(test: TestDb) {
    let (ours, other) = (Phone::test(2, 1), Phone::test(2, 2));
    test.db
        .maintain(async |conn: &mut Conn<'_>| {
            for at in [10, 20, 20, 30] {
                login_attempts::insert(conn, &ours, Millis(at), "ada@example.org").await?;
            }
            login_attempts::insert(conn, &other, Millis(20), "ada@example.org").await
        })
        .await
        .unwrap();
    let mut conn = test.db.read().await.unwrap();
    for (since, count) in [(0, 4), (10, 4), (11, 3), (20, 3), (30, 1), (31, 0)] {
        assert_eq!(
            login_attempts::count_since(&mut conn, &ours, Millis(since)).await.unwrap(),
            count,
            "{since}"
        );
    }
    assert_eq!(login_attempts::count_since(&mut conn, &other, Millis(0)).await.unwrap(), 1);
    for (actor, since, count) in [
        ("ada@example.org", 0, 5),
        ("ada@example.org", 21, 1),
        ("ada@example.or", 0, 0),
        ("bob@example.org", 0, 0),
    ] {
        assert_eq!(
            login_attempts::count_by_actor(&mut conn, actor, Millis(since)).await.unwrap(),
            count,
            "{actor}"
        );
    }
}
