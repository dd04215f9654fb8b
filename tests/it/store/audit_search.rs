//! Searching the audit log by several criteria, page by page, however long it is.

use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent, Outcome};
use telescope::domain::{AccountId, DesiredState, Email, Millis, Phone};
use telescope::store::audit::{self, Found, Search, Whose};
use telescope::store::{self, Conn};

use super::accounts::added as account;
use super::audit_entries::{person, write};
use crate::support::db::TestDb;

super::on_both!(
    entries_are_found_by_all_criteria,
    removed_accounts_are_found_by_their_number,
    pages_cover_every_entry_once,
    a_search_with_few_results_stops_at_the_bound_and_continues,
    input_is_not_used_as_a_pattern,
);

async fn found(test: &TestDb, search: &Search, before: Option<i64>, limit: usize) -> Found {
    let conn = &mut test.db.read().await.unwrap();
    search
        .narrow(conn)
        .await
        .unwrap()
        .expect("the search is narrow enough")
        .page(conn, before, limit)
        .await
        .unwrap()
}

async fn seqs(test: &TestDb, search: &Search) -> Vec<i64> {
    let conn = &mut test.db.read().await.unwrap();
    let narrowed = search.narrow(conn).await.unwrap().unwrap();
    let page: Vec<i64> =
        narrowed.page(conn, None, 100).await.unwrap().entries.iter().map(|entry| entry.seq).collect();
    let mut forward: Vec<i64> =
        narrowed.forward(conn, 1, i64::MAX).await.unwrap().iter().map(|entry| entry.seq).collect();
    forward.reverse();
    assert_eq!(page, forward, "an export has the same entries: {search:?}");
    page
}

/// Six entries: 1 Ada signs in, 2-4 about an account, 5 the command line, 6 Telescope.
async fn six(test: &TestDb) -> AccountId {
    let (ada, bob) = (person("ada@example.org"), person("bob@example.org"));
    let id = account(test, 7).await;
    let asked = AuditEntry::intent(Millis(40), &ada, AuditEvent::CodeRequested).about(id);
    let granted = AuditEvent::AdminGranted { person: Email::parse("bob@example.org").unwrap() };
    write(
        test,
        &[
            AuditEntry::done(Millis(10), &ada, AuditEvent::WebSignIn),
            AuditEntry::done(
                Millis(30),
                &bob,
                AuditEvent::DesiredStateSet { wanted: DesiredState::Connected },
            )
            .about(id),
            asked.clone(),
            asked.outcome(3, Millis(50), Outcome::Failed),
            AuditEntry::done(Millis(45), &Principal::Cli, granted),
            AuditEntry::done(Millis(60), &Principal::System("telescope"), AuditEvent::Stopped),
        ],
    )
    .await;
    id
}

async fn entries_are_found_by_all_criteria(test: TestDb) {
    assert!(seqs(&test, &Search::default()).await.is_empty());
    let id = six(&test).await;
    let some = |text: &str| Some(text.to_owned());
    let codes = |codes: &[&str]| Some(codes.iter().map(|code| (*code).to_owned()).collect());
    let digits = |digits: &str| Some(Whose::Digits(digits.to_owned()));
    for (search, expected) in [
        (Search::default(), vec![6, 5, 4, 3, 2, 1]),
        (Search { actor: some("ADA"), ..Search::default() }, vec![4, 3, 1]),
        (Search { actor: some("example.org"), ..Search::default() }, vec![4, 3, 2, 1]),
        (Search { actor: some("command"), ..Search::default() }, vec![5]),
        (Search { actor: some("system:"), ..Search::default() }, vec![6]),
        (Search { actor: some("nobody"), ..Search::default() }, vec![]),
        (Search { account: Some(Whose::Id(id)), ..Search::default() }, vec![4, 3, 2]),
        (Search { account: digits("0007"), ..Search::default() }, vec![4, 3, 2]),
        (Search { account: digits("999"), ..Search::default() }, vec![4, 3, 2]),
        (Search { account: digits("8888"), ..Search::default() }, vec![]),
        (Search { account: Some(Whose::Id(AccountId::generate())), ..Search::default() }, vec![]),
        (Search { codes: codes(&["web.sign-in", "telescope.stopped"]), ..Search::default() }, vec![6, 1]),
        (Search { codes: codes(&[]), ..Search::default() }, vec![]),
        (Search { outcome: Some(Outcome::Failed), ..Search::default() }, vec![4]),
        // Written later than it happened, but found by its time.
        (Search { from: Some(Millis(45)), until: Some(Millis(50)), ..Search::default() }, vec![5]),
        (Search { from: Some(Millis(50)), ..Search::default() }, vec![6, 4]),
        (Search { until: Some(Millis(40)), ..Search::default() }, vec![2, 1]),
        (Search { from: Some(Millis(70)), ..Search::default() }, vec![]),
        (
            Search {
                actor: some("ada"),
                account: digits("7"),
                codes: codes(&["login.code.asked"]),
                outcome: Some(Outcome::Intent),
                from: Some(Millis(40)),
                until: Some(Millis(41)),
                folded: false,
            },
            vec![3],
        ),
    ] {
        assert_eq!(seqs(&test, &search).await, expected, "{search:?}");
        let conn = &mut test.db.read().await.unwrap();
        let all = audit::page(conn, &audit::Filter::default(), 100).await.unwrap();
        let numbers = store::accounts::numbers(conn, &[id]).await.unwrap();
        let fitting: Vec<i64> = all
            .iter()
            .filter(|entry| {
                search.fits(entry, entry.account.and_then(|id| numbers.get(&id)).map(|(phone, _)| phone))
            })
            .map(|entry| entry.seq)
            .collect();
        assert_eq!(fitting, expected, "an open page gets the same entries: {search:?}");
    }
}

async fn removed_accounts_are_found_by_their_number(test: TestDb) {
    let id = six(&test).await;
    let gone = async |conn: &mut Conn<'_>| store::accounts::tombstone(conn, id, Millis(99)).await;
    test.db.maintain(gone).await.unwrap();
    let search = Search { account: Some(Whose::Digits("6620007".into())), ..Search::default() };
    assert_eq!(seqs(&test, &search).await, [4, 3, 2]);
    let conn = &mut test.db.read().await.unwrap();
    let numbers = store::accounts::numbers(conn, &[id, AccountId::generate()]).await.unwrap();
    assert_eq!(numbers.into_iter().collect::<Vec<_>>(), [(id, (Phone::test(2, 7).into(), true))]);
}

async fn pages_cover_every_entry_once(test: TestDb) {
    let (ada, bob) = (person("ada@example.org"), person("bob@example.org"));
    let entries: Vec<AuditEntry> = (0..257)
        .map(|at| AuditEntry::done(Millis(at), if at % 3 == 0 { &ada } else { &bob }, AuditEvent::WebSignOut))
        .collect();
    write(&test, &entries).await;
    for (search, many) in [
        (Search::default(), 257),
        (Search { actor: Some("ada".into()), ..Search::default() }, 86),
        (Search { outcome: Some(Outcome::Done), from: Some(Millis(100)), ..Search::default() }, 157),
    ] {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = found(&test, &search, before, 20).await;
            assert!(page.entries.len() <= 20 && !page.cut);
            all.extend(page.entries.iter().map(|entry| entry.seq));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(all.len(), many, "{search:?}");
        assert!(all.is_sorted_by(|one, next| one > next), "each once, newest first");
    }
}

/// Nothing matches, and neither the actor nor the outcome is rare: a page scans up to the bound and says how far it came.
async fn a_search_with_few_results_stops_at_the_bound_and_continues(test: TestDb) {
    let ada = person("ada@example.org");
    write(&test, &[AuditEntry::done(Millis(1), &ada, AuditEvent::WebSignIn)]).await;
    // Inserted directly, without a valid chain, which this test does not need.
    test.tamper(
        "insert into audit_log (seq, at, code, outcome, actor, digest, mac)
         with recursive n (n) as (select 2 union all select n + 1 from n where n < 205000)
         select n, n, case when n % 2 = 0 then 'web.sign-in' else 'web.sign-out' end,
                case when n % 2 = 0 then 'done' else 'failed' end, 'ada@example.org', '', '' from n",
    )
    .await;
    let search = Search {
        codes: Some(vec!["web.sign-in".into()]),
        outcome: Some(Outcome::Failed),
        actor: Some("ada".into()),
        ..Search::default()
    };
    let page = found(&test, &search, None, 20).await;
    assert_eq!((page.entries.len(), page.next, page.cut), (0, Some(5001), true));
    let page = found(&test, &search, page.next, 20).await;
    assert_eq!((page.entries.len(), page.next, page.cut), (0, None, false), "nothing is left");
    let rare = Search { outcome: Some(Outcome::Done), until: Some(Millis(3)), ..Search::default() };
    let page = found(&test, &rare, None, 20).await;
    assert_eq!(page.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 1], "far back, at once");
    assert_eq!(page.next, None);
}

async fn input_is_not_used_as_a_pattern(test: TestDb) {
    six(&test).await;
    for part in ["%", "_", "a%a", "'", "\\", "ada@example.org' or 1=1 --", "\u{130}"] {
        let search = Search { actor: Some(part.into()), ..Search::default() };
        assert!(seqs(&test, &search).await.is_empty(), "{part}");
    }
    let search = Search { account: Some(Whose::Digits("%".into())), ..Search::default() };
    assert_eq!(seqs(&test, &search).await, [4, 3, 2], "only digits count, and there are none");
}
