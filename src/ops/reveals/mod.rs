pub mod code;
pub mod password;
