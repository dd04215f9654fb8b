//! The reasons in audit events, as parts of sentences.

use crate::domain::UnknownGroups;
use crate::domain::audit::{ConfirmationDenied, ForeignRow, SignInDenied};
use crate::domain::invite::InviteDenied;

pub(super) const fn foreign_row(row: ForeignRow) -> &'static str {
    match row {
        ForeignRow::Administrator => "administrator rights",
        ForeignRow::Identity => "a linked identity",
        ForeignRow::RoleMember => "a role of a person",
        ForeignRow::GroupPrivilege => "a permission in a group",
        ForeignRow::SystemPrivilege => "a system permission",
        ForeignRow::Approval => "an approval request",
        ForeignRow::Invite => "an invite",
        ForeignRow::Session => "a web session",
        ForeignRow::Owner => "the owner of an account",
        ForeignRow::AccountGroup => "an account in a group",
        ForeignRow::NoApproval => "a waived approval",
        ForeignRow::NoConfirmation => "a waived identity confirmation",
        ForeignRow::EmergencyAccess => "emergency access",
        ForeignRow::Proxy => "a selected proxy",
    }
}

pub(super) const fn denial(why: SignInDenied) -> &'static str {
    match why {
        SignInDenied::Blocked => "blocked by an administrator",
        SignInDenied::OtherIdentity => "the address belongs to another identity",
        SignInDenied::OtherDomain => "addresses of this domain are not admitted",
        SignInDenied::Unverified => "the address is not verified",
    }
}

pub(super) const fn invite_denied(why: InviteDenied) -> &'static str {
    match why {
        InviteDenied::Unknown => "there is no such link",
        InviteDenied::OtherBrowser => "it is in use in another browser",
        InviteDenied::Used => "it was already used",
        InviteDenied::Expired => "it has expired",
        InviteDenied::Revoked => "it was revoked",
        InviteDenied::CreatorLostAccess => "the person who created it may no longer invite people",
    }
}

pub(super) const fn unknown_groups(why: UnknownGroups) -> &'static str {
    match why {
        UnknownGroups::TooMany => "they have too many groups for the identity provider to list",
        UnknownGroups::NoAnswer => "the identity provider did not answer when asked for their groups",
    }
}

pub(super) const fn unconfirmed(why: ConfirmationDenied) -> &'static str {
    match why {
        ConfirmationDenied::OtherPerson => "another person signed in",
        ConfirmationDenied::NotRecent => "the identity provider reported no new sign-in",
        ConfirmationDenied::Method => "they signed in by another method than required",
    }
}
