//! Pages per second compared with a static file: what rendering a page costs in addition to sending bytes.

use std::time::{Duration, Instant};

use telescope::domain::{Account, AccountId, DesiredState, Email, Millis, Phone};
use telescope::store::{self, Conn, Db, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::report::{Goal, Report};
use crate::support::login::ADMIN;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

const ACCOUNTS: u16 = 1000;
/// Concurrent keep-alive connections.
const CONNECTIONS: usize = 8;
const TIME: Duration = Duration::from_secs(5);

async fn many(db: &Db) {
    db.maintain(async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        for number in 1..=ACCOUNTS {
            let account = Account {
                id: AccountId::generate(),
                identifier: Phone::test(1, number).into(),
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
    let stack = Stack::start_with(many).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let page = visitor.get("/accounts").await.text().await.unwrap();
    let script =
        page.split("<script ").nth(1).and_then(|tag| tag.split('"').find(|it| it.starts_with("/static/")));
    let script = script.expect("the page has a script");
    let (mut pages, mut files) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        pages.push(rate(&stack, &visitor, "/accounts").await);
        files.push(rate(&stack, &visitor, script).await);
    }
    let middle = |all: &[(f64, usize)]| crate::common::median(all.iter().map(|it| it.0).collect());
    let what = format!(
        "requests per second: the page of {ACCOUNTS} accounts ({} kB) compared with its script ({} kB)",
        pages[0].1 / 1000,
        files[0].1 / 1000
    );
    report.beside(&what, "/s", middle(&pages), middle(&files), Goal::None);
}

/// Responses per second over all connections, and the size of one in bytes.
async fn rate(stack: &Stack, visitor: &Visitor, path: &str) -> (f64, usize) {
    let address = stack.url("").trim_start_matches("http://").to_owned();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {}\r\n\r\n", visitor.cookie());
    let began = Instant::now();
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (address, request) = (address.clone(), request.clone());
        connections.spawn(async move {
            let mut connection = TcpStream::connect(address).await.unwrap();
            let (mut answers, mut bytes) = (0_u32, 0);
            while began.elapsed() < TIME {
                connection.write_all(request.as_bytes()).await.unwrap();
                bytes = answer(&mut connection).await;
                answers += 1;
            }
            (answers, bytes)
        });
    }
    let all = connections.join_all().await;
    let answers: u32 = all.iter().map(|it| it.0).sum();
    (f64::from(answers) / began.elapsed().as_secs_f64(), all[0].1)
}

/// Reads one response; returns the size of its body.
async fn answer(connection: &mut TcpStream) -> usize {
    let mut read = Vec::with_capacity(256 * 1024);
    loop {
        assert!(connection.read_buf(&mut read).await.unwrap() > 0, "the connection ended");
        let Some(head) = read.windows(4).position(|it| it == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&read[..head]).unwrap().to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).expect("a length");
        let length: usize = length.trim().parse().unwrap();
        while read.len() < head + 4 + length {
            assert!(connection.read_buf(&mut read).await.unwrap() > 0, "the connection ended");
        }
        return length;
    }
}
