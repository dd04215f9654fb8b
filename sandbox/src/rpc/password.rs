//! The two-step password: its challenge, checking it, changing it.

use grammers_tl_types::functions::{account, auth};
use grammers_tl_types::{enums, types};

use super::{Access, Call, Methods};
use crate::backend::{AuthState, PhoneNumber, email_pattern};
use crate::crypto::srp::{Challenge, Password, new_salts};
use crate::crypto::{dh, random};
use crate::error::RpcError;

/// Open challenges; beyond this limit all are forgotten.
const MAX_CHALLENGES: usize = 20_000;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, get_password);
    methods.add(Access::Open, check_password);
    methods.add(Access::SignedIn, get_password_settings);
    methods.add(Access::NotFrozen, update_password_settings);
}

/// The number whose password is meant: the caller's, or the one that it is about to sign in as.
pub(super) fn owner(call: &Call<'_>) -> Result<PhoneNumber, RpcError> {
    call.backend.number_of_key(call.key).ok_or_else(|| match call.auth_state() {
        Some(AuthState::Terminated(error)) => RpcError::session_ended(error),
        _ => RpcError::unauthorized("AUTH_KEY_UNREGISTERED"),
    })
}

fn password_of(call: &Call<'_>, number: &PhoneNumber) -> Option<Password> {
    call.backend.phones.get(number)?.password.clone()
}

fn algorithm(salt1: Vec<u8>, salt2: Vec<u8>) -> enums::PasswordKdfAlgo {
    enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(
        types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow {
            salt1,
            salt2,
            g: dh::G,
            p: dh::prime_bytes().to_vec(),
        },
    )
}

/// Creates a new challenge each time. The client extends the salts for a new password with its own bytes.
fn get_password(call: &mut Call<'_>, _: account::GetPassword) -> Result<enums::account::Password, RpcError> {
    let number = owner(call)?;
    let password = password_of(call, &number);
    let challenge = password.as_ref().map(Challenge::new);
    let has_recovery = call.backend.phones.get(&number).is_some_and(|phone| phone.recovery_email.is_some());
    let phone = call.backend.phones.get(&number);
    let unconfirmed = phone.and_then(|phone| phone.new_recovery.as_ref()).map(|new| new.code.pattern());
    let reset = phone.and_then(|phone| phone.password_reset);
    let (salt1, salt2) = new_salts();
    let login_email = call.backend.phones.get(&number).and_then(|phone| phone.login_email.address.as_deref());
    let login_email_pattern = login_email.map(email_pattern);
    let answer = types::account::Password {
        has_recovery,
        has_secure_values: false,
        has_password: password.is_some(),
        current_algo: password.as_ref().map(|it| algorithm(it.salt1.clone(), it.salt2.clone())),
        srp_b: challenge.as_ref().map(|challenge| challenge.public.to_vec()),
        srp_id: challenge.as_ref().map(|challenge| challenge.id),
        hint: password.map(|it| it.hint).filter(|hint| !hint.is_empty()),
        email_unconfirmed_pattern: unconfirmed,
        new_algo: algorithm(salt1, salt2),
        new_secure_algo: enums::SecurePasswordKdfAlgo::Pbkdf2Hmacsha512iter100000(
            types::SecurePasswordKdfAlgoPbkdf2Hmacsha512iter100000 { salt: random::<8>().to_vec() },
        ),
        secure_random: random::<256>().to_vec(),
        pending_reset_date: reset.and_then(|at| i32::try_from(at).ok()),
        login_email_pattern,
    };
    if let Some(challenge) = challenge {
        if call.challenges.len() > MAX_CHALLENGES {
            call.challenges.clear();
        }
        call.challenges.insert(call.key, challenge);
    }
    Ok(enums::account::Password::Password(answer))
}

/// Checks the proof that the caller knows the password of a number. A challenge is valid for one attempt.
fn check_proof(
    call: &mut Call<'_>,
    number: &PhoneNumber,
    proof: &enums::InputCheckPasswordSrp,
) -> Result<(), RpcError> {
    let challenge = call.challenges.remove(&call.key);
    let Some(password) = password_of(call, number) else {
        return match proof {
            enums::InputCheckPasswordSrp::InputCheckPasswordEmpty => Ok(()),
            enums::InputCheckPasswordSrp::Srp(_) => Err(RpcError::bad("SRP_ID_INVALID")),
        };
    };
    let enums::InputCheckPasswordSrp::Srp(proof) = proof else {
        return Err(RpcError::bad("PASSWORD_HASH_INVALID"));
    };
    let challenge = challenge.filter(|challenge| challenge.id == proof.srp_id);
    let challenge = challenge.ok_or_else(|| RpcError::bad("SRP_ID_INVALID"))?;
    if challenge.check(&password, &proof.a, &proof.m1) {
        Ok(())
    } else {
        Err(RpcError::bad("PASSWORD_HASH_INVALID"))
    }
}

fn check_password(
    call: &mut Call<'_>,
    request: auth::CheckPassword,
) -> Result<enums::auth::Authorization, RpcError> {
    let number = owner(call)?;
    check_proof(call, &number, &request.password)?;
    super::auth::complete_sign_in(call, &number, None)
}

fn get_password_settings(
    call: &mut Call<'_>,
    request: account::GetPasswordSettings,
) -> Result<enums::account::PasswordSettings, RpcError> {
    let number = owner(call)?;
    check_proof(call, &number, &request.password)?;
    let email = call.backend.phones.get(&number).and_then(|phone| phone.recovery_email.clone());
    let settings = types::account::PasswordSettings { email, secure_settings: None };
    Ok(enums::account::PasswordSettings::Settings(settings))
}

/// Sets, changes or removes the password and the address for recovering it. A new address has to be confirmed first.
fn update_password_settings(
    call: &mut Call<'_>,
    request: account::UpdatePasswordSettings,
) -> Result<bool, RpcError> {
    let number = owner(call)?;
    check_proof(call, &number, &request.password)?;
    let enums::account::PasswordInputSettings::Settings(settings) = &request.new_settings;
    let email = settings.email.clone();
    let password = new_settings(request.new_settings)?;
    if let Some(address) = email.as_deref().filter(|address| !address.is_empty()) {
        let has_password = password_of(call, &number).is_some() || matches!(password, Some(Some(_)));
        if !has_password {
            return Err(RpcError::bad("PASSWORD_EMPTY"));
        }
        let length = call.backend.begin_recovery_email(&number, address, password.flatten(), call.now)?;
        return Err(RpcError::bad(&format!("EMAIL_UNCONFIRMED_{length}")));
    }
    if let Some(password) = password {
        call.backend.set_password(&number, password);
    }
    if email.is_some() {
        call.backend.set_recovery_email(&number, None);
    }
    Ok(true)
}

/// The new password, or `Some(None)` if it is removed; `None` if nothing changes.
pub(super) fn new_settings(
    settings: enums::account::PasswordInputSettings,
) -> Result<Option<Option<Password>>, RpcError> {
    let enums::account::PasswordInputSettings::Settings(new) = settings;
    match new.new_password_hash {
        None => Ok(None),
        Some(verifier) if verifier.is_empty() => Ok(Some(None)),
        Some(verifier) => {
            let password = new_password(new.new_algo, verifier, new.hint.unwrap_or_default())?;
            Ok(Some(Some(password)))
        }
    }
}

fn new_password(
    algorithm: Option<enums::PasswordKdfAlgo>,
    verifier: Vec<u8>,
    hint: String,
) -> Result<Password, RpcError> {
    use enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow as Known;
    let Some(Known(algorithm)) = algorithm else {
        return Err(RpcError::bad("NEW_SETTINGS_INVALID"));
    };
    let group = algorithm.g == dh::G && algorithm.p == dh::prime_bytes();
    if !group || dh::public(&verifier).is_none() || algorithm.salt1.len() > 1024 {
        return Err(RpcError::bad("NEW_SALT_INVALID"));
    }
    Ok(Password {
        hint: hint.chars().take(255).collect(),
        salt1: algorithm.salt1,
        salt2: algorithm.salt2,
        verifier,
    })
}
