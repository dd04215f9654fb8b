//! Requests to see a secret are decided once, by another person, in time, and used once.

use telescope::domain::reveal::{APPROVAL_LIFE, REQUEST_LIFE, RequestState, RevealKind, RevealRequest};
use telescope::domain::{Account, AccountId, DesiredState, Email, GroupId, Millis, Phone, RevealId};
use telescope::store::users::User;
use telescope::store::{Conn, Db, StoreError, accounts, groups, reveal_requests, users};

use crate::support::db::TestDb;

super::on_both!(
    an_account_in_any_protected_group_needs_approval,
    an_account_in_any_group_that_says_so_needs_a_confirmation,
    a_request_is_stored_with_its_decider,
    one_of_two_simultaneous_decisions_counts,
    a_request_is_not_decided_by_its_requester,
    an_expired_request_is_neither_decided_nor_used,
    an_approval_is_used_once,
    overdue_requests_expire_and_old_ones_are_deleted,
);

const NOW: Millis = Millis(1_700_000_000_000);

async fn change<T>(test: &TestDb, work: impl AsyncFnOnce(&mut Conn<'_>) -> Result<T, StoreError>) -> T {
    test.db.maintain(work).await.unwrap()
}

async fn person(test: &TestDb, email: &str) -> User {
    let email = Email::parse(email).unwrap();
    change(test, async |conn| users::upsert_seen(conn, &email, NOW).await).await
}

async fn account(test: &TestDb, number: u16, in_groups: Vec<GroupId>) -> Account {
    let account = Account {
        id: AccountId::generate(),
        identifier: Phone::test(2, number).into(),
        owner: None,
        comment: String::new(),
        groups: in_groups,
        wanted: DesiredState::Connected,
        folder: format!("folder-{number}"),
        created: NOW,
    };
    change(test, async |conn| accounts::insert(conn, &account).await).await;
    account
}

fn asked(account: &Account, by: &User) -> RevealRequest {
    RevealRequest {
        id: RevealId::generate(),
        account: account.id,
        identifier: account.identifier.clone(),
        kind: RevealKind::LoginCode,
        requester: by.id,
        person: by.email.clone(),
        reason: "A new phone, ½".into(),
        created: NOW,
        expires: NOW.plus_seconds(REQUEST_LIFE),
        state: RequestState::Waiting,
        decided_by: None,
        decided_at: None,
        note: None,
    }
}

/// A request of Ada, and Bob, who may decide it.
async fn waiting(test: &TestDb) -> (RevealRequest, User, User) {
    let (ada, bob) = (person(test, "ada@example.org").await, person(test, "bob@example.org").await);
    let request = asked(&account(test, 1, vec![]).await, &ada);
    change(test, async |conn| reveal_requests::insert(conn, &request).await).await;
    (request, ada, bob)
}

async fn read(test: &TestDb, id: RevealId) -> RevealRequest {
    reveal_requests::get(&mut test.db.read().await.unwrap(), id).await.unwrap().expect("it is there")
}

async fn decide(db: &Db, id: RevealId, state: RequestState, by: &User, at: Millis) -> bool {
    let decided = async |conn: &mut Conn<'_>| -> Result<bool, StoreError> {
        reveal_requests::decide(conn, id, state, by.id, at, Some("seen"), 1).await
    };
    db.maintain(decided).await.unwrap()
}

async fn an_account_in_any_protected_group_needs_approval(test: TestDb) {
    let (board, sales) = (GroupId::generate(), GroupId::generate());
    for (id, name) in [(board, "Board"), (sales, "Sales")] {
        change(&test, async |conn| groups::insert(conn, id, name).await).await;
    }
    let both = account(&test, 1, vec![board, sales]).await;
    let one = account(&test, 2, vec![sales]).await;
    let none = account(&test, 3, vec![]).await;
    let needs = async || {
        let conn = &mut test.db.read().await.unwrap();
        let mut needs = Vec::new();
        for account in [&both, &one, &none] {
            needs.push(groups::any_needs_approval(conn, account.id).await.unwrap());
        }
        needs
    };
    assert_eq!(needs().await, [false; 3]);
    change(&test, async |conn| groups::set_needs_approval(conn, board, true).await).await;
    assert_eq!(needs().await, [true, false, false]);
    assert_eq!(groups::needing_approval(&mut test.db.read().await.unwrap()).await.unwrap(), [board]);
    change(&test, async |conn| groups::set_needs_approval(conn, sales, true).await).await;
    change(&test, async |conn| groups::set_needs_approval(conn, board, false).await).await;
    assert_eq!(needs().await, [true, true, false]);
    let nothing =
        async |conn: &mut Conn<'_>| groups::set_needs_approval(conn, GroupId::generate(), true).await;
    assert!(matches!(test.db.maintain(nothing).await, Err(StoreError::Missing)));
}

async fn an_account_in_any_group_that_says_so_needs_a_confirmation(test: TestDb) {
    let (board, sales) = (GroupId::generate(), GroupId::generate());
    for (id, name) in [(board, "Board"), (sales, "Sales")] {
        change(&test, async |conn| groups::insert(conn, id, name).await).await;
    }
    let both = account(&test, 1, vec![board, sales]).await;
    let one = account(&test, 2, vec![sales]).await;
    let needs = async || {
        let conn = &mut test.db.read().await.unwrap();
        let mut needs = Vec::new();
        for account in [&both, &one] {
            needs.push(groups::any_needs_confirmation(conn, account.id).await.unwrap());
        }
        needs
    };
    assert_eq!(needs().await, [false; 2], "it is off by default");
    change(&test, async |conn| groups::set_needs_confirmation(conn, board, true).await).await;
    assert_eq!(needs().await, [true, false]);
    change(&test, async |conn| groups::set_needs_approval(conn, sales, true).await).await;
    let conn = &mut test.db.read().await.unwrap();
    assert_eq!(groups::needing_confirmation(conn).await.unwrap(), [board]);
    assert_eq!(groups::needing_approval(conn).await.unwrap(), [sales]);
    let mut protected = vec![board, sales];
    protected.sort_unstable();
    assert_eq!(groups::protected(conn).await.unwrap(), protected);
    let nothing =
        async |conn: &mut Conn<'_>| groups::set_needs_confirmation(conn, GroupId::generate(), true).await;
    assert!(matches!(test.db.maintain(nothing).await, Err(StoreError::Missing)));
}

async fn a_request_is_stored_with_its_decider(test: TestDb) {
    let (request, ada, bob) = waiting(&test).await;
    assert_eq!(read(&test, request.id).await, request);
    let at = NOW.plus_seconds(5);
    assert!(decide(&test.db, request.id, RequestState::Refused, &bob, at).await);
    let decided = RevealRequest {
        state: RequestState::Refused,
        decided_by: Some((bob.id, bob.email.clone())),
        decided_at: Some(at),
        note: Some("seen".into()),
        ..request.clone()
    };
    assert_eq!(read(&test, request.id).await, decided);

    let later = RevealRequest { id: RevealId::generate(), created: NOW.plus_seconds(9), ..request.clone() };
    let other =
        RevealRequest { id: RevealId::generate(), kind: RevealKind::TwoStepPassword, ..later.clone() };
    for request in [&later, &other] {
        change(&test, async |conn| reveal_requests::insert(conn, request).await).await;
    }
    let conn = &mut test.db.read().await.unwrap();
    let newest = reveal_requests::newest(conn, request.account, RevealKind::LoginCode, ada.id).await.unwrap();
    assert_eq!(newest, Some(later.clone()));
    let of_bob = reveal_requests::newest(conn, request.account, RevealKind::LoginCode, bob.id).await.unwrap();
    assert_eq!(of_bob, None);
    let all = reveal_requests::since(conn, NOW, 10).await.unwrap();
    assert_eq!(all, [other, later.clone(), decided]);
    assert_eq!(reveal_requests::since(conn, later.created, 1).await.unwrap().len(), 1);
}

/// The second one uses another connection pool, as another server would.
async fn one_of_two_simultaneous_decisions_counts(test: TestDb) {
    let (_, ada, bob) = waiting(&test).await;
    let cy = person(&test, "cy@example.org").await;
    let other = Db::open(&test.dsn).await.unwrap();
    for number in 10..20 {
        let request = asked(&account(&test, number, vec![]).await, &ada);
        change(&test, async |conn| reveal_requests::insert(conn, &request).await).await;
        let (one, two) = tokio::join!(
            decide(&test.db, request.id, RequestState::Approved, &bob, NOW),
            decide(&other, request.id, RequestState::Refused, &cy, NOW),
        );
        assert!(one != two, "exactly one of them");
        let (state, by) = if one { (RequestState::Approved, &bob) } else { (RequestState::Refused, &cy) };
        let decided = read(&test, request.id).await;
        assert_eq!((decided.state, decided.decided_by), (state, Some((by.id, by.email.clone()))));
    }
    other.close().await;
}

async fn a_request_is_not_decided_by_its_requester(test: TestDb) {
    let (request, ada, bob) = waiting(&test).await;
    for state in [RequestState::Approved, RequestState::Refused] {
        assert!(!decide(&test.db, request.id, state, &ada, NOW).await);
    }
    assert_eq!(read(&test, request.id).await, request);
    assert!(decide(&test.db, request.id, RequestState::Approved, &bob, NOW).await);
}

async fn an_expired_request_is_neither_decided_nor_used(test: TestDb) {
    let (request, _, bob) = waiting(&test).await;
    assert!(!decide(&test.db, request.id, RequestState::Approved, &bob, request.expires).await);
    let last = Millis(request.expires.0 - 1);
    assert!(decide(&test.db, request.id, RequestState::Approved, &bob, last).await);
    let used =
        async |at| change(&test, async |conn| reveal_requests::spend(conn, request.id, at).await).await;
    // The time to use it began with the decision.
    let until = last.plus_seconds(APPROVAL_LIFE);
    assert!(!used(until).await);
    assert_eq!(read(&test, request.id).await.state, RequestState::Approved);
    assert!(used(Millis(until.0 - 1)).await);
}

async fn an_approval_is_used_once(test: TestDb) {
    let (request, _, bob) = waiting(&test).await;
    let spend = async |db: &Db| {
        let spent = async |conn: &mut Conn<'_>| -> Result<bool, StoreError> {
            reveal_requests::spend(conn, request.id, NOW).await
        };
        db.maintain(spent).await.unwrap()
    };
    assert!(!spend(&test.db).await, "not approved yet");
    assert!(decide(&test.db, request.id, RequestState::Approved, &bob, NOW).await);
    let other = Db::open(&test.dsn).await.unwrap();
    let (one, two) = tokio::join!(spend(&test.db), spend(&other));
    assert!(one != two, "once");
    assert_eq!(read(&test, request.id).await.state, RequestState::Used);
    assert!(!decide(&test.db, request.id, RequestState::Refused, &bob, NOW).await, "already decided");
    other.close().await;
}

async fn overdue_requests_expire_and_old_ones_are_deleted(test: TestDb) {
    let (request, ada, bob) = waiting(&test).await;
    let approved = asked(&account(&test, 2, vec![]).await, &ada);
    let refused = asked(&account(&test, 3, vec![]).await, &ada);
    for request in [&approved, &refused] {
        change(&test, async |conn| reveal_requests::insert(conn, request).await).await;
    }
    assert!(decide(&test.db, approved.id, RequestState::Approved, &bob, NOW).await);
    assert!(decide(&test.db, refused.id, RequestState::Refused, &bob, NOW).await);
    let overdue = async |at| {
        let overdue = reveal_requests::overdue(&mut test.db.read().await.unwrap(), at).await.unwrap();
        overdue.into_iter().map(|request| request.id).collect::<Vec<_>>()
    };
    assert_eq!(overdue(Millis(request.expires.0 - 1)).await, []);
    assert_eq!(overdue(request.expires).await, [request.id, approved.id]);

    let later = NOW.plus_seconds(1);
    let forget = async || change(&test, async |conn| reveal_requests::forget_before(conn, later).await).await;
    assert_eq!(forget().await, 1, "open requests are not deleted");
    for id in [request.id, approved.id] {
        change(&test, async |conn| reveal_requests::end(conn, id, RequestState::Expired).await).await;
        assert_eq!(read(&test, id).await.state, RequestState::Expired);
    }
    assert_eq!(overdue(request.expires).await, []);
    let any = async |at| reveal_requests::any_before(&mut test.db.read().await.unwrap(), at).await.unwrap();
    assert_eq!((any(NOW).await, any(later).await), (false, true));
    assert_eq!(forget().await, 2);
    assert!(!any(later).await);
}
