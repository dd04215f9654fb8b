//! What several stories need.

use telescope_sandbox::tl::{enums, functions, types};
use telescope_sandbox::{Number, Options, RpcError, Sandbox, number};

use crate::client::Client;
use crate::exchange::{USUAL, exchange_keys};
use crate::wire::{PLAIN, Way, Wire};

pub async fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).await.unwrap()
}

/// A number of the tests.
pub fn ada() -> Number {
    number("9996621234").unwrap()
}

pub async fn wire(sandbox: &Sandbox, way: Way) -> Wire {
    let address = if way.socks { sandbox.socks_address() } else { sandbox.mtproto_address() };
    Wire::connect(address, way).await
}

pub async fn client(sandbox: &Sandbox) -> Client {
    client_by(sandbox, PLAIN).await
}

pub async fn client_by(sandbox: &Sandbox, way: Way) -> Client {
    let mut wire = wire(sandbox, way).await;
    let (key, salt) = exchange_keys(&mut wire, &sandbox.public_key_pem(), USUAL).await;
    Client::new(wire, key, salt)
}

/// A client that is signed in.
pub async fn signed_in(sandbox: &Sandbox, number: &Number) -> Client {
    let mut client = client(sandbox).await;
    sign_in(&mut client, number).await.unwrap();
    client
}

pub async fn sign_in(client: &mut Client, number: &Number) -> Result<enums::auth::Authorization, RpcError> {
    let sent = send_code(client, number.as_str()).await?;
    let code = number.fixed_code().unwrap();
    enter(client, number.as_str(), &sent.phone_code_hash, &code).await
}

pub async fn send_code(client: &mut Client, number: &str) -> Result<types::auth::SentCode, RpcError> {
    let request = functions::auth::SendCode {
        phone_number: number.to_owned(),
        api_id: 7,
        api_hash: "hash".to_owned(),
        settings: enums::CodeSettings::Settings(types::CodeSettings {
            allow_flashcall: false,
            current_number: false,
            allow_app_hash: false,
            allow_missed_call: false,
            allow_firebase: false,
            unknown_number: false,
            logout_tokens: None,
            token: None,
            app_sandbox: None,
        }),
    };
    match client.invoke(&request).await? {
        enums::auth::SentCode::Code(sent) => Ok(sent),
        other => panic!("{other:?}"),
    }
}

pub async fn enter(
    client: &mut Client,
    number: &str,
    hash: &str,
    code: &str,
) -> Result<enums::auth::Authorization, RpcError> {
    let request = functions::auth::SignIn {
        phone_number: number.to_owned(),
        phone_code_hash: hash.to_owned(),
        phone_code: Some(code.to_owned()),
        email_verification: None,
    };
    client.invoke(&request).await
}

/// The name of the error.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, RpcError>) -> String {
    result.unwrap_err().to_string()
}
