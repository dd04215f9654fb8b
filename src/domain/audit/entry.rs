//! An entry of the audit log before it is written: an event, its outcome, who acted, and from where.

use super::AuditEvent;
use crate::domain::access::Principal;
use crate::domain::{AccountId, Millis};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Done: this entry and the change were written together.
    Done,
    /// About to be tried; a later entry has the outcome.
    Intent,
    /// Refused, or failed.
    Failed,
    /// Nothing was sent to Telegram, because the account was not ready for it any more.
    NotSent,
    /// There was no answer, or Telescope stopped before the outcome was known.
    Unknown,
}

impl Outcome {
    pub const ALL: &'static [Self] = &[Self::Done, Self::Intent, Self::Failed, Self::NotSent, Self::Unknown];

    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Intent => "intent",
            Self::Failed => "failed",
            Self::NotSent => "not-sent",
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub at: Millis,
    pub event: AuditEvent,
    pub outcome: Outcome,
    /// The entry of the intent whose outcome this is.
    pub intent: Option<i64>,
    /// Who acted, as [`Principal`] prints it.
    pub actor: String,
    pub account: Option<AccountId>,
    /// The reason that the actor gave.
    pub reason: Option<String>,
    /// The network address the request came from.
    pub address: Option<String>,
    /// The request's id, which the log has as well.
    pub request_id: Option<String>,
}

impl AuditEntry {
    /// Something that is done in the same transaction.
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

    /// The outcome of this intent, which was written as entry number `intent`.
    pub fn outcome(&self, intent: i64, at: Millis, outcome: Outcome) -> Self {
        Self { at, outcome, intent: Some(intent), ..self.clone() }
    }

    pub fn about(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
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
            AuditEntry::intent(Millis(1), &system, AuditEvent::CodeRequested).about(account).because("lost");
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
