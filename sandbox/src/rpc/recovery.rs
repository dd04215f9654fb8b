//! Recovering the two-step password with a code by e-mail.

use grammers_tl_types::{enums, functions::auth, types};

use super::password::{new_settings, owner};
use super::{Access, Call, Methods};
use crate::backend::{AuthState, email_pattern};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, request_recovery);
    methods.add(Access::Open, check_recovery);
    methods.add(Access::Open, recover);
}

fn request_recovery(
    call: &mut Call<'_>,
    _: auth::RequestPasswordRecovery,
) -> Result<enums::auth::PasswordRecovery, RpcError> {
    let number = owner(call)?;
    let address = call.backend.send_recovery_code(&number, call.now)?;
    let email_pattern = email_pattern(&address);
    Ok(enums::auth::PasswordRecovery::Recovery(types::auth::PasswordRecovery { email_pattern }))
}

fn check_recovery(call: &mut Call<'_>, request: auth::CheckRecoveryPassword) -> Result<bool, RpcError> {
    let number = owner(call)?;
    call.backend.check_recovery_code(&number, &request.code, call.now)?;
    Ok(true)
}

/// Replaces the password, or removes it, and signs the caller in.
fn recover(
    call: &mut Call<'_>,
    request: auth::RecoverPassword,
) -> Result<enums::auth::Authorization, RpcError> {
    let number = owner(call)?;
    call.backend.check_recovery_code(&number, &request.code, call.now)?;
    let password = match request.new_settings {
        Some(settings) => new_settings(settings)?.flatten(),
        None => None,
    };
    let address = call.backend.phones.get(&number).and_then(|phone| phone.recovery_email.clone());
    call.backend.set_password(&number, password);
    call.backend.set_recovery_email(&number, address);
    match call.auth_state() {
        Some(AuthState::SignedIn(_)) => super::auth::authorization(call),
        _ => super::auth::complete_sign_in(call, &number, None),
    }
}
