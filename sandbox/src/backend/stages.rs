//! What a login needs besides a code by one of the number's deliveries: a payment, or an e-mail address.

use serde::{Deserialize, Serialize};

use super::{Backend, Code, Event, Phone, PhoneNumber};
use crate::error::RpcError;

/// What a login waits for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The purchase of Telegram Premium.
    Payment,
    /// An e-mail address.
    SetUpEmail,
    /// The code that was sent by e-mail.
    Email,
    /// The code that was sent by one of the number's deliveries.
    #[default]
    Sent,
}

impl Phone {
    fn stage_after_payment(&self) -> Stage {
        match &self.login_email {
            email if email.address.is_some() => Stage::Email,
            email if email.required => Stage::SetUpEmail,
            _ => Stage::Sent,
        }
    }
}

impl Backend {
    /// What a new login to the number waits for.
    pub(super) fn first_stage(&mut self, number: &PhoneNumber, now: i64) -> Stage {
        self.apply_email_reset(number, now);
        match self.phones.get(number) {
            Some(phone) if phone.premium_required => Stage::Payment,
            Some(phone) => phone.stage_after_payment(),
            None => Stage::Sent,
        }
    }

    /// Lets a login wait for something else, and sends the code that belongs to it.
    pub(crate) fn continue_login(
        &mut self,
        number: &PhoneNumber,
        stage: Stage,
        now: i64,
    ) -> Result<Code, RpcError> {
        let expired = || RpcError::bad("PHONE_CODE_EXPIRED");
        let phone = self.phones.get_mut(number).ok_or_else(expired)?;
        let address = phone.login_email.address.clone().unwrap_or_default();
        let code = phone.code.as_mut().ok_or_else(expired)?;
        code.stage = stage;
        code.sent = now;
        self.changes += 1;
        match stage {
            Stage::Payment | Stage::SetUpEmail => {}
            Stage::Email => drop(self.send_login_email_code(number, &address, now)?),
            Stage::Sent => self.send_first(number, now),
        }
        let code = self.phones.get(number).and_then(|phone| phone.code.clone());
        code.ok_or_else(expired)
    }

    /// Sets whether a login to the number has to be paid for. When it no longer has to, a login that waits goes on.
    pub(crate) fn set_premium_required(&mut self, number: &PhoneNumber, required: bool, now: i64) {
        let Some(phone) = self.phone(number) else { return };
        phone.premium_required = required;
        let waiting = phone.code.as_ref().filter(|code| code.stage == Stage::Payment && !required);
        let waiting = waiting.map(|code| code.key);
        self.changes += 1;
        let Some(key) = waiting else { return };
        let stage = self.first_stage(number, now);
        let continued = self.continue_login(number, stage, now);
        if let (Ok(_), Some(key)) = (continued, key) {
            self.events.push(Event::CodeSent(key, number.clone(), now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::LoginEmail;
    use crate::crypto::KeyId;

    #[test]
    fn a_login_is_paid_for_then_needs_an_address_and_then_gets_a_code() {
        let mut backend = Backend::default();
        let ada: PhoneNumber = "9996621234".parse().unwrap();
        backend.set_premium_required(&ada, true, 100);
        backend.set_login_email(&ada, LoginEmail { required: true, ..LoginEmail::default() });
        let code = backend.send_code(&ada, Some(KeyId(5)), 100).unwrap();
        assert_eq!((code.stage, code.digits.as_str()), (Stage::Payment, ""));
        assert_eq!(
            backend.check_code(&ada, &code.hash, "22222", 101).unwrap_err().name,
            "PHONE_CODE_INVALID"
        );
        backend.set_premium_required(&ada, false, 102);
        assert_eq!(backend.events, [Event::CodeSent(KeyId(5), ada.clone(), 102)]);
        assert_eq!(backend.code(&ada, &code.hash, 103).unwrap().stage, Stage::SetUpEmail);
        backend.set_login_address(&ada, "ada@example.org");
        let sent = backend.continue_login(&ada, Stage::Sent, 104).unwrap();
        assert_eq!((sent.hash, sent.digits.as_str()), (code.hash, "22222"));
        let next = backend.send_code(&ada, None, 105).unwrap();
        assert_eq!(next.stage, Stage::Email, "the next login uses the address");
        assert!(backend.phones[&ada].sms.back().unwrap().text.starts_with("To ada@example.org: 222222"));
    }
}
