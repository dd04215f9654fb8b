//! The methods: one file per name space, one function per method.
//!
//! A method is a function from a [`Call`] and a request of the schema to the answer that the schema defines for it, or to
//! an [`RpcError`](crate::RpcError). A request that is not in the table is answered with `400 METHOD_NOT_IMPLEMENTED`,
//! which every client survives.

mod account;
mod auth;
mod bots;
mod call;
mod codes;
mod emails;
mod help;
mod messages;
mod methods;
mod new_recovery;
mod password;
mod payments;
mod qr_login;
mod recovery;
pub(crate) mod tl;
mod updates;
mod upload;
mod users;
pub mod wrapper;

use grammers_tl_types::{Identifiable, functions, types};

pub use call::{Call, Challenges};
pub(crate) use codes::sent_update;
use methods::Access;
pub use methods::Methods;
pub(crate) use methods::parse;

use crate::backend::PhoneNumber;
use crate::bytes::Reader;

impl Methods {
    /// All methods that the server implements.
    pub fn all() -> Self {
        let mut methods = Self::default();
        help::add(&mut methods);
        auth::add(&mut methods);
        codes::add(&mut methods);
        bots::add(&mut methods);
        new_recovery::add(&mut methods);
        recovery::add(&mut methods);
        emails::add(&mut methods);
        payments::add(&mut methods);
        qr_login::add(&mut methods);
        account::add(&mut methods);
        password::add(&mut methods);
        users::add(&mut methods);
        updates::add(&mut methods);
        messages::add(&mut methods);
        upload::add(&mut methods);
        methods
    }
}

/// The number in a request that starts with one, or with a purpose that does.
pub(crate) fn number_in(body: &[u8]) -> Option<PhoneNumber> {
    use functions::account::{SendVerifyEmailCode, VerifyEmail};
    use functions::auth::{
        CancelCode, ReportMissingCode, RequestFirebaseSms, ResendCode, ResetLoginEmail, SendCode, SignIn,
        SignUp,
    };
    let mut rest = Reader(body);
    match rest.u32()? {
        SendCode::CONSTRUCTOR_ID
        | CancelCode::CONSTRUCTOR_ID
        | ReportMissingCode::CONSTRUCTOR_ID
        | ResetLoginEmail::CONSTRUCTOR_ID => {}
        SendVerifyEmailCode::CONSTRUCTOR_ID | VerifyEmail::CONSTRUCTOR_ID => {
            (rest.u32()? == types::EmailVerifyPurposeLoginSetup::CONSTRUCTOR_ID).then_some(())?;
        }
        SignIn::CONSTRUCTOR_ID
        | SignUp::CONSTRUCTOR_ID
        | ResendCode::CONSTRUCTOR_ID
        | RequestFirebaseSms::CONSTRUCTOR_ID => drop(rest.u32()?),
        _ => return None,
    }
    std::str::from_utf8(rest.string()?).ok()?.parse().ok()
}
