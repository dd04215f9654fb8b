//! Login e-mail: setting up an address, changing it, removing it.

use grammers_tl_types::functions::{account, auth};
use grammers_tl_types::{enums, types};

use super::auth::{local_number, number};
use super::codes::sent;
use super::{Access, Call, Methods};
use crate::backend::{Account, PhoneNumber, Stage};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, send_verify_email_code);
    methods.add(Access::Open, verify_email);
    methods.add(Access::Open, reset_login_email);
}

/// Whose address is meant; the hash is that of the login code for which it is set up.
fn owner(call: &Call<'_>, purpose: &enums::EmailVerifyPurpose) -> Result<PhoneNumber, RpcError> {
    match purpose {
        enums::EmailVerifyPurpose::LoginSetup(setup) => {
            let number = local_number(call, &setup.phone_number)?;
            let stage = call.backend.code(&number, &setup.phone_code_hash, call.now)?.stage;
            match stage {
                Stage::SetUpEmail | Stage::Email => Ok(number),
                Stage::Payment | Stage::Sent => Err(RpcError::bad("EMAIL_NOT_ALLOWED")),
            }
        }
        enums::EmailVerifyPurpose::LoginChange => match call.me()? {
            (_, me) if me.account == Account::Frozen => Err(RpcError::new(420, "FROZEN_METHOD_INVALID")),
            (number, _) => Ok(number),
        },
        enums::EmailVerifyPurpose::Passport => Err(RpcError::bad("METHOD_NOT_IMPLEMENTED")),
    }
}

/// Sends a code to a new address. TDLib leaves the address empty when it asks for another code to sign in.
fn send_verify_email_code(
    call: &mut Call<'_>,
    request: account::SendVerifyEmailCode,
) -> Result<enums::account::SentEmailCode, RpcError> {
    let number = owner(call, &request.purpose)?;
    let known = call.backend.phones.get(&number).and_then(|phone| phone.login_email.address.clone());
    let address = if request.email.is_empty() { known.unwrap_or_default() } else { request.email };
    let code = call.backend.send_login_email_code(&number, &address, call.now)?;
    Ok(enums::account::SentEmailCode::Code(types::account::SentEmailCode {
        email_pattern: code.pattern(),
        length: code.length(),
    }))
}

/// The code in what a client sends. An identity of Apple or Google is never known here.
pub(super) fn entered_code(verification: enums::EmailVerification) -> Result<String, RpcError> {
    match verification {
        enums::EmailVerification::Code(entered) => Ok(entered.code),
        enums::EmailVerification::Google(_) | enums::EmailVerification::Apple(_) => {
            Err(RpcError::bad("EMAIL_TOKEN_INVALID"))
        }
    }
}

/// Checks a code by e-mail. The address becomes that of the account, and a login goes on with a code by another way.
fn verify_email(
    call: &mut Call<'_>,
    request: account::VerifyEmail,
) -> Result<enums::account::EmailVerified, RpcError> {
    let number = owner(call, &request.purpose)?;
    let entered = entered_code(request.verification)?;
    let email = call.backend.take_login_email_code(&number, &entered, "CODE_INVALID", call.now)?;
    call.backend.set_login_address(&number, &email);
    match request.purpose {
        enums::EmailVerifyPurpose::LoginSetup(_) => {
            let code = call.backend.continue_login(&number, Stage::Sent, call.now)?;
            let sent_code = sent(call.backend, &number, &code);
            Ok(enums::account::EmailVerified::Login(types::account::EmailVerifiedLogin { email, sent_code }))
        }
        enums::EmailVerifyPurpose::LoginChange | enums::EmailVerifyPurpose::Passport => {
            Ok(enums::account::EmailVerified::Verified(types::account::EmailVerified { email }))
        }
    }
}

/// Removes the address, at once or after a time. Once it is removed, the code comes by another way.
fn reset_login_email(
    call: &mut Call<'_>,
    request: auth::ResetLoginEmail,
) -> Result<enums::auth::SentCode, RpcError> {
    let number = number(&request.phone_number)?;
    let mut code = call.backend.code(&number, &request.phone_code_hash, call.now)?.clone();
    if code.stage != Stage::Email {
        return Err(RpcError::bad("EMAIL_NOT_ALLOWED"));
    }
    if call.backend.reset_login_email(&number, call.now)? {
        code = call.backend.continue_login(&number, Stage::Sent, call.now)?;
    }
    Ok(sent(call.backend, &number, &code))
}
