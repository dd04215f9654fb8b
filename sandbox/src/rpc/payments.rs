//! `payments.*`: buying Telegram Premium, which a login can depend on. Every receipt is taken as genuine.

use grammers_tl_types::functions::payments;
use grammers_tl_types::{enums, types};

use super::auth::local_number;
use super::{Access, Call, Methods, codes, tl};
use crate::backend::{PhoneNumber, Stage};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, can_purchase);
    methods.add(Access::Open, assign_app_store);
    methods.add(Access::Open, assign_play_market);
}

/// The number whose login is paid for.
fn payer(call: &Call<'_>, purpose: &enums::InputStorePaymentPurpose) -> Result<PhoneNumber, RpcError> {
    let enums::InputStorePaymentPurpose::InputStorePaymentAuthCode(purpose) = purpose else {
        return Err(RpcError::bad("INPUT_PURPOSE_INVALID"));
    };
    let number = local_number(call, &purpose.phone_number)?;
    match call.backend.code(&number, &purpose.phone_code_hash, call.now)?.stage {
        Stage::Payment => Ok(number),
        Stage::SetUpEmail | Stage::Email | Stage::Sent => Err(RpcError::bad("INPUT_PURPOSE_INVALID")),
    }
}

fn can_purchase(call: &mut Call<'_>, request: payments::CanPurchaseStore) -> Result<bool, RpcError> {
    payer(call, &request.purpose).map(|_| true)
}

fn assign_app_store(
    call: &mut Call<'_>,
    request: payments::AssignAppStoreTransaction,
) -> Result<enums::Updates, RpcError> {
    pay(call, &request.purpose)
}

fn assign_play_market(
    call: &mut Call<'_>,
    request: payments::AssignPlayMarketTransaction,
) -> Result<enums::Updates, RpcError> {
    pay(call, &request.purpose)
}

/// The login goes on; the update says how its code was sent.
fn pay(call: &mut Call<'_>, purpose: &enums::InputStorePaymentPurpose) -> Result<enums::Updates, RpcError> {
    let number = payer(call, purpose)?;
    call.backend.set_premium_required(&number, false, call.now);
    let update = codes::sent_update(call.backend, &number, call.now);
    let nothing = || {
        enums::Updates::UpdateShort(types::UpdateShort {
            update: enums::Update::Config,
            date: tl::date(call.now),
        })
    };
    Ok(update.unwrap_or_else(nothing))
}
