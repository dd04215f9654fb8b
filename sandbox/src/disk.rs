//! The data directory: the RSA key, and the state as one JSON document that is replaced whole.
//!
//! Everything that must survive the death of the server is written before a client hears of it. Changes that
//! come while one is being written share the next write. The file is replaced by renaming, so a reader finds
//! the old state or the new one, never half of it. What a power failure does to it is not looked after.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::rsa::RsaKey;
use crate::server::Server;
use crate::world::World;

const STATE: &str = "state.json";
const KEY: &str = "server-key";
/// The public key's file name.
pub const PUBLIC_KEY: &str = "server-key.pem";

/// The data directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}", path = path.display())]
pub struct DiskError {
    path: PathBuf,
    what: String,
}

impl DiskError {
    /// A fault with a file.
    pub fn new(path: &Path, what: impl std::fmt::Display) -> Self {
        Self { path: path.to_owned(), what: what.to_string() }
    }
}

/// Makes a directory that only its owner may look into.
pub fn make_directory(path: &Path) -> Result<(), DiskError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| DiskError::new(path, error))
}

/// Writes a file so that others find the old one or the new one, whole.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let write = || {
        let next = path.with_extension(format!("{}.tmp", std::process::id()));
        let mut file =
            fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&next)?;
        file.write_all(bytes)?;
        fs::rename(&next, path)
    };
    write().map_err(|error| DiskError::new(path, error))
}

/// The RSA key of this directory; made on the first call, together with its public half as PEM.
pub fn rsa_key(directory: &Path) -> Result<RsaKey, DiskError> {
    make_directory(directory)?;
    let path = directory.join(KEY);
    let key = match fs::read_to_string(&path) {
        Ok(text) => RsaKey::from_text(&text)
            .ok_or_else(|| DiskError::new(&path, "this is not a key; remove the directory to begin anew"))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = RsaKey::generate().map_err(|error| DiskError::new(&path, error))?;
            replace(&path, key.to_text().as_bytes())?;
            key
        }
        Err(error) => return Err(DiskError::new(&path, error)),
    };
    replace(&directory.join(PUBLIC_KEY), format!("{}\n", key.public_pem()).as_bytes())?;
    Ok(key)
}

/// The file that holds the world.
#[derive(Debug, Clone)]
pub struct StateFile(PathBuf);

impl StateFile {
    /// The file in this directory.
    pub fn open(directory: &Path) -> Result<Self, DiskError> {
        make_directory(directory)?;
        Ok(Self(directory.join(STATE)))
    }

    /// The world as it was kept; a new one if there is no file.
    pub fn read(&self) -> Result<World, DiskError> {
        match fs::read(&self.0) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                DiskError::new(&self.0, format!("this is no state of a sandbox of this version: {error}"))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(World::default()),
            Err(error) => Err(DiskError::new(&self.0, error)),
        }
    }
}

/// Writes the world whenever it changed, for as long as the server runs.
pub(crate) async fn keep(server: Arc<Server>, file: StateFile) {
    loop {
        match write(&server, &file) {
            Ok(changes) => {
                server.set_saved(changes);
                server.dirty.notified().await;
            }
            Err(error) => {
                tracing::error!(%error, "the state could not be written; clients wait");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Writes the world and says how many changes are in it.
pub(crate) fn write(server: &Server, file: &StateFile) -> Result<u64, DiskError> {
    let state = server.lock();
    let changes = state.world.changes;
    let bytes = serde_json::to_vec(&state.world).map_err(|error| DiskError::new(&file.0, error));
    drop(state);
    replace(&file.0, &bytes?)?;
    Ok(changes)
}

/// Bytes as base64 text in JSON.
pub mod base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error};

    /// Writes bytes.
    pub fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    /// Reads bytes.
    pub fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
        T::try_from(bytes).map_err(|_| D::Error::custom("bytes of a wrong length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Number;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_world_and_the_key_come_back() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("data");
        let key = rsa_key(&directory).unwrap();
        assert_eq!(rsa_key(&directory).unwrap().fingerprint(), key.fingerprint());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&directory.join(KEY))), (0o700, 0o600));

        let file = StateFile::open(&directory).unwrap();
        let mut world = file.read().unwrap();
        let ada = Number::parse("9996621234").unwrap();
        world.set_password(&ada, Some(crate::srp::Password::new("secret", "a hint")));
        world.post(&ada, "hello", 1);
        let server = Server::new(key, world, None, 1, true);
        write(&server, &file).unwrap();
        let back = file.read().unwrap();
        assert_eq!(back.phones[&ada].password.as_ref().unwrap().hint, "a hint");
        assert_eq!(back.phones[&ada].messages[0].text, "hello");
    }

    #[test]
    fn damage_is_named_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(STATE), "{").unwrap();
        fs::write(directory.path().join(KEY), "xyz").unwrap();
        let error = StateFile::open(directory.path()).unwrap().read().unwrap_err().to_string();
        assert!(error.contains("state.json: this is no state"), "{error}");
        assert!(rsa_key(directory.path()).unwrap_err().to_string().contains("not a key"));
    }
}
