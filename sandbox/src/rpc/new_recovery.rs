//! Confirming a new recovery address, and the removal of a forgotten password.

use grammers_tl_types::{enums, functions::account, types};

use super::password::owner;
use super::{Access, Call, Methods};
use crate::backend::RESET_AFTER;
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::NotFrozen, confirm);
    methods.add(Access::NotFrozen, resend);
    methods.add(Access::NotFrozen, cancel);
    methods.add(Access::NotFrozen, reset);
    methods.add(Access::NotFrozen, decline_reset);
}

fn confirm(call: &mut Call<'_>, request: account::ConfirmPasswordEmail) -> Result<bool, RpcError> {
    let number = owner(call)?;
    call.backend.confirm_recovery_email(&number, &request.code, call.now).map(|()| true)
}

fn resend(call: &mut Call<'_>, _: account::ResendPasswordEmail) -> Result<bool, RpcError> {
    let number = owner(call)?;
    call.backend.resend_recovery_email(&number, call.now).map(|()| true)
}

fn cancel(call: &mut Call<'_>, _: account::CancelPasswordEmail) -> Result<bool, RpcError> {
    let number = owner(call)?;
    call.backend.cancel_recovery_email(&number).map(|()| true)
}

/// The first request begins the wait; the one after it removes the password.
fn reset(
    call: &mut Call<'_>,
    _: account::ResetPassword,
) -> Result<enums::account::ResetPasswordResult, RpcError> {
    let number = owner(call)?;
    let phone = call.backend.phones.get(&number).filter(|phone| phone.password.is_some());
    let at = phone.ok_or_else(|| RpcError::bad("PASSWORD_EMPTY"))?.password_reset;
    if at.is_some_and(|at| at <= call.now) {
        call.backend.set_password(&number, None);
        return Ok(enums::account::ResetPasswordResult::ResetPasswordOk);
    }
    let at = at.unwrap_or(call.now + RESET_AFTER);
    call.backend.set_password_reset(&number, Some(at));
    let until_date = i32::try_from(at).unwrap_or(i32::MAX);
    Ok(types::account::ResetPasswordRequestedWait { until_date }.into())
}

fn decline_reset(call: &mut Call<'_>, _: account::DeclinePasswordReset) -> Result<bool, RpcError> {
    let number = owner(call)?;
    let is_asked = call.backend.phones.get(&number).is_some_and(|phone| phone.password_reset.is_some());
    if !is_asked {
        return Err(RpcError::bad("RESET_REQUEST_MISSING"));
    }
    call.backend.set_password_reset(&number, None);
    Ok(true)
}
