//! Sign-on by what a company has for it: who somebody is, proven by somebody whom Telescope was told to believe.

mod assertion;
pub mod backoff;
mod http;
mod key;
mod keys;
pub mod oidc;
pub mod proxy;

pub use assertion::{Assertion, TokenError, UnverifiedToken};
pub use http::Http;
pub use key::Key;
pub use keys::{KeySet, NoKey};
pub use proxy::{ProxyAuthenticator, Refused};
