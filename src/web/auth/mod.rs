pub mod proxy;
pub mod session;
pub mod session_cache;
