use strum::IntoEnumIterator;

use super::*;
use crate::domain::access::{Policy, Refusal, decide, privileges, system_privileges};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges, can};
use crate::domain::{Account, DesiredState};

fn invite(state: InviteState) -> Invite {
    Invite {
        id: InviteId::generate(),
        kind: InviteKind::Link,
        creator: UserId::generate(),
        created_by: Email::parse("root@example.org").unwrap(),
        person: Email::parse("ada@example.org").unwrap(),
        phone: None,
        comment: String::new(),
        groups: Vec::new(),
        created: Millis(0),
        hours: 1,
        expires: Millis(60_000),
        turn: 1,
        token_hash: "t".into(),
        state,
        browser: Some("b".into()),
        account: Some(AccountId::generate()),
        emailed: None,
    }
}

fn account(id: AccountId) -> Account {
    Account {
        id,
        identifier: Phone::test(2, 1).into(),
        owner: Email::parse("ada@example.org").ok(),
        comment: String::new(),
        groups: Vec::new(),
        wanted: DesiredState::Connected,
        folder: String::new(),
        created: Millis(0),
    }
}

#[test]
fn only_open_invites_expire() {
    for state in InviteState::iter() {
        let after = if state.is_open() { InviteState::Expired } else { state };
        let invite = invite(state);
        assert_eq!((invite.state_at(Millis(59_999)), invite.state_at(Millis(60_000))), (state, after));
    }
}

#[test]
fn a_browser_acts_only_while_its_invite_is_open() {
    let (now, origin) = (Millis(1), RequestInfo::default());
    for (state, denied) in [
        (InviteState::Created, Some(InviteDenied::Unknown)),
        (InviteState::Opened, None),
        (InviteState::LoggingIn, None),
        (InviteState::Done, Some(InviteDenied::Used)),
        (InviteState::Expired, Some(InviteDenied::Expired)),
        (InviteState::Revoked, Some(InviteDenied::Revoked)),
    ] {
        let invite = invite(state);
        assert_eq!(invite.principal(now, "b", &origin).err(), denied, "{state}");
        assert!(invite.principal(now, "other", &origin).is_err(), "{state}");
        assert!(invite.principal(Millis(60_000), "b", &origin).is_err(), "{state}");
        assert_eq!(invite.denial(now).is_none(), state == InviteState::Created, "{state}");
    }
}

#[test]
fn it_logs_in_its_account_and_does_nothing_else() {
    let invite = invite(InviteState::LoggingIn);
    let principal = invite.principal(Millis(1), "b", &RequestInfo::default()).unwrap();
    let (rules, own) = (Policy::default(), account(invite.account.unwrap()));
    assert!(decide::<can::Login>(&rules, &principal, &own).is_ok());
    assert!(decide::<can::RemoveAccount>(&rules, &principal, &own).is_err());
    // The last one lets the person store the two-step password that they enter.
    let login = [AccountPrivilege::View, AccountPrivilege::Login, AccountPrivilege::EditTwoFactorPassword];
    assert_eq!(privileges(&rules, &principal, &own), AccountPrivileges::of(&login));
    let other = account(AccountId::generate());
    assert_eq!(decide::<can::Login>(&rules, &principal, &other).unwrap_err(), Refusal::NotVisible);
    assert_eq!(privileges(&rules, &principal, &other), AccountPrivileges::NONE, "not as the owner either");
    assert_eq!(system_privileges(&rules, &principal), SystemPrivileges::NONE);
    for wanted in [DesiredState::Disconnected, DesiredState::Removed] {
        let own = Account { wanted, ..own.clone() };
        assert_eq!(privileges(&rules, &principal, &own), AccountPrivileges::NONE, "{wanted}");
    }
    let unknown = Invite { account: None, ..invite };
    let principal = unknown.principal(Millis(1), "b", &RequestInfo::default()).unwrap();
    assert_eq!(privileges(&rules, &principal, &own), AccountPrivileges::NONE);
    assert_eq!(principal.to_string(), "invite for ada@example.org");
}
