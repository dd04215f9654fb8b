//! Login codes: sending and checking them.

use serde::{Deserialize, Serialize};

use super::deliveries::{CALLER, new_digits};
use super::{Account, Backend, Delivery, PhoneNumber, Stage};
use crate::crypto::{KeyId, random};
use crate::error::RpcError;

/// How long a code is valid, in seconds.
const LIFETIME: i64 = 15 * 60;

/// A code that was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Code {
    /// What has to be entered: digits, or words.
    pub digits: String,
    /// Identifies this code; the client repeats it.
    pub hash: String,
    /// In seconds since 1970.
    pub sent: i64,
    /// The code was entered correctly. A number without an account can now sign up.
    pub confirmed: bool,
    /// The key of the client that asked for it.
    #[serde(default)]
    pub key: Option<KeyId>,
    /// What the login waits for.
    #[serde(default)]
    pub stage: Stage,
    /// How it was sent, if it was.
    #[serde(default)]
    pub delivery: Delivery,
    /// How it is sent if the client asks again, in order.
    #[serde(default)]
    pub next: Vec<Delivery>,
}

impl Backend {
    /// Begins a login, for which a client of this key asks. Usually the code is sent at once.
    pub(crate) fn send_code(
        &mut self,
        number: &PhoneNumber,
        key: Option<KeyId>,
        now: i64,
    ) -> Result<Code, RpcError> {
        let phone = self.phone(number).ok_or_else(|| RpcError::bad("PHONE_NUMBER_FLOOD"))?;
        if phone.bot.is_some() {
            return Err(RpcError::bad("PHONE_NUMBER_INVALID"));
        }
        if phone.account == Account::Banned {
            return Err(RpcError::bad("PHONE_NUMBER_BANNED"));
        }
        phone.code = Some(Code {
            digits: String::new(),
            hash: random::<9>().iter().map(|byte| format!("{byte:02x}")).collect(),
            sent: now,
            confirmed: false,
            key,
            stage: Stage::default(),
            delivery: Delivery::default(),
            next: Vec::new(),
        });
        let stage = self.first_stage(number, now);
        self.continue_login(number, stage, now)
    }

    /// Sends the code by the first of the number's deliveries. If none were chosen, that is a message if the number is
    /// signed in anywhere, else an SMS.
    pub(super) fn send_first(&mut self, number: &PhoneNumber, now: i64) {
        let signed_in = self.devices_of(number).next().is_some();
        let Some(phone) = self.phones.get_mut(number) else { return };
        let Some(code) = phone.code.as_mut() else { return };
        let sms = phone.sms_code.delivery();
        let mut deliveries = match phone.deliveries.sequence.as_slice() {
            [] if signed_in => vec![Delivery::App, sms],
            [] => vec![sms],
            chosen => chosen.to_vec(),
        };
        code.delivery = deliveries.remove(0);
        code.next = deliveries;
        let digits = new_digits(number, phone.deliveries.length);
        code.digits = phone.deliveries.entered(code.delivery, &digits);
        let code = code.clone();
        self.deliver(number, &code, now);
    }

    /// Sends the code again, by the next delivery. Without chosen deliveries the last one is an SMS, which can be repeated.
    pub(crate) fn resend_code(
        &mut self,
        number: &PhoneNumber,
        hash: &str,
        now: i64,
    ) -> Result<Code, RpcError> {
        let mut code = self.code(number, hash, now)?.clone();
        if code.stage != Stage::Sent {
            return Err(RpcError::new(406, "SEND_CODE_UNAVAILABLE"));
        }
        let phone = self.phone(number).ok_or_else(|| RpcError::bad("PHONE_NUMBER_FLOOD"))?;
        if !code.next.is_empty() {
            code.delivery = code.next.remove(0);
        } else if !phone.deliveries.sequence.is_empty() {
            return Err(RpcError::new(406, "SEND_CODE_UNAVAILABLE"));
        }
        let digits = match code.digits.strip_prefix(CALLER) {
            Some(digits) if digits.len() == phone.deliveries.length => digits.to_owned(),
            _ if code.digits.bytes().all(|byte| byte.is_ascii_digit()) => code.digits.clone(),
            _ => new_digits(number, phone.deliveries.length),
        };
        code.digits = phone.deliveries.entered(code.delivery, &digits);
        phone.code = Some(code.clone());
        self.changes += 1;
        self.deliver(number, &code, now);
        Ok(code)
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
        let code = self.code(number, hash, now)?;
        if code.stage != Stage::Sent || !code.delivery.accepts(&code.digits, entered) {
            return Err(RpcError::bad("PHONE_CODE_INVALID"));
        }
        self.confirm_code(number);
        Ok(())
    }

    /// Checks a code that was sent by e-mail. It can be used once.
    pub(crate) fn check_email_code(
        &mut self,
        number: &PhoneNumber,
        hash: &str,
        entered: &str,
        now: i64,
    ) -> Result<(), RpcError> {
        const WRONG: &str = "EMAIL_CODE_INVALID";
        if self.code(number, hash, now)?.stage != Stage::Email {
            return Err(RpcError::bad(WRONG));
        }
        self.take_login_email_code(number, entered, WRONG, now)?;
        self.confirm_code(number);
        Ok(())
    }

    fn confirm_code(&mut self, number: &PhoneNumber) {
        if let Some(code) = self.phones.get_mut(number).and_then(|phone| phone.code.as_mut()) {
            code.confirmed = true;
            self.changes += 1;
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Deliveries, SmsCode};

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
        let code = backend.send_code(&ada, None, 100).unwrap();
        assert_eq!((code.delivery, code.digits.len()), (Delivery::Sms, 5));
        assert!(backend.phones[&ada].sms[0].text.contains(&code.digits));
        let again = backend.resend_code(&ada, &code.hash, 101).unwrap();
        assert_eq!((again.delivery, &again.digits), (Delivery::Sms, &code.digits), "the same SMS");
        backend.sign_in_elsewhere(&ada, 100);
        let code = backend.send_code(&ada, None, 101).unwrap();
        assert_eq!(code.delivery, Delivery::App);
        let message = backend.phones[&ada].messages.back().unwrap();
        assert!(message.text.starts_with(&format!("Login code: {}. Do not give this code", code.digits)));
        assert_eq!(backend.phones[&ada].sms.len(), 2);
        backend.resend_code(&ada, &code.hash, 102).unwrap();
        assert!(backend.phones[&ada].sms[2].text.contains(&code.digits));
    }

    #[test]
    fn a_phone_can_get_words_by_sms() {
        let mut backend = Backend::default();
        let ada = number("9996621234");
        backend.set_sms_code(&ada, SmsCode::Phrase);
        let code = backend.send_code(&ada, None, 100).unwrap();
        assert_eq!((code.delivery, code.digits.as_str()), (Delivery::SmsPhrase, "apple tree"));
        assert_eq!(error_name(backend.check_code(&ada, &code.hash, "appletree", 101)), "PHONE_CODE_INVALID");
        backend.check_code(&ada, &code.hash, "apple tree", 101).unwrap();
    }

    #[test]
    fn chosen_deliveries_follow_each_other_with_the_same_digits() {
        let mut backend = Backend::default();
        let ada = number("+49 123 456789");
        let sequence = vec![Delivery::MissedCall, Delivery::FlashCall, Delivery::SmsWord, Delivery::Call];
        let length = 6;
        backend.set_deliveries(&ada, Deliveries { sequence, length, ..Deliveries::default() });
        let code = backend.send_code(&ada, None, 100).unwrap();
        assert_eq!(code.digits.len(), 6);
        let flash = backend.resend_code(&ada, &code.hash, 101).unwrap();
        assert_eq!((flash.delivery, flash.digits), (Delivery::FlashCall, format!("{CALLER}{}", code.digits)));
        assert_eq!(error_name(backend.check_code(&ada, &code.hash, &code.digits, 101)), "PHONE_CODE_INVALID");
        assert_eq!(backend.resend_code(&ada, &code.hash, 102).unwrap().digits, "apple");
        let call = backend.resend_code(&ada, &code.hash, 103).unwrap();
        assert_eq!((call.delivery, call.digits.len(), call.next.len()), (Delivery::Call, 6, 0));
        assert_eq!(error_name(backend.resend_code(&ada, &code.hash, 104)), "SEND_CODE_UNAVAILABLE");
        backend.check_code(&ada, &code.hash, &call.digits, 105).unwrap();
    }

    #[test]
    fn only_the_last_code_is_valid_and_it_expires() {
        let mut backend = Backend::default();
        let ada = number("9996621234");
        let old = backend.send_code(&ada, None, 100).unwrap();
        let new = backend.send_code(&ada, None, 101).unwrap();
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
        assert_eq!(error_name(backend.send_code(&number("9996621234"), None, 1)), "PHONE_NUMBER_BANNED");
    }
}
