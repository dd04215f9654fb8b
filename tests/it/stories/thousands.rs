//! Three thousand accounts: the page loads quickly, and changes are shown quickly.
//!
//! The limits are ten times the documented ones, since the test machine may be busy. The figures are printed.

use std::time::{Duration, Instant};

use telescope::clock::Clock;
use telescope::domain::{Account, AccountId, DesiredState, Email, Millis, Phone};
use telescope::store::{self, Conn, Db, StoreError};

use crate::support::browser::{Browser, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

const ACCOUNTS: u16 = 3000;
/// Until the page is loaded and live.
const USABLE: Duration = Duration::from_secs(2);
/// From the response to a change until others see it.
const VISIBLE: Duration = Duration::from_millis(200);
/// How much slower the tests' machine may be.
const SLOWER: u32 = 10;
/// Measured changes.
const CHANGES: usize = 15;
/// Measured requests, and how many run concurrently.
const REQUESTS: usize = 200;
const AT_ONCE: usize = 4;

fn account(number: u16) -> Account {
    Account {
        id: AccountId::generate(),
        identifier: Phone::test(1, number).into(),
        owner: Some(Email::parse(&format!("person{}@example.org", number % 400)).unwrap()),
        comment: format!("Desk {number} — north wing"),
        groups: Vec::new(),
        wanted: DesiredState::Disconnected,
        folder: format!("folder-{number}"),
        created: Millis(1_700_000_000_000),
    }
}

async fn thousands(db: &Db) {
    db.maintain(async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        for number in 1..=ACCOUNTS {
            store::accounts::insert(conn, &account(number)).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

fn median(mut all: Vec<i64>) -> Duration {
    all.sort_unstable();
    Duration::from_millis(u64::try_from(all[all.len() / 2]).unwrap_or_default())
}

/// Loads the page; returns when it was loaded and when its rows were live.
async fn load(browser: &Browser, stack: &Stack) -> (i64, i64) {
    browser.goto(&stack.url("/accounts")).await;
    let live: i64 = browser.value("window.liveOfTheTest").await;
    let loaded = "Math.round(performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd) || null";
    (browser.value(loaded).await, live)
}

/// From the response to an edit until the page shows it, in milliseconds.
async fn change(browser: &Browser, visitor: &Visitor, id: &str, words: &str) -> i64 {
    browser
        .run(&format!(
            "delete window.seenOfTheTest;
             const rows = document.getElementById('rows');
             const look = () => {{
                 if (window.seenOfTheTest || !rows.textContent.includes('{words}')) return;
                 window.seenOfTheTest = Math.round(performance.timeOrigin + performance.now());
             }};
             new MutationObserver(look).observe(rows, {{ subtree: true, childList: true, characterData: true }});"
        ))
        .await;
    edit(visitor, id, &[("comment", words)]).await;
    let answered = Clock::System.now();
    let seen: i64 = browser.value("window.seenOfTheTest").await;
    seen - answered.0
}

/// Pages per second.
async fn requests_per_second(visitor: &Visitor, path: &str) -> f64 {
    let some = async || {
        for _ in 0..REQUESTS / AT_ONCE {
            let answer = visitor.get(path).await;
            assert_eq!(answer.status(), 200);
            assert!(answer.text().await.unwrap().contains("</html>"));
        }
    };
    let began = Instant::now();
    tokio::join!(some(), some(), some(), some());
    f64::from(u32::try_from(REQUESTS).unwrap()) / began.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_its_changes_are_fast() {
    let stack = Stack::start_with(thousands).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let browser = Browser::open(Scripts::On).await;
    let note = "document.addEventListener('htmx:sse:after:message', () => {
                    window.liveOfTheTest ??= Math.round(performance.now());
                });";
    browser.before_each_page(note).await;
    sign_in(&browser, &stack).await;
    assert_eq!(browser.text("#summary a[aria-current] .number").await, ACCOUNTS.to_string());

    let (mut loaded, mut live) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let (one, other) = load(&browser, &stack).await;
        loaded.push(one);
        live.push(other);
    }
    let (loaded, live) = (median(loaded), median(live));
    println!("{ACCOUNTS} accounts: page loaded after {loaded:?}, live after {live:?}");

    let rows = visitor.rows().await;
    let mut delays = Vec::new();
    for number in 0..CHANGES {
        let row = &rows[number * 6];
        delays.push(change(&browser, &visitor, &row.id, &format!("Changed {number}.")).await);
    }
    println!("delays in ms: {delays:?}");
    let seen = median(delays);
    println!("{ACCOUNTS} accounts: a change is seen {seen:?} after its answer (median of {CHANGES})");

    for path in ["/accounts", "/accounts?sort=stage", "/accounts?q=north&page=30"] {
        let rate = requests_per_second(&visitor, path).await;
        println!("{ACCOUNTS} accounts: {rate:.0} requests per second of {path}");
    }
    assert!(live < USABLE * SLOWER, "live after {live:?}");
    assert!(seen < VISIBLE * SLOWER, "a change is seen after {seen:?}");
    browser.close().await;
}
