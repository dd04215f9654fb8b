//! `auth.*`: signing in and out, temporary keys.

use grammers_tl_types::{Cursor, Deserializable, enums, functions::auth, types};

use super::{Access, Call, Methods, tl};
use crate::backend::{Account, AuthState, PhoneNumber};
use crate::bytes::Reader;
use crate::crypto::{KeyId, decrypt_v1, message_key_v1, random_id};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, sign_in);
    methods.add(Access::Open, sign_up);
    methods.add(Access::Open, bind_temp_auth_key);
    methods.add(Access::Open, drop_temp_auth_keys);
    methods.add(Access::SignedIn, log_out);
    methods.add(Access::NotFrozen, reset_authorizations);
}

pub(super) fn check_app(api_id: i32, api_hash: &str) -> Result<(), RpcError> {
    if api_id <= 0 || api_hash.is_empty() {
        return Err(RpcError::bad("API_ID_INVALID"));
    }
    Ok(())
}

pub(super) fn number(text: &str) -> Result<PhoneNumber, RpcError> {
    text.parse().map_err(|_| RpcError::bad("PHONE_NUMBER_INVALID"))
}

/// The number of a request; fails if another data centre serves it.
pub(super) fn local_number(call: &Call<'_>, text: &str) -> Result<PhoneNumber, RpcError> {
    let number = number(text)?;
    match call.backend.phones.get(&number).and_then(|phone| phone.dc) {
        Some(dc) if dc != call.dc => Err(RpcError::new(303, format!("PHONE_MIGRATE_{dc}"))),
        _ => Ok(number),
    }
}

fn sign_in(call: &mut Call<'_>, request: auth::SignIn) -> Result<enums::auth::Authorization, RpcError> {
    call.check_bound()?;
    let number = local_number(call, &request.phone_number)?;
    let hash = &request.phone_code_hash;
    if let Some(verification) = request.email_verification {
        let code = super::emails::entered_code(verification)?;
        call.backend.check_email_code(&number, hash, &code, call.now)?;
    } else {
        let code = request.phone_code.unwrap_or_default();
        call.backend.check_code(&number, hash, &code, call.now)?;
    }
    finish_sign_in(call, &number, None)
}

/// Signs the caller in, unless the account's password is missing or there is no account. `hash` is that of the session,
/// if it is already known.
pub(super) fn finish_sign_in(
    call: &mut Call<'_>,
    number: &PhoneNumber,
    hash: Option<i64>,
) -> Result<enums::auth::Authorization, RpcError> {
    let Some(phone) = call.backend.phones.get(number) else {
        return Err(RpcError::bad("PHONE_NUMBER_UNOCCUPIED"));
    };
    match (phone.account, &phone.password) {
        (Account::Banned, _) => Err(RpcError::bad("PHONE_NUMBER_BANNED")),
        (Account::Unregistered | Account::Deactivated, _) => {
            Ok(enums::auth::Authorization::SignUpRequired(types::auth::AuthorizationSignUpRequired {
                terms_of_service: Some(super::help::terms_of_service()),
            }))
        }
        (Account::Registered | Account::Frozen, Some(_)) => {
            call.backend.forget_code(number);
            call.backend.set_auth_state(call.key, AuthState::PasswordPending(number.clone()));
            Err(RpcError::unauthorized("SESSION_PASSWORD_NEEDED"))
        }
        (Account::Registered | Account::Frozen, None) => complete_sign_in(call, number, hash),
    }
}

/// Signs the caller in, after its code or password was checked.
pub(super) fn complete_sign_in(
    call: &mut Call<'_>,
    number: &PhoneNumber,
    hash: Option<i64>,
) -> Result<enums::auth::Authorization, RpcError> {
    call.backend.sign_in_with_hash(call.key, number, hash.unwrap_or_else(random_id), call.now);
    authorization(call)
}

/// The caller, who is signed in.
pub(super) fn authorization(call: &Call<'_>) -> Result<enums::auth::Authorization, RpcError> {
    let (number, phone) = call.me()?;
    let authorization = types::auth::Authorization {
        setup_password_required: false,
        otherwise_relogin_days: None,
        tmp_sessions: None,
        future_auth_token: None,
        user: tl::own_user(&number, phone),
    };
    Ok(enums::auth::Authorization::Authorization(authorization))
}

/// Creates an account for a number that has none, after its code was checked.
fn sign_up(call: &mut Call<'_>, request: auth::SignUp) -> Result<enums::auth::Authorization, RpcError> {
    call.check_bound()?;
    let number = local_number(call, &request.phone_number)?;
    if !call.backend.code(&number, &request.phone_code_hash, call.now)?.confirmed {
        return Err(RpcError::bad("PHONE_CODE_INVALID"));
    }
    let first_name = request.first_name.trim();
    if first_name.is_empty() || first_name.chars().count() > 64 {
        return Err(RpcError::bad("FIRSTNAME_INVALID"));
    }
    if request.last_name.chars().count() > 64 {
        return Err(RpcError::bad("LASTNAME_INVALID"));
    }
    match call.backend.phones.get_mut(&number) {
        Some(phone) if phone.account.is_missing() => {
            phone.account = Account::Registered;
            first_name.clone_into(&mut phone.first_name);
            request.last_name.trim().clone_into(&mut phone.last_name);
        }
        _ => return Err(RpcError::bad("PHONE_NUMBER_OCCUPIED")),
    }
    complete_sign_in(call, &number, None)
}

fn log_out(call: &mut Call<'_>, _: auth::LogOut) -> Result<enums::auth::LoggedOut, RpcError> {
    call.backend.sign_out_key(call.key, "AUTH_KEY_UNREGISTERED");
    call.backend.set_auth_state(call.key, AuthState::SignedOut);
    let answer = types::auth::LoggedOut { future_auth_token: None };
    Ok(enums::auth::LoggedOut::Out(answer))
}

/// Ends all sessions but the caller's.
fn reset_authorizations(call: &mut Call<'_>, _: auth::ResetAuthorizations) -> Result<bool, RpcError> {
    let (number, _) = call.me()?;
    super::account::check_not_fresh(call)?;
    let own = call.backend.device_of_key(call.key).map(|(hash, _)| hash);
    let others: Vec<_> = call.backend.devices_of(&number).map(|(hash, _)| hash).collect();
    for hash in others.into_iter().filter(|hash| Some(*hash) != own) {
        call.backend.end_session(hash, "SESSION_REVOKED");
    }
    Ok(true)
}

/// Drops the caller's other temporary keys, except those in the request. Clients repeat this call for ever if it fails,
/// so it never does.
fn drop_temp_auth_keys(call: &mut Call<'_>, request: auth::DropTempAuthKeys) -> Result<bool, RpcError> {
    let mut except: Vec<_> = request.except_auth_keys.into_iter().map(KeyId).collect();
    except.push(call.packet_key);
    call.backend.drop_temporary_keys(call.key, &except);
    Ok(true)
}

/// Binds the key of this packet to a permanent one. The proof is a small message, encrypted with the permanent key, that
/// repeats the content of the request.
fn bind_temp_auth_key(call: &mut Call<'_>, request: auth::BindTempAuthKey) -> Result<bool, RpcError> {
    let invalid = || RpcError::bad("ENCRYPTED_MESSAGE_INVALID");
    let permanent = KeyId(request.perm_auth_key_id);
    let inner = decrypt_binding(call, permanent, &request.encrypted_message).ok_or_else(invalid)?;
    let claimed = (request.nonce, request.perm_auth_key_id, request.expires_at);
    let is_proven = (inner.nonce, inner.perm_auth_key_id, inner.expires_at) == claimed
        && (inner.temp_auth_key_id, inner.temp_session_id) == (call.packet_key.0, call.session);
    if is_proven && call.backend.bind(call.packet_key, permanent, i64::from(request.expires_at)) {
        Ok(true)
    } else {
        Err(invalid())
    }
}

fn decrypt_binding(call: &Call<'_>, permanent: KeyId, message: &[u8]) -> Option<types::BindAuthKeyInner> {
    let record = call.backend.keys.get(&permanent)?;
    let mut rest = Reader(message);
    let key_id = rest.i64()?;
    let message_key = rest.array::<16>()?;
    let plain = decrypt_v1(&record.key, &message_key, rest.0)?;
    let mut rest = Reader(&plain);
    let (_random, message_id, _seqno) = (rest.array::<16>()?, rest.i64()?, rest.i32()?);
    let length = rest.length(plain.len())?;
    let body = rest.take(length)?;
    let covered = plain.get(..plain.len() - rest.0.len())?;
    let is_valid =
        key_id == permanent.0 && message_key_v1(covered) == message_key && message_id == call.message;
    let inner = enums::BindAuthKeyInner::deserialize(&mut Cursor::from_slice(body)).ok()?;
    let enums::BindAuthKeyInner::Inner(inner) = inner;
    is_valid.then_some(inner)
}
