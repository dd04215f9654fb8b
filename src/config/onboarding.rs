//! How accounts are brought in by the people who own them, and what their pages say about the organisation.

use std::collections::BTreeSet;

use super::people::domains;
use super::reader::{Reader, yes_or_no};
use crate::domain::{Email, EmailDomain};

#[derive(Clone, Debug)]
pub struct OnboardingSettings {
    /// The name of the organisation, as people know it.
    pub organisation: Option<String>,
    /// Whom people ask: an e-mail address, a number, a name.
    pub contact: Option<String>,
    /// The page about privacy.
    pub privacy_url: Option<String>,
    /// Whether signed-in people can add their own accounts.
    pub is_open: bool,
    /// The domains whose addresses can; all if it is empty.
    pub domains: BTreeSet<EmailDomain>,
    /// The longest that a link is valid.
    pub invite_days: u32,
    /// How many invites one person can create in 24 hours.
    pub invites_per_person_per_day: u32,
}

impl OnboardingSettings {
    pub(super) fn read<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>) -> Self {
        let settings = Self {
            organisation: env.read("ORGANISATION_NAME", short),
            contact: env.read("ONBOARDING_CONTACT", short),
            privacy_url: env.read("PRIVACY_URL", link),
            is_open: env.read("SELF_ONBOARDING", yes_or_no).unwrap_or(true),
            domains: env.read("SELF_ONBOARDING_DOMAINS", domains).unwrap_or_default(),
            invite_days: env.number("INVITE_DAYS", 1..=90).unwrap_or(7),
            invites_per_person_per_day: env.number("INVITES_PER_PERSON_PER_DAY", 1..=100_000).unwrap_or(50),
        };
        if !settings.is_open && !settings.domains.is_empty() {
            env.note("SELF_ONBOARDING_DOMAINS has no effect with SELF_ONBOARDING=no.");
        }
        settings
    }

    /// Whether a person with this verified address can add their own account.
    pub fn admits(&self, email: &Email) -> bool {
        self.is_open && (self.domains.is_empty() || self.domains.iter().any(|domain| domain.includes(email)))
    }
}

fn short(text: &str) -> Result<String, String> {
    if text.chars().count() > 200 {
        return Err("has more than 200 characters.".into());
    }
    Ok(text.to_owned())
}

/// A link on a page: nothing that a browser would run.
fn link(text: &str) -> Result<String, String> {
    let is_link = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.contains(' '));
    if is_link { short(text) } else { Err("has to begin with https://.".into()) }
}
