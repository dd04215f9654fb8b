//! Entries of the audit log that tests write.

use telescope::crypto::{Keys, MasterKey};
use telescope::domain::access::{Person, Principal};
use telescope::domain::audit::AuditEntry;
use telescope::domain::{Email, RequestInfo, UserId};
use telescope::store::{Conn, StoreError, audit};

use crate::support::db::TestDb;

pub fn person(address: &str) -> Principal {
    Principal::User(Person {
        id: UserId::generate(),
        email: Email::parse(address).unwrap(),
        verified: true,
        admin: false,
        confirmed: None,
        origin: RequestInfo::default(),
    })
}

pub async fn write(test: &TestDb, entries: &[AuditEntry]) {
    let keys = Keys::new(&MasterKey::parse("a key of exactly 32 letters here").unwrap(), None);
    let written = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        for entry in entries {
            audit::append(conn, &keys, entry).await?;
        }
        Ok(())
    };
    test.db.maintain(written).await.unwrap();
}
