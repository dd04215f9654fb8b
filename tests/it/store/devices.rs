//! Stored lists of devices belong to one account, and are gone with the account or its key.

use telescope::crypto::{Keys, MasterKey};
use telescope::domain::{AccountId, Devices, Millis};
use telescope::store::{Conn, StoreError, account_devices, accounts};

use super::accounts::added as account;
use crate::support::db::TestDb;

super::on_both!(
    a_list_is_replaced_and_removed,
    a_removed_account_gets_no_list,
    a_list_under_a_lost_key_does_not_count,
);

fn keys(name: &str) -> Keys {
    Keys::new(&MasterKey::parse(&format!("{name:_<12} and 20 more letters")).unwrap(), None)
}

fn list(read_at: i64) -> Devices {
    Devices::new(Vec::new(), 180, Millis(read_at))
}

async fn put(test: &TestDb, keys: &Keys, account: AccountId, read_at: i64) -> bool {
    let put = async |conn: &mut Conn<'_>| -> Result<bool, StoreError> {
        account_devices::put(conn, keys, account, &list(read_at)).await
    };
    test.db.maintain(put).await.unwrap()
}

async fn all(test: &TestDb, keys: &Keys) -> Vec<(AccountId, Devices)> {
    let mut all = account_devices::all(&mut test.db.read().await.unwrap(), keys).await.unwrap();
    all.sort_by_key(|(account, _)| *account);
    all
}

async fn a_list_is_replaced_and_removed(test: TestDb) {
    let keys = keys("one");
    let (first, second) = (account(&test, 1).await, account(&test, 2).await);
    for read_at in [1, 7, 3] {
        assert!(put(&test, &keys, first, read_at).await);
        assert_eq!(all(&test, &keys).await, [(first, list(read_at))]);
    }
    assert!(put(&test, &keys, second, 8).await);
    assert_eq!(all(&test, &keys).await, [(first, list(3)), (second, list(8))]);
    let remove = async |conn: &mut Conn<'_>| account_devices::remove(conn, first).await;
    test.db.maintain(remove).await.unwrap();
    assert_eq!(all(&test, &keys).await, [(second, list(8))]);
}

async fn a_removed_account_gets_no_list(test: TestDb) {
    let keys = keys("one");
    let id = account(&test, 1).await;
    assert!(put(&test, &keys, id, 1).await);
    let remove = async |conn: &mut Conn<'_>| accounts::tombstone(conn, id, Millis(9)).await;
    test.db.maintain(remove).await.unwrap();
    assert!(!put(&test, &keys, id, 7).await && !put(&test, &keys, AccountId::generate(), 7).await);
    assert!(all(&test, &keys).await.is_empty());
}

async fn a_list_under_a_lost_key_does_not_count(test: TestDb) {
    let id = account(&test, 1).await;
    assert!(put(&test, &keys("one"), id, 7).await);
    assert!(all(&test, &keys("two")).await.is_empty());
    assert!(put(&test, &keys("two"), id, 8).await, "it is read again");
    assert_eq!(all(&test, &keys("two")).await, [(id, list(8))]);
}
