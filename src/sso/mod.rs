//! Sign-on by what a company has for it: who somebody is, proven by somebody whom Telescope was told to believe.

mod assertion;
mod doorman;
mod http;
mod key;
mod keys;
pub mod oidc;
mod turn;

pub use assertion::{Assertion, Presented, Untrue};
pub use doorman::{Doorman, Refused};
pub use http::Http;
pub use key::Key;
pub use keys::{KeySet, NoKey};
