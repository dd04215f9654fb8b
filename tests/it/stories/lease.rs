//! Two servers on one database. The second waits while the first is alive, and takes over when the first is suspended; when
//! the first continues, it notices that it has lost the lease.

use std::time::Duration;

use rustix::process::Signal;
use telescope::config::Dsn;
use telescope::crypto::{Keys, MasterKey};
use telescope::store::audit::{self, CheckpointFile, Entry, Filter};
use telescope::store::lease::{self, Lease};
use telescope::store::{Conn, Db};

use crate::support::login::{ADMIN, STEP, ready_account};
use crate::support::postgres::Cluster;
use crate::support::processes::{self, kill_hard, signal};
use crate::support::second::Second;
use crate::support::sqlite;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::{until, until_true};

const KEY: &str = "correct horse battery staple 123";
/// The lease's life, plus time for a busy machine.
const TAKING_OVER: Duration = Duration::from_secs(120);
/// How long a td-host with a suspended parent may keep a folder, plus the next retry.
const FOLDER_IS_FREE: Duration = Duration::from_secs(180);

const WAITS: &str = "Another server is active on this database";

async fn row(db: &Db) -> Lease {
    lease::get(&mut db.read().await.unwrap()).await.unwrap()
}

/// The whole audit log, the newest entry first.
async fn audit_log(conn: &mut Conn<'_>) -> Vec<Entry> {
    audit::page(conn, &Filter::default(), 1000).await.unwrap()
}

async fn status(second: &Second) -> u16 {
    reqwest::get(second.url("/ready")).await.map_or(0, |answer| answer.status().as_u16())
}

/// The second answers every request with the standby page.
async fn it_waits_and_says_so(stack: &Stack, second: &Second, visitor: &Visitor) {
    until_true("the second answers", STEP, async || status(second).await == 503).await;
    let page = visitor.get("/accounts").await;
    assert_eq!((page.status().as_u16(), page.headers()["retry-after"].as_bytes()), (503, &b"5"[..]));
    assert!(page.text().await.unwrap().contains(WAITS));
    let form = visitor.post("/accounts/add-test", &[]).await;
    assert_eq!(form.status(), 503);
    assert!(form.text().await.unwrap().contains(WAITS));
    let said = format!("process={} ", stack.telescope_pid());
    until_true("the log says who is active", STEP, async || {
        let log = second.log();
        log.lines().any(|line| line.contains("another Telescope is active") && line.contains(&said))
    })
    .await;
}

/// Which processes of the first server are suspended.
#[derive(PartialEq, Eq)]
enum Suspended {
    /// Only Telescope: its td-host exits after a while.
    Telescope,
    /// The td-host, too, so that it keeps the accounts' folders until it is killed.
    TdHostToo,
}

/// Suspends the first server, outside a write: otherwise it would keep SQLite's lock, and no other server could take over
/// until it is killed or continues. Postgres ends such a transaction itself.
async fn suspend(stack: &Stack, dsn: &Dsn, server: i32) {
    let Dsn::Sqlite(_) = dsn else { return processes::suspend(server).await };
    until_true("the first is suspended outside of a transaction", STEP, async || {
        processes::suspend(server).await;
        let unlocked = sqlite::is_unlocked(&stack.data("telescope.db")).await;
        if !unlocked {
            signal(server, Signal::CONT);
        }
        unlocked
    })
    .await;
}

async fn story(dsn: Option<String>, suspended: Suspended) {
    let mut settings = vec![("TWO_FACTOR_ENCRYPTION_KEY", KEY)];
    settings.extend(dsn.as_deref().map(|dsn| ("DB_DSN", dsn)));
    let mut stack = Stack::start_with_settings(&settings).await;
    let dsn =
        dsn.map_or_else(|| Dsn::in_folder(&stack.folder().join("data")), |dsn| Dsn::parse(&dsn).unwrap());
    let db = Db::connect(&dsn).await.unwrap();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let phones = stack.phones();

    let mut second = Second::start(&stack);
    let elsewhere = visitor.at(second.url(""));
    it_waits_and_says_so(&stack, &second, &elsewhere).await;
    // For longer than the lease's life.
    for renewal in 0..4 {
        let before = row(&db).await;
        until_true("the first renews", STEP, async || row(&db).await != before).await;
        assert_eq!(row(&db).await.epoch, before.epoch, "renewal {renewal}");
    }
    assert_eq!(status(&second).await, 503);
    assert_eq!(visitor.rows().await, std::slice::from_ref(&account), "the first is not affected");

    let (first, host) = (stack.telescope_pid(), stack.td_host_pid());
    suspend(&stack, &dsn, first).await;
    if suspended == Suspended::TdHostToo {
        processes::suspend(host).await;
    }
    // A request to the first while it is suspended. It will read it when it continues.
    let late = visitor.clone();
    let page = format!("/accounts/{}/disconnect", account.id);
    let late = tokio::spawn(async move { late.try_post(&page, &[]).await });
    until_true("the second takes over", TAKING_OVER, async || status(&second).await == 200).await;
    if suspended == Suspended::TdHostToo {
        let page = format!("/accounts/{}", account.id);
        until_true("the account says what it waits for", FOLDER_IS_FREE, async || {
            let page = elsewhere.get(&page).await.text().await.unwrap();
            page.contains("Another program is using this account") && page.contains("tries again")
        })
        .await;
        kill_hard(host);
    }
    elsewhere.until_stage(&account.id, "ready", FOLDER_IS_FREE).await;
    assert_eq!(phones.calls_in_all("auth.sendCode").await, 1, "no code was requested again");
    let held = row(&db).await;
    assert_eq!(held.epoch, 2);
    // The account may have passed other stages, which are entries as well.
    let written = until("the second has written that the account is ready", STEP, async || {
        let log = audit_log(&mut db.read().await.unwrap()).await;
        let started = log.iter().position(|entry| entry.code == "telescope.started")?;
        let stage = log[..started].iter().find(|entry| entry.code == "account.stage")?;
        stage.details.as_deref()?.contains("\"ready\"").then_some(log)
    })
    .await;

    let head = CheckpointFile::in_folder(&stack.folder().join("data"));
    until_true("the second has written the checkpoint", STEP, async || {
        head.read().unwrap().is_some_and(|head| head.seq == written[0].seq)
    })
    .await;

    signal(first, Signal::CONT);
    let ended = stack.until_ended().await;
    assert!(!ended.success(), "{ended}");
    if let Ok(answer) = late.await.unwrap() {
        let status = answer.status();
        assert_eq!(status, 503, "{}", answer.text().await.unwrap());
    }
    let log = stack.log();
    assert!(log.contains("another Telescope has taken over this database"), "it says why");
    assert!(!log.contains("panicked"));
    let mut conn = db.read().await.unwrap();
    assert_eq!(audit_log(&mut conn).await, written, "the first has written nothing");
    assert_eq!(head.read().unwrap().unwrap().seq, written[0].seq, "nor its file");
    let keys = Keys::new(&MasterKey::parse(KEY).unwrap(), None);
    assert_eq!(audit::verify(&mut conn, &keys, None).await.unwrap().faults, []);
    drop(conn);

    assert_eq!(row(&db).await.epoch, held.epoch);
    assert_eq!(elsewhere.rows().await, [account], "the second keeps working");
    assert!(second.stop().await.success());
    assert_eq!(row(&db).await.holder, "", "given back");
    let last = audit_log(&mut db.read().await.unwrap()).await.swap_remove(0);
    assert_eq!(last.code, "telescope.stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_takes_over_from_a_suspended_one() {
    story(None, Suspended::Telescope).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_takes_over_on_postgres_too() {
    let cluster = Cluster::start();
    story(Some(cluster.dsn("postgres", "two_servers")), Suspended::TdHostToo).await;
}
