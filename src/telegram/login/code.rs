//! The login code: how Telegram delivers it, and when another one can be requested.

use tdlib_rs::enums::AuthenticationCodeType;
use tdlib_rs::types::AuthenticationCodeInfo;

use super::printable;
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
        AuthenticationCodeType::FlashCall(way) => {
            (CodeDelivery::FlashCall { pattern: printable(&way.pattern) }, 0)
        }
        AuthenticationCodeType::MissedCall(way) => {
            (CodeDelivery::MissedCall { prefix: printable(&way.phone_number_prefix) }, way.length)
        }
        AuthenticationCodeType::Fragment(way) => {
            (CodeDelivery::Fragment { url: fragment(&way.url) }, way.length)
        }
        AuthenticationCodeType::SmsWord(way) => {
            (CodeDelivery::SmsWord { beginning: printable(&way.first_letter) }, 0)
        }
        AuthenticationCodeType::SmsPhrase(way) => {
            (CodeDelivery::SmsPhrase { beginning: printable(&way.first_word) }, 0)
        }
        AuthenticationCodeType::FirebaseAndroid(way) => (CodeDelivery::OfficialApp, way.length),
        AuthenticationCodeType::FirebaseIos(way) => (CodeDelivery::OfficialApp, way.length),
    }
}

/// The address, if it is one of Fragment: it becomes a link.
fn fragment(url: &str) -> String {
    let is_fragment = url.starts_with("https://fragment.com/") && url.chars().all(|c| c.is_ascii_graphic());
    if is_fragment { url.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_fragment_become_links() {
        assert_eq!(fragment("https://fragment.com/login/1"), "https://fragment.com/login/1");
        for url in [
            "http://fragment.com/1",
            "https://fragment.com.example.org/",
            "javascript:x",
            "https://fragment.com/ x",
        ] {
            assert_eq!(fragment(url), "", "{url}");
        }
    }
}
