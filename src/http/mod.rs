mod activity;
pub mod client_ip;
pub mod host;
pub mod server;
