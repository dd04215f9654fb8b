pub mod confirm;
pub mod form;
pub mod oidc;
pub mod session;
pub mod sign_out;
