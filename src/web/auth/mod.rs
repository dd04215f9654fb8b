pub mod assertion_expiry;
pub mod proxy;
pub mod session;
pub mod session_cache;
pub mod sign_in_limit;
