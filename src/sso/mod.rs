//! Single sign-on: verifies who a person is, by what a proxy or an OpenID provider has signed.

pub mod assertion;
mod claims;
mod http;
mod json;
mod jwks;
mod jwt;
pub mod oidc;
pub mod proxy;
mod refresh;

pub use assertion::Assertion;
pub use http::Http;
pub use jwks::{Key, KeySet, NoKey};
pub use jwt::{TokenError, UnverifiedToken};
pub use proxy::{ProxyAuthenticator, Refused};
