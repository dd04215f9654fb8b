//! `auth.*Code`: sending login codes.

use grammers_tl_types::{enums, functions::auth, types};

use super::auth::{check_app, local_number, number};
use super::{Access, Call, Methods};
use crate::backend::{CALLER, Code, Delivery, PhoneNumber};
use crate::crypto::random;
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, send_code);
    methods.add(Access::Open, resend_code);
    methods.add(Access::Open, cancel_code);
    methods.add(Access::Open, report_missing_code);
    methods.add(Access::Open, request_firebase_sms);
}

/// How a code was sent, as clients are told.
fn sent(call: &Call<'_>, number: &PhoneNumber, code: &Code) -> enums::auth::SentCode {
    let deliveries = call.backend.phones.get(number).map(|phone| &phone.deliveries);
    let next_type = code.next.first().and_then(|next| next_type(*next));
    enums::auth::SentCode::Code(types::auth::SentCode {
        r#type: sent_type(number, code, deliveries.map_or(0, |it| it.length)),
        phone_code_hash: code.hash.clone(),
        timeout: next_type.as_ref().and(deliveries.and_then(|it| it.timeout)),
        next_type,
    })
}

fn sent_type(number: &PhoneNumber, code: &Code, digits: usize) -> enums::auth::SentCodeType {
    use enums::auth::SentCodeType as Type;
    let length = i32::try_from(code.digits.len()).unwrap_or_default();
    match code.delivery {
        Delivery::App => Type::App(types::auth::SentCodeTypeApp { length }),
        Delivery::Sms => Type::Sms(types::auth::SentCodeTypeSms { length }),
        Delivery::Call => Type::Call(types::auth::SentCodeTypeCall { length }),
        Delivery::SmsWord => {
            let beginning = code.digits.chars().next().map(String::from);
            Type::SmsWord(types::auth::SentCodeTypeSmsWord { beginning })
        }
        Delivery::SmsPhrase => {
            let beginning = code.digits.split_whitespace().next().map(str::to_owned);
            Type::SmsPhrase(types::auth::SentCodeTypeSmsPhrase { beginning })
        }
        Delivery::FlashCall => {
            let pattern = format!("+{CALLER}{}", "*".repeat(digits));
            Type::FlashCall(types::auth::SentCodeTypeFlashCall { pattern })
        }
        Delivery::MissedCall => {
            let prefix = format!("+{CALLER}");
            Type::MissedCall(types::auth::SentCodeTypeMissedCall { prefix, length })
        }
        Delivery::Fragment => {
            let url = format!("https://fragment.com/login/{number}");
            Type::FragmentSms(types::auth::SentCodeTypeFragmentSms { url, length })
        }
        Delivery::FirebaseSms => Type::FirebaseSms(types::auth::SentCodeTypeFirebaseSms {
            nonce: Some(random::<24>().to_vec()),
            play_integrity_project_id: None,
            play_integrity_nonce: None,
            receipt: None,
            push_timeout: None,
            length,
        }),
    }
}

/// The next delivery as clients are told. There is no word for a message, so it can only be the first.
fn next_type(delivery: Delivery) -> Option<enums::auth::CodeType> {
    match delivery {
        Delivery::App => None,
        Delivery::Sms | Delivery::SmsWord | Delivery::SmsPhrase | Delivery::FirebaseSms => {
            Some(enums::auth::CodeType::Sms)
        }
        Delivery::Call => Some(enums::auth::CodeType::Call),
        Delivery::FlashCall => Some(enums::auth::CodeType::FlashCall),
        Delivery::MissedCall => Some(enums::auth::CodeType::MissedCall),
        Delivery::Fragment => Some(enums::auth::CodeType::FragmentSms),
    }
}

fn send_code(call: &mut Call<'_>, request: auth::SendCode) -> Result<enums::auth::SentCode, RpcError> {
    check_app(request.api_id, &request.api_hash)?;
    let number = local_number(call, &request.phone_number)?;
    let code = call.backend.send_code(&number, call.now)?;
    Ok(sent(call, &number, &code))
}

fn resend_code(call: &mut Call<'_>, request: auth::ResendCode) -> Result<enums::auth::SentCode, RpcError> {
    let number = local_number(call, &request.phone_number)?;
    let code = call.backend.resend_code(&number, &request.phone_code_hash, call.now)?;
    Ok(sent(call, &number, &code))
}

fn cancel_code(call: &mut Call<'_>, request: auth::CancelCode) -> Result<bool, RpcError> {
    let number = number(&request.phone_number)?;
    call.backend.cancel_code(&number, &request.phone_code_hash, call.now)?;
    Ok(true)
}

fn report_missing_code(call: &mut Call<'_>, request: auth::ReportMissingCode) -> Result<bool, RpcError> {
    let number = local_number(call, &request.phone_number)?;
    call.backend.code(&number, &request.phone_code_hash, call.now)?;
    call.backend.report_missing_code(&number, &request.mnc);
    Ok(true)
}

/// Sends the SMS that waits for the app's proof, which is not checked.
fn request_firebase_sms(call: &mut Call<'_>, request: auth::RequestFirebaseSms) -> Result<bool, RpcError> {
    let number = local_number(call, &request.phone_number)?;
    let code = call.backend.code(&number, &request.phone_code_hash, call.now)?.clone();
    Ok(call.backend.send_firebase_sms(&number, &code, call.now))
}
