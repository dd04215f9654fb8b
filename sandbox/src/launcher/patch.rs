//! Replaces the key of Telegram's test servers in a copy of TDLib.
//!
//! TDLib trusts two RSA keys, one for Telegram's production servers and one for its test servers. Both are in the library
//! as PEM text of 425 bytes. In a copy, the second one is replaced by the sandbox's key, which has the same length. Nothing
//! else changes: what runs is the stock TDLib in its test environment, trusting another server.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::crypto::sha256;
use crate::storage::{self, StorageError};

const HEAD: &[u8] = b"-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEAyMEdY1aR";
const TAIL: &[u8] = b"-----END RSA PUBLIC KEY-----";
const LENGTH: usize = 425;

/// Why a library was not patched.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// It cannot be read.
    #[error("{path}: {error}; expected the stock libtdjson, which `make natives` fetches", path = .0.display(), error = .1)]
    Read(PathBuf, io::Error),
    /// It does not contain the key: another version of TDLib, or not TDLib.
    #[error("{path} does not contain the key of Telegram's test servers, so it is not a TDLib that can be patched", path = .0.display())]
    NoKey(PathBuf),
    /// It contains the key several times.
    #[error("{path} contains the key of Telegram's test servers more than once", path = .0.display())]
    ManyKeys(PathBuf),
    /// The new key has another length.
    #[error("the sandbox's key does not have the length of the key in the library")]
    Length,
    /// The copy could not be written.
    #[error(transparent)]
    Write(#[from] StorageError),
}

/// The patched copy of a library in this directory. A copy of the same library with the same key is reused.
pub(super) fn patched_library(
    stock: &Path,
    public_pem: &str,
    directory: &Path,
) -> Result<PathBuf, PatchError> {
    let read = |error| PatchError::Read(stock.to_owned(), error);
    let metadata = fs::metadata(stock).map_err(read)?;
    let stamp =
        format!("{} {} {}.{}", stock.display(), metadata.len(), metadata.mtime(), metadata.mtime_nsec());
    let hash = sha256(&[stamp.as_bytes(), public_pem.as_bytes()]);
    let name: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let target = directory.join(format!("libtdjson-{name}.so"));
    if !target.exists() {
        let mut bytes = fs::read(stock).map_err(read)?;
        replace_key(&mut bytes, public_pem, stock)?;
        storage::replace(&target, &bytes)?;
    }
    Ok(target)
}

fn replace_key(bytes: &mut [u8], public_pem: &str, stock: &Path) -> Result<(), PatchError> {
    if public_pem.len() != LENGTH {
        return Err(PatchError::Length);
    }
    let found: Vec<_> = memmem::find_iter(bytes, HEAD).collect();
    let at = match found.as_slice() {
        [] => return Err(PatchError::NoKey(stock.to_owned())),
        [at] => *at,
        _ => return Err(PatchError::ManyKeys(stock.to_owned())),
    };
    match bytes.get_mut(at..at + LENGTH) {
        Some(key) if key.ends_with(TAIL) => key.copy_from_slice(public_pem.as_bytes()),
        _ => return Err(PatchError::NoKey(stock.to_owned())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(keys: usize) -> Vec<u8> {
        let mut key = HEAD.to_vec();
        key.resize(LENGTH - TAIL.len(), b'x');
        key.extend(TAIL);
        [&b"code"[..], &key.repeat(keys), b"more code"].concat()
    }

    #[test]
    fn only_the_test_key_changes() {
        let directory = tempfile::tempdir().unwrap();
        let stock = directory.path().join("stock.so");
        fs::write(&stock, library(1)).unwrap();
        let pem = "p".repeat(LENGTH);
        let patched = patched_library(&stock, &pem, directory.path()).unwrap();
        assert_eq!(fs::read(&patched).unwrap(), [b"code", pem.as_bytes(), b"more code"].concat());
        assert_eq!(fs::read(&stock).unwrap(), library(1), "the stock library is unchanged");
        let inode = |path: &Path| fs::metadata(path).unwrap().ino();
        let before = inode(&patched);
        assert_eq!(patched_library(&stock, &pem, directory.path()).unwrap(), patched);
        assert_eq!(inode(&patched), before, "the copy is reused");
        assert_ne!(patched_library(&stock, &"q".repeat(LENGTH), directory.path()).unwrap(), patched);
    }

    #[test]
    fn files_that_cannot_be_patched_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let stock = directory.path().join("stock.so");
        let attempt = |pem: &str| patched_library(&stock, pem, directory.path()).unwrap_err().to_string();
        let pem = "p".repeat(LENGTH);
        assert!(attempt(&pem).contains("make natives"));
        fs::write(&stock, library(0)).unwrap();
        assert!(attempt(&pem).contains("not a TDLib that can be patched"));
        fs::write(&stock, library(2)).unwrap();
        assert!(attempt(&pem).contains("more than once"));
        fs::write(&stock, &library(1)[..300]).unwrap();
        assert!(attempt(&pem).contains("not a TDLib that can be patched"));
        assert!(attempt("short").contains("does not have the length"));
    }
}
