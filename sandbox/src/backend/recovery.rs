//! Recovering a two-step password with a code by e-mail.

use super::{Backend, PhoneNumber};
use crate::error::RpcError;

impl Backend {
    /// Sets the address that codes for recovering the password go to. Without a password there is none.
    pub(crate) fn set_recovery_email(&mut self, number: &PhoneNumber, address: Option<String>) {
        if let Some(phone) = self.phone(number) {
            phone.recovery_email = address.filter(|_| phone.password.is_some());
            phone.recovery_code = None;
            phone.new_recovery = None;
            self.changes += 1;
        }
    }

    /// Sends a code to the address. Returns the address.
    pub(crate) fn send_recovery_code(&mut self, number: &PhoneNumber, now: i64) -> Result<String, RpcError> {
        let phone = self.phones.get(number).filter(|phone| phone.password.is_some());
        let phone = phone.ok_or_else(|| RpcError::bad("PASSWORD_EMPTY"))?;
        let address = phone.recovery_email.clone().ok_or_else(|| RpcError::bad("PASSWORD_RECOVERY_NA"))?;
        let code = self.mail_code(number, &address, "to recover your password", now);
        if let Some(phone) = self.phones.get_mut(number) {
            phone.recovery_code = Some(code);
        }
        Ok(address)
    }

    /// Checks a code that was sent to the address. It stays valid until it is used.
    pub(crate) fn check_recovery_code(
        &self,
        number: &PhoneNumber,
        entered: &str,
        now: i64,
    ) -> Result<(), RpcError> {
        let expired = || RpcError::bad("PASSWORD_RECOVERY_EXPIRED");
        if entered.is_empty() {
            return Err(RpcError::bad("CODE_EMPTY"));
        }
        let code = self.phones.get(number).and_then(|phone| phone.recovery_code.as_ref());
        if code.ok_or_else(expired)?.accepts(entered, now).ok_or_else(expired)? {
            Ok(())
        } else {
            Err(RpcError::bad("CODE_INVALID"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::srp::Password;

    #[test]
    fn a_code_recovers_only_a_password_that_has_an_address() {
        let mut backend = Backend::default();
        let ada: PhoneNumber = "9996621234".parse().unwrap();
        let address = || Some("ada@example.org".to_owned());
        let error = |result: Result<String, RpcError>| result.unwrap_err().name;
        backend.set_recovery_email(&ada, address());
        assert_eq!(error(backend.send_recovery_code(&ada, 100)), "PASSWORD_EMPTY");
        backend.set_password(&ada, Some(Password::new("secret", "")));
        assert_eq!(error(backend.send_recovery_code(&ada, 100)), "PASSWORD_RECOVERY_NA");
        backend.set_recovery_email(&ada, address());
        assert_eq!(backend.send_recovery_code(&ada, 100), Ok("ada@example.org".to_owned()));
        let check =
            |entered, now| backend.check_recovery_code(&ada, entered, now).map_err(|error| error.name);
        assert_eq!(check("", 101), Err("CODE_EMPTY".to_owned()));
        assert_eq!(check("1", 101), Err("CODE_INVALID".to_owned()));
        assert_eq!(check("222222", 100 + 15 * 60), Err("PASSWORD_RECOVERY_EXPIRED".to_owned()));
        assert_eq!(check("222222", 101), Ok(()));
        backend.set_password(&ada, None);
        assert_eq!(
            (&backend.phones[&ada].recovery_email, &backend.phones[&ada].recovery_code),
            (&None, &None)
        );
    }
}
