//! `auth.*`: codes, signing in and out, temporary keys.

use grammers_tl_types::{Cursor, Deserializable, enums, functions::auth, types};

use super::{Call, Methods, tl};
use crate::bytes::Reader;
use crate::crypto::{KeyId, decrypt_v1, message_key_v1};
use crate::error::RpcError;
use crate::world::{Account, Number, SentBy, Standing};

pub(super) fn add(methods: &mut Methods) {
    methods.open(send_code);
    methods.open(resend_code);
    methods.open(cancel_code);
    methods.open(sign_in);
    methods.open(sign_up);
    methods.open(bind_temp_auth_key);
    methods.open(drop_temp_auth_keys);
    methods.signed_in(log_out);
    methods.changing(reset_authorizations);
}

fn number(text: &str) -> Result<Number, RpcError> {
    Number::parse(text).ok_or_else(|| RpcError::bad("PHONE_NUMBER_INVALID"))
}

/// The number of a request, if this data centre serves it.
fn served_here(call: &Call<'_>, text: &str) -> Result<Number, RpcError> {
    let number = number(text)?;
    match call.world.phones.get(&number).and_then(|phone| phone.dc) {
        Some(dc) if dc != call.dc => Err(RpcError::new(303, format!("PHONE_MIGRATE_{dc}"))),
        _ => Ok(number),
    }
}

fn sent(hash: &str, length: usize, by: SentBy) -> enums::auth::SentCode {
    let length = i32::try_from(length).unwrap_or_default();
    let (r#type, next_type) = match by {
        SentBy::App => (
            enums::auth::SentCodeType::App(types::auth::SentCodeTypeApp { length }),
            Some(enums::auth::CodeType::Sms),
        ),
        SentBy::Sms => (enums::auth::SentCodeType::Sms(types::auth::SentCodeTypeSms { length }), None),
    };
    enums::auth::SentCode::Code(types::auth::SentCode {
        r#type,
        phone_code_hash: hash.to_owned(),
        next_type,
        timeout: None,
    })
}

fn send_code(call: &mut Call<'_>, asked: auth::SendCode) -> Result<enums::auth::SentCode, RpcError> {
    if asked.api_id <= 0 || asked.api_hash.is_empty() {
        return Err(RpcError::bad("API_ID_INVALID"));
    }
    let number = served_here(call, &asked.phone_number)?;
    let (code, by) = call.world.send_code(&number, call.now)?;
    Ok(sent(&code.hash, code.digits.len(), by))
}

fn resend_code(call: &mut Call<'_>, asked: auth::ResendCode) -> Result<enums::auth::SentCode, RpcError> {
    let number = served_here(call, &asked.phone_number)?;
    let code = call.world.resend_code(&number, &asked.phone_code_hash, call.now)?;
    Ok(sent(&code.hash, code.digits.len(), SentBy::Sms))
}

fn cancel_code(call: &mut Call<'_>, asked: auth::CancelCode) -> Result<bool, RpcError> {
    let number = number(&asked.phone_number)?;
    call.world.cancel_code(&number, &asked.phone_code_hash, call.now)?;
    Ok(true)
}

fn sign_in(call: &mut Call<'_>, asked: auth::SignIn) -> Result<enums::auth::Authorization, RpcError> {
    call.check_bound()?;
    let number = served_here(call, &asked.phone_number)?;
    let typed = asked.phone_code.unwrap_or_default();
    call.world.check_code(&number, &asked.phone_code_hash, &typed, call.now)?;
    let Some(phone) = call.world.phones.get(&number) else {
        return Err(RpcError::bad("PHONE_NUMBER_UNOCCUPIED"));
    };
    match (phone.account, &phone.password) {
        (Account::Banned, _) => Err(RpcError::bad("PHONE_NUMBER_BANNED")),
        (Account::Unregistered | Account::Deactivated, _) => {
            Ok(enums::auth::Authorization::SignUpRequired(types::auth::AuthorizationSignUpRequired {
                terms_of_service: None,
            }))
        }
        (Account::Registered | Account::Frozen, Some(_)) => {
            call.world.forget_code(&number);
            call.world.set_standing(call.key, Standing::PasswordPending(number));
            Err(RpcError::unauthorized("SESSION_PASSWORD_NEEDED"))
        }
        (Account::Registered | Account::Frozen, None) => enter(call, &number),
    }
}

/// Signs the caller in, whatever proved that it may.
pub(super) fn enter(call: &mut Call<'_>, number: &Number) -> Result<enums::auth::Authorization, RpcError> {
    call.world.sign_in(call.key, number, call.now);
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

/// Makes an account for a number that has none, after its code was right.
fn sign_up(call: &mut Call<'_>, asked: auth::SignUp) -> Result<enums::auth::Authorization, RpcError> {
    call.check_bound()?;
    let number = served_here(call, &asked.phone_number)?;
    if !call.world.code(&number, &asked.phone_code_hash, call.now)?.confirmed {
        return Err(RpcError::bad("PHONE_CODE_INVALID"));
    }
    let first_name = asked.first_name.trim();
    if first_name.is_empty() || first_name.chars().count() > 64 {
        return Err(RpcError::bad("FIRSTNAME_INVALID"));
    }
    if asked.last_name.chars().count() > 64 {
        return Err(RpcError::bad("LASTNAME_INVALID"));
    }
    match call.world.phones.get_mut(&number) {
        Some(phone) if phone.account.is_missing() => {
            phone.account = Account::Registered;
            first_name.clone_into(&mut phone.first_name);
            asked.last_name.trim().clone_into(&mut phone.last_name);
        }
        _ => return Err(RpcError::bad("PHONE_NUMBER_OCCUPIED")),
    }
    enter(call, &number)
}

fn log_out(call: &mut Call<'_>, _: auth::LogOut) -> Result<enums::auth::LoggedOut, RpcError> {
    call.world.end_key(call.key, "AUTH_KEY_UNREGISTERED");
    call.world.set_standing(call.key, Standing::Nobody);
    let answer = types::auth::LoggedOut { future_auth_token: None };
    Ok(enums::auth::LoggedOut::Out(answer))
}

/// Ends all sessions but the caller's.
fn reset_authorizations(call: &mut Call<'_>, _: auth::ResetAuthorizations) -> Result<bool, RpcError> {
    let (number, _) = call.me()?;
    let own = call.world.device_of_key(call.key).map(|(hash, _)| hash);
    let others: Vec<_> = call.world.devices_of(&number).map(|(hash, _)| hash).collect();
    for hash in others.into_iter().filter(|hash| Some(*hash) != own) {
        call.world.end_device(hash, "SESSION_REVOKED");
    }
    Ok(true)
}

/// Drops the caller's other temporary keys, but not those that it names. Clients repeat this call for ever if it
/// fails, so it never does.
fn drop_temp_auth_keys(call: &mut Call<'_>, asked: auth::DropTempAuthKeys) -> Result<bool, RpcError> {
    let mut except: Vec<_> = asked.except_auth_keys.into_iter().map(KeyId).collect();
    except.push(call.wire_key);
    call.world.drop_temporary_keys(call.key, &except);
    Ok(true)
}

/// Lets the key of this packet stand for a permanent one. The proof is a small message under the permanent key
/// that repeats what this request says.
fn bind_temp_auth_key(call: &mut Call<'_>, asked: auth::BindTempAuthKey) -> Result<bool, RpcError> {
    let refusal = || RpcError::bad("ENCRYPTED_MESSAGE_INVALID");
    let permanent = KeyId(asked.perm_auth_key_id);
    let inner = open_binding(call, permanent, &asked.encrypted_message).ok_or_else(refusal)?;
    let claimed = (asked.nonce, asked.perm_auth_key_id, asked.expires_at);
    let proven = (inner.nonce, inner.perm_auth_key_id, inner.expires_at) == claimed
        && (inner.temp_auth_key_id, inner.temp_session_id) == (call.wire_key.0, call.session);
    if proven && call.world.bind(call.wire_key, permanent, i64::from(asked.expires_at)) {
        Ok(true)
    } else {
        Err(refusal())
    }
}

fn open_binding(call: &Call<'_>, permanent: KeyId, message: &[u8]) -> Option<types::BindAuthKeyInner> {
    let record = call.world.keys.get(&permanent)?;
    let mut rest = Reader(message);
    let key_id = rest.i64()?;
    let message_key = rest.array::<16>()?;
    let plain = decrypt_v1(&record.key, &message_key, rest.0)?;
    let mut rest = Reader(&plain);
    let (_random, message_id, _seqno) = (rest.array::<16>()?, rest.i64()?, rest.i32()?);
    let length = rest.length(plain.len())?;
    let body = rest.take(length)?;
    let covered = plain.get(..plain.len() - rest.0.len())?;
    let right = key_id == permanent.0 && message_key_v1(covered) == message_key && message_id == call.message;
    let inner = enums::BindAuthKeyInner::deserialize(&mut Cursor::from_slice(body)).ok()?;
    let enums::BindAuthKeyInner::Inner(inner) = inner;
    right.then_some(inner)
}
