//! Sandboxes, and clients that sign in to them.

use telescope_sandbox::tl::{enums, types};
use telescope_sandbox::{Options, PhoneNumber, RpcError, Sandbox};

use super::client::Client;
use super::key_exchange::{DEFAULT_EXCHANGE, exchange_keys};
use super::packets::{PLAIN, PacketStream, Transport};
use super::requests;

pub async fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).await.unwrap()
}

pub fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

/// The number that most tests use.
pub fn ada() -> PhoneNumber {
    number("9996621234")
}

pub async fn connect(sandbox: &Sandbox, transport: Transport) -> PacketStream {
    let address = if transport.socks { sandbox.socks_address() } else { sandbox.mtproto_address() };
    PacketStream::connect(address, transport).await
}

pub async fn client(sandbox: &Sandbox) -> Client {
    client_over(sandbox, PLAIN).await
}

pub async fn client_over(sandbox: &Sandbox, transport: Transport) -> Client {
    let mut stream = connect(sandbox, transport).await;
    let (key, salt) = exchange_keys(&mut stream, &sandbox.public_key_pem(), DEFAULT_EXCHANGE).await;
    Client::new(stream, key, salt)
}

/// A client that is signed in.
pub async fn signed_in(sandbox: &Sandbox, number: &PhoneNumber) -> Client {
    let mut client = client(sandbox).await;
    sign_in(&mut client, number).await.unwrap();
    client
}

pub async fn sign_in(
    client: &mut Client,
    number: &PhoneNumber,
) -> Result<enums::auth::Authorization, RpcError> {
    let sent = send_code(client, number.as_str()).await?;
    let code = number.fixed_code().unwrap();
    sign_in_with_code(client, number.as_str(), &sent.phone_code_hash, &code).await
}

pub async fn send_code(client: &mut Client, number: &str) -> Result<types::auth::SentCode, RpcError> {
    match client.invoke(&requests::send_code(number)).await? {
        enums::auth::SentCode::Code(sent) => Ok(sent),
        other => panic!("{other:?}"),
    }
}

pub async fn sign_in_with_code(
    client: &mut Client,
    number: &str,
    hash: &str,
    code: &str,
) -> Result<enums::auth::Authorization, RpcError> {
    client.invoke(&requests::sign_in(number, hash, code)).await
}

/// The name of the error.
pub fn error_text<T: std::fmt::Debug>(result: Result<T, RpcError>) -> String {
    result.unwrap_err().to_string()
}
