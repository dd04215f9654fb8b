pub mod form;
pub mod oidc;
