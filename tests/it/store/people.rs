//! People sign in, become administrators, and keep what is theirs.

use telescope::domain::{Email, Millis, UserId};
use telescope::store::{Conn, StoreError, identities, meta, unique, users};

use crate::support::db::TestDb;

super::on_both!(
    a_first_sight_makes_one_person_however_many_come_at_once,
    people_become_administrators,
    a_subject_belongs_to_one_person,
    facts_are_set_and_read,
);

fn ada() -> Email {
    Email::parse("ada@example.org").unwrap()
}

async fn a_first_sight_makes_one_person_however_many_come_at_once(test: TestDb) {
    let visits = (0..20).map(|at| {
        let db = test.db.clone();
        tokio::spawn(async move {
            let spelling = if at % 2 == 0 { "Ada@Example.org" } else { "ada@example.org" };
            let email = Email::parse(spelling).unwrap();
            db.change(async |conn: &mut Conn<'_>| users::first_sight(conn, &email, Millis(100 + at)).await)
                .await
        })
    });
    let mut ids = std::collections::BTreeSet::new();
    for visit in visits.collect::<Vec<_>>() {
        ids.insert(visit.await.unwrap().unwrap().id);
    }
    assert_eq!(ids.len(), 1);
    let user = users::by_email(&mut test.db.read().await.unwrap(), &ada()).await.unwrap().unwrap();
    assert!(ids.contains(&user.id) && !user.admin && !user.disabled);
    let seen = test
        .db
        .change(async |conn: &mut Conn<'_>| users::first_sight(conn, &ada(), Millis(999)).await)
        .await
        .unwrap();
    assert_eq!((seen.id, seen.created, seen.seen), (user.id, user.created, Millis(999)));
}

async fn people_become_administrators(test: TestDb) {
    let ada = test
        .db
        .change(async |conn: &mut Conn<'_>| users::first_sight(conn, &ada(), Millis(1)).await)
        .await
        .unwrap();
    for admin in [true, false, true] {
        test.db
            .change(async |conn: &mut Conn<'_>| users::set_admin(conn, ada.id, admin).await)
            .await
            .unwrap();
        let now = users::by_id(&mut test.db.read().await.unwrap(), ada.id).await.unwrap().unwrap();
        assert_eq!(now.admin, admin);
    }
    test.db.change(async |conn: &mut Conn<'_>| users::set_disabled(conn, ada.id, true).await).await.unwrap();
    let again = test
        .db
        .change(async |conn: &mut Conn<'_>| users::first_sight(conn, &ada.email, Millis(2)).await)
        .await
        .unwrap();
    assert!(again.admin && again.disabled, "a visit changes neither");
    let nobody = test
        .db
        .change(async |conn: &mut Conn<'_>| users::set_admin(conn, UserId::generate(), true).await)
        .await;
    assert!(matches!(nobody, Err(StoreError::Missing)));
}

async fn a_subject_belongs_to_one_person(test: TestDb) {
    let bob = Email::parse("bob@example.org").unwrap();
    let (ada, bob) = test
        .db
        .change(async |conn: &mut Conn<'_>| -> Result<_, StoreError> {
            let ada = users::first_sight(conn, &ada(), Millis(1)).await?;
            let bob = users::first_sight(conn, &bob, Millis(1)).await?;
            identities::bind(conn, "https://id.example.org", "7", ada.id, Millis(2)).await?;
            Ok((ada.id, bob.id))
        })
        .await
        .unwrap();
    let stolen = test
        .db
        .change(async |conn: &mut Conn<'_>| {
            identities::bind(conn, "https://id.example.org", "7", bob, Millis(3)).await
        })
        .await;
    assert_eq!(unique(&stolen.unwrap_err()), Some("identities.issuer_subject"));
    let mut conn = test.db.read().await.unwrap();
    assert_eq!(identities::find(&mut conn, "https://id.example.org", "7").await.unwrap(), Some(ada));
    assert_eq!(identities::find(&mut conn, "https://other.example.org", "7").await.unwrap(), None);
    assert_eq!(identities::subjects(&mut conn, "https://id.example.org", ada).await.unwrap(), ["7"]);
    assert!(identities::subjects(&mut conn, "https://id.example.org", bob).await.unwrap().is_empty());
}

async fn facts_are_set_and_read(test: TestDb) {
    for value in ["test", "production", ""] {
        test.db
            .change(async |conn: &mut Conn<'_>| meta::set(conn, "environment", value).await)
            .await
            .unwrap();
        let mut conn = test.db.read().await.unwrap();
        assert_eq!(meta::get(&mut conn, "environment").await.unwrap().as_deref(), Some(value));
        assert_eq!(meta::get(&mut conn, "other").await.unwrap(), None);
    }
}
