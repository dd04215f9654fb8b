//! Approval by a second person: what is requested, the state of the request, and how long it lasts.

use super::ids::named;
use super::name::is_visible;
use super::privilege::{AccountPrivilege, can};
use super::{AccountId, Email, Millis, Phone, RevealId, UserId};

/// Seconds from a request until it can't be decided any more.
pub const REQUEST_LIFE: i64 = 10 * 60;
/// Seconds from an approval until it can't be used any more.
pub const APPROVAL_LIFE: i64 = 10 * 60;

named!(
    /// What can be revealed.
    RevealKind {
        /// A login code.
        LoginCode = "login-code",
        /// The stored two-step password.
        TwoStepPassword = "two-step-password",
    }
);

impl RevealKind {
    /// The privilege that it takes to see it.
    pub const fn privilege(self) -> AccountPrivilege {
        match self {
            Self::LoginCode => <can::Login as can::OnAccount>::PRIVILEGE,
            Self::TwoStepPassword => <can::ViewTwoFactorPassword as can::OnAccount>::PRIVILEGE,
        }
    }
}

/// A privilege by which something is revealed: a proof of it says what.
pub trait Revealing: can::OnAccount {
    /// What is revealed by it.
    const KIND: RevealKind;
}

impl Revealing for can::Login {
    const KIND: RevealKind = RevealKind::LoginCode;
}

impl Revealing for can::ViewTwoFactorPassword {
    const KIND: RevealKind = RevealKind::TwoStepPassword;
}

named!(
    /// How a request stands.
    RequestState {
        /// Not decided yet.
        Waiting = "waiting",
        /// Approved and not used yet.
        Approved = "approved",
        /// Declined.
        Refused = "refused",
        /// It was approved, and the secret was shown.
        Used = "used",
        /// Its time was over before it was decided or used.
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
    /// Its id.
    pub id: RevealId,
    /// The account.
    pub account: AccountId,
    /// The account's number.
    pub phone: Phone,
    /// What is to be seen.
    pub kind: RevealKind,
    /// Who wants to see it.
    pub requester: UserId,
    /// Their address.
    pub person: Email,
    /// Why, as the requester wrote it.
    pub reason: String,
    /// When it was requested.
    pub created: Millis,
    /// When it is over.
    pub expires: Millis,
    /// How it was left; see [`RevealRequest::stands`].
    pub state: RequestState,
    /// Who decided it, and their address.
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
    /// How it stands at this moment: its time may be over although the row does not say so yet.
    pub fn stands(&self, now: Millis) -> RequestState {
        match self.state {
            RequestState::Waiting | RequestState::Approved if self.expires <= now => RequestState::Expired,
            state => state,
        }
    }
}

/// Why a person wants to see a secret, as they explained it: something that others can read later.
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

    #[test]
    fn a_reason_is_a_few_plain_words() {
        assert_eq!(Reason::parse(" owner lost the phone ").unwrap().as_str(), "owner lost the phone");
        assert_eq!(Reason::parse("  a "), Err(ReasonError::Length));
        assert_eq!(Reason::parse(&"x".repeat(501)), Err(ReasonError::Length));
        assert_eq!(Reason::parse("one\ntwo"), Err(ReasonError::Character));
    }

    #[test]
    fn only_what_is_open_can_expire() {
        let request = |state| RevealRequest {
            id: RevealId::generate(),
            account: AccountId::generate(),
            phone: Phone::test(2, 1),
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
            assert_eq!(request(state).stands(Millis(999)), state);
            assert_eq!(request(state).stands(Millis(1000)), after);
        }
    }

    #[test]
    fn each_kind_has_the_privilege_of_its_proof() {
        assert_eq!(<can::Login as Revealing>::KIND.privilege(), AccountPrivilege::Login);
        assert_eq!(
            <can::ViewTwoFactorPassword as Revealing>::KIND.privilege(),
            AccountPrivilege::ViewTwoFactorPassword
        );
    }
}
