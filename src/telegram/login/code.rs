//! The login code: how Telegram delivers it, and when another one can be requested.

use tdlib_rs::enums::AuthenticationCodeType;
use tdlib_rs::types::AuthenticationCodeInfo;

use crate::domain::Millis;
use crate::domain::stage::{CodeDelivery, CodeSent};

/// The code that Telegram sent, as seen at `now`.
pub(super) fn sent(info: &AuthenticationCodeInfo, now: Millis) -> CodeSent {
    let (way, length) = delivery(&info.r#type);
    let next = info.next_type.as_ref().map(|next| delivery(next).0);
    let resend_from = (info.timeout > 0 && next.is_some()).then(|| now.plus_seconds(i64::from(info.timeout)));
    CodeSent { way, length, next, resend_from }
}

fn delivery(kind: &AuthenticationCodeType) -> (CodeDelivery, i32) {
    match kind {
        AuthenticationCodeType::TelegramMessage(way) => (CodeDelivery::Telegram, way.length),
        AuthenticationCodeType::Sms(way) => (CodeDelivery::Sms, way.length),
        AuthenticationCodeType::Call(way) => (CodeDelivery::Call, way.length),
        AuthenticationCodeType::FlashCall(_) => (CodeDelivery::FlashCall, 0),
        AuthenticationCodeType::MissedCall(way) => (CodeDelivery::MissedCall, way.length),
        AuthenticationCodeType::Fragment(way) => (CodeDelivery::Fragment, way.length),
        AuthenticationCodeType::SmsWord(_) => (CodeDelivery::Other("a word by text message".into()), 0),
        AuthenticationCodeType::SmsPhrase(_) => (CodeDelivery::Other("a phrase by text message".into()), 0),
        AuthenticationCodeType::FirebaseAndroid(way) => {
            (CodeDelivery::Other("the Android app".into()), way.length)
        }
        AuthenticationCodeType::FirebaseIos(way) => (CodeDelivery::Other("the iOS app".into()), way.length),
    }
}
