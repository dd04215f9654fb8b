pub use super::moments::{moment, stamp};
