//! The data directory: the RSA key, and the state as one JSON document.
//!
//! Files are replaced by renaming, so a reader finds the old content or the new one, never half of it. This survives the
//! death of the process; it is not made to survive a power failure.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::backend::Backend;
use crate::crypto::rsa::RsaKey;

const STATE: &str = "state.json";
const KEY: &str = "server-key";
pub(crate) const PUBLIC_KEY: &str = "server-key.pem";

/// The data directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}", path = path.display())]
pub struct StorageError {
    path: PathBuf,
    reason: String,
}

impl StorageError {
    pub(crate) fn new(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// Creates a directory that only its owner can read.
pub(crate) fn create_directory(path: &Path) -> Result<(), StorageError> {
    let created = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    created.map_err(|error| StorageError::new(path, error))
}

/// Writes a file so that readers find the old content or the new one, complete.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let write = || {
        let next = path.with_extension(format!("{}.tmp", std::process::id()));
        let mut file =
            fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&next)?;
        file.write_all(bytes)?;
        fs::rename(&next, path)
    };
    write().map_err(|error| StorageError::new(path, error))
}

/// The RSA key of this directory. The first call generates it, and writes its public half as PEM beside it.
pub(crate) fn rsa_key(directory: &Path) -> Result<RsaKey, StorageError> {
    create_directory(directory)?;
    let path = directory.join(KEY);
    let key = match fs::read_to_string(&path) {
        Ok(text) => RsaKey::from_text(&text)
            .ok_or_else(|| StorageError::new(&path, "not a key; remove the directory to start over"))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = RsaKey::generate().map_err(|error| StorageError::new(&path, error))?;
            replace(&path, key.to_text().as_bytes())?;
            key
        }
        Err(error) => return Err(StorageError::new(&path, error)),
    };
    replace(&directory.join(PUBLIC_KEY), format!("{}\n", key.public_pem()).as_bytes())?;
    Ok(key)
}

/// The file that holds the backend.
#[derive(Debug, Clone)]
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    pub(crate) fn open(directory: &Path) -> Result<Self, StorageError> {
        create_directory(directory)?;
        Ok(Self(directory.join(STATE)))
    }

    /// The backend as it was saved; a new one if there is no file.
    pub(crate) fn read(&self) -> Result<Backend, StorageError> {
        match fs::read(&self.0) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                StorageError::new(&self.0, format!("not the state of a sandbox of this version: {error}"))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Backend::default()),
            Err(error) => Err(StorageError::new(&self.0, error)),
        }
    }

    pub(crate) fn encode(&self, backend: &Backend) -> Result<Vec<u8>, StorageError> {
        serde_json::to_vec(backend).map_err(|error| StorageError::new(&self.0, error))
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), StorageError> {
        replace(&self.0, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::PhoneNumber;
    use crate::crypto::srp::Password;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_backend_and_the_key_are_restored() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("data");
        let key = rsa_key(&directory).unwrap();
        assert_eq!(rsa_key(&directory).unwrap().fingerprint(), key.fingerprint());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&directory.join(KEY))), (0o700, 0o600));

        let file = StateFile::open(&directory).unwrap();
        let mut backend = file.read().unwrap();
        let ada: PhoneNumber = "9996621234".parse().unwrap();
        backend.set_password(&ada, Some(Password::new("secret", "a hint")));
        backend.post(&ada, "hello", 1);
        file.write(&file.encode(&backend).unwrap()).unwrap();
        let restored = file.read().unwrap();
        assert_eq!(restored.phones[&ada].password.as_ref().unwrap().hint, "a hint");
        assert_eq!(restored.phones[&ada].messages[0].text, "hello");
    }

    #[test]
    fn a_damaged_file_is_named_and_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(STATE), "{").unwrap();
        fs::write(directory.path().join(KEY), "xyz").unwrap();
        let error = StateFile::open(directory.path()).unwrap().read().unwrap_err().to_string();
        assert!(error.contains("state.json: not the state"), "{error}");
        assert!(rsa_key(directory.path()).unwrap_err().to_string().contains("not a key"));
    }
}
