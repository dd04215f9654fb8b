//! What a person sees on his way to another person's approval: the form that asks for it, how his request stands, and
//! the buttons that use it. The part is on two pages, and is live.

use askama::Template;

use crate::domain::access::Principal;
use crate::domain::reveal::RevealKind;
use crate::domain::{AccountId, Email, Millis};
use crate::ops::OpError;
use crate::ops::approvals::{self, ApprovalStatus, NOBODY};
use crate::web::state::State;
use crate::web::words::text;

/// Names of approvers that are told.
const TOLD: usize = 5;

/// The part, with the live connection around it.
#[derive(Template)]
#[template(path = "parts/approval_live.html")]
pub struct Approval {
    part: Part,
}

impl Approval {
    /// The part for this person; none where nobody has to approve. `reason` is what he typed, `error` what is wrong
    /// with it.
    pub async fn read(
        app: &State,
        actor: &Principal,
        account: AccountId,
        kind: RevealKind,
        reason: &str,
        error: Option<String>,
    ) -> Result<Option<Self>, OpError> {
        let mut standing = approvals::standing(app, actor, account, kind).await?;
        if standing == ApprovalStatus::Free {
            return Ok(None);
        }
        if let ApprovalStatus::Needed { reason: last, .. } = &mut standing
            && !reason.is_empty()
        {
            reason.clone_into(last);
        }
        Ok(Some(Self { part: Part::new(account, kind, standing, error) }))
    }

    /// Whether something can change by itself.
    fn is_open(&self) -> bool {
        matches!(self.part.standing, ApprovalStatus::Waiting { .. } | ApprovalStatus::Approved(_))
    }
}

/// The part itself, which the live stream sends.
#[derive(Template)]
#[template(path = "parts/approval.html")]
pub struct Part {
    base: String,
    kind: RevealKind,
    standing: ApprovalStatus,
    error: Option<String>,
}

impl Part {
    /// The part for how it stands.
    pub fn new(
        account: AccountId,
        kind: RevealKind,
        standing: ApprovalStatus,
        error: Option<String>,
    ) -> Self {
        let base = match kind {
            RevealKind::LoginCode => format!("/accounts/{account}/code"),
            RevealKind::TwoStepPassword => format!("/accounts/{account}/password/reveal"),
        };
        Self { base, kind, standing, error }
    }

    fn is_code(&self) -> bool {
        self.kind == RevealKind::LoginCode
    }

    fn what(&self) -> &'static str {
        match self.kind {
            RevealKind::LoginCode => "A login code",
            RevealKind::TwoStepPassword => "The stored password",
        }
    }

    fn moment(&self, at: &Millis) -> String {
        text::moment(*at)
    }
}

/// Who could approve, in a sentence.
fn who(approvers: &[Email]) -> String {
    let names: Vec<String> = approvers.iter().take(TOLD).map(ToString::to_string).collect();
    let more = match approvers.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match names.as_slice() {
        [] => NOBODY.into(),
        [one] => format!("{one} can approve it."),
        many => format!("Each of these can approve it: {}{more}.", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approvers_are_named_as_long_as_they_are_few() {
        let people = |count: usize| -> Vec<Email> {
            (1..=count).map(|number| Email::parse(&format!("p{number}@example.org")).unwrap()).collect()
        };
        assert!(who(&people(0)).starts_with("Nobody can approve this"));
        assert_eq!(who(&people(1)), "p1@example.org can approve it.");
        assert_eq!(who(&people(2)), "Each of these can approve it: p1@example.org, p2@example.org.");
        assert!(who(&people(7)).ends_with("p5@example.org and 2 more."));
    }
}
