//! Signing in with a QR code, as the tests' small client sees it.

use telescope_sandbox::tl::{enums, functions, types};
use telescope_sandbox::{Options, RpcError, Sandbox};

use crate::common::client::Client;
use crate::common::login::{ada, client, connect, error_text, number, sandbox, signed_in};
use crate::common::packets::PLAIN;
use crate::phones::{post, sandbox_with_page, state};

const GET_STATE: functions::updates::GetState = functions::updates::GetState {};

async fn export(client: &mut Client, except: &[i64]) -> Result<enums::auth::LoginToken, RpcError> {
    let except_ids = except.to_vec();
    let request = functions::auth::ExportLoginToken { api_id: 7, api_hash: "hash".to_owned(), except_ids };
    client.invoke(&request).await
}

async fn token(client: &mut Client, except: &[i64]) -> types::auth::LoginToken {
    match export(client, except).await.unwrap() {
        enums::auth::LoginToken::Token(token) => token,
        other => panic!("{other:?}"),
    }
}

async fn accept(client: &mut Client, token: &[u8]) -> Result<types::Authorization, RpcError> {
    let request = functions::auth::AcceptLoginToken { token: token.to_owned() };
    client.invoke(&request).await.map(|enums::Authorization::Authorization(session)| session)
}

fn is_success(answer: &enums::auth::LoginToken) -> bool {
    matches!(answer, enums::auth::LoginToken::Success(_))
}

fn link(token: &[u8]) -> String {
    use base64::Engine as _;
    format!("tg://login?token={}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token))
}

#[tokio::test]
async fn a_signed_in_client_accepts_the_token_of_another() {
    let sandbox = sandbox().await;
    let (mut phone, mut desk) = (signed_in(&sandbox, &ada()).await, client(&sandbox).await);
    let me = sandbox.inspect(|backend| backend.phones[&ada()].user_id);
    let excluded = token(&mut desk, &[me]).await;
    assert_eq!(error_text(accept(&mut phone, &excluded.token).await), "400 AUTH_TOKEN_EXCEPTION");
    assert_eq!(error_text(accept(&mut phone, b"other").await), "400 AUTH_TOKEN_INVALID");
    let shown = token(&mut desk, &[]).await;
    assert_eq!(error_text(accept(&mut desk, &shown.token).await), "401 AUTH_KEY_UNREGISTERED");
    let session = accept(&mut phone, &shown.token).await.unwrap();
    assert_eq!((session.device_model.as_str(), session.password_pending), ("Test desk", false));
    let update = desk.wait_for(|received| received.parse::<enums::Updates>().is_some()).await;
    let update = update.parse::<enums::Updates>();
    assert!(
        matches!(&update, Some(enums::Updates::UpdateShort(short)) if short.update == enums::Update::LoginToken)
    );
    assert_eq!(error_text(accept(&mut phone, &shown.token).await), "400 AUTH_TOKEN_ALREADY_ACCEPTED");
    assert!(is_success(&export(&mut desk, &[]).await.unwrap()));
    desk.invoke(&GET_STATE).await.unwrap();
    assert!(
        sandbox.inspect(|backend| backend.devices.contains_key(&session.hash)),
        "the session has the hash that the phone was told"
    );
}

#[tokio::test]
async fn a_scanned_code_signs_in_after_a_restart_and_at_the_right_data_centre() {
    let data = tempfile::tempdir().unwrap();
    let start = || Sandbox::start(Options { data: Some(data.path().to_owned()), ..Options::default() });
    let sandbox = start().await.unwrap();
    let mut desk = client(&sandbox).await;
    let shown = token(&mut desk, &[]).await;
    sandbox.set_login_token_lifetime(77).await;
    drop(sandbox);

    let sandbox = start().await.unwrap();
    let desk = desk.reconnect(connect(&sandbox, PLAIN).await);
    sandbox.scan_login_link(&ada(), &link(&shown.token)).await.unwrap();
    assert_eq!(sandbox.inspect(|backend| backend.devices.len()), 1, "the simulated phone");
    sandbox.set_dc(&ada(), Some(4)).await;
    drop(sandbox);

    let sandbox = start().await.unwrap();
    let mut desk = desk.reconnect(connect(&sandbox, PLAIN).await);
    let answer = export(&mut desk, &[]).await.unwrap();
    let enums::auth::LoginToken::MigrateTo(migrate) = answer else { panic!("{answer:?}") };
    assert_eq!((migrate.dc_id, &migrate.token), (4, &shown.token));
    sandbox.set_dc(&ada(), None).await;
    let import = functions::auth::ImportLoginToken { token: migrate.token };
    assert!(is_success(&desk.invoke(&import).await.unwrap()));
    assert_eq!(error_text(desk.invoke(&import).await), "400 AUTH_TOKEN_INVALID", "it was used");
    assert_eq!(sandbox.inspect(|backend| backend.login_tokens.lifetime), 77);
}

#[tokio::test]
async fn the_page_scans_codes_and_sets_how_long_they_are_valid() {
    let (sandbox, address) = sandbox_with_page().await;
    post(address, "/phones", "number=9996621234").await;
    let mut desk = client(&sandbox).await;
    assert_eq!(post(address, "/login-tokens", "seconds=600").await, 303);
    assert_eq!(state(address).await["login_token_lifetime"], 600);
    for wrong in ["seconds=0", "seconds=3601", "seconds=x", ""] {
        assert_eq!(post(address, "/login-tokens", wrong).await, 422, "{wrong}");
    }
    let shown = token(&mut desk, &[]).await;
    let form = format!("link={}", link(&shown.token).replace(':', "%3A").replace('?', "%3F"));
    let path = "/phones/9996621234/scan";
    assert_eq!(post(address, path, "link=nonsense").await, 422);
    sandbox.set_account(&ada(), telescope_sandbox::Account::Banned).await;
    assert_eq!(post(address, path, &form).await, 422, "a banned account accepts nothing");
    sandbox.set_account(&ada(), telescope_sandbox::Account::Registered).await;
    assert_eq!(post(address, path, &form).await, 303);
    assert_eq!(post(address, path, &form).await, 422, "once");
    assert!(is_success(&export(&mut desk, &[]).await.unwrap()));
    assert_eq!(state(address).await["phones"][0]["sessions"].as_array().unwrap().len(), 2);

    // A code that has expired is refused; the clock does it.
    let mut other = client(&sandbox).await;
    let shown = token(&mut other, &[]).await;
    sandbox.set_clock_skew(601);
    let late = sandbox.scan_login_link(&number("9996630000"), &link(&shown.token)).await;
    assert_eq!(error_text(late), "400 AUTH_TOKEN_EXPIRED");
}
