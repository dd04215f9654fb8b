//! An account's folder on disk: TDLib's files, encrypted with a key per folder, and the manifest `account.json`, which
//! says which account they belong to.
//!
//! The manifest is on disk before TDLib writes anything. It holds the folder's key and the phone number, both sealed,
//! so that the sessions can be recovered with the master key alone if the database is lost.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::config::TelegramEnvironment;
use crate::crypto::{Keys, Purpose, SealContext, new_folder_key};
use crate::domain::{Account, Secret};

const NAME: &str = "account.json";

#[derive(Serialize, Deserialize)]
struct Manifest {
    account: String,
    /// The Telegram environment that the session belongs to.
    environment: String,
    /// The key of TDLib's files, sealed.
    key: String,
    /// The phone number, or `bot:` and the id of a bot, sealed.
    phone: String,
}

/// The folder of an account and the key of TDLib's files in it; both are created if missing.
/// A folder that belongs to another account or environment, or whose manifest can't be decrypted, is an error.
pub fn open(
    accounts: &Path,
    keys: &Keys,
    environment: TelegramEnvironment,
    account: &Account,
) -> anyhow::Result<(PathBuf, Secret)> {
    let folder = path(accounts, account)?;
    if let Ok(found) = folder.symlink_metadata() {
        ensure!(found.is_dir(), "{} is no folder", folder.display());
    }
    let file = folder.join(NAME);
    let id = account.id.to_string();
    let place = |purpose| SealContext { purpose, row: &id, version: 1 };
    if let Ok(text) = std::fs::read_to_string(&file) {
        let manifest: Manifest =
            serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display()))?;
        ensure!(manifest.account == id, "{} belongs to another account", folder.display());
        ensure!(
            manifest.environment == environment.name(),
            "{} belongs to Telegram's {} environment",
            folder.display(),
            manifest.environment
        );
        let key = keys
            .open(&place(Purpose::FolderKey), &manifest.key.parse()?)
            .with_context(|| format!("the key in {} can't be opened", file.display()))?;
        remove_downloads(&folder);
        return Ok((folder, key));
    }
    let key = new_folder_key()?;
    let manifest = Manifest {
        key: keys.seal(&place(Purpose::FolderKey), &key)?.to_string(),
        phone: keys
            .seal(&place(Purpose::FolderPhone), &Secret::new(account.identifier.stored()))?
            .to_string(),
        account: id.clone(),
        environment: environment.name().to_owned(),
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("{} can't be created", folder.display()))?;
    write(&folder, &file, &serde_json::to_string_pretty(&manifest)?)
        .with_context(|| format!("{} can't be written", file.display()))?;
    Ok((folder, key))
}

/// Where TDLib puts downloaded files, which it does not encrypt: those that it has not finished, and profile pictures.
const DOWNLOADS: [&str; 2] = ["temp", "profile_photos"];

/// Removes what a td-host that died had downloaded. Usually nothing is there.
fn remove_downloads(folder: &Path) {
    for name in DOWNLOADS {
        let place = folder.join(name);
        // What is behind a link is not TDLib's.
        if !place.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            continue;
        }
        for file in std::fs::read_dir(place).into_iter().flatten().flatten() {
            if let Err(error) = std::fs::remove_file(file.path()) {
                tracing::warn!(file = %file.path().display(), %error, "a downloaded file can't be removed");
            }
        }
    }
}

/// Where an account's folder is: a plain name below the accounts' directory. What else the database says was not written by
/// Telescope, and leads elsewhere.
fn path(accounts: &Path, account: &Account) -> std::io::Result<PathBuf> {
    let name = &account.folder;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "this is no account's folder"));
    }
    Ok(accounts.join(name))
}

/// Whether the account has a folder, as far as can be told: one in a wrong place is for people to look at.
pub fn exists(accounts: &Path, account: &Account) -> bool {
    path(accounts, account).map_or(true, |folder| folder.symlink_metadata().is_ok())
}

/// Removes the account's folder and everything in it. If it is interrupted, the next call removes the rest.
pub fn destroy(accounts: &Path, account: &Account) -> std::io::Result<()> {
    let folder = path(accounts, account)?;
    // Behind a link the files would stay.
    if folder.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "the account's folder is a link"));
    }
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::File::open(accounts)?.sync_all(),
    }
}

/// Writes atomically; the file is on disk when this returns.
fn write(folder: &Path, file: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = file.with_extension("unfinished");
    let mut out =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    std::fs::rename(&unfinished, file)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::MasterKey;
    use crate::domain::{AccountId, DesiredState, Millis, Phone};

    fn account() -> Account {
        Account {
            id: AccountId::generate(),
            identifier: Phone::test(2, 1234).into(),
            owner: None,
            comment: String::new(),
            groups: vec![],
            wanted: DesiredState::Connected,
            folder: "f00d".into(),
            created: Millis(0),
        }
    }

    #[test]
    fn a_folder_opens_again_and_only_for_its_account() {
        let home = tempfile::tempdir().unwrap();
        let keys = Keys::new(&MasterKey::generate().unwrap(), None);
        let other_keys = Keys::new(&MasterKey::generate().unwrap(), None);
        let ada = account();
        let test = TelegramEnvironment::Test;
        let (folder, key) = open(home.path(), &keys, test, &ada).unwrap();
        assert_eq!(open(home.path(), &keys, test, &ada).unwrap().1, key);

        let text = std::fs::read_to_string(folder.join(NAME)).unwrap();
        assert!(!text.contains("9996621234") && !text.contains(key.expose()), "{text}");
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&folder).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o700);

        assert!(open(home.path(), &other_keys, test, &ada).is_err(), "another master key");
        assert!(open(home.path(), &keys, TelegramEnvironment::Production, &ada).is_err(), "another Telegram");
        let bob = Account { id: AccountId::generate(), ..ada.clone() };
        assert!(open(home.path(), &keys, test, &bob).is_err(), "another account");
        for elsewhere in ["", ".", "..", "../x", "a/b", "/tmp/x", "a\\b", "a\0b", "ﾟ"] {
            let eve = Account { folder: elsewhere.into(), ..account() };
            assert!(open(home.path(), &keys, test, &eve).is_err(), "{elsewhere:?}");
            assert!(destroy(home.path(), &eve).is_err() && exists(home.path(), &eve), "{elsewhere:?}");
        }
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "nothing was made");
        std::os::unix::fs::symlink(&folder, home.path().join("linked")).unwrap();
        let linked = Account { folder: "linked".into(), ..ada.clone() };
        assert!(open(home.path(), &keys, test, &linked).is_err(), "a link leads elsewhere");
        assert!(destroy(home.path(), &linked).is_err() && folder.exists(), "and would leave the files");
        let elsewhere = home.path().join("elsewhere");
        std::fs::rename(&folder, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &folder).unwrap();
        assert!(open(home.path(), &keys, test, &ada).is_err(), "behind a link");
        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(&elsewhere, &folder).unwrap();
        std::fs::write(folder.join(NAME), "{}").unwrap();
        assert!(
            open(home.path(), &keys, test, &ada).is_err(),
            "a damaged manifest must not lead to a new key"
        );
    }
}
