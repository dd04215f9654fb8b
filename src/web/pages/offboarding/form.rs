//! The form in which a person chooses what to take back.

use crate::domain::Email;
use crate::domain::error::ErrorCode;
use crate::domain::offboarding::{Choices, NewOwner};
use crate::ops::OpError;
use crate::ops::offboarding::{Review, suggested};
use crate::web::form::Fields;
use crate::web::pages::access::fields::FormFields;

/// What the form shows.
#[derive(Debug, Default)]
pub struct PlanForm {
    pub choices: Choices,
    pub owner: OwnerChoice,
    /// The new owner, as entered.
    pub email: String,
}

impl Fields for PlanForm {
    const NAMES: &'static [&'static str] = &["email"];
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnerChoice {
    /// The accounts get the owner who is entered.
    #[default]
    Person,
    /// The accounts get none.
    NoOwner,
    Unchanged,
}

impl PlanForm {
    /// The form as it is suggested.
    pub fn suggested(review: &Review) -> Self {
        Self { choices: suggested(review), ..Self::default() }
    }

    /// The form as it was sent. What of it is wrong is found by [`Self::choices`].
    pub fn sent(fields: &FormFields) -> Result<Self, OpError> {
        let owner = match fields.one("owner") {
            // A person without accounts is shown no choice.
            "" | "person" => OwnerChoice::Person,
            "none" => OwnerChoice::NoOwner,
            "unchanged" => OwnerChoice::Unchanged,
            _ => return Err(OpError::Refused(ErrorCode::FormStale)),
        };
        let choices = Choices {
            disable: !fields.one("disable").is_empty(),
            end_sessions: !fields.one("sessions").is_empty(),
            revoke_admin: !fields.one("admin").is_empty(),
            roles: fields.ids("role").into_iter().collect(),
            invites: fields.ids("invite").into_iter().collect(),
            devices: fields.ids("devices").into_iter().collect(),
            passwords: fields.ids("password").into_iter().collect(),
            handed_over: fields.ids("hand-over").into_iter().collect(),
            owner: NewOwner::Unchanged,
            leave: fields.ids("leave").into_iter().collect(),
            join: fields.one("join").parse().ok(),
        };
        Ok(Self { choices, owner, email: fields.one("email").trim().to_owned() })
    }

    /// What was chosen, with the new owner.
    pub fn choices(&self, person: &Email) -> Result<Choices, OpError> {
        let owner = match self.owner {
            OwnerChoice::Unchanged => NewOwner::Unchanged,
            OwnerChoice::NoOwner => NewOwner::NoOwner,
            // Without an account to hand over no owner is needed.
            OwnerChoice::Person if self.email.is_empty() && self.choices.handed_over.is_empty() => {
                NewOwner::Unchanged
            }
            OwnerChoice::Person => match Email::parse(&self.email) {
                Ok(email) if email == *person => {
                    return Err(OpError::invalid("email", ErrorCode::SameAddress));
                }
                Ok(email) => NewOwner::Person(email),
                Err(why) => return Err(OpError::invalid("email", why)),
            },
        };
        Ok(Choices { owner, ..self.choices.clone() })
    }
}
