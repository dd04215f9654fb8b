//! Sign-on by what a company has for it: who somebody is, proven by somebody whom Telescope was told to believe.

mod assertion;
mod doorman;
mod keys;
pub mod oidc;

pub use assertion::{Assertion, Presented, Untrue};
pub use doorman::{Doorman, Refused};
pub use keys::{Key, KeySet};
