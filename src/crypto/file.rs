//! The default master key for the test environment: generated once and kept in a file.
//!
//! For real accounts the key comes from the settings; it must not be stored beside the database that it protects.

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::crypto::{KeyError, Keys, MasterKey};

const NAME: &str = "test-master-key";

impl Keys {
    /// Derives the keys. Without a master key, which is allowed only in the test environment, it is read from a file in
    /// `folder`, which is created the first time.
    pub fn load(
        master: Option<&MasterKey>,
        old: Option<&MasterKey>,
        folder: &Path,
    ) -> Result<Self, KeyError> {
        match master {
            Some(master) => Ok(Self::new(master, old)),
            None => Ok(Self::new(&read_or_make(folder)?, old)),
        }
    }
}

fn read_or_make(folder: &Path) -> Result<MasterKey, KeyError> {
    let file = folder.join(NAME);
    let fault = |what: String| KeyError::File(format!("The key file {} {what}", file.display()));
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            if is_open_to_others(&file) {
                return Err(fault("can be read by others; close it with chmod 600.".into()));
            }
            return MasterKey::parse(&text).map_err(fault);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(fault(format!("can't be read: {error}."))),
    }
    let key = MasterKey::generate().map_err(|_| KeyError::Randomness)?;
    match write(folder, &file, &key) {
        Ok(()) => Ok(key),
        Err(error) => Err(fault(format!("can't be created: {error}."))),
    }
}

/// Syncs the key to disk before anything is sealed with it.
fn write(folder: &Path, file: &Path, key: &MasterKey) -> std::io::Result<()> {
    make_folder(folder)?;
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut opened = open.open(file)?;
    opened.write_all(key.to_base64().expose().as_bytes())?;
    opened.write_all(b"\n")?;
    opened.sync_all()
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(unix)]
fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    std::fs::metadata(file).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_file: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let first = read_or_make(&data).unwrap();
        assert_eq!(read_or_make(&data).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = data.join(NAME);
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
            assert!(read_or_make(&data).unwrap_err().to_string().contains("chmod 600"));
        }
    }

    #[test]
    fn a_broken_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(NAME);
        write(folder.path(), &file, &MasterKey::generate().unwrap()).unwrap();
        std::fs::write(&file, "short").unwrap();
        assert!(read_or_make(folder.path()).unwrap_err().to_string().contains("must be 32 characters"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "short");
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert!(matches!(read_or_make(folder.path()), Err(KeyError::File(_))));
    }
}
