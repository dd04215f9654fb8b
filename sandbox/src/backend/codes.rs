//! Login codes: sending and checking them.

use serde::{Deserialize, Serialize};

use super::{Account, Backend, PhoneNumber};
use crate::crypto::random;
use crate::error::RpcError;

/// How long a code is valid, in seconds.
const LIFETIME: i64 = 15 * 60;

/// A code that was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Code {
    /// Digits, unless the phone's SMS have words.
    pub digits: String,
    /// Identifies this code; the client repeats it.
    pub hash: String,
    /// In seconds since 1970.
    pub sent: i64,
    /// The code was entered correctly. A number without an account can now sign up.
    pub confirmed: bool,
}

/// How a code was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentBy {
    /// As a message from Telegram to the number's other sessions.
    App,
    Sms(SmsCode),
}

/// What a code by SMS consists of.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsCode {
    #[default]
    Digits,
    Word,
    Phrase,
}

impl SmsCode {
    /// A code that is no number.
    const fn text(self) -> Option<&'static str> {
        match self {
            Self::Digits => None,
            Self::Word => Some("apple"),
            Self::Phrase => Some("apple tree"),
        }
    }
}

/// The message that a login code comes with. Clients find the digits in it.
fn app_text(digits: &str) -> String {
    format!(
        "Login code: {digits}. Do not give this code to anyone, even if they say they are from Telegram!\n\n\
         This code gives access to your account.\n\n\
         If you are not signing in on another device, ignore this message."
    )
}

fn random_code() -> String {
    let number = u32::from_le_bytes(random()) % 100_000;
    format!("{number:05}")
}

impl Backend {
    /// Sends a new code: as a message if the number is signed in anywhere, else by SMS.
    pub(crate) fn send_code(&mut self, number: &PhoneNumber, now: i64) -> Result<(Code, SentBy), RpcError> {
        let phone = self.phone(number).ok_or_else(|| RpcError::bad("PHONE_NUMBER_FLOOD"))?;
        if phone.account == Account::Banned {
            return Err(RpcError::bad("PHONE_NUMBER_BANNED"));
        }
        let hash: String = random::<9>().iter().map(|byte| format!("{byte:02x}")).collect();
        let code = Code {
            digits: number.fixed_code().unwrap_or_else(random_code),
            hash,
            sent: now,
            confirmed: false,
        };
        phone.code = Some(code.clone());
        self.changes += 1;
        if self.devices_of(number).next().is_some() {
            self.post(number, &app_text(&code.digits), now);
            Ok((code, SentBy::App))
        } else {
            self.send_by_sms(number, code, now)
        }
    }

    /// Sends this code, or the words that the phone gets instead of digits.
    fn send_by_sms(
        &mut self,
        number: &PhoneNumber,
        mut code: Code,
        now: i64,
    ) -> Result<(Code, SentBy), RpcError> {
        let phone = self.phone(number).ok_or_else(|| RpcError::bad("PHONE_NUMBER_FLOOD"))?;
        if let Some(text) = phone.sms_code.text() {
            text.clone_into(&mut code.digits);
        }
        let by = SentBy::Sms(phone.sms_code);
        phone.code = Some(code.clone());
        self.changes += 1;
        self.send_sms(number, &code.digits, now);
        Ok((code, by))
    }

    pub(crate) fn set_sms_code(&mut self, number: &PhoneNumber, form: SmsCode) {
        if let Some(phone) = self.phone(number) {
            phone.sms_code = form;
            self.changes += 1;
        }
    }

    /// Sends the code again, by SMS.
    pub(crate) fn resend_code(
        &mut self,
        number: &PhoneNumber,
        hash: &str,
        now: i64,
    ) -> Result<(Code, SentBy), RpcError> {
        let code = self.code(number, hash, now)?.clone();
        self.send_by_sms(number, code, now)
    }

    pub(crate) fn cancel_code(&mut self, number: &PhoneNumber, hash: &str, now: i64) -> Result<(), RpcError> {
        self.code(number, hash, now)?;
        self.forget_code(number);
        Ok(())
    }

    /// Checks a code that was entered. It stays valid until it is used.
    pub(crate) fn check_code(
        &mut self,
        number: &PhoneNumber,
        hash: &str,
        entered: &str,
        now: i64,
    ) -> Result<(), RpcError> {
        if entered.is_empty() {
            return Err(RpcError::bad("PHONE_CODE_EMPTY"));
        }
        if self.code(number, hash, now)?.digits != entered {
            return Err(RpcError::bad("PHONE_CODE_INVALID"));
        }
        if let Some(code) = self.phones.get_mut(number).and_then(|phone| phone.code.as_mut()) {
            code.confirmed = true;
            self.changes += 1;
        }
        Ok(())
    }

    /// Removes the code, because it was used or cancelled.
    pub(crate) fn forget_code(&mut self, number: &PhoneNumber) {
        if let Some(phone) = self.phones.get_mut(number) {
            phone.code = None;
            self.changes += 1;
        }
    }

    /// Expires the code that was sent last. `false` if there is none.
    pub(crate) fn expire_code(&mut self, number: &PhoneNumber) -> bool {
        let Some(code) = self.phones.get_mut(number).and_then(|phone| phone.code.as_mut()) else {
            return false;
        };
        code.sent = i64::MIN;
        self.changes += 1;
        true
    }

    /// The code that was sent last, if it has this hash and is still valid.
    pub(crate) fn code(&self, number: &PhoneNumber, hash: &str, now: i64) -> Result<&Code, RpcError> {
        let code = self.phones.get(number).and_then(|phone| phone.code.as_ref());
        code.filter(|code| code.hash == hash && now < code.sent.saturating_add(LIFETIME))
            .ok_or_else(|| RpcError::bad("PHONE_CODE_EXPIRED"))
    }

    fn send_sms(&mut self, number: &PhoneNumber, digits: &str, now: i64) {
        self.receive_sms(number, &format!("Telegram code: {digits}"), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    fn error_name<T: std::fmt::Debug>(result: Result<T, RpcError>) -> String {
        result.unwrap_err().name
    }

    #[test]
    fn a_code_goes_by_sms_until_a_client_is_signed_in() {
        let mut backend = Backend::default();
        let ada = number("+49 123 456789");
        let (code, by) = backend.send_code(&ada, 100).unwrap();
        assert_eq!((by, code.digits.len()), (SentBy::Sms(SmsCode::Digits), 5));
        assert!(backend.phones[&ada].sms[0].text.contains(&code.digits));
        backend.sign_in_elsewhere(&ada, 100);
        let (code, by) = backend.send_code(&ada, 101).unwrap();
        assert_eq!(by, SentBy::App);
        let message = backend.phones[&ada].messages.back().unwrap();
        assert!(message.text.starts_with(&format!("Login code: {}. Do not give this code", code.digits)));
        assert_eq!(backend.phones[&ada].sms.len(), 1);
        backend.resend_code(&ada, &code.hash, 102).unwrap();
        assert!(backend.phones[&ada].sms[1].text.contains(&code.digits));
    }

    #[test]
    fn a_phone_can_get_words_by_sms() {
        let mut backend = Backend::default();
        let ada = number("9996621234");
        backend.set_sms_code(&ada, SmsCode::Phrase);
        let (code, by) = backend.send_code(&ada, 100).unwrap();
        assert_eq!((by, code.digits.as_str()), (SentBy::Sms(SmsCode::Phrase), "apple tree"));
        assert_eq!(error_name(backend.check_code(&ada, &code.hash, "appletree", 101)), "PHONE_CODE_INVALID");
        backend.check_code(&ada, &code.hash, "apple tree", 101).unwrap();
    }

    #[test]
    fn only_the_last_code_is_valid_and_it_expires() {
        let mut backend = Backend::default();
        let ada = number("9996621234");
        let old = backend.send_code(&ada, 100).unwrap().0;
        let new = backend.send_code(&ada, 101).unwrap().0;
        assert_eq!(new.digits, "22222");
        let mut check = |hash: &str, entered: &str, now| backend.check_code(&ada, hash, entered, now);
        assert_eq!(error_name(check(&old.hash, "22222", 102)), "PHONE_CODE_EXPIRED");
        assert_eq!(error_name(check(&new.hash, "", 102)), "PHONE_CODE_EMPTY");
        assert_eq!(error_name(check(&new.hash, "22223", 102)), "PHONE_CODE_INVALID");
        assert_eq!(error_name(check(&new.hash, "22222", 101 + LIFETIME)), "PHONE_CODE_EXPIRED");
        check(&new.hash, "22222", 102).unwrap();
        backend.cancel_code(&ada, &new.hash, 103).unwrap();
        assert_eq!(error_name(backend.check_code(&ada, &new.hash, "22222", 104)), "PHONE_CODE_EXPIRED");
    }

    #[test]
    fn a_banned_number_gets_no_code() {
        let mut backend = Backend::default();
        backend.set_account(&number("9996621234"), Account::Banned, 1);
        assert_eq!(error_name(backend.send_code(&number("9996621234"), 1)), "PHONE_NUMBER_BANNED");
    }
}
