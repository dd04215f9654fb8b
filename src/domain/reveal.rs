//! Requests for a second person's approval to see a secret, or to log a device in.

use super::ids::named;
use super::name::is_visible;
use super::privilege::{AccountPrivilege, can};
use super::{AccountId, Email, Identifier, Millis, RevealId, UserId};

/// Seconds from a request until it can't be decided any more.
pub const REQUEST_LIFE: i64 = 10 * 60;
/// Seconds from an approval until it can't be used any more.
pub const APPROVAL_LIFE: i64 = 10 * 60;

named!(
    /// What can be revealed, or done in place of that.
    RevealKind {
        /// A login code.
        LoginCode = "login-code",
        /// The stored two-step password.
        TwoStepPassword = "two-step-password",
        /// A device is logged in by its QR code, for which a login code is not shown.
        DeviceLogin = "device-login",
    }
);

impl RevealKind {
    /// The privilege that is needed for it.
    pub const fn privilege(self) -> AccountPrivilege {
        match self {
            Self::LoginCode => needed::<LoginCode>(),
            Self::TwoStepPassword => needed::<TwoStepPassword>(),
            Self::DeviceLogin => needed::<DeviceLogin>(),
        }
    }
}

const fn needed<R: Revealing>() -> AccountPrivilege {
    <R::Needs as can::OnAccount>::PRIVILEGE
}

/// A kind of secret as a type, with the privilege that it needs.
pub trait Revealing: Send + 'static {
    type Needs: can::OnAccount;
    const KIND: RevealKind;
}

#[derive(Debug)]
pub enum LoginCode {}

impl Revealing for LoginCode {
    type Needs = can::Login;
    const KIND: RevealKind = RevealKind::LoginCode;
}

#[derive(Debug)]
pub enum TwoStepPassword {}

impl Revealing for TwoStepPassword {
    type Needs = can::ViewTwoFactorPassword;
    const KIND: RevealKind = RevealKind::TwoStepPassword;
}

#[derive(Debug)]
pub enum DeviceLogin {}

impl Revealing for DeviceLogin {
    type Needs = can::Login;
    const KIND: RevealKind = RevealKind::DeviceLogin;
}

named!(
    /// The state of a request.
    RequestState {
        /// Not decided yet.
        Waiting = "waiting",
        /// Approved and not used yet.
        Approved = "approved",
        Refused = "refused",
        /// Approved, and the secret was shown.
        Used = "used",
        /// It expired before it was decided or used.
        Expired = "expired",
        /// The person who made it took it back.
        Withdrawn = "withdrawn",
        /// It was approved, and the person who approved it lost the permission.
        Voided = "voided",
    }
);

/// A request to see a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevealRequest {
    pub id: RevealId,
    pub account: AccountId,
    /// The account's phone number.
    pub identifier: Identifier,
    /// The kind of secret.
    pub kind: RevealKind,
    /// The person who made the request.
    pub requester: UserId,
    /// Their address.
    pub person: Email,
    /// Why, as the requester wrote it.
    pub reason: String,
    /// When it was requested.
    pub created: Millis,
    /// When it expires.
    pub expires: Millis,
    /// The stored state; see [`RevealRequest::stands`] for the present one.
    pub state: RequestState,
    /// The person who decided it, and their address.
    pub decided_by: Option<(UserId, Email)>,
    /// When.
    pub decided_at: Option<Millis>,
    /// The note of the person who decided it.
    pub note: Option<String>,
}

impl RequestState {
    /// Whether something can still become of it.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Waiting | Self::Approved => true,
            Self::Refused | Self::Used | Self::Expired | Self::Withdrawn | Self::Voided => false,
        }
    }
}

impl RevealRequest {
    /// The state at this moment: the request may have expired although the row is not updated yet.
    pub fn state_at(&self, now: Millis) -> RequestState {
        match self.state {
            RequestState::Waiting | RequestState::Approved if self.expires <= now => RequestState::Expired,
            state => state,
        }
    }
}

/// The reason that a person gave for seeing a secret; others can read it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonError {
    /// Fewer than 3 or more than 500 characters.
    Length,
    /// Control characters.
    Character,
}

impl Reason {
    pub fn parse(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim();
        // What no one sees says nothing.
        let seen = text.chars().filter(|c| !c.is_whitespace() && is_visible(*c)).count();
        if seen < 3 || text.chars().count() > 500 {
            return Err(ReasonError::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(ReasonError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phone;

    #[test]
    fn a_reason_is_one_line_of_limited_length() {
        assert_eq!(Reason::parse(" owner lost the phone ").unwrap().as_str(), "owner lost the phone");
        assert_eq!(Reason::parse("  a "), Err(ReasonError::Length));
        assert_eq!(Reason::parse(&"x".repeat(501)), Err(ReasonError::Length));
        assert_eq!(Reason::parse("one\ntwo"), Err(ReasonError::Character));
    }

    #[test]
    fn only_open_requests_expire() {
        let request = |state| RevealRequest {
            id: RevealId::generate(),
            account: AccountId::generate(),
            identifier: Phone::test(2, 1).into(),
            kind: RevealKind::LoginCode,
            requester: UserId::generate(),
            person: Email::parse("ada@example.org").unwrap(),
            reason: "a reason".into(),
            created: Millis(0),
            expires: Millis(1000),
            state,
            decided_by: None,
            decided_at: None,
            note: None,
        };
        for (state, after) in [
            (RequestState::Waiting, RequestState::Expired),
            (RequestState::Approved, RequestState::Expired),
            (RequestState::Refused, RequestState::Refused),
            (RequestState::Used, RequestState::Used),
            (RequestState::Expired, RequestState::Expired),
            (RequestState::Withdrawn, RequestState::Withdrawn),
            (RequestState::Voided, RequestState::Voided),
        ] {
            assert_eq!(request(state).state_at(Millis(999)), state);
            assert_eq!(request(state).state_at(Millis(1000)), after);
        }
    }

    #[test]
    fn each_kind_needs_the_privilege_of_its_marker() {
        assert_eq!(LoginCode::KIND.privilege(), AccountPrivilege::Login);
        assert_eq!(TwoStepPassword::KIND.privilege(), AccountPrivilege::ViewTwoFactorPassword);
        assert_eq!(DeviceLogin::KIND.privilege(), AccountPrivilege::Login);
    }
}
