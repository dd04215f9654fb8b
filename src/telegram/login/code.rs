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
    CodeSent { way, length, next, resend_from, no_other_way_until: None }
}

fn delivery(kind: &AuthenticationCodeType) -> (CodeDelivery, i32) {
    match kind {
        AuthenticationCodeType::TelegramMessage(way) => (CodeDelivery::Telegram, way.length),
        AuthenticationCodeType::Sms(way) => (CodeDelivery::Sms, way.length),
        AuthenticationCodeType::Call(way) => (CodeDelivery::Call, way.length),
        AuthenticationCodeType::FlashCall(_) => (CodeDelivery::FlashCall, 0),
        AuthenticationCodeType::MissedCall(way) => (CodeDelivery::MissedCall, way.length),
        AuthenticationCodeType::Fragment(way) => (CodeDelivery::Fragment, way.length),
        AuthenticationCodeType::SmsWord(way) => {
            (CodeDelivery::SmsWord { beginning: printable(&way.first_letter) }, 0)
        }
        AuthenticationCodeType::SmsPhrase(way) => {
            (CodeDelivery::SmsPhrase { beginning: printable(&way.first_word) }, 0)
        }
        AuthenticationCodeType::FirebaseAndroid(way) => {
            (CodeDelivery::Other("the Android app".into()), way.length)
        }
        AuthenticationCodeType::FirebaseIos(way) => (CodeDelivery::Other("the iOS app".into()), way.length),
    }
}

/// The beginning of a code, as it is shown: foreign text.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
