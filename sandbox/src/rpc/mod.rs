//! The methods: one file per name space, one function per method.
//!
//! A method is a function from a [`Call`] and a request of the schema to the answer that the schema names for
//! it, or to an [`RpcError`]. [`Methods`] finds it by the request's first four bytes. What is not in the table
//! is refused with `400 METHOD_NOT_IMPLEMENTED`, which every client survives.

mod account;
mod auth;
mod help;
mod messages;
mod password;
pub mod tl;
mod updates;
mod users;
pub mod wrapper;

use std::collections::HashMap;
use std::net::SocketAddr;

use grammers_tl_types::{Deserializable, Identifiable, RemoteCall, Serializable, functions, name_for_id};

use crate::bytes::Reader;
use crate::crypto::KeyId;
use crate::error::RpcError;
use crate::srp::Challenge;
use crate::world::{Account, KeyKind, Number, Phone, Standing, World};

/// Open password challenges, one per key.
pub type Challenges = HashMap<KeyId, Challenge>;

/// Who calls, and what the method may look at and change.
pub struct Call<'a> {
    /// The state of the server.
    pub world: &'a mut World,
    /// Open password challenges.
    pub challenges: &'a mut Challenges,
    /// The permanent key that the caller is known by.
    pub key: KeyId,
    /// The key that the packet came with.
    pub wire_key: KeyId,
    /// The session's number.
    pub session: i64,
    /// The id of the message that holds the request.
    pub message: i64,
    /// The data centre that the caller talks to, 1 to 5.
    pub dc: i32,
    /// Seconds since 1970.
    pub now: i64,
    /// Where MTProto is spoken without a proxy.
    pub address: Option<SocketAddr>,
}

impl Call<'_> {
    /// Seconds since 1970, as the schema has them.
    pub fn date(&self) -> i32 {
        tl::date(self.now)
    }

    /// The number that the caller is signed in as.
    pub fn number(&self) -> Option<Number> {
        self.world.device_of_key(self.key).map(|(_, device)| device.number.clone())
    }

    /// Refused if the caller's key is a temporary one that stands for no permanent key yet.
    pub fn check_bound(&self) -> Result<(), RpcError> {
        match self.world.keys.get(&self.key).map(|record| record.kind) {
            Some(KeyKind::Temporary { .. }) => Err(RpcError::unauthorized("AUTH_KEY_PERM_EMPTY")),
            _ => Ok(()),
        }
    }

    /// The caller's own number and phone; refused if it is not signed in.
    pub fn me(&self) -> Result<(Number, &Phone), RpcError> {
        let refusal = || RpcError::unauthorized("AUTH_KEY_UNREGISTERED");
        let number = self.number().ok_or_else(refusal)?;
        let phone = self.world.phones.get(&number).ok_or_else(refusal)?;
        Ok((number, phone))
    }
}

/// The number that a caller is signed in as, or about to be.
pub fn number_of_key(world: &World, key: KeyId) -> Option<Number> {
    match &world.keys.get(&key)?.standing {
        Standing::PasswordPending(number) => Some(number.clone()),
        Standing::SignedIn(hash) => world.devices.get(hash).map(|device| device.number.clone()),
        Standing::Nobody | Standing::Ended(_) => None,
    }
}

/// The number in a request that begins with one.
pub fn number_in(body: &[u8]) -> Option<Number> {
    use functions::auth::{CancelCode, ResendCode, SendCode, SignIn, SignUp};
    let mut rest = Reader(body);
    match rest.u32()? {
        SendCode::CONSTRUCTOR_ID | CancelCode::CONSTRUCTOR_ID => {}
        SignIn::CONSTRUCTOR_ID | SignUp::CONSTRUCTOR_ID | ResendCode::CONSTRUCTOR_ID => drop(rest.u32()?),
        _ => return None,
    }
    Number::parse(std::str::from_utf8(rest.string()?).ok()?)
}

type Run = Box<dyn Fn(&mut Call<'_>, &[u8]) -> Result<Vec<u8>, RpcError> + Send + Sync>;

struct Method {
    access: Access,
    run: Run,
}

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Anybody, before signing in too.
    Open,
    /// Who is signed in.
    SignedIn,
    /// Who is signed in to an account that is not frozen.
    Changing,
}

/// The table of methods.
#[derive(Default)]
pub struct Methods(HashMap<u32, Method>);

impl std::fmt::Debug for Methods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Methods({})", self.0.len())
    }
}

impl Methods {
    /// All methods that this server has.
    pub fn all() -> Self {
        let mut methods = Self::default();
        help::add(&mut methods);
        auth::add(&mut methods);
        account::add(&mut methods);
        password::add(&mut methods);
        users::add(&mut methods);
        updates::add(&mut methods);
        messages::add(&mut methods);
        methods
    }

    /// Adds a method that anybody may call.
    fn open<F>(&mut self, method: fn(&mut Call<'_>, F) -> Result<F::Return, RpcError>)
    where
        F: RemoteCall<Return: Serializable> + Deserializable + Identifiable + 'static,
    {
        self.add(Access::Open, method);
    }

    /// Adds a method for those who are signed in.
    fn signed_in<F>(&mut self, method: fn(&mut Call<'_>, F) -> Result<F::Return, RpcError>)
    where
        F: RemoteCall<Return: Serializable> + Deserializable + Identifiable + 'static,
    {
        self.add(Access::SignedIn, method);
    }

    /// Adds a method that changes something, for those who are signed in.
    fn changing<F>(&mut self, method: fn(&mut Call<'_>, F) -> Result<F::Return, RpcError>)
    where
        F: RemoteCall<Return: Serializable> + Deserializable + Identifiable + 'static,
    {
        self.add(Access::Changing, method);
    }

    fn add<F>(&mut self, access: Access, method: fn(&mut Call<'_>, F) -> Result<F::Return, RpcError>)
    where
        F: RemoteCall<Return: Serializable> + Deserializable + Identifiable + 'static,
    {
        let run: Run = Box::new(move |call, body| Ok(method(call, parse(body)?)?.to_bytes()));
        self.0.insert(F::CONSTRUCTOR_ID, Method { access, run });
    }

    /// Answers a request.
    pub fn call(&self, call: &mut Call<'_>, body: &[u8]) -> Result<Vec<u8>, RpcError> {
        let id = Reader(body).u32().ok_or_else(|| RpcError::bad("INPUT_REQUEST_INVALID"))?;
        let method = self.0.get(&id);
        let access = method.map(|method| method.access);
        if access != Some(Access::Open) {
            check_signed_in(call, method.is_some())?;
        }
        if !matches!(access, Some(Access::Open | Access::SignedIn)) {
            check_not_frozen(call)?;
        }
        match method {
            Some(method) => (method.run)(call, body),
            None if name_for_id(id) == "(unknown)" => {
                Err(RpcError::new(400, format!("INPUT_METHOD_INVALID_{id}")))
            }
            None => Err(RpcError::bad("METHOD_NOT_IMPLEMENTED")),
        }
    }
}

/// A session that was ended is told so by whatever it asks. One that never was anybody's is refused only what is
/// known to need an account: clients take 401 for the end of their account.
fn check_signed_in(call: &Call<'_>, known: bool) -> Result<(), RpcError> {
    call.check_bound()?;
    match call.world.keys.get(&call.key).map(|record| &record.standing) {
        Some(Standing::SignedIn(_)) => Ok(()),
        Some(Standing::Ended(word)) => Err(RpcError::ended(word)),
        _ if known => Err(RpcError::unauthorized("AUTH_KEY_UNREGISTERED")),
        _ => Ok(()),
    }
}

/// A frozen account can be looked at and signed out of. What is not known here is taken for a change.
fn check_not_frozen(call: &Call<'_>) -> Result<(), RpcError> {
    match call.me() {
        Ok((_, phone)) if phone.account == Account::Frozen => {
            Err(RpcError::new(420, "FROZEN_METHOD_INVALID"))
        }
        _ => Ok(()),
    }
}

/// Parses a request. What follows it is ignored, as newer clients may say more.
pub fn parse<F: Deserializable + Identifiable>(body: &[u8]) -> Result<F, RpcError> {
    body.get(4..)
        .and_then(|body| F::from_bytes(body).ok())
        .ok_or_else(|| RpcError::bad("INPUT_REQUEST_INVALID"))
}
