//! A new address for recovering the two-step password, until it is confirmed, and the removal of a forgotten password
//! that has no address.

use serde::{Deserialize, Serialize};

use super::{Backend, EmailCode, PhoneNumber, is_address};
use crate::crypto::srp::Password;
use crate::error::RpcError;

/// How long a person who asks for the removal of a password has to wait, in seconds.
pub(crate) const RESET_AFTER: i64 = 7 * 24 * 3600;

/// What is changed once the new address is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRecovery {
    /// The code that was sent there.
    pub code: EmailCode,
    /// The new password, if it is changed with the address.
    pub password: Option<Password>,
}

impl Backend {
    /// Sends a code to a new address. Returns how many digits the code has.
    pub(crate) fn begin_recovery_email(
        &mut self,
        number: &PhoneNumber,
        address: &str,
        password: Option<Password>,
        now: i64,
    ) -> Result<i32, RpcError> {
        if !is_address(address) {
            return Err(RpcError::bad("EMAIL_INVALID"));
        }
        let code = self.mail_code(number, address, "to confirm this address", now);
        let length = code.length();
        if let Some(phone) = self.phone(number) {
            phone.new_recovery = Some(NewRecovery { code, password });
            self.changes += 1;
        }
        Ok(length)
    }

    pub(crate) fn confirm_recovery_email(
        &mut self,
        number: &PhoneNumber,
        entered: &str,
        now: i64,
    ) -> Result<(), RpcError> {
        let waiting = self.phones.get(number).and_then(|phone| phone.new_recovery.clone());
        let expired = || RpcError::bad("EMAIL_HASH_EXPIRED");
        let NewRecovery { code, password } = waiting.ok_or_else(expired)?;
        if !code.accepts(entered, now).ok_or_else(expired)? {
            return Err(RpcError::bad("CODE_INVALID"));
        }
        if password.is_some() {
            self.set_password(number, password);
        }
        self.set_recovery_email(number, Some(code.address));
        Ok(())
    }

    /// Sends another code to the new address.
    pub(crate) fn resend_recovery_email(&mut self, number: &PhoneNumber, now: i64) -> Result<(), RpcError> {
        let waiting = self.phones.get(number).and_then(|phone| phone.new_recovery.clone());
        let NewRecovery { code, password } = waiting.ok_or_else(|| RpcError::bad("EMAIL_HASH_EXPIRED"))?;
        self.begin_recovery_email(number, &code.address, password, now).map(drop)
    }

    pub(crate) fn cancel_recovery_email(&mut self, number: &PhoneNumber) -> Result<(), RpcError> {
        let waiting = self.phone(number).and_then(|phone| phone.new_recovery.take());
        waiting.ok_or_else(|| RpcError::bad("EMAIL_HASH_EXPIRED"))?;
        self.changes += 1;
        Ok(())
    }

    /// Asks for the removal of the password at this time, or gives that up.
    pub(crate) fn set_password_reset(&mut self, number: &PhoneNumber, at: Option<i64>) {
        if let Some(phone) = self.phone(number) {
            phone.password_reset = at.filter(|_| phone.password.is_some());
            self.changes += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_address_and_password_count_once_the_code_is_entered() {
        let mut backend = Backend::default();
        let ada: PhoneNumber = "9996621234".parse().unwrap();
        let name = |result: Result<(), RpcError>| result.unwrap_err().name;
        backend.set_password(&ada, Some(Password::new("secret", "")));
        assert!(backend.begin_recovery_email(&ada, "no address", None, 100).is_err());
        assert_eq!(name(backend.confirm_recovery_email(&ada, "222222", 100)), "EMAIL_HASH_EXPIRED");
        let new = Password::new("new", "");
        assert_eq!(backend.begin_recovery_email(&ada, "ada@example.org", Some(new.clone()), 100), Ok(6));
        assert_eq!(name(backend.confirm_recovery_email(&ada, "1", 101)), "CODE_INVALID");
        assert_ne!(backend.phones[&ada].password.as_ref(), Some(&new), "not yet");
        assert_eq!(backend.confirm_recovery_email(&ada, "222222", 101), Ok(()));
        let phone = &backend.phones[&ada];
        assert_eq!(phone.password.as_ref(), Some(&new));
        assert_eq!(phone.recovery_email.as_deref(), Some("ada@example.org"));
        assert_eq!(name(backend.cancel_recovery_email(&ada)), "EMAIL_HASH_EXPIRED", "it is done");
    }

    #[test]
    fn a_new_password_ends_the_request_to_remove_it() {
        let mut backend = Backend::default();
        let ada: PhoneNumber = "9996621234".parse().unwrap();
        backend.set_password_reset(&ada, Some(100));
        assert_eq!(backend.phones[&ada].password_reset, None, "there is none");
        backend.set_password(&ada, Some(Password::new("secret", "")));
        backend.set_password_reset(&ada, Some(100));
        assert_eq!(backend.phones[&ada].password_reset, Some(100));
        backend.set_password(&ada, Some(Password::new("new", "")));
        assert_eq!(backend.phones[&ada].password_reset, None);
    }
}
