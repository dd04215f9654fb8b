//! Observing a stack from outside: how many accounts are ready and connected, how many codes were requested, whether the
//! audit log verifies.

use std::time::{Duration, Instant};

use telescope::crypto::Keys;
use telescope::store::{self, Db};

use crate::common::setting;
use crate::report::Report;
use crate::support::phones::Phones;
use crate::support::stack::{Home, Stack};
use crate::support::visitor::Visitor;

/// How long accounts may take to be ready again.
pub fn recovery() -> Duration {
    Duration::from_secs(setting("SOAK_PATIENCE", 120))
}

/// The polling interval.
const LOOK: Duration = Duration::from_millis(50);

/// How many accounts a query finds.
pub async fn count(visitor: &Visitor, query: &str) -> usize {
    let page = visitor.get(&format!("/accounts?{query}")).await.text().await.unwrap();
    // With several pages the total is below the table.
    let said = page.split("id=\"pager\"").nth(1).and_then(|it| it.split_once(" of "));
    let said = said.and_then(|(_, rest)| rest.split('<').next()?.parse().ok());
    said.unwrap_or_else(|| page.matches("<tr id=\"account-").count())
}

/// Waits until a query finds this many; returns the seconds it took, or None after `limit`.
pub async fn until_count(visitor: &Visitor, query: &str, wanted: usize, limit: Duration) -> Option<f64> {
    let began = Instant::now();
    while began.elapsed() < limit {
        if count(visitor, query).await == wanted {
            return Some(began.elapsed().as_secs_f64());
        }
        tokio::time::sleep(LOOK).await;
    }
    None
}

/// The host's process, if one is running.
pub fn td_host(stack: &Stack) -> Option<i32> {
    stack.parts().iter().find(|part| part.runs("td-host")).map(|part| part.pid)
}

/// How many codes were requested from Telegram.
pub async fn codes_asked(phones: &Phones) -> u64 {
    phones.calls_in_all("auth.sendCode").await + phones.calls_in_all("auth.resendCode").await
}

/// Checks that the audit log verifies, while nothing runs.
pub async fn audit_log(home: &Home, report: &mut Report, part: &str) {
    let keys = Keys::load(None, None, &home.folder().join("data")).unwrap();
    let db = Db::open(&home.dsn()).await.unwrap();
    let verified = store::audit::verify(&mut db.read().await.unwrap(), &keys, None).await.unwrap();
    db.close().await;
    let seen = match verified.faults.first() {
        Some(fault) => format!("{} faults, the first: {fault:?}", verified.faults.len()),
        None => format!("{} entries", verified.entries),
    };
    let kept = verified.faults.is_empty() && verified.entries > 0;
    report.promise(&format!("{part}: the audit log verifies"), &seen, kept);
}
