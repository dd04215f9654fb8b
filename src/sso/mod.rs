//! Sign-on by what a company has for it: who somebody is, proven by somebody whom Telescope was told to believe.

mod assertion;
mod http;
mod jwks;
pub mod oidc;
pub mod proxy;
mod refresh;

pub use assertion::{Assertion, TokenError, UnverifiedToken};
pub use http::Http;
pub use jwks::{Key, KeySet, NoKey};
pub use proxy::{ProxyAuthenticator, Refused};
