//! What it takes to keep the books where no server runs: some changes are made by commands, too.

use super::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::Keys;
use crate::store::Db;

/// The database, the keys of the audit trail, the time and the settings.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The database.
    pub db: &'a Db,
    /// The keys of the audit trail.
    pub keys: &'a Keys,
    /// The time.
    pub clock: &'a Clock,
    /// The settings.
    pub config: &'a Config,
}

impl<'a> From<&'a App> for Context<'a> {
    fn from(app: &'a App) -> Self {
        Self { db: &app.db, keys: &app.keys, clock: &app.clock, config: &app.config }
    }
}
