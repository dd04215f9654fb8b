pub mod acknowledge;
pub mod checkpoint;
pub mod export;
pub mod failed_attempts;
pub mod queue;
pub mod rekey;
pub mod retention;
