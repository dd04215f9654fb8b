//! The database server hangs for a while, or is stopped and started again. Pages continue to work, changes are refused
//! with a message, and what happened at Telegram is recorded afterwards.

use std::time::{Duration, Instant};

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, ready_account, sign_in};
use crate::support::postgres::Cluster;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

/// How soon pages show the outage, and how long any response may take, under load. Waiting for the server itself would
/// take ten seconds.
const SOON: Duration = Duration::from_secs(8);
/// How long the outage lasts.
const AWAY: Duration = Duration::from_secs(12);

const SAYS_SO: &str = "The database is unavailable";

async fn page_in_time(visitor: &Visitor, path: &str) -> String {
    let asked = Instant::now();
    let answer = visitor.get(path).await;
    let (status, page) = (answer.status(), answer.text().await.unwrap());
    assert!(asked.elapsed() <= SOON, "{path} took {:?}", asked.elapsed());
    assert_eq!(status, 200, "{path}: {page}");
    page
}

async fn story(goes: fn(&Cluster), returns: fn(&Cluster)) {
    let database = Cluster::start();
    let stack = Stack::start_with_settings(&[("DB_DSN", &database.dsn("postgres", "away"))]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let ended = ready_account(&stack, &visitor, None).await;
    let other = ready_account(&stack, &visitor, None).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.mark().await;
    let processes = (stack.telescope_pid(), stack.td_host_pid());
    let history = |page: &str| page.matches("ended").count();
    let audit = format!("/audit?account={}&code=account.stage", ended.id);
    let before = history(&visitor.get(&audit).await.text().await.unwrap());

    goes(&database);
    let since = Instant::now();
    until_true("pages say so", SOON, async || page_in_time(&visitor, "/accounts").await.contains(SAYS_SO))
        .await;
    until_true("the open page says so", SOON, async || browser.text("#main").await.contains(SAYS_SO)).await;

    stack.phones().revoke(&ended.phone).await;
    let page = format!("/accounts/{}", other.id);
    for change in [format!("{page}/disconnect"), "/accounts/add-test".into(), format!("{page}/edit")] {
        let asked = Instant::now();
        let answer = visitor.post(&change, &[]).await;
        let (status, said) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 503, "{change}: {said}");
        assert!(said.contains(SAYS_SO) && said.contains("Nothing was changed"), "{said}");
        assert!(asked.elapsed() <= SOON, "{change} took {:?}", asked.elapsed());
    }
    // During the whole outage, and changes at Telegram are shown at once.
    until_true("the row says that the session ended", STEP, async || {
        page_in_time(&visitor, "/accounts?stage=ended").await.contains(&ended.phone)
    })
    .await;
    while since.elapsed() < AWAY {
        assert!(page_in_time(&visitor, "/accounts?stage=ready").await.contains(&other.phone));
        assert!(page_in_time(&visitor, &page).await.contains(SAYS_SO));
    }

    returns(&database);
    until_true("pages no longer say so", STEP, async || {
        !page_in_time(&visitor, "/accounts").await.contains(SAYS_SO)
    })
    .await;
    until_true("the open page no longer says so", STEP, async || {
        !browser.text("#main").await.contains(SAYS_SO)
    })
    .await;
    assert!(browser.is_marked().await, "the page was not left");
    until_true("the log has what happened meanwhile", STEP, async || {
        history(&visitor.get(&audit).await.text().await.unwrap()) > before
    })
    .await;
    visitor.does(&format!("{page}/disconnect"), &[]).await;
    visitor.until_stage(&other.id, "disconnected", STEP).await;
    assert_eq!((stack.telescope_pid(), stack.td_host_pid()), processes, "nothing was restarted");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_while_the_database_hangs() {
    story(Cluster::freeze, Cluster::thaw).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_while_the_database_is_stopped() {
    story(Cluster::stop, Cluster::start_again).await;
}
