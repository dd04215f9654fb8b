//! The page of tasks: a few that matter on top, the others folded, filtered and on pages.

use std::time::Duration;

use telescope::domain::job::{JobKind, JobRecord, JobState};
use telescope::domain::{AccountId, JobId, Millis};
use telescope::store::{self, Conn, StoreError};
use telescope::tasks;
use telescope::tasks::supervisor::Supervisor;

use super::app::{ADMIN, Answer, TestApp, Visitor};
use crate::support::waiting::until;

const SOON: Duration = Duration::from_secs(30);
/// More than are kept in memory.
const FINISHED: usize = 260;

fn job(account: AccountId, state: JobState, error: Option<&str>, actor: &str) -> JobRecord {
    JobRecord {
        id: JobId::generate(),
        kind: JobKind::RemoveAccount,
        args: account.to_string(),
        cursor: Some("log-out".into()),
        state,
        attempts: 0,
        not_before: Millis(4_000_000_000_000),
        error: error.map(str::to_owned),
        actor: actor.into(),
        created: Millis(1_700_000_000_000),
    }
}

async fn page(root: &Visitor, path: &str) -> Answer {
    root.get(path).await
}

#[tokio::test]
async fn tasks_are_filtered_and_finished_ones_folded_and_on_pages() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    assert!(root.get("/jobs").await.texts("#jobs .nothing").concat().contains("Nothing running"));
    let (one, other) = (test.account(1, None).await, test.account(2, None).await);
    let mut all: Vec<JobRecord> =
        (0..FINISHED).map(|_| job(other, JobState::Done, None, "old@example.org")).collect();
    all.push(job(one, JobState::Waiting, None, ADMIN));
    all.push(job(one, JobState::Waiting, Some("Telegram can't be reached."), "system:telescope"));
    let fill = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        for job in &all {
            store::jobs::insert(conn, job).await?;
        }
        Ok(())
    };
    test.app.db.maintain(fill).await.unwrap();
    let running = tasks::all(&test.app).into_iter().filter(|task| task.name == "jobs");
    let supervisor = Supervisor::start(&test.app, running.collect::<Vec<_>>());
    let first = until("the tasks are read", SOON, async || {
        let page = page(&root, "/jobs").await;
        page.has(".jobs li").then_some(page)
    })
    .await;
    supervisor.stop().await;

    assert_eq!(first.texts(".jobs li").len(), 2, "what goes on is on top");
    assert!(
        first.texts(".jobs li").concat().contains("Started by Telescope"),
        "{:?}",
        first.texts(".jobs li")
    );
    assert_eq!(first.texts(".jobs-done li").len(), 50);
    assert!(first.has("details.finished:not([open])"), "what is over is folded");
    // Page after page, each task once.
    let (mut seen, mut next) = (50, first.attributes("a[rel=next]", "href"));
    while let Some(older) = next.pop() {
        let page = page(&root, &older).await;
        assert!(page.has("details.finished[open]"), "{older}");
        let live = page.attributes("#live", "hx-sse:connect");
        assert!(!live.iter().any(|it| it.starts_with("/jobs")), "what is over does not change: {live:?}");
        seen += page.texts(".jobs-done li").len();
        assert!(seen <= FINISHED, "{older}");
        next = page.attributes("a[rel=next]", "href");
    }
    assert_eq!(seen, FINISHED);

    let failing = page(&root, "/jobs?state=failing").await;
    assert_eq!((failing.texts(".jobs li").len(), failing.has(".finished")), (1, false));
    assert_eq!(failing.texts(".chips [aria-current]"), ["Needs attention 1"]);
    assert!(failing.attributes("#live", "hx-sse:connect")[0].starts_with("/jobs/events?state=failing&"));
    let found = page(&root, "/jobs?q=20001").await;
    assert_eq!((found.texts(".jobs li").len(), found.texts(".jobs-done li").len()), (2, 0));
    let found = page(&root, "/jobs?q=OLD@&state=finished").await;
    assert_eq!((found.has(".jobs li"), found.texts(".jobs-done li").len()), (false, 50));
    assert_eq!(found.attributes("#q", "value"), ["OLD@"]);
    assert!(page(&root, "/jobs?q=no+one").await.texts("#jobs").concat().contains("No matching tasks"));
}
