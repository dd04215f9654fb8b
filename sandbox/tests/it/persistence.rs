//! Stored state: keys, sessions and messages outlive the server.

use std::path::Path;

use telescope_sandbox::tl::functions;
use telescope_sandbox::{Options, Sandbox};

use crate::common::client::Client;
use crate::common::login::{ada, client, connect, send_code, sign_in_with_code, signed_in};
use crate::common::packets::PLAIN;

async fn sandbox_in(data: &Path) -> Sandbox {
    let options = Options { data: Some(data.to_owned()), ..Options::default() };
    Sandbox::start(options).await.unwrap()
}

const GET_STATE: functions::updates::GetState = functions::updates::GetState {};

#[tokio::test]
async fn a_session_continues_after_the_server_is_dropped() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = sandbox_in(data.path()).await;
    let before = signed_in(&sandbox, &ada()).await;
    sandbox.push_message(&ada(), "kept").await.unwrap();
    let pem = sandbox.public_key_pem();
    drop(sandbox);

    let sandbox = sandbox_in(data.path()).await;
    assert_eq!(sandbox.public_key_pem(), pem);
    let mut after = Client::new(connect(&sandbox, PLAIN).await, before.key, before.salt);
    after.is_introduced = true;
    after.invoke(&GET_STATE).await.unwrap();
    assert_eq!(sandbox.inspect(|backend| backend.phones[&ada()].messages[0].text.clone()), "kept");
    assert_eq!(sandbox.requests().total("auth.sendCode"), 1, "counters are kept as well");
}

#[tokio::test]
async fn a_login_continues_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = sandbox_in(data.path()).await;
    sandbox.set_password(&ada(), "secret", "").await;
    let mut before = client(&sandbox).await;
    let sent = send_code(&mut before, "9996621234").await.unwrap();
    drop(sandbox);

    let sandbox = sandbox_in(data.path()).await;
    let mut after = before.reconnect(connect(&sandbox, PLAIN).await);
    let entered = sign_in_with_code(&mut after, "9996621234", &sent.phone_code_hash, "22222").await;
    assert_eq!(entered.unwrap_err().name, "SESSION_PASSWORD_NEEDED");
    drop(sandbox);

    let sandbox = sandbox_in(data.path()).await;
    let mut after = after.reconnect(connect(&sandbox, PLAIN).await);
    after.invoke(&functions::account::GetPassword {}).await.unwrap();
}

#[tokio::test]
async fn a_damaged_state_prevents_the_start() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("state.json"), "[]").unwrap();
    let options = Options { data: Some(data.path().to_owned()), ..Options::default() };
    let error = Sandbox::start(options).await.unwrap_err().to_string();
    assert!(error.contains("not the state of a sandbox"), "{error}");
}
