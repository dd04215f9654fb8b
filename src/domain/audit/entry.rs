//! An entry of the trail before it is written: an event, how it went, who did it, and from where.

use super::AuditEvent;
use crate::domain::access::Principal;
use crate::domain::{AccountId, Input, Millis};

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is done: this entry and the change were written together.
    Done,
    /// It is about to be tried; another entry says how it went.
    Intent,
    /// It was refused or went wrong.
    Failed,
    /// Telescope stopped before it knew.
    Unknown,
}

impl Outcome {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Done, Self::Intent, Self::Failed, Self::Unknown];

    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Intent => "intent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Outcome {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|outcome| outcome.name() == name)
            .ok_or_else(|| format!("no such outcome: {name}"))
    }
}

crate::domain::ids::text_in_database!(Outcome);

/// An entry to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Millis,
    /// What.
    pub event: AuditEvent,
    /// How it went.
    pub outcome: Outcome,
    /// The entry of the intent whose outcome this is.
    pub intent: Option<i64>,
    /// Who, as [`Principal`] prints it.
    pub actor: String,
    /// The account it is about.
    pub account: Option<AccountId>,
    /// Why, in the actor's own words.
    pub reason: Option<String>,
    /// The network address the request came from.
    pub address: Option<String>,
    /// The request's id, which the log has, too.
    pub request_id: Option<String>,
}

impl AuditEntry {
    /// Something that is done with this entry.
    pub fn done(at: Millis, actor: &Principal, event: AuditEvent) -> Self {
        let origin = actor.origin();
        Self {
            at,
            event,
            outcome: Outcome::Done,
            intent: None,
            actor: actor.to_string(),
            account: None,
            reason: None,
            address: origin.address.map(|address| address.to_string()),
            request_id: origin.request,
        }
    }

    /// Something that is about to be tried.
    pub fn intent(at: Millis, actor: &Principal, event: AuditEvent) -> Self {
        Self { outcome: Outcome::Intent, ..Self::done(at, actor, event) }
    }

    /// How this intent went, by the number that it got when it was written.
    pub fn outcome(&self, intent: i64, at: Millis, outcome: Outcome) -> Self {
        Self { at, outcome, intent: Some(intent), ..self.clone() }
    }

    /// The same, about an account.
    pub fn about(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    /// The same, with the actor's reason.
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}

impl AuditEvent {
    /// The event of an intent as it was written: code and details. None for what is never an intent.
    pub fn of_intent(code: &str, details: Option<&str>) -> Option<Self> {
        let details: serde_json::Value = serde_json::from_str(details.unwrap_or("")).unwrap_or_default();
        let detail = |name: &str| details.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        match code {
            "login.code.asked" => Some(Self::CodeAsked),
            "session.logged-out" => Some(Self::SessionLoggedOut),
            "account.folder.destroyed" => Some(Self::FolderDestroyed),
            "login.input.provided" => {
                let input = if detail("input") == "password" { Input::Password } else { Input::Code };
                Some(Self::InputProvided { input })
            }
            "audit.exported" => Some(Self::TrailExported {
                format: detail("format").to_owned(),
                filter: detail("filter").to_owned(),
            }),
            "audit.blanked" => Some(Self::DetailsBlanked {
                entries: details.get("entries").and_then(serde_json::Value::as_u64).unwrap_or_default(),
                before: detail("before").to_owned(),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_tells_of_the_same_as_its_intent() {
        let system = Principal::System("test");
        let account = AccountId::generate();
        let intent =
            AuditEntry::intent(Millis(1), &system, AuditEvent::CodeAsked).about(account).because("lost");
        let failed = intent.outcome(7, Millis(2), Outcome::Failed);
        assert_eq!((failed.intent, failed.at, failed.outcome), (Some(7), Millis(2), Outcome::Failed));
        assert_eq!(
            (failed.account, failed.reason.as_deref(), failed.actor.as_str()),
            (Some(account), Some("lost"), "system:test")
        );
        for outcome in Outcome::ALL {
            assert_eq!(outcome.name().parse(), Ok(*outcome));
        }
        assert!("Done".parse::<Outcome>().is_err());
    }
}
