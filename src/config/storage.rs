//! The settings of what is stored: the folders, the database, the master keys, and for how long details are kept.

use std::path::PathBuf;

use super::reader::Reader;
use super::{Dsn, TelegramEnvironment, master_keys};
use crate::crypto::{KeyError, Keys, MasterKey};
use crate::process::folders::Folders;

/// Where everything is stored.
#[derive(Clone, Debug)]
pub struct StorageSettings {
    /// The folder for what Telescope keeps beside the database.
    pub data_dir: PathBuf,
    /// The folder that contains the accounts' TDLib folders.
    pub accounts_dir: PathBuf,
    /// The database.
    pub db: Dsn,
    /// The master key; none only in the test environment, where one is then generated and kept in `data_dir`.
    pub master_key: Option<MasterKey>,
    /// The former master key, which still opens what was sealed with it.
    pub former_master_key: Option<MasterKey>,
    /// Days for which the details of audit entries are kept; 0 for ever.
    pub audit_details_days: u32,
}

impl StorageSettings {
    pub(super) fn read<E: Fn(&str) -> Option<String>>(
        env: &mut Reader<E>,
        telegram: TelegramEnvironment,
    ) -> Self {
        let data_dir = PathBuf::from(env.text("DATA_DIR").unwrap_or_else(|| "data".into()));
        let accounts_dir = PathBuf::from(env.text("ACCOUNTS_DIR").unwrap_or_else(|| "accounts".into()));
        let (db, passed_over) = env
            .read("DB_DSN", Dsn::parse_with_notes)
            .unwrap_or_else(|| (Dsn::in_folder(&data_dir), Vec::new()));
        for name in passed_over {
            env.note(format!("DB_DSN: the parameter {name} is ignored."));
        }
        let (master_key, former_master_key) = master_keys::read(env, telegram);
        let audit_details_days = env.number("AUDIT_DETAILS_DAYS", 0..=36_500).unwrap_or(0);
        Self { data_dir, accounts_dir, db, master_key, former_master_key, audit_details_days }
    }

    /// The folders that these settings name.
    pub fn folders(&self) -> Folders<'_> {
        let database = match &self.db {
            Dsn::Sqlite(file) => Some(file.as_path()),
            Dsn::Postgres(_) => None,
        };
        Folders { data: &self.data_dir, accounts: &self.accounts_dir, database }
    }

    /// The keys that these settings name.
    pub fn keys(&self) -> Result<Keys, KeyError> {
        Keys::load(self.master_key.as_ref(), self.former_master_key.as_ref(), &self.data_dir)
    }
}
