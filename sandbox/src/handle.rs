//! Acts on a running server: used by Rust programs and by the page with the test phones.

mod logins;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use grammers_tl_types::{Deserializable, Identifiable, RemoteCall, Serializable};
use tokio::time::Instant;

use crate::backend::{
    Account, Backend, Counters, Message, NewDevice, PhoneNumber, SmsCode, generated_picture,
};
use crate::crypto::srp::Password;
use crate::error::RpcError;
use crate::network::ConnectionFault;
use crate::rpc;
use crate::server::flood::{FloodLimit, Floods};
use crate::server::injected::InjectedError;
use crate::server::{Answer, Caller, Server};

/// A handle to a running server, cheap to clone.
#[derive(Clone)]
pub struct Handle {
    server: Arc<Server>,
    floods: Arc<Floods>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({:?})", self.server.rsa)
    }
}

impl Handle {
    pub(crate) fn new(server: Arc<Server>) -> Self {
        Self { server, floods: Arc::default() }
    }

    pub(crate) fn server(&self) -> Arc<Server> {
        Arc::clone(&self.server)
    }

    /// The public key as PKCS#1 PEM, for clients to trust.
    pub fn public_key_pem(&self) -> String {
        self.server.rsa.public_pem()
    }

    /// Adds a phone with an account, if there is none with this number yet.
    pub async fn add_phone(&self, number: &PhoneNumber) {
        self.server.update(|backend, _| backend.phone(number).is_some()).await;
    }

    /// Changes the account's first name. Connected clients get an update.
    pub async fn set_first_name(&self, number: &PhoneNumber, name: &str) {
        self.server.update(|backend, now| backend.set_first_name(number, name, now)).await;
    }

    /// Sets the account's small profile picture, served as it is; `None` removes it. Connected clients get an update.
    pub async fn set_picture(&self, number: &PhoneNumber, bytes: Option<Vec<u8>>) {
        self.server.update(|backend, now| backend.set_picture(number, bytes, now)).await;
    }

    /// Sets a generated picture, another one each time. Connected clients get an update.
    pub async fn generate_picture(&self, number: &PhoneNumber) -> io::Result<()> {
        let before = self.inspect(|backend| {
            let phone = backend.phones.get(number);
            phone.map_or((0, None), |phone| (phone.user_id, phone.picture.clone()))
        });
        let (seed, before) = (before.0, before.1.map(|picture| picture.bytes));
        let mut bytes = generated_picture(seed)?;
        if before.as_ref() == Some(&bytes) {
            bytes = generated_picture(seed + 1)?;
        }
        self.set_picture(number, Some(bytes)).await;
        Ok(())
    }

    /// Sets a two-step password.
    pub async fn set_password(&self, number: &PhoneNumber, password: &str, hint: &str) {
        let password = Password::new(password, hint);
        self.server.update(|backend, _| backend.set_password(number, Some(password))).await;
    }

    /// Removes the two-step password.
    pub async fn remove_password(&self, number: &PhoneNumber) {
        self.server.update(|backend, _| backend.set_password(number, None)).await;
    }

    /// Simulates that the account is signed in on another device, so that codes come as messages from Telegram.
    pub async fn sign_in_elsewhere(&self, number: &PhoneNumber) {
        self.server.update(|backend, now| backend.sign_in_elsewhere(number, now)).await;
    }

    /// The same with a device of one's choice.
    pub async fn add_device(&self, number: &PhoneNumber, device: NewDevice) {
        self.server.update(|backend, now| backend.add_device(number, device, now)).await;
    }

    /// Sets how many seconds ago all sessions of the number began. One younger than a day may not end others.
    pub async fn age_sessions(&self, number: &PhoneNumber, seconds: i64) {
        self.server.update(|backend, now| backend.age_sessions(number, seconds, now)).await;
    }

    /// Sends a message from Telegram to all sessions of the number, and keeps it in the chat's history.
    pub async fn push_message(&self, number: &PhoneNumber, text: &str) -> Option<Message> {
        self.push_old_message(number, text, 0).await
    }

    /// The same with a message that is some seconds old, as if the sessions had been offline when it was sent.
    pub async fn push_old_message(&self, number: &PhoneNumber, text: &str, age: u32) -> Option<Message> {
        self.server.update(|backend, now| backend.post(number, text, now.saturating_sub(age.into()))).await
    }

    /// Drops the temporary keys of the number's clients, which have to create new ones. Returns their count.
    pub async fn drop_temporary_keys(&self, number: &PhoneNumber) -> usize {
        self.server.update(|backend, _| backend.drop_temporary_keys_of(number)).await
    }

    /// Sends the number messages as fast as its clients read them. This replaces a flood that runs for the number.
    pub fn flood(&self, number: &PhoneNumber, limit: FloodLimit) {
        self.floods.start(&self.server, number, limit);
    }

    /// Ends one session, by the hash that `account.getAuthorizations` gives it.
    pub async fn end_session(&self, hash: i64) -> bool {
        self.server.update(|backend, _| backend.end_session(hash, "SESSION_REVOKED")).await
    }

    /// Ends all sessions of the number. Connected clients notice.
    pub async fn revoke(&self, number: &PhoneNumber) {
        self.revoke_with_error(number, "SESSION_REVOKED").await;
    }

    /// Ends all sessions of the number; their next calls fail with this error, such as `SESSION_EXPIRED`.
    pub async fn revoke_with_error(&self, number: &PhoneNumber, error: &str) {
        self.server.update(|backend, _| backend.end_all_sessions(number, error)).await;
    }

    /// Sets whether the number has an account, and whether that is banned, deleted or frozen.
    pub async fn set_account(&self, number: &PhoneNumber, account: Account) {
        self.server.update(|backend, now| backend.set_account(number, account, now)).await;
    }

    /// Sets what the number's codes by SMS consist of, from the next code on.
    pub async fn set_sms_code(&self, number: &PhoneNumber, form: SmsCode) {
        self.server.update(|backend, _| backend.set_sms_code(number, form)).await;
    }

    /// Assigns the number to a data centre, 1 to 5: the others redirect to it. `None`: each of them serves it.
    pub async fn set_dc(&self, number: &PhoneNumber, dc: Option<i32>) {
        self.server.update(|backend, _| backend.set_dc(number, dc)).await;
    }

    /// Expires the code that was sent last. `false` if there is none.
    pub async fn expire_code(&self, number: &PhoneNumber) -> bool {
        self.server.update(|backend, _| backend.expire_code(number)).await
    }

    /// Holds back all output for this time, to one number or to all. Requests are carried out meanwhile. A duration of
    /// zero ends the silence.
    pub fn silence(&self, number: Option<&PhoneNumber>, duration: Duration) {
        self.server.network.silence(number.cloned(), duration, Instant::now());
    }

    /// Breaks all open connections, or those of one number. Returns their count.
    pub fn break_connections(&self, fault: ConnectionFault, number: Option<&PhoneNumber>) -> usize {
        self.server.break_connections(fault, number)
    }

    /// Closes all connections and accepts none for this time. A duration of zero ends the outage.
    pub fn go_down(&self, duration: Duration) {
        self.server.network.go_down(duration, Instant::now());
    }

    /// Sets the server's clock fast by this many seconds; slow if they are negative.
    pub fn set_clock_skew(&self, seconds: i64) {
        self.server.set_clock_skew(seconds);
    }

    /// How often each method was called.
    pub fn requests(&self) -> Counters {
        self.inspect(|backend| backend.counters.clone())
    }

    /// Lets the next `times` calls of a method fail; `*` stands for every method. With a number, only its calls.
    pub fn inject_error(&self, method: &str, number: Option<&PhoneNumber>, error: RpcError, times: u32) {
        let method = method.to_owned();
        self.server.injected_errors.add(InjectedError { method, number: number.cloned(), error, times });
    }

    /// Reads the whole state.
    pub fn inspect<T>(&self, inspect: impl FnOnce(&Backend) -> T) -> T {
        self.server.inspect(inspect)
    }

    /// Overrides a method. The last override of a method counts.
    pub fn on<F>(&self, answer: impl Fn(&Caller, F) -> Answer<F::Return> + Send + Sync + 'static)
    where
        F: RemoteCall<Return: Serializable> + Deserializable + Identifiable,
    {
        let answer = move |caller: &Caller, body: &[u8]| match rpc::parse::<F>(body) {
            Err(error) => Answer::Error(error),
            Ok(request) => match answer(caller, request) {
                Answer::Value(value) => Answer::Value(value.to_bytes()),
                Answer::Error(error) => Answer::Error(error),
                Answer::Default => Answer::Default,
                Answer::NoReply => Answer::NoReply,
            },
        };
        self.server.set_override(F::CONSTRUCTOR_ID, Arc::new(answer));
    }
}
