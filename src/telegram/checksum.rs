//! Which TDLib may run in production: it has access to every session, so only known libraries are accepted.

use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha512};

/// SHA-512 of the libraries that `make natives` fetches: TDLib 1.8.61.
const PINNED: &[&str] = &[
    // Linux, x86-64, glibc
    "de4b6c9ea72632055d5db1ec330cebbf1ad607c265a98cf3e63ac22067777a0e9b3c54e71c9d8c61f431c60f66f5edac62abe4068f0d136ed7a20144e786c55d",
];

/// Refuses a library whose checksum is neither pinned nor configured by the operator (lower-case hexadecimal).
pub fn check(library: &Path, also: Option<&str>) -> anyhow::Result<()> {
    let digest = digest(library).map_err(|error| {
        anyhow::anyhow!("TDLib is not at {}: {error}. `make natives` fetches it.", library.display())
    })?;
    if PINNED.contains(&digest.as_str()) || also == Some(digest.as_str()) {
        return Ok(());
    }
    anyhow::bail!(
        "{} is not a TDLib that this version of Telescope was tried with. If it is meant to be used, set \
         TDLIB_SHA512={digest}",
        library.display()
    )
}

fn digest(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha512::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
    Ok(hex::encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_library_passes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lib.so");
        assert!(check(&path, None).unwrap_err().to_string().contains("make natives"));
        std::fs::write(&path, b"not TDLib").unwrap();
        let refusal = check(&path, None).unwrap_err().to_string();
        let named = refusal.rsplit('=').next().unwrap().to_owned();
        assert_eq!(named.len(), 128, "{refusal}");
        assert!(check(&path, Some(&named)).is_ok());
        std::fs::write(&path, b"another").unwrap();
        assert!(check(&path, Some(&named)).is_err());
    }
}
