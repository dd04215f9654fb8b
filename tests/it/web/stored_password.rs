//! The account stops while a stored password is being handed over.

use std::sync::Arc;

use telescope::crypto::Purpose;
use telescope::domain::Stage;
use telescope::domain::audit::Outcome;
use telescope::ops::audit::queue;
use telescope::ops::two_step;
use telescope::store::audit::Filter;
use telescope::store::{self, StoreError};

use super::app::{ADMIN, TestApp};
use crate::support::browser::SOON;
use crate::support::waiting::until;

#[tokio::test]
async fn an_undelivered_password_is_logged_and_can_be_used_later() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    // Its stage says that it waits for the password, but its client is gone.
    let id = test.account(1, None).await;
    test.set_stage(
        id,
        Stage::WaitPassword { hint: String::new(), recovery: telescope::domain::stage::Recovery::Impossible },
    );
    let giving = tokio::spawn(two_step::run(Arc::clone(&test.app)));
    root.post(&format!("/accounts/{id}/password"), &[("password", "made up")]).await;

    let filter = Filter { code: Some("login.input.provided".into()), account: Some(id), ..Filter::default() };
    let entries = until("the intent has its outcome", SOON, async || {
        queue::flush(&test.app).await.unwrap();
        let entries = store::audit::page(&mut test.app.db.read().await.unwrap(), &filter, 10).await.unwrap();
        (entries.len() >= 2).then_some(entries)
    })
    .await;
    let [outcome, intent] = entries.as_slice() else { panic!("one intent, one outcome: {entries:?}") };
    assert_eq!((intent.outcome, outcome.outcome), (Outcome::Intent, Outcome::NotSent));
    assert_eq!(outcome.intent, Some(intent.seq));
    until("the next login may use it", SOON, async || {
        let row = id.to_string();
        let given = async |conn: &mut store::Conn<'_>| -> Result<bool, StoreError> {
            store::secrets::mark_given(conn, Purpose::TwoStepPassword, &row, 1, test.app.clock.now()).await
        };
        test.app.db.maintain(given).await.unwrap().then_some(())
    })
    .await;
    giving.abort();
}
