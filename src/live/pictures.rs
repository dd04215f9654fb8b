//! Profile pictures that accounts' clients have fetched and that are not stored yet: the newest of each account.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::domain::AccountId;
use crate::domain::picture::Picture;

/// Of each account its new picture; none if it has no picture any more.
pub type Fetched = Vec<(AccountId, Option<Picture>)>;

#[derive(Debug, Default)]
pub struct FetchedPictures {
    unstored: Mutex<HashMap<AccountId, Option<Picture>>>,
    added: Notify,
}

impl FetchedPictures {
    pub fn put(&self, account: AccountId, picture: Option<Picture>) {
        self.unstored.lock().insert(account, picture);
        self.added.notify_one();
    }

    /// Resolves when something was added since the last time.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }

    /// Takes so many of them at most.
    pub(crate) fn take(&self, most: usize) -> Fetched {
        let mut unstored = self.unstored.lock();
        let accounts: Vec<AccountId> = unstored.keys().take(most).copied().collect();
        accounts.into_iter().filter_map(|account| unstored.remove_entry(&account)).collect()
    }

    /// Puts back what could not be stored, unless there is something newer.
    pub(crate) fn put_back(&self, taken: Fetched) {
        let mut unstored = self.unstored.lock();
        for (account, picture) in taken {
            unstored.entry(account).or_insert(picture);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::picture::PhotoId;

    #[test]
    fn what_was_put_back_does_not_replace_something_newer() {
        let pictures = FetchedPictures::default();
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\xa0\0\0\0\xa0".to_vec();
        let picture = |photo| Some(Picture::new(PhotoId(photo), png.clone()).unwrap());
        let (first, second) = (AccountId::generate(), AccountId::generate());
        pictures.put(first, picture(1));
        pictures.put(second, picture(2));
        let taken = pictures.take(9);
        assert_eq!(taken.len(), 2);
        assert!(pictures.take(9).is_empty());
        pictures.put(first, None);
        pictures.put_back(taken);
        let left: HashMap<_, _> = pictures.take(9).into_iter().collect();
        assert_eq!((&left[&first], &left[&second]), (&None, &picture(2)));
        pictures.put(first, None);
        pictures.put(second, None);
        assert_eq!((pictures.take(1).len(), pictures.take(9).len()), (1, 1));
    }
}
