//! A handle to a running server: what Rust programs and the page of phones do to it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use grammers_tl_types::{Deserializable, Identifiable, RemoteCall, Serializable};

use tokio::time::Instant;

use crate::error::RpcError;
use crate::flood::FloodEnd;
use crate::network::Breakage;
use crate::rpc;
use crate::server::{Answer, Refusal, Server, Session};
use crate::srp::Password;
use crate::world::{Account, Counters, Message, Number, World};

/// A handle to a running server: cheap to clone, and all that is needed to act on it.
#[derive(Clone)]
pub struct Handle {
    pub(crate) server: Arc<Server>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({:?})", self.server.rsa)
    }
}

impl Handle {
    /// The public key as PKCS#1 PEM, for clients to trust.
    pub fn public_key_pem(&self) -> String {
        self.server.rsa.public_pem()
    }

    /// The number by which clients know the public key.
    pub fn key_fingerprint(&self) -> i64 {
        self.server.rsa.fingerprint()
    }

    /// Makes a phone with an account, if there is none of this number yet.
    pub async fn add_phone(&self, number: &Number) {
        self.server.act(|world, _| world.phone(number).is_some()).await;
    }

    /// Gives the person another first name. Clients that are connected hear of it at once.
    pub async fn set_first_name(&self, number: &Number, name: &str) {
        self.server.act(|world, now| world.set_first_name(number, name, now)).await;
    }

    /// Sets a two-step password.
    pub async fn set_password(&self, number: &Number, password: &str, hint: &str) {
        let password = Password::new(password, hint);
        self.server.act(|world, _| world.set_password(number, Some(password))).await;
    }

    /// Removes the two-step password.
    pub async fn remove_password(&self, number: &Number) {
        self.server.act(|world, _| world.set_password(number, None)).await;
    }

    /// Pretends that the account is signed in on another phone, so that codes come as messages from Telegram.
    pub async fn sign_in_elsewhere(&self, number: &Number) {
        self.server.act(|world, now| world.sign_in_elsewhere(number, now)).await;
    }

    /// Sends a message from Telegram to all sessions of the number, and keeps it in the chat's history.
    pub async fn push_message(&self, number: &Number, text: &str) -> Option<Message> {
        self.server.act(|world, now| world.post(number, text, now)).await
    }

    /// The same with a message that is some seconds old, as if the sessions had been away when it was sent.
    pub async fn push_old_message(&self, number: &Number, text: &str, age: u32) -> Option<Message> {
        self.server.act(|world, now| world.post(number, text, now.saturating_sub(age.into()))).await
    }

    /// Forgets the temporary keys of the number's clients, which have to make new ones. Gives how many they were.
    pub async fn drop_temporary_keys(&self, number: &Number) -> usize {
        self.server.act(|world, _| world.drop_temporary_keys_of(number)).await
    }

    /// Sends the number messages as fast as its clients take them. One flood of a number ends with the next.
    pub fn flood(&self, number: &Number, end: FloodEnd) {
        self.server.floods.start(&self.server, number, end);
    }

    /// Ends one session by its hash.
    pub async fn end_session(&self, hash: i64) -> bool {
        self.server.act(|world, _| world.end_device(hash, "SESSION_REVOKED")).await
    }

    /// Ends all sessions of the number. Connected clients are made to notice.
    pub async fn revoke(&self, number: &Number) {
        self.revoke_because(number, "SESSION_REVOKED").await;
    }

    /// Ends all sessions of the number; their next calls are refused with this word, such as `SESSION_EXPIRED`.
    pub async fn revoke_because(&self, number: &Number, word: &str) {
        self.server.act(|world, _| world.end_all(number, word)).await;
    }

    /// Says whether the number has an account, and whether that is banned, deleted or frozen.
    pub async fn set_account(&self, number: &Number, account: Account) {
        self.server.act(|world, now| world.set_account(number, account, now)).await;
    }

    /// Puts the number at a data centre, 1 to 5: the others send it there. `None`: each of them serves it.
    pub async fn set_dc(&self, number: &Number, dc: Option<i32>) {
        self.server.act(|world, _| world.set_dc(number, dc)).await;
    }

    /// The code that is out is too old from now on. `false` if there is none.
    pub async fn expire_code(&self, number: &Number) -> bool {
        self.server.act(|world, _| world.expire_code(number)).await
    }

    /// Says nothing for so long, to one number or to everybody: what comes in is read and carried out, the answers
    /// wait. No time at all ends it.
    pub fn silence(&self, number: Option<&Number>, length: Duration) {
        self.server.network.silence(number.cloned(), length, Instant::now());
    }

    /// Breaks all open connections, or those of one number. Gives how many they are.
    pub fn break_connections(&self, breakage: Breakage, number: Option<&Number>) -> usize {
        self.server.break_lines(breakage, number)
    }

    /// Closes all connections and takes none for so long. No time at all ends it.
    pub fn go_down(&self, length: Duration) {
        self.server.network.go_down(length, Instant::now());
    }

    /// Lets the server's clock be fast by so many seconds; slow if they are negative.
    pub fn set_clock_skew(&self, seconds: i64) {
        self.server.set_skew(seconds);
    }

    /// How often each method was called.
    pub fn requests(&self) -> Counters {
        self.server.lock().world.counters.clone()
    }

    /// Lets the next so many calls of a method fail, or of any if it is `*`; with a number, only its calls.
    pub fn refuse(&self, method: &str, number: Option<&Number>, error: RpcError, times: u32) {
        self.server.order(Refusal { method: method.to_owned(), number: number.cloned(), error, times });
    }

    /// Looks at the whole state.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.server.lock().world)
    }

    /// Puts another answer in the place of a method's usual one. The last override of a method counts.
    pub fn on<F>(&self, decide: impl Fn(&Session, F) -> Answer<F::Return> + Send + Sync + 'static)
    where
        F: RemoteCall<Return: Serializable> + Deserializable + Identifiable,
    {
        let decide = move |session: &Session, body: &[u8]| match rpc::parse::<F>(body) {
            Err(error) => Answer::Refuse(error),
            Ok(request) => match decide(session, request) {
                Answer::Give(answer) => Answer::Give(answer.to_bytes()),
                Answer::Refuse(error) => Answer::Refuse(error),
                Answer::Usual => Answer::Usual,
                Answer::Never => Answer::Never,
            },
        };
        let mut overrides = self.server.overrides.write().unwrap_or_else(PoisonError::into_inner);
        overrides.insert(F::CONSTRUCTOR_ID, Arc::new(decide));
    }
}
