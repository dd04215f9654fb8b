//! Telegram stops responding, drops all connections, and restarts. No new login is needed, and forms show an error message
//! meanwhile.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::Signal;

use crate::support::login::{ADMIN, STEP, ask, ready_account, token};
use crate::support::processes;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const SILENCE: u32 = 20;
/// A form gets a response within this time, whatever Telegram does.
const FORM: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn silence_dropped_connections_and_a_restart() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let mut accounts = Vec::new();
    for _ in 0..5 {
        accounts.push(ready_account(&stack, &visitor, None).await);
    }
    let waiting = crate::support::login::account_that_waits_for_a_code(&visitor).await;
    let asked = phones.calls_in_all("auth.sendCode").await;
    let path = format!("/accounts/{}", waiting.id);
    let token = token(&visitor, &path).await;

    phones.break_network("silence", SILENCE).await;
    let since = Instant::now();
    let form = visitor.post(&format!("{path}/provide"), &[("token", &token), ("code", "00000")]).await;
    assert!(since.elapsed() < FORM, "{:?}", since.elapsed());
    let (status, said) = (form.status(), form.text().await.unwrap());
    assert!(status.is_client_error() || status.is_server_error(), "{status}: {said}");
    assert!(said.contains("did not answer") || said.contains("Wrong code"), "{said}");

    phones.break_network("drop", 0).await;
    let server = stack.server_pid();
    processes::signal(server, Signal::KILL);
    stack.until_another_server(server).await;
    let text = "Login code: 54321. Do not give this code to anyone.";
    join_all(accounts.iter().map(|row| phones.send_message(&row.phone, text))).await;
    for row in &accounts {
        until_true("the message sent meanwhile arrived", STEP * 2, async || {
            let page = visitor.get(&format!("/accounts/{}", row.id)).await.text().await.unwrap();
            page.contains("data-stage=\"ready\"") && page.contains("login code received")
        })
        .await;
    }
    assert_eq!(phones.calls_in_all("auth.sendCode").await, asked, "no code was requested");
    // The login in progress continues.
    ask(&visitor, &waiting).await;
    visitor.until_stage(&waiting.id, "wait-code", STEP).await;
}
