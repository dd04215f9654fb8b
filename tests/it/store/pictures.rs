//! Stored profile pictures belong to one account and one photo, and are gone with the account or its key.

use telescope::crypto::{Keys, MasterKey};
use telescope::domain::picture::{PhotoId, Picture};
use telescope::domain::{AccountId, Millis};
use telescope::store::{Conn, StoreError, account_pictures, accounts};

use super::accounts::added as account;
use crate::support::db::TestDb;

super::on_both!(
    a_picture_is_replaced_and_removed,
    a_removed_account_gets_no_picture,
    a_picture_under_a_lost_key_does_not_count,
);

fn keys(name: &str) -> Keys {
    Keys::new(&MasterKey::parse(&format!("{name:_<12} and 20 more letters")).unwrap(), None)
}

fn picture(photo: i64) -> Picture {
    let head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\xa0\0\0\0\xa0".to_vec();
    Picture::new(PhotoId(photo), [head, photo.to_be_bytes().to_vec()].concat()).unwrap()
}

async fn put(test: &TestDb, keys: &Keys, account: AccountId, photo: i64) -> bool {
    let put = async |conn: &mut Conn<'_>| -> Result<bool, StoreError> {
        account_pictures::put(conn, keys, account, &picture(photo), Millis(5)).await
    };
    test.db.maintain(put).await.unwrap()
}

async fn get(test: &TestDb, keys: &Keys, account: AccountId) -> Result<Option<Picture>, StoreError> {
    account_pictures::get(&mut test.db.read().await?, keys, account).await
}

async fn all(test: &TestDb, keys: &Keys) -> Vec<(AccountId, PhotoId)> {
    account_pictures::all(&mut test.db.read().await.unwrap(), keys).await.unwrap()
}

async fn a_picture_is_replaced_and_removed(test: TestDb) {
    let keys = keys("one");
    let (first, second) = (account(&test, 1).await, account(&test, 2).await);
    assert_eq!(get(&test, &keys, first).await.unwrap(), None);
    for photo in [i64::MIN, 7, -7] {
        assert!(put(&test, &keys, first, photo).await);
        assert_eq!(get(&test, &keys, first).await.unwrap(), Some(picture(photo)));
    }
    assert!(put(&test, &keys, second, 8).await);
    let remove = async |conn: &mut Conn<'_>| account_pictures::remove(conn, first).await;
    test.db.maintain(remove).await.unwrap();
    assert_eq!(get(&test, &keys, first).await.unwrap(), None);
    assert_eq!(all(&test, &keys).await, [(second, PhotoId(8))]);
}

async fn a_removed_account_gets_no_picture(test: TestDb) {
    let keys = keys("one");
    let id = account(&test, 1).await;
    let remove = async |conn: &mut Conn<'_>| accounts::tombstone(conn, id, Millis(9)).await;
    test.db.maintain(remove).await.unwrap();
    assert!(!put(&test, &keys, id, 7).await);
    assert!(!put(&test, &keys, AccountId::generate(), 7).await);
    assert!(all(&test, &keys).await.is_empty());
}

async fn a_picture_under_a_lost_key_does_not_count(test: TestDb) {
    let id = account(&test, 1).await;
    assert!(put(&test, &keys("one"), id, 7).await);
    assert!(all(&test, &keys("two")).await.is_empty());
    assert!(get(&test, &keys("two"), id).await.is_err());
    assert!(put(&test, &keys("two"), id, 7).await);
    assert_eq!(get(&test, &keys("two"), id).await.unwrap(), Some(picture(7)));
}
