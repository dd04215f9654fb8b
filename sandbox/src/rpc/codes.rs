//! `auth.*Code`: sending login codes.

use grammers_tl_types::{enums, functions::auth, types};

use super::auth::{check_app, local_number, number};
use super::{Access, Call, Methods, tl};
use crate::backend::{
    Backend, CALLER, Code, Delivery, EmailCode, LoginEmail, PhoneNumber, Stage, email_pattern,
};
use crate::crypto::random;
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, send_code);
    methods.add(Access::Open, resend_code);
    methods.add(Access::Open, cancel_code);
    methods.add(Access::Open, report_missing_code);
    methods.add(Access::Open, request_firebase_sms);
}

/// How a code was sent, or what is needed first, as clients are told.
pub(super) fn sent(backend: &Backend, number: &PhoneNumber, code: &Code) -> enums::auth::SentCode {
    let phone = backend.phones.get(number);
    let deliveries = phone.map(|phone| &phone.deliveries);
    let email = phone.map(|phone| phone.login_email.clone()).unwrap_or_default();
    let next_type = code.next.first().and_then(|next| next_type(*next));
    let r#type = match code.stage {
        Stage::Payment => return payment_required(code),
        Stage::SetUpEmail => {
            let (apple_signin_allowed, google_signin_allowed) = (email.apple, email.google);
            enums::auth::SentCodeType::SetUpEmailRequired(types::auth::SentCodeTypeSetUpEmailRequired {
                apple_signin_allowed,
                google_signin_allowed,
            })
        }
        Stage::Email => sent_by_email(&email),
        Stage::Sent => sent_type(number, code, deliveries.map_or(0, |it| it.length)),
    };
    enums::auth::SentCode::Code(types::auth::SentCode {
        r#type,
        phone_code_hash: code.hash.clone(),
        timeout: next_type.as_ref().and(deliveries.and_then(|it| it.timeout)),
        next_type,
    })
}

/// Either the address is going to be removed, or it can be asked for.
fn sent_by_email(email: &LoginEmail) -> enums::auth::SentCodeType {
    let address = email.address.clone().unwrap_or_default();
    enums::auth::SentCodeType::EmailCode(types::auth::SentCodeTypeEmailCode {
        apple_signin_allowed: email.apple,
        google_signin_allowed: email.google,
        email_pattern: email_pattern(&address),
        length: email.code.as_ref().map_or(0, EmailCode::length),
        reset_available_period: email.reset_at.is_none().then_some(email.reset_after),
        reset_pending_date: email.reset_at.map(tl::date),
    })
}

fn payment_required(code: &Code) -> enums::auth::SentCode {
    enums::auth::SentCode::PaymentRequired(types::auth::SentCodePaymentRequired {
        store_product: "org.telegram.telegramPremium.weekly".to_owned(),
        phone_code_hash: code.hash.clone(),
        support_email_address: "support@sandbox.invalid".to_owned(),
        support_email_subject: "Paid login".to_owned(),
        currency: "EUR".to_owned(),
        amount: 99,
    })
}

/// The update that tells a client that its login goes on.
pub(crate) fn sent_update(backend: &Backend, number: &PhoneNumber, now: i64) -> Option<enums::Updates> {
    let code = backend.phones.get(number)?.code.as_ref()?;
    let update = types::UpdateSentPhoneCode { sent_code: sent(backend, number, code) };
    Some(enums::Updates::UpdateShort(types::UpdateShort {
        update: enums::Update::SentPhoneCode(update),
        date: tl::date(now),
    }))
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
    let code = call.backend.send_code(&number, Some(call.key), call.now)?;
    Ok(sent(call.backend, &number, &code))
}

fn resend_code(call: &mut Call<'_>, request: auth::ResendCode) -> Result<enums::auth::SentCode, RpcError> {
    let number = local_number(call, &request.phone_number)?;
    let code = call.backend.resend_code(&number, &request.phone_code_hash, call.now)?;
    Ok(sent(call.backend, &number, &code))
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
