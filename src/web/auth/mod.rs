pub mod assertion_expiry;
pub mod invite_browser;
pub mod pending_sign_ins;
pub mod proxy;
pub mod renewal;
pub mod session;
pub mod session_cache;
pub mod sign_in_limit;
