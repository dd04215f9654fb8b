//! Sign-on by what a company has for it: who somebody is, proven by an identity provider.

pub mod oidc;
