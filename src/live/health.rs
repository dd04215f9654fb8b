//! Which of the two things that Telescope needs can't be reached at the moment.

use tokio::sync::watch;

/// True while it is unavailable.
#[derive(Debug)]
pub struct Health {
    pub database: watch::Sender<bool>,
    /// Unavailable to every account, which points to the network rather than to one of them.
    pub telegram: watch::Sender<bool>,
}

impl Default for Health {
    fn default() -> Self {
        Self { database: watch::Sender::new(false), telegram: watch::Sender::new(false) }
    }
}
