//! Many people with an open list of many accounts while accounts change constantly. The viewers are plain connections;
//! rendering in a browser is measured elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use telescope::domain::{Account, AccountId, DesiredState, Email, Millis, Phone};
use telescope::store::{self, Conn, Db, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::common::{accounts, median, percentile, process, setting};
use crate::report::{Goal, Report};
use crate::support::login::ADMIN;
use crate::support::stack::Stack;
use crate::support::visitor::{Visitor, attribute};
use crate::support::waiting::until_true;

const VIEWERS: u64 = 1000;
const ACCOUNTS: u64 = 10_000;
/// Changes per second.
const RATE: u64 = 10;
const SECONDS: u64 = 30;
/// Accounts that change in turn; each is logged in first. There are enough that no name is replaced before it was sent,
/// which would count as lost.
const CHANGING: u16 = 40;
/// Connections that are opened concurrently.
const AT_ONCE: usize = 50;
const PATIENCE: Duration = Duration::from_secs(120);
/// How long after the last change every viewer must have all changes.
const LATE: Duration = Duration::from_secs(10);
/// The prefix of each new name; its number and a dot follow.
const MARK: &str = "Change-";
const MIB: f64 = 1024.0 * 1024.0;

async fn many(db: &Db, count: u64) {
    db.maintain(async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        for number in 0..count {
            // After the numbers of logged-in accounts, and spread over two of Telegram's data centres.
            let phone =
                Phone::test(1 + u8::try_from(number % 2).unwrap(), u16::try_from(100 + number / 2).unwrap());
            let account = Account {
                id: AccountId::generate(),
                identifier: phone.into(),
                owner: Some(Email::parse(&format!("person{}@example.org", number % 200)).unwrap()),
                comment: format!("Desk {number}"),
                groups: Vec::new(),
                wanted: DesiredState::Disconnected,
                folder: format!("folder-{number}"),
                created: Millis(1_700_000_000_000),
            };
            store::accounts::insert(conn, &account).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

/// Measures, and adds the results to the report.
pub async fn run(report: &mut Report) {
    let (viewers, count) = (setting("BENCH_VIEWERS", VIEWERS), setting("BENCH_ACCOUNTS", ACCOUNTS));
    let pushes = usize::try_from(RATE * setting("BENCH_SECONDS", SECONDS)).unwrap();
    let settings = [("LOG", "info".to_owned()), ("STREAMS_PER_USER", (viewers + 10).to_string())];
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    let mut stack = Stack::prepare(settings.to_vec());
    let db = stack.home().open_db().await;
    many(&db, count).await;
    db.close().await;
    stack.start_again().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let mut numbers = Vec::new();
    for number in 1..=CHANGING {
        numbers.push(accounts::sign_in(&visitor, number).await);
    }

    let page = visitor.get("/accounts").await.text().await.unwrap();
    let live = page.split("<div ").find(|tag| tag.starts_with("id=\"live\"")).expect("a live list");
    let path = attribute(live, "hx-sse:connect").unwrap().replace("&amp;", "&");
    let before = process::pss(stack.telescope_pid());
    let open = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut watching = JoinSet::new();
    for viewer in 0..viewers {
        let connection = Connection::open(&stack, &visitor, &path).await;
        watching.spawn(connection.watch(Arc::clone(&open), began, pushes));
        if (viewer + 1) % u64::try_from(AT_ONCE).unwrap() == 0 {
            let wanted = usize::try_from(viewer + 1).unwrap();
            until_true("the connections are open", PATIENCE, async || open.load(Ordering::Relaxed) >= wanted)
                .await;
        }
    }
    let wanted = usize::try_from(viewers).unwrap();
    until_true("all connections are open", PATIENCE, async || open.load(Ordering::Relaxed) == wanted).await;

    let pid = stack.telescope_pid();
    let (used, pushing) = (process::cpu_seconds(pid), Instant::now());
    let sent = push_all(&stack, &numbers, pushes, began).await;
    let cores = (process::cpu_seconds(pid) - used) / pushing.elapsed().as_secs_f64();
    let memory = process::pss(pid);
    let (mut delays, mut lost) = (Vec::new(), 0);
    for seen in watching.join_all().await {
        for (sent, seen) in sent.iter().zip(seen) {
            match seen {
                Some(seen) => delays.push((seen - *sent).as_secs_f64() * 1000.0),
                None => lost += 1,
            }
        }
    }
    stack.stop().await;
    tell(
        report,
        &format!("{viewers} viewers, {count} accounts, {RATE} changes per second"),
        delays,
        lost,
        cores,
    );
    report.alone("memory (PSS) of the server at the end", "MiB", memory / MIB, Goal::None);
    #[allow(clippy::cast_precision_loss, reason = "a number of viewers")]
    let each = (memory - before) / 1024.0 / viewers as f64;
    report.alone("memory (PSS) per additional viewer", "KiB", each, Goal::None);
}

fn tell(report: &mut Report, what: &str, delays: Vec<f64>, lost: u32, cores: f64) {
    let (middle, most) = (median(delays.clone()), percentile(delays, 95));
    report.alone(&format!("{what}: processor"), "% of a core", cores * 100.0, Goal::AtMost(60.0));
    report.alone("push to viewer, median", "ms", middle, Goal::AtMost(50.0));
    report.alone("push to viewer, 95th percentile", "ms", most, Goal::AtMost(150.0));
    report.alone("messages lost", "", f64::from(lost), Goal::AtMost(0.0));
}

/// Gives the accounts new names at a steady rate; returns when each was sent.
async fn push_all(stack: &Stack, numbers: &[String], pushes: usize, began: Instant) -> Vec<Duration> {
    let mut ticks = tokio::time::interval(Duration::from_millis(1000 / RATE));
    let mut sent = Vec::new();
    let mut pushing = JoinSet::new();
    for push in 0..pushes {
        ticks.tick().await;
        let (phones, number) = (stack.phones(), numbers[push % numbers.len()].clone());
        sent.push(began.elapsed());
        pushing.spawn(async move { phones.set_name(&number, &format!("{MARK}{push}.")).await });
    }
    pushing.join_all().await;
    sent
}

/// A viewer's stream.
struct Connection(TcpStream);

impl Connection {
    async fn open(stack: &Stack, visitor: &Visitor, path: &str) -> Self {
        let address = stack.url("").trim_start_matches("http://").to_owned();
        let mut connection = TcpStream::connect(&address).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {}\r\n\r\n", visitor.cookie());
        connection.write_all(request.as_bytes()).await.unwrap();
        Self(connection)
    }

    /// When each change arrived, until all have arrived or no more do.
    async fn watch(
        mut self,
        open: Arc<AtomicUsize>,
        began: Instant,
        changes: usize,
    ) -> Vec<Option<Duration>> {
        let mut seen = vec![None; changes];
        let mut read = Vec::with_capacity(64 * 1024);
        let mut is_open = false;
        while seen.iter().any(Option::is_none) {
            // Before the first change, other viewers are still connecting.
            let patience = if seen.iter().any(Option::is_some) { LATE } else { PATIENCE };
            let reading = tokio::time::timeout(patience, self.0.read_buf(&mut read));
            match reading.await {
                Ok(Ok(bytes)) if bytes > 0 => {}
                _ => break,
            }
            if !is_open && read.windows(4).any(|it| it == b"data") {
                assert!(read.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&read));
                is_open = true;
                open.fetch_add(1, Ordering::Relaxed);
            }
            let now = began.elapsed();
            note(&read, &mut seen, now);
            // A mark may continue in the next chunk.
            let kept = read.len().min(MARK.len() + 8);
            read.drain(..read.len() - kept);
        }
        seen
    }
}

/// Records every complete mark in `bytes`.
fn note(bytes: &[u8], seen: &mut [Option<Duration>], now: Duration) {
    let mark = MARK.as_bytes();
    for at in bytes.windows(mark.len()).enumerate().filter(|(_, it)| *it == mark).map(|(at, _)| at) {
        let rest = &bytes[at + mark.len()..];
        let Some(end) = rest.iter().take(8).position(|byte| *byte == b'.') else { continue };
        let number = std::str::from_utf8(&rest[..end]).ok().and_then(|it| it.parse::<usize>().ok());
        if let Some(place) = number.and_then(|number| seen.get_mut(number)) {
            place.get_or_insert(now);
        }
    }
}
