//! What the page says that asks before a person is changed.

use crate::domain::Email;
use crate::ops::users::UserChange;
use crate::web::pages::access::notice::Notice;

pub fn question(change: UserChange, person: &str) -> String {
    match change {
        UserChange::EndSessions => format!("Sign {person} out everywhere?"),
        UserChange::Disable => format!("Block {person}?"),
        UserChange::Enable => format!("Unblock {person}?"),
        UserChange::GrantAdmin => format!("Make {person} an admin?"),
        UserChange::RevokeAdmin => format!("Remove admin rights from {person}?"),
        UserChange::ForgetIdentity => format!("Unlink the identity of {person}?"),
    }
}

pub const fn button(change: UserChange) -> &'static str {
    match change {
        UserChange::EndSessions => "Sign out everywhere",
        UserChange::Disable => "Block",
        UserChange::Enable => "Unblock",
        UserChange::GrantAdmin => "Make admin",
        UserChange::RevokeAdmin => "Remove admin",
        UserChange::ForgetIdentity => "Unlink identity",
    }
}

/// The notice on the person's page afterwards.
pub const fn done(change: UserChange) -> Notice {
    match change {
        UserChange::EndSessions => Notice::SignedOut,
        UserChange::Disable => Notice::Blocked,
        UserChange::Enable => Notice::Unblocked,
        UserChange::GrantAdmin => Notice::Admin,
        UserChange::RevokeAdmin => Notice::NoAdmin,
        UserChange::ForgetIdentity => Notice::Unlinked,
    }
}

/// What the effects of a change depend on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub sessions: i64,
    /// The names of the person's roles.
    pub roles: &'a str,
    /// How many accounts they own, of those that the reader can see.
    pub accounts: usize,
    /// Whether it is the reader.
    pub own: bool,
}

/// What will happen, a sentence each.
pub fn effects(change: UserChange, facts: Facts<'_>) -> Vec<String> {
    let sessions = signed_out(facts.sessions);
    let mut effects = match change {
        UserChange::EndSessions => vec![sessions, "They can sign in again at once.".into()],
        UserChange::Disable => vec![
            sessions,
            "They can't sign in until someone unblocks them, and can't approve anything.".into(),
            format!("{} All of that counts again once they are unblocked.", keeps(facts)),
        ],
        UserChange::Enable => vec![format!("They can sign in again. {}", keeps(facts))],
        UserChange::GrantAdmin => {
            vec!["They can see and change every account, role, group and person.".into(), sessions]
        }
        UserChange::RevokeAdmin => vec![
            "They lose every permission that neither a role nor an account of their own gives them.".into(),
            keeps(facts),
            sessions,
        ],
        UserChange::ForgetIdentity => vec![
            format!("The next person who signs in with this address takes over this user. {}", keeps(facts)),
            sessions,
        ],
    };
    if facts.own && change == UserChange::EndSessions {
        effects.push("This is you: this browser is signed out, too.".into());
    }
    effects
}

pub fn move_question(person: &str, to: &Email) -> String {
    format!("Change the address of {person} to {to}?")
}

/// What a move will do. `early` names the roles that the new address has already.
pub fn move_effects(person: &str, to: &Email, early: &str, facts: Facts<'_>) -> Vec<String> {
    let accounts = match facts.accounts {
        0 => "They own no accounts.".to_owned(),
        1 => format!("The account that they own belongs to {to} from now on."),
        many => format!("The {many} accounts that they own belong to {to} from now on."),
    };
    let roles = match facts.roles {
        "" => "They have no roles.".to_owned(),
        roles => format!("They keep their roles: {roles}."),
    };
    let mut effects = vec![
        format!(
            "They sign in as {to}. Anyone who signs in as {person} after that is a new user without roles."
        ),
        roles,
        accounts,
        signed_out(facts.sessions),
    ];
    if !early.is_empty() {
        effects.insert(
            2,
            format!("They also get the roles that {to} was given before its first sign-in: {early}."),
        );
    }
    effects
}

fn signed_out(sessions: i64) -> String {
    match sessions {
        0 => "They are not signed in anywhere.".into(),
        1 => "They are signed out of 1 browser. Open pages close within seconds.".into(),
        many => format!("They are signed out of {many} browsers. Open pages close within seconds."),
    }
}

fn keeps(facts: Facts<'_>) -> String {
    let accounts = match facts.accounts {
        0 => String::new(),
        1 => " They own 1 account that you can see.".to_owned(),
        many => format!(" They own {many} accounts that you can see."),
    };
    match facts.roles {
        "" => format!("They have no roles.{accounts}"),
        roles => format!("Their roles: {roles}.{accounts}"),
    }
}
