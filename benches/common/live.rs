//! A list's stream without a browser.

use std::time::Duration;

use telescope::clock::Clock;

use crate::support::visitor::Visitor;

/// The timeout of every wait.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Live {
    answer: reqwest::Response,
    read: Vec<u8>,
}

impl Live {
    /// Opens the stream of the list with this query.
    pub async fn open(visitor: &Visitor, query: &str) -> Self {
        let answer = visitor.stream(&format!("/accounts/events?{query}")).await;
        assert_eq!(answer.status(), 200);
        Self { answer, read: Vec::new() }
    }

    /// The next message, with its fields; None once the stream has ended.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\n\n") {
                let message = self.read.drain(..end + 2).collect();
                return Some(String::from_utf8(message).unwrap());
            }
            self.read.extend_from_slice(&self.answer.chunk().await.ok()??);
        }
    }

    /// Reads until `seen` returns true for a message; returns when that was, in milliseconds since 1970.
    pub async fn until(&mut self, what: &str, mut seen: impl FnMut(&str) -> bool) -> i64 {
        let reading = async {
            while let Some(message) = self.next().await {
                if seen(&message) {
                    return Clock::System.now().0;
                }
            }
            panic!("{what}: the stream ended");
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("{what}: not in time"))
    }

    /// Reads until this many accounts are ready.
    pub async fn until_ready(&mut self, count: usize) -> i64 {
        self.until(&format!("{count} accounts are ready"), |message| ready(message) == Some(count)).await
    }
}

/// The number of ready accounts, if the message contains it.
fn ready(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once("stage=ready\"")?;
    rest.split_once("class=\"number\">")?.1.split('<').next()?.parse().ok()
}
