//! Logging a device in to an account by the QR code that the device shows. The code has a link with a token; a session of
//! the account confirms it, and the device is logged in. No login code is needed or shown.
//!
//! The token is worth as much as a login code to the person who knows the device, so it is a secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Secret;
use super::direction::balanced;
use super::typed::is_invisible;

/// How the link begins. Telegram has no form of it that starts with `https`.
const PREFIX: &str = "tg://login?token=";
/// The characters of a token. Telegram's have 43 today, and it promises no number.
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 16..=512;
/// Seconds for which Telegram accepts a token.
pub const TOKEN_LIFE: i64 = 30;

/// How often a person can try to log a device in to an account in an hour.
pub const TRIES_PER_HOUR: usize = 30;

/// The largest picture, in megabytes.
pub const MAX_MEGABYTES: usize = 16;
/// The most pixels of a picture, in millions.
pub const MAX_MEGAPIXELS: usize = 50;

/// The link in a login QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginLink(Secret);

impl LoginLink {
    /// Parses what a person pasted, or what a QR code contains. White space around it and invisible characters are
    /// ignored.
    pub fn parse(typed: &Secret) -> Result<Self, DeviceFault> {
        let text: String = typed.expose().chars().filter(|c| !is_invisible(*c)).collect();
        // Zeroed when it goes out of scope, like the text that was typed.
        let text = Secret::new(text);
        let trimmed = text.expose().trim();
        if trimmed.is_empty() {
            return Err(DeviceFault::Nothing);
        }
        let (prefix, token) = trimmed.split_at_checked(PREFIX.len()).ok_or(DeviceFault::NoLoginLink)?;
        let unpadded = token.trim_end_matches('=');
        let is_token = TOKEN_LENGTH.contains(&unpadded.len())
            && token.len() - unpadded.len() <= 2
            && URL_SAFE_NO_PAD.decode(unpadded).is_ok();
        if !prefix.eq_ignore_ascii_case(PREFIX) || !is_token {
            return Err(DeviceFault::NoLoginLink);
        }
        Ok(Self(Secret::new(format!("{PREFIX}{unpadded}"))))
    }

    pub const fn secret(&self) -> &Secret {
        &self.0
    }
}

/// Why a device was not logged in. The sentences are in `words::device_login`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceFault {
    // What was sent.
    /// Neither a picture nor a link.
    Nothing,
    /// Both of them.
    Both,
    /// Another text than the link of a login QR code.
    NoLoginLink,
    PictureTooLarge,
    /// It has too many pixels.
    TooManyPixels,
    /// Neither PNG nor JPEG nor WebP.
    PictureFormat,
    /// It can't be decoded, or its end is missing.
    PictureDamaged,
    NoQrCode,
    /// Its QR code is not one of a login at Telegram.
    OtherQrCode,
    /// It has the QR codes of several logins.
    SeveralLogins,
    /// Too many pictures are being read at the same time.
    PicturesBusy,
    /// The person has tried it very often with this account.
    TooOften,
    // What Telegram said.
    /// The token has expired.
    Expired,
    /// The token was used before.
    Used,
    /// Telegram doesn't know the token.
    Unknown,
    /// The device is logged in to the account already.
    LoggedInAlready,
    // The account.
    Disconnected,
    NotLoggedIn,
}

/// A device that was logged in, as Telegram describes it. The device chose its own name and that of its app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDevice {
    pub device: String,
    pub app: String,
    /// Whether the app is one of Telegram's own, or says so.
    pub official: bool,
    /// The network address from which it was logged in, and where that is.
    pub address: String,
    pub place: String,
    /// Whether it still needs the two-step password.
    pub needs_password: bool,
}

/// The most characters of what a device says about itself.
const MAX_TEXT: usize = 100;

/// What a device or Telegram says about itself, on one line, without characters that affect the text around it.
pub fn plain(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = words.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    balanced(&shown).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<LoginLink, DeviceFault> {
        LoginLink::parse(&Secret::new(typed))
    }

    #[test]
    fn a_link_is_recognised_and_does_not_print() {
        let token = "AQKmade_up-token_of_a_device_that_waits_010";
        let link = format!("tg://login?token={token}");
        for typed in [
            link.clone(),
            format!("  {link}\r\n"),
            format!("\u{200b}{link}\u{feff}"),
            format!("TG://Login?Token={token}"),
            format!("{link}="),
        ] {
            let parsed = parse(&typed).unwrap();
            assert_eq!(parsed.secret().expose(), link);
            assert!(!format!("{parsed:?}").contains("AQK"));
        }
    }

    #[test]
    fn what_is_no_login_link_is_refused() {
        let token = "AQKmade_up-token_of_a_device_that_waits_010";
        for typed in ["", " ", "\u{200b}"] {
            assert_eq!(parse(typed), Err(DeviceFault::Nothing), "{typed:?}");
        }
        for typed in [
            token.to_owned(),
            "tg://login?token=".to_owned(),
            "tg://login?token=short".to_owned(),
            "tg://login?code=12345".to_owned(),
            "https://t.me/login/12345".to_owned(),
            format!("https://t.me/login?token={token}"),
            format!("tg:login?token={token}"),
            format!("tg://login?token={token}&next=1"),
            format!("tg://login?token={token} tg://login?token={token}"),
            format!("tg://login?token={token}ä"),
            format!("tg://login?token={token}/+"),
            format!("tg://login?token={token}==="),
            // Its last character has bits that belong to no byte.
            format!("tg://login?token={}", token.replace("010", "012")),
            format!("tg://login?token={}", "a".repeat(513)),
            format!("tg://login?token={}", "a".repeat(41)),
            "ä".repeat(40),
        ] {
            assert_eq!(parse(&typed), Err(DeviceFault::NoLoginLink), "{typed}");
        }
    }

    #[test]
    fn what_a_device_says_is_one_short_line() {
        assert_eq!(plain(" iPhone\n15\t "), "iPhone 15");
        assert_eq!(plain("\u{202e}evil"), "\u{202e}evil\u{202c}");
        assert_eq!(plain(&"x".repeat(500)).len(), 100);
        assert_eq!(plain("a\0b"), "ab");
    }
}
