//! Stored secrets: they come back, to whom has the key, and from where they were put.

use telescope::crypto::{Keys, MasterKey, Purpose};
use telescope::domain::{Millis, Secret};
use telescope::store::{Conn, StoreError, key_check, secrets};

use crate::support::db::TestDb;

super::on_both!(
    a_secret_comes_back_and_a_new_one_takes_its_place,
    a_secret_does_not_open_where_it_does_not_belong,
    a_rejected_value_is_marked_until_there_is_another,
    a_wrong_key_refuses_the_start,
    a_key_is_changed_while_everything_stays_readable,
    a_damaged_check_refuses_the_start,
);

const PASSWORD: Purpose = Purpose::TwoStepPassword;

fn master(name: &str) -> MasterKey {
    MasterKey::parse(&format!("{name:_<12} and 20 more letters")).unwrap()
}

fn keys(name: &str) -> Keys {
    Keys::new(&master(name), None)
}

async fn put(test: &TestDb, keys: &Keys, row: &str, text: &str) -> i64 {
    let secret = Secret::new(text);
    test.db
        .maintain(async |conn: &mut Conn<'_>| {
            secrets::put(conn, keys, PASSWORD, row, &secret, Millis(5)).await
        })
        .await
        .unwrap()
}

async fn get(test: &TestDb, keys: &Keys, row: &str) -> Result<Option<String>, StoreError> {
    let found = secrets::get(&mut test.db.read().await?, keys, PASSWORD, row).await?;
    Ok(found.map(|(_, secret)| secret.expose().to_owned()))
}

async fn start(test: &TestDb, keys: &Keys) -> Result<(), StoreError> {
    test.db.maintain(async |conn: &mut Conn<'_>| key_check::check(conn, keys).await.map(drop)).await
}

async fn refusal(test: &TestDb, keys: &Keys) -> String {
    match start(test, keys).await {
        Err(StoreError::Open(sentence)) => sentence,
        other => panic!("not refused: {other:?}"),
    }
}

async fn a_secret_comes_back_and_a_new_one_takes_its_place(test: TestDb) {
    let keys = keys("one");
    assert_eq!(get(&test, &keys, "a").await.unwrap(), None);
    assert_eq!(put(&test, &keys, "a", "hunter2").await, 1);
    assert_eq!(put(&test, &keys, "b", "").await, 1);
    assert_eq!(put(&test, &keys, "a", "hunter3").await, 2);
    assert_eq!(get(&test, &keys, "a").await.unwrap().as_deref(), Some("hunter3"));
    assert_eq!(get(&test, &keys, "b").await.unwrap().as_deref(), Some(""));
    for found in [true, false] {
        let there =
            test.db.maintain(async |conn: &mut Conn<'_>| secrets::delete(conn, PASSWORD, "a").await).await;
        assert_eq!(there.unwrap(), found);
    }
    assert_eq!(get(&test, &keys, "a").await.unwrap(), None);
}

/// Somebody with the database's password moves sealed values around.
async fn a_secret_does_not_open_where_it_does_not_belong(test: TestDb) {
    let keys = keys("one");
    for (tampering, purpose) in [
        ("update sealed_secrets set row_id = case row_id when 'a' then 'c' else 'a' end", PASSWORD),
        ("update sealed_secrets set version = 2", PASSWORD),
        ("update sealed_secrets set purpose = 'folder_key'", Purpose::FolderKey),
        ("update sealed_secrets set sealed = 'hunter2'", PASSWORD),
        ("update sealed_secrets set sealed = ''", PASSWORD),
    ] {
        test.tamper("delete from sealed_secrets").await;
        put(&test, &keys, "a", "hunter2").await;
        put(&test, &keys, "b", "hunter3").await;
        test.tamper(tampering).await;
        let opened = secrets::get(&mut test.db.read().await.unwrap(), &keys, purpose, "a").await;
        assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{tampering}: {opened:?}");
    }
}

async fn a_rejected_value_is_marked_until_there_is_another(test: TestDb) {
    let keys = keys("one");
    let fact = async || {
        secrets::fact(&mut test.db.read().await.unwrap(), PASSWORD, "a").await.unwrap().unwrap().rejected_at
    };
    let reject = async |version| {
        test.db
            .maintain(async |conn: &mut Conn<'_>| {
                secrets::mark_rejected(conn, PASSWORD, "a", version, Millis(7)).await
            })
            .await
            .unwrap();
    };
    put(&test, &keys, "a", "wrong").await;
    assert_eq!(fact().await, None);
    reject(1).await;
    assert_eq!(fact().await, Some(Millis(7)));
    put(&test, &keys, "a", "right").await;
    assert_eq!(fact().await, None);
    reject(1).await;
    assert_eq!(fact().await, None, "the answer about the former value came late");
}

async fn a_wrong_key_refuses_the_start(test: TestDb) {
    let (one, two) = (keys("one"), keys("two"));
    start(&test, &one).await.unwrap();
    start(&test, &one).await.unwrap();
    put(&test, &one, "a", "hunter2").await;
    let sentence = refusal(&test, &two).await;
    assert!(sentence.contains("not the key"), "{sentence}");
    let never = Keys::new(&master("two"), Some(&master("three")));
    assert!(refusal(&test, &never).await.contains("TWO_FACTOR_ENCRYPTION_KEY_OLD"));
    let not_old = Keys::new(&master("one"), Some(&master("three")));
    assert!(refusal(&test, &not_old).await.contains("TWO_FACTOR_ENCRYPTION_KEY_OLD"));
    start(&test, &one).await.unwrap();
    assert_eq!(get(&test, &one, "a").await.unwrap().as_deref(), Some("hunter2"), "nothing was touched");
}

async fn a_key_is_changed_while_everything_stays_readable(test: TestDb) {
    let one = keys("one");
    start(&test, &one).await.unwrap();
    for row in ["a", "b", "c"] {
        put(&test, &one, row, row).await;
    }
    let both = Keys::new(&master("two"), Some(&master("one")));
    start(&test, &both).await.unwrap();
    put(&test, &both, "c", "new").await;
    assert_eq!(get(&test, &both, "a").await.unwrap().as_deref(), Some("a"));
    let two = keys("two");
    let sentence = refusal(&test, &two).await;
    assert!(sentence.starts_with("2 stored secrets"), "{sentence}");

    for row in ["a", "b"] {
        put(&test, &both, row, row).await;
    }
    start(&test, &two).await.unwrap();
    for (row, text) in [("a", "a"), ("b", "b"), ("c", "new")] {
        assert_eq!(get(&test, &two, row).await.unwrap().as_deref(), Some(text));
    }
    assert!(refusal(&test, &one).await.contains("stored secrets"), "the former key alone is no more enough");
}

async fn a_damaged_check_refuses_the_start(test: TestDb) {
    let one = keys("one");
    start(&test, &one).await.unwrap();
    test.tamper("update meta set value = 'v1.00000000.x' where key like 'key_check.%'").await;
    assert!(refusal(&test, &one).await.contains("does not open"));
    test.tamper("delete from meta where key like 'key_check.%'").await;
    assert!(start(&test, &one).await.is_err());
}
