//! Invites: one-time links with which a person brings an account in, without being a user of Telescope.
//!
//! An invite gives the person who opens its link one login, of one account, in one browser. Everything else about the
//! account is decided by the person who created it.

use super::access::{InvitePass, Principal};
use super::ids::named;
use super::{AccountId, Email, GroupId, InviteId, Millis, Phone, RequestInfo, UserId};

named!(
    /// Who begins.
    InviteKind {
        /// A person gets a link.
        Link = "link",
        /// A signed-in person brings in their own account.
        Own = "own",
    }
);

named!(
    /// The state of an invite.
    InviteState {
        /// The link was not used yet.
        Created = "created",
        /// A browser has begun, with consent.
        Opened = "opened",
        /// The account's number is known, and it is being logged in.
        LoggingIn = "signing-in",
        /// The account is logged in.
        Done = "done",
        /// Its time is over.
        Expired = "expired",
        /// It was revoked.
        Revoked = "revoked",
    }
);

impl InviteState {
    /// Whether something can still become of it.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Created | Self::Opened | Self::LoggingIn => true,
            Self::Done | Self::Expired | Self::Revoked => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    pub id: InviteId,
    pub kind: InviteKind,
    pub creator: UserId,
    /// The creator's address.
    pub created_by: Email,
    /// For whom it is: the owner of the account.
    pub person: Email,
    /// The account's number, if it is fixed in advance.
    pub phone: Option<Phone>,
    /// The account's comment.
    pub comment: String,
    /// The account's groups.
    pub groups: Vec<GroupId>,
    pub created: Millis,
    /// How long each of its links is valid.
    pub hours: i64,
    pub expires: Millis,
    /// Grows with every new link; earlier links stop working.
    pub turn: i64,
    /// SHA-256 of the link's secret part.
    pub token_hash: String,
    /// The stored state; see [`Invite::stands`] for the present one.
    pub state: InviteState,
    /// SHA-256 of what the browser keeps that has begun.
    pub browser: Option<String>,
    /// The account, once its number is known.
    pub account: Option<AccountId>,
    /// When its present link was last sent by e-mail.
    pub emailed: Option<Millis>,
}

/// Why a link does not help the person who opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InviteDenied {
    /// There is no such link, or there is a newer one.
    Unknown,
    /// Another browser has begun.
    OtherBrowser,
    Used,
    Expired,
    Revoked,
    /// The person who created it may not invite people any more.
    CreatorLostAccess,
}

impl Invite {
    /// The state at this moment: it may have expired although the row is not updated.
    pub fn state_at(&self, now: Millis) -> InviteState {
        if self.state.is_open() && self.expires <= now { InviteState::Expired } else { self.state }
    }

    /// Why a browser that has not begun can't begin; none if it can.
    pub fn denial(&self, now: Millis) -> Option<InviteDenied> {
        match self.state_at(now) {
            InviteState::Created => None,
            InviteState::Opened | InviteState::LoggingIn => Some(InviteDenied::OtherBrowser),
            InviteState::Done => Some(InviteDenied::Used),
            InviteState::Expired => Some(InviteDenied::Expired),
            InviteState::Revoked => Some(InviteDenied::Revoked),
        }
    }

    /// Whether this is the browser that has begun, by the hash of what it keeps.
    pub fn is_in(&self, browser: &str) -> bool {
        self.browser.as_deref() == Some(browser)
    }

    /// The principal of the browser that has begun.
    pub fn principal(
        &self,
        now: Millis,
        browser: &str,
        origin: &RequestInfo,
    ) -> Result<Principal, InviteDenied> {
        match self.state_at(now) {
            InviteState::Opened | InviteState::LoggingIn if self.is_in(browser) => {
                let pass = InvitePass::new(self.id, self.person.clone(), self.account, origin.clone());
                Ok(Principal::Invite(pass))
            }
            InviteState::Opened | InviteState::LoggingIn => Err(InviteDenied::OtherBrowser),
            // There is a new link since.
            InviteState::Created => Err(InviteDenied::Unknown),
            InviteState::Done => Err(InviteDenied::Used),
            InviteState::Expired => Err(InviteDenied::Expired),
            InviteState::Revoked => Err(InviteDenied::Revoked),
        }
    }
}

#[cfg(test)]
mod tests;
