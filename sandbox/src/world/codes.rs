//! Login codes: sending them, and checking what is typed.

use serde::{Deserialize, Serialize};

use super::{Account, Number, World};
use crate::crypto::random;
use crate::error::RpcError;

/// How long a code is good, in seconds.
const LIFETIME: i64 = 15 * 60;

/// A code that was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Code {
    /// The digits.
    pub digits: String,
    /// The name of this sending, which the client repeats.
    pub hash: String,
    /// When, in seconds since 1970.
    pub sent: i64,
    /// The code was right; for a number without an account, signing up is what is left.
    pub confirmed: bool,
}

/// Which way a code went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentBy {
    /// As a message from Telegram to the number's other sessions.
    App,
    /// As a text message.
    Sms,
}

/// The message that a login code comes with. Clients find the digits in it.
fn app_text(digits: &str) -> String {
    format!(
        "Login code: {digits}. Do not give this code to anyone, even if they say they are from Telegram!\n\n\
         Whoever has this code can get into your account.\n\n\
         If nobody of yours is signing in on another device just now, you may forget this message."
    )
}

fn random_code() -> String {
    let number = u32::from_le_bytes(random()) % 100_000;
    format!("{number:05}")
}

impl World {
    /// Sends a new code: as a message if the number is signed in anywhere, else as a text message.
    pub fn send_code(&mut self, number: &Number, now: i64) -> Result<(Code, SentBy), RpcError> {
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
            self.text(number, &code.digits, now);
            Ok((code, SentBy::Sms))
        }
    }

    /// Sends the code again, as a text message this time.
    pub fn resend_code(&mut self, number: &Number, hash: &str, now: i64) -> Result<Code, RpcError> {
        let code = self.code(number, hash, now)?.clone();
        self.text(number, &code.digits, now);
        Ok(code)
    }

    /// Forgets a code.
    pub fn cancel_code(&mut self, number: &Number, hash: &str, now: i64) -> Result<(), RpcError> {
        self.code(number, hash, now)?;
        self.forget_code(number);
        Ok(())
    }

    /// Checks a code that was typed. It stays good until it is used.
    pub fn check_code(&mut self, number: &Number, hash: &str, typed: &str, now: i64) -> Result<(), RpcError> {
        if typed.is_empty() {
            return Err(RpcError::bad("PHONE_CODE_EMPTY"));
        }
        if self.code(number, hash, now)?.digits != typed {
            return Err(RpcError::bad("PHONE_CODE_INVALID"));
        }
        if let Some(code) = self.phones.get_mut(number).and_then(|phone| phone.code.as_mut()) {
            code.confirmed = true;
            self.changes += 1;
        }
        Ok(())
    }

    /// The code was used, or is not wanted any more.
    pub fn forget_code(&mut self, number: &Number) {
        if let Some(phone) = self.phones.get_mut(number) {
            phone.code = None;
            self.changes += 1;
        }
    }

    /// Makes the code that is out too old. `false` if there is none.
    pub fn expire_code(&mut self, number: &Number) -> bool {
        let Some(code) = self.phones.get_mut(number).and_then(|phone| phone.code.as_mut()) else {
            return false;
        };
        code.sent = i64::MIN;
        self.changes += 1;
        true
    }

    /// The code that is out, if this is its name and it is not too old.
    pub fn code(&self, number: &Number, hash: &str, now: i64) -> Result<&Code, RpcError> {
        let code = self.phones.get(number).and_then(|phone| phone.code.as_ref());
        code.filter(|code| code.hash == hash && now < code.sent.saturating_add(LIFETIME))
            .ok_or_else(|| RpcError::bad("PHONE_CODE_EXPIRED"))
    }

    fn text(&mut self, number: &Number, digits: &str, now: i64) {
        self.receive_text(number, &format!("Telegram code: {digits}"), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, RpcError>) -> String {
        result.unwrap_err().name
    }

    #[test]
    fn a_code_goes_by_text_message_until_somebody_is_signed_in() {
        let mut world = World::default();
        let ada = number("+49 123 456789");
        let (code, by) = world.send_code(&ada, 100).unwrap();
        assert_eq!((by, code.digits.len()), (SentBy::Sms, 5));
        assert!(world.phones[&ada].sms[0].text.contains(&code.digits));
        world.sign_in_elsewhere(&ada, 100);
        let (code, by) = world.send_code(&ada, 101).unwrap();
        assert_eq!(by, SentBy::App);
        let message = world.phones[&ada].messages.back().unwrap();
        assert!(message.text.starts_with(&format!("Login code: {}. Do not give this code", code.digits)));
        assert_eq!(world.phones[&ada].sms.len(), 1);
        world.resend_code(&ada, &code.hash, 102).unwrap();
        assert!(world.phones[&ada].sms[1].text.contains(&code.digits));
    }

    #[test]
    fn only_the_last_code_is_good_and_not_for_ever() {
        let mut world = World::default();
        let ada = number("9996621234");
        let old = world.send_code(&ada, 100).unwrap().0;
        let new = world.send_code(&ada, 101).unwrap().0;
        assert_eq!(new.digits, "22222");
        let mut check = |hash: &str, typed: &str, now| world.check_code(&ada, hash, typed, now);
        assert_eq!(refusal(check(&old.hash, "22222", 102)), "PHONE_CODE_EXPIRED");
        assert_eq!(refusal(check(&new.hash, "", 102)), "PHONE_CODE_EMPTY");
        assert_eq!(refusal(check(&new.hash, "22223", 102)), "PHONE_CODE_INVALID");
        assert_eq!(refusal(check(&new.hash, "22222", 101 + LIFETIME)), "PHONE_CODE_EXPIRED");
        check(&new.hash, "22222", 102).unwrap();
        world.cancel_code(&ada, &new.hash, 103).unwrap();
        assert_eq!(refusal(world.check_code(&ada, &new.hash, "22222", 104)), "PHONE_CODE_EXPIRED");
    }

    #[test]
    fn a_banned_number_gets_no_code() {
        let mut world = World::default();
        world.set_account(&number("9996621234"), Account::Banned, 1);
        assert_eq!(refusal(world.send_code(&number("9996621234"), 1)), "PHONE_NUMBER_BANNED");
    }
}
