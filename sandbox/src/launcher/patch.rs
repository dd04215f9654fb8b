//! Putting our public key into a copy of TDLib.
//!
//! TDLib trusts two RSA keys that are compiled in as PEM texts: one for production, one for the test
//! environment. Ours has the same length in PEM (2048 bit, e = 65537), so replacing the test one is writing
//! over bytes. The production key stays: a patched copy can't be used against people's real accounts.

use std::fs;
use std::io;
use std::path::Path;

/// The first characters of the key that stands for Telegram's test environment in TDLib.
const TEST_KEY: &[u8] = b"-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEAyMEdY1aR";
const END: &[u8] = b"-----END RSA PUBLIC KEY-----";

/// Why a library could not be patched.
#[derive(Debug)]
pub enum PatchError {
    /// It could not be read, or the copy could not be written.
    Io(io::Error),
    /// The test key is not in it: not TDLib, or another version.
    NoTestKey,
    /// Our key's text has another length than the one it replaces.
    Length {
        /// Bytes to replace.
        theirs: usize,
        /// Bytes we have.
        ours: usize,
    },
}

impl std::fmt::Display for PatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the library could not be copied: {error}"),
            Self::NoTestKey => f.write_str("the library does not hold the test environment's key; is it TDLib 1.8?"),
            Self::Length { theirs, ours } => {
                write!(f, "the key in the library has {theirs} bytes and ours {ours}; they must be equal")
            }
        }
    }
}

impl std::error::Error for PatchError {}

impl From<io::Error> for PatchError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Writes a copy of `stock` with `public_pem` in the place of the test key to `copy`, atomically.
/// A copy that is newer than the library and holds the key already is left as it is.
pub fn patched_copy(stock: &Path, public_pem: &str, copy: &Path) -> Result<(), PatchError> {
    let ours = public_pem.trim().as_bytes();
    let source = fs::metadata(stock)?;
    if let Ok(existing) = fs::metadata(copy)
        && existing.len() == source.len()
        && existing.modified()? >= source.modified()?
        && find(&fs::read(copy)?, ours).is_some()
    {
        return Ok(());
    }
    let mut bytes = fs::read(stock)?;
    let start = find(&bytes, TEST_KEY).ok_or(PatchError::NoTestKey)?;
    let tail = bytes.get(start..).unwrap_or_default();
    let length = find(tail, END).ok_or(PatchError::NoTestKey)? + END.len();
    if length != ours.len() {
        return Err(PatchError::Length { theirs: length, ours: ours.len() });
    }
    if let Some(place) = bytes.get_mut(start..start + length) {
        place.copy_from_slice(ours);
    }
    let unfinished = copy.with_extension("unfinished");
    fs::write(&unfinished, &bytes)?;
    fs::rename(&unfinished, copy)?;
    Ok(())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(key: &str) -> Vec<u8> {
        let production = "-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEA6LszBcC1\n-----END RSA PUBLIC KEY-----";
        [b"\x7fELF\0".as_slice(), production.as_bytes(), b"\0\xff", key.as_bytes(), b"\0tail"].concat()
    }

    #[test]
    fn the_test_key_alone_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (stock, copy) = (folder.path().join("stock"), folder.path().join("copy"));
        let theirs = "-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEAyMEdY1aR0123\n-----END RSA PUBLIC KEY-----";
        let ours = "-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEAAAAAAAAAAAAA\n-----END RSA PUBLIC KEY-----";
        fs::write(&stock, library(theirs)).unwrap();
        patched_copy(&stock, ours, &copy).unwrap();
        assert_eq!(fs::read(&copy).unwrap(), library(ours));
        assert_eq!(fs::read(&stock).unwrap(), library(theirs), "the stock library is not touched");
        patched_copy(&stock, ours, &copy).unwrap();
    }

    #[test]
    fn what_is_no_tdlib_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let (stock, copy) = (folder.path().join("stock"), folder.path().join("copy"));
        assert!(matches!(patched_copy(&stock, "key", &copy), Err(PatchError::Io(_))));
        fs::write(&stock, b"something else").unwrap();
        assert!(matches!(patched_copy(&stock, "key", &copy), Err(PatchError::NoTestKey)));
        fs::write(&stock, library("-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEAyMEdY1aR\n-----END RSA PUBLIC KEY-----")).unwrap();
        assert!(matches!(patched_copy(&stock, "short", &copy), Err(PatchError::Length { ours: 5, .. })));
        assert!(!copy.exists());
    }
}
