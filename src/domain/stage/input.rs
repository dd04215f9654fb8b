//! What a person enters at a stage of a login.

use crate::domain::Secret;

/// The input that a stage waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The login code.
    Code,
    /// The two-step password.
    Password,
}

impl Input {
    /// The name in forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Password => "password",
        }
    }
}

/// The input that a person submits.
#[derive(Clone, Debug)]
pub enum LoginInput {
    /// A login code, as typed.
    Code(Secret),
    /// A two-step password.
    Password(Secret),
}

impl LoginInput {
    /// What kind of input it is.
    pub const fn input(&self) -> Input {
        match self {
            Self::Code(_) => Input::Code,
            Self::Password(_) => Input::Password,
        }
    }
}

/// Identifies one stage of one account at one time. Forms carry it, so that a stale form is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct StageToken(pub u64);

impl std::fmt::Display for StageToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
