//! E-mail addresses that login codes go to, and codes by e-mail.

use serde::{Deserialize, Serialize};

use super::deliveries::new_digits;
use super::{Backend, PhoneNumber, Via};
use crate::error::RpcError;

/// How many digits a code by e-mail has.
const LENGTH: usize = 6;
/// How long a code by e-mail is valid, in seconds.
const LIFETIME: i64 = 15 * 60;

/// What e-mail has to do with signing in to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoginEmail {
    /// Where codes go to, instead of the number's deliveries.
    pub address: Option<String>,
    /// A client has to set up an address before it gets a code.
    pub required: bool,
    /// Apps may offer to sign in with an Apple ID. The sandbox accepts none.
    pub apple: bool,
    /// Apps may offer to sign in with a Google ID. The sandbox accepts none.
    pub google: bool,
    /// How many seconds after a request the address is removed.
    pub reset_after: i32,
    /// When the address is going to be removed, in seconds since 1970.
    pub reset_at: Option<i64>,
    /// The code that was sent last.
    pub code: Option<EmailCode>,
}

impl Default for LoginEmail {
    fn default() -> Self {
        Self {
            address: None,
            required: false,
            apple: false,
            google: false,
            reset_after: 7 * 24 * 3600,
            reset_at: None,
            code: None,
        }
    }
}

/// A code that was sent by e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailCode {
    pub digits: String,
    pub address: String,
    /// In seconds since 1970.
    pub sent: i64,
}

impl EmailCode {
    /// The address as clients are shown it.
    pub(crate) fn pattern(&self) -> String {
        pattern(&self.address)
    }

    pub(crate) fn length(&self) -> i32 {
        i32::try_from(self.digits.len()).unwrap_or_default()
    }

    /// Whether this code was entered; `None` if it has expired.
    pub(super) fn accepts(&self, entered: &str, now: i64) -> Option<bool> {
        (now < self.sent.saturating_add(LIFETIME)).then(|| self.digits == entered)
    }
}

/// An address with most of its name hidden.
pub(crate) fn pattern(address: &str) -> String {
    let (name, domain) = address.split_once('@').unwrap_or((address, ""));
    let first = name.chars().next().map(String::from).unwrap_or_default();
    let last = name.chars().skip(1).last().map(String::from).unwrap_or_default();
    format!("{first}***{last}@{domain}")
}

/// Whether this can be an address. Only obvious mistakes are found.
pub(crate) fn is_address(text: &str) -> bool {
    let is_plain = text.len() <= 254 && !text.contains(char::is_whitespace);
    text.split_once('@').is_some_and(|(name, domain)| {
        let domain_parts = domain.split('.');
        is_plain
            && !name.is_empty()
            && domain.contains('.')
            && domain_parts.into_iter().all(|part| !part.is_empty() && !part.contains('@'))
    })
}

impl Backend {
    pub(crate) fn set_login_email(&mut self, number: &PhoneNumber, email: LoginEmail) {
        if let Some(phone) = self.phone(number) {
            phone.login_email = email;
            self.changes += 1;
        }
    }

    /// Sends a code by e-mail: its text on the phone, and the code.
    pub(super) fn mail_code(
        &mut self,
        number: &PhoneNumber,
        address: &str,
        purpose: &str,
        now: i64,
    ) -> EmailCode {
        let code = EmailCode { digits: new_digits(number, LENGTH), address: address.to_owned(), sent: now };
        let text = format!("To {address}: {} is your code {purpose}.", code.digits);
        self.receive(number, Via::Email, &text, Some(code.digits.clone()), now);
        code
    }

    /// Sends a code to this address, to sign in or to set it up.
    pub(crate) fn send_login_email_code(
        &mut self,
        number: &PhoneNumber,
        address: &str,
        now: i64,
    ) -> Result<EmailCode, RpcError> {
        if !is_address(address) {
            return Err(RpcError::bad("EMAIL_INVALID"));
        }
        let code = self.mail_code(number, address, "to sign in to Telegram", now);
        if let Some(phone) = self.phones.get_mut(number) {
            phone.login_email.code = Some(code.clone());
        }
        Ok(code)
    }

    /// Checks a code by e-mail, with which error a wrong one fails. It can be used once. Returns the address.
    pub(crate) fn take_login_email_code(
        &mut self,
        number: &PhoneNumber,
        entered: &str,
        wrong: &str,
        now: i64,
    ) -> Result<String, RpcError> {
        let expired = || RpcError::bad("EMAIL_VERIFY_EXPIRED");
        let phone = self.phones.get_mut(number).ok_or_else(expired)?;
        let code = phone.login_email.code.as_ref().ok_or_else(expired)?;
        if !code.accepts(entered, now).ok_or_else(expired)? {
            return Err(RpcError::bad(wrong));
        }
        let address = code.address.clone();
        phone.login_email.code = None;
        self.changes += 1;
        Ok(address)
    }

    /// Makes this the address that login codes go to.
    pub(crate) fn set_login_address(&mut self, number: &PhoneNumber, address: &str) {
        if let Some(phone) = self.phones.get_mut(number) {
            phone.login_email.address = Some(address.to_owned());
            phone.login_email.reset_at = None;
            self.changes += 1;
        }
    }

    /// Removes the address if its time has come.
    pub(super) fn apply_email_reset(&mut self, number: &PhoneNumber, now: i64) {
        if let Some(phone) = self.phones.get_mut(number)
            && phone.login_email.reset_at.is_some_and(|at| at <= now)
        {
            phone.login_email.address = None;
            phone.login_email.reset_at = None;
            self.changes += 1;
        }
    }

    /// Requests that the address be removed. `true` if it is removed, `false` if that takes time.
    pub(crate) fn reset_login_email(&mut self, number: &PhoneNumber, now: i64) -> Result<bool, RpcError> {
        self.apply_email_reset(number, now);
        let Some(phone) = self.phones.get_mut(number) else { return Ok(true) };
        let email = &mut phone.login_email;
        if email.address.is_none() {
            return Ok(true);
        }
        if email.reset_at.is_some() {
            return Err(RpcError::bad("TASK_ALREADY_EXISTS"));
        }
        email.reset_at = Some(now.saturating_add(email.reset_after.into()));
        self.changes += 1;
        self.apply_email_reset(number, now);
        Ok(self.phones.get(number).is_none_or(|phone| phone.login_email.address.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_hidden() {
        for (address, valid) in [
            ("ada@example.org", true),
            ("a@b.c", true),
            ("", false),
            ("ada", false),
            ("@example.org", false),
            ("ada@example", false),
            ("ada@example.", false),
            ("ada@ex@mple.org", false),
            ("ada lovelace@example.org", false),
        ] {
            assert_eq!(is_address(address), valid, "{address}");
        }
        assert_eq!(pattern("ada@example.org"), "a***a@example.org");
        assert_eq!(pattern("a@example.org"), "a***@example.org");
        assert_eq!(pattern("ödö@example.org"), "ö***ö@example.org");
    }

    #[test]
    fn a_code_by_email_is_used_once_and_expires() {
        let mut backend = Backend::default();
        let ada: PhoneNumber = "9996621234".parse().unwrap();
        backend.phone(&ada);
        let code = backend.send_login_email_code(&ada, "ada@example.org", 100).unwrap();
        assert_eq!((code.digits.as_str(), code.length()), ("222222", 6));
        let mut take = |entered: &str, now| {
            backend.take_login_email_code(&ada, entered, "CODE_INVALID", now).map_err(|error| error.name)
        };
        assert_eq!(take("222223", 101), Err("CODE_INVALID".to_owned()));
        assert_eq!(take("222222", 100 + LIFETIME), Err("EMAIL_VERIFY_EXPIRED".to_owned()));
        assert_eq!(take("222222", 101), Ok("ada@example.org".to_owned()));
        assert_eq!(take("222222", 101), Err("EMAIL_VERIFY_EXPIRED".to_owned()));
    }

    #[test]
    fn an_address_is_removed_after_its_time_or_at_once() {
        let mut backend = Backend::default();
        let ada: PhoneNumber = "9996621234".parse().unwrap();
        let address = Some("ada@example.org".to_owned());
        let email =
            |reset_after| LoginEmail { address: address.clone(), reset_after, ..LoginEmail::default() };
        backend.set_login_email(&ada, email(60));
        assert_eq!(backend.reset_login_email(&ada, 100), Ok(false));
        assert_eq!(backend.phones[&ada].login_email.reset_at, Some(160));
        assert_eq!(backend.reset_login_email(&ada, 159).unwrap_err().name, "TASK_ALREADY_EXISTS");
        assert_eq!(backend.reset_login_email(&ada, 160), Ok(true));
        assert_eq!(backend.phones[&ada].login_email.address, None);
        backend.set_login_email(&ada, email(0));
        assert_eq!(backend.reset_login_email(&ada, 100), Ok(true));
        assert_eq!(backend.phones[&ada].login_email.address, None);
    }
}
