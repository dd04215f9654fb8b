//! People sign in, become administrators, and keep what is theirs.

use telescope::domain::{Email, Millis, RoleId, UserId};
use telescope::store::{Conn, StoreError, identities, meta, roles, unique, users, web_sessions};

use crate::support::db::TestDb;

super::on_both!(
    a_first_sight_makes_one_person_however_many_come_at_once,
    people_become_administrators,
    a_subject_belongs_to_one_person,
    people_are_listed_by_their_address,
    the_other_administrators_are_counted,
    a_forgotten_subject_may_be_bound_anew,
    facts_are_set_and_read,
    the_provider_gives_and_takes_what_is_its_own,
    the_newest_sessions_of_a_person_are_kept,
    groups_may_be_paths_and_those_without_a_role_are_counted,
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
            db.maintain(async |conn: &mut Conn<'_>| users::upsert_seen(conn, &email, Millis(100 + at)).await)
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
        .maintain(async |conn: &mut Conn<'_>| users::upsert_seen(conn, &ada(), Millis(999)).await)
        .await
        .unwrap();
    assert_eq!((seen.id, seen.created, seen.seen), (user.id, user.created, Millis(999)));
}

async fn people_become_administrators(test: TestDb) {
    let ada = test
        .db
        .maintain(async |conn: &mut Conn<'_>| users::upsert_seen(conn, &ada(), Millis(1)).await)
        .await
        .unwrap();
    for admin in [true, false, true] {
        test.db
            .maintain(async |conn: &mut Conn<'_>| users::set_admin(conn, ada.id, admin).await)
            .await
            .unwrap();
        let now = users::by_id(&mut test.db.read().await.unwrap(), ada.id).await.unwrap().unwrap();
        assert_eq!(now.admin, admin);
    }
    test.db
        .maintain(async |conn: &mut Conn<'_>| users::set_disabled(conn, ada.id, true).await)
        .await
        .unwrap();
    let again = test
        .db
        .maintain(async |conn: &mut Conn<'_>| users::upsert_seen(conn, &ada.email, Millis(2)).await)
        .await
        .unwrap();
    assert!(again.admin && again.disabled, "a visit changes neither");
    let nobody = test
        .db
        .maintain(async |conn: &mut Conn<'_>| users::set_admin(conn, UserId::generate(), true).await)
        .await;
    assert!(matches!(nobody, Err(StoreError::Missing)));
}

async fn a_subject_belongs_to_one_person(test: TestDb) {
    let bob = Email::parse("bob@example.org").unwrap();
    let (ada, bob) = test
        .db
        .maintain(async |conn: &mut Conn<'_>| -> Result<_, StoreError> {
            let ada = users::upsert_seen(conn, &ada(), Millis(1)).await?;
            let bob = users::upsert_seen(conn, &bob, Millis(1)).await?;
            identities::bind(conn, "https://id.example.org", "7", ada.id, Millis(2)).await?;
            Ok((ada.id, bob.id))
        })
        .await
        .unwrap();
    let stolen = test
        .db
        .maintain(async |conn: &mut Conn<'_>| {
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

async fn seen(test: &TestDb, address: &str, now: i64) -> users::User {
    let email = Email::parse(address).unwrap();
    let first = async |conn: &mut Conn<'_>| users::upsert_seen(conn, &email, Millis(now)).await;
    test.db.maintain(first).await.unwrap()
}

async fn people_are_listed_by_their_address(test: TestDb) {
    const HOUR: i64 = 3_600_000;
    for address in ["eve@example.org", "a_b@example.org", "aab@example.org", "ada@example.org"] {
        seen(&test, address, 5 * HOUR).await;
    }
    let ada = seen(&test, "ada@example.org", 6 * HOUR).await;
    let add = async |conn: &mut Conn<'_>| {
        users::named(conn, &Email::parse("new@example.org").unwrap(), Millis(9)).await
    };
    assert_eq!(test.db.maintain(add).await.unwrap().seen, Millis(0), "never");
    assert_eq!(
        test.db
            .maintain(async |conn: &mut Conn<'_>| users::named(conn, &ada.email, Millis(9)).await)
            .await
            .unwrap(),
        ada
    );
    let bind = async |conn: &mut Conn<'_>| identities::bind(conn, "i", "7", ada.id, Millis(2)).await;
    test.db.maintain(bind).await.unwrap();
    // One session that holds, one that is too old, one that nobody used for too long.
    for (hash, used, expires) in
        [("a", 99 * HOUR, 200 * HOUR), ("b", 99 * HOUR, 100 * HOUR), ("c", HOUR, 200 * HOUR)]
    {
        test.tamper(&format!(
            "insert into web_sessions (id_hash, user_id, data, created, seen, expires)
             values ('{hash}', '{}', '{{}}', 0, {used}, {expires})",
            ada.id
        ))
        .await;
    }
    let page = async |part: &str, after: &str, limit| {
        let conn = &mut test.db.read().await.unwrap();
        let people = users::page(conn, part, after, Millis(100 * HOUR), limit).await.unwrap();
        people
            .into_iter()
            .map(|one| (one.user.email.to_string(), one.sessions, one.identities))
            .collect::<Vec<_>>()
    };
    assert_eq!(page("ADA", "", 10).await, [("ada@example.org".to_owned(), 1, 1)]);
    let addresses =
        |people: Vec<(String, i64, i64)>| people.into_iter().map(|(email, ..)| email).collect::<Vec<_>>();
    assert_eq!(addresses(page("a_b", "", 10).await), ["a_b@example.org"], "a text, not a pattern");
    assert_eq!(addresses(page("%", "", 10).await), Vec::<String>::new());
    assert_eq!(addresses(page("!", "", 10).await), Vec::<String>::new());
    let all = addresses(page("", "", 10).await);
    assert_eq!(all.len(), 5);
    let mut walked: Vec<String> = Vec::new();
    while walked.len() < 5 {
        let after = walked.last().cloned().unwrap_or_default();
        let next = addresses(page("", &after, 2).await);
        assert!(!next.is_empty() && next.len() <= 2);
        walked.extend(next);
    }
    assert_eq!(walked, all, "page by page");
}

async fn the_other_administrators_are_counted(test: TestDb) {
    let (ada, bob) = (seen(&test, "ada@example.org", 1).await, seen(&test, "bob@example.org", 1).await);
    let others =
        async || users::count_other_admins(&mut test.db.read().await.unwrap(), ada.id).await.unwrap();
    let change = async |admin, disabled| {
        let change = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
            users::set_admin(conn, bob.id, admin).await?;
            users::set_disabled(conn, bob.id, disabled).await
        };
        test.db.maintain(change).await.unwrap();
    };
    test.db.maintain(async |conn: &mut Conn<'_>| users::set_admin(conn, ada.id, true).await).await.unwrap();
    assert_eq!(others().await, 0);
    for (admin, disabled, expected) in [(true, false, 1), (true, true, 0), (false, false, 0)] {
        change(admin, disabled).await;
        assert_eq!(others().await, expected, "{admin} {disabled}");
    }
}

async fn a_forgotten_subject_may_be_bound_anew(test: TestDb) {
    let (ada, bob) = (seen(&test, "ada@example.org", 1).await, seen(&test, "bob@example.org", 1).await);
    let work = async |conn: &mut Conn<'_>| -> Result<u64, StoreError> {
        for (issuer, subject, user) in [("i", "1", ada.id), ("j", "1", ada.id), ("i", "2", bob.id)] {
            identities::bind(conn, issuer, subject, user, Millis(2)).await?;
        }
        let forgotten = identities::forget(conn, ada.id).await?;
        identities::bind(conn, "i", "1", bob.id, Millis(3)).await?;
        Ok(forgotten)
    };
    assert_eq!(test.db.maintain(work).await.unwrap(), 2);
    let mut conn = test.db.read().await.unwrap();
    assert_eq!(identities::subjects(&mut conn, "i", bob.id).await.unwrap(), ["2", "1"]);
    assert!(identities::subjects(&mut conn, "j", ada.id).await.unwrap().is_empty());
}

async fn facts_are_set_and_read(test: TestDb) {
    for value in ["test", "production", ""] {
        test.db
            .maintain(async |conn: &mut Conn<'_>| meta::set(conn, "environment", value).await)
            .await
            .unwrap();
        let mut conn = test.db.read().await.unwrap();
        assert_eq!(meta::get(&mut conn, "environment").await.unwrap().as_deref(), Some(value));
        assert_eq!(meta::get(&mut conn, "other").await.unwrap(), None);
    }
}

async fn the_provider_gives_and_takes_what_is_its_own(test: TestDb) {
    let [support, sales, arranged] = [RoleId::generate(), RoleId::generate(), RoleId::generate()];
    let made = async |conn: &mut Conn<'_>| -> Result<UserId, StoreError> {
        for (id, name) in [(support, "Support"), (sales, "Sales"), (arranged, "By hand")] {
            roles::insert(conn, id, name).await?;
        }
        Ok(users::upsert_seen(conn, &ada(), Millis(1)).await?.id)
    };
    let user = test.db.maintain(made).await.unwrap();
    test.tamper(&format!(
        "insert into role_members (role_id, user_id, source) values ('{arranged}', '{user}', 'page'),
         ('{support}', '{user}', 'page')"
    ))
    .await;
    let set = async |groups: &[&str]| {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        let set = async |conn: &mut Conn<'_>| roles::set_from_provider(conn, user, &groups).await;
        let changed = test.db.maintain(set).await.unwrap();
        let names = roles::of_person(&mut test.db.read().await.unwrap(), user).await.unwrap();
        (changed, names)
    };
    let both = || vec!["By hand".to_owned(), "Support".to_owned()];
    let all = || vec!["By hand".to_owned(), "Sales".to_owned(), "Support".to_owned()];
    assert_eq!(set(&["no such role"]).await, (false, both()));
    assert_eq!(set(&["SALES", "support", "sales"]).await, (true, all()));
    assert_eq!(set(&["Support", "Sales"]).await, (false, all()), "the same once more changes nothing");
    assert_eq!(set(&[]).await, (true, both()), "what was arranged on a page stays");
    let again = test.db.maintain(async |conn| roles::insert(conn, RoleId::generate(), "SUPPORT").await).await;
    assert_eq!(unique(&again.unwrap_err()), Some("roles.name_folded"));
}

async fn the_newest_sessions_of_a_person_are_kept(test: TestDb) {
    let added = async |email: &str| {
        let email = Email::parse(email).unwrap();
        test.db.maintain(async |conn| users::upsert_seen(conn, &email, Millis(1)).await).await.unwrap().id
    };
    let (ada, bob) = (added("ada@example.org").await, added("bob@example.org").await);
    for number in 0..6 {
        let person = if number == 0 { bob } else { ada };
        test.tamper(&format!(
            "insert into web_sessions (id_hash, user_id, data, created, seen, expires)
             values ('s{number}', '{person}', '{{}}', {number}, 9, 99)"
        ))
        .await;
    }
    let end = async |keep| {
        test.db
            .maintain(async |conn: &mut Conn<'_>| web_sessions::end_oldest_of(conn, ada, keep).await)
            .await
            .unwrap()
    };
    assert_eq!((end(7).await, end(2).await, end(2).await), (0, 3, 0));
    let of = async |person| {
        users::listed(&mut test.db.read().await.unwrap(), person, Millis(10)).await.unwrap().unwrap()
    };
    assert_eq!((of(ada).await.sessions, of(bob).await.sessions), (2, 1));
    assert_eq!((end(0).await, of(bob).await.sessions), (2, 1));
}

async fn groups_may_be_paths_and_those_without_a_role_are_counted(test: TestDb) {
    let role = RoleId::generate();
    let made = async |conn: &mut Conn<'_>| -> Result<UserId, StoreError> {
        roles::insert(conn, role, "Sales/West").await?;
        Ok(users::upsert_seen(conn, &ada(), Millis(1)).await?.id)
    };
    let user = test.db.maintain(made).await.unwrap();
    for (groups, has_role, unmatched) in [
        (vec!["/Sales/WEST", "Sales"], true, 1),
        (vec!["//Sales/West", "Sales/West/", "West"], false, 3),
        (vec!["sales/west"], true, 0),
        (vec![], false, 0),
    ] {
        let groups: Vec<String> = groups.into_iter().map(str::to_owned).collect();
        let set = async |conn: &mut Conn<'_>| roles::set_from_provider(conn, user, &groups).await;
        test.db.maintain(set).await.unwrap();
        let conn = &mut test.db.read().await.unwrap();
        assert_eq!(
            roles::from_provider(conn, user).await.unwrap().len(),
            usize::from(has_role),
            "{groups:?}"
        );
        assert_eq!(roles::count_unmatched(conn, &groups).await.unwrap(), unmatched, "{groups:?}");
    }
}
