//! More open pages than allowed per person: the last one says so, and becomes live when another is closed.

use std::time::Duration;

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, added_account, row, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

/// How long a page without a live connection may take to get one, on a busy machine.
const NEXT_TRY: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn a_page_too_many_says_so_until_another_is_closed() {
    let stack = Stack::start_with_settings(&[("STREAMS_PER_USER", "1")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let one = Browser::open(Scripts::On).await;
    sign_in(&one, &stack).await;
    let first = added_account(&visitor).await;
    one.until_shown(&row(&first.phone), STEP).await;

    let other = Browser::open(Scripts::On).await;
    sign_in(&other, &stack).await;
    other.find(&row(&first.phone)).await;
    until_true("the other says so", STEP, async || {
        other.text("#live-state").await.starts_with("Too many open tabs")
    })
    .await;
    let second = added_account(&visitor).await;
    one.until_shown(&row(&second.phone), STEP).await;
    assert!(!other.has(&row(&second.phone)).await, "it is not live");

    one.close().await;
    until_true("the other is live", NEXT_TRY, async || other.has(&row(&second.phone)).await).await;
    until_true("it no longer says so", STEP, async || other.has("#live-state:empty").await).await;
    other.close().await;
}
