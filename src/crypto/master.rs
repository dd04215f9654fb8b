//! The master key: the 32 bytes from which all other keys are derived.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroize;

/// 32 secret bytes. They can't be printed, and are zeroed when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Parses 32 characters, used as they are, or the base64 of 32 bytes.
    /// The error continues a sentence and contains nothing of the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let mut bytes = match text.len() {
            32 => text.as_bytes().to_vec(),
            43 | 44 => [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
                .iter()
                .find_map(|alphabet| alphabet.decode(text).ok())
                .ok_or("is as long as base64 of 32 bytes, but is not base64.")?,
            _ => {
                return Err(
                    "must be 32 characters or the base64 of 32 bytes (openssl rand -base64 32).".into()
                );
            }
        };
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map(Self);
        bytes.zeroize();
        let key = key.map_err(|_| "is not the base64 of 32 bytes.".to_owned())?;
        if key.is_guessable() {
            return Err("repeats a few characters only; use random ones (openssl rand -base64 32).".into());
        }
        Ok(key)
    }

    /// A new random key.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self(key))
    }

    /// The key as base64, the form in files and settings.
    pub fn to_base64(&self) -> crate::domain::Secret {
        crate::domain::Secret::new(STANDARD.encode(self.0))
    }

    /// The bytes, for deriving keys.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether there are fewer than eight different bytes, which does not happen in a random key.
    fn is_guessable(&self) -> bool {
        let mut bytes = self.0;
        bytes.sort_unstable();
        let different = 1 + bytes.windows(2).filter(|pair| pair.first() != pair.last()).count();
        bytes.zeroize();
        different < 8
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let text = MasterKey::parse("correct horse battery staple 123").unwrap();
        assert_eq!(text.bytes(), b"correct horse battery staple 123");
        assert_eq!(MasterKey::parse(text.to_base64().expose()).unwrap(), text);
        let key = MasterKey::generate().unwrap();
        assert_eq!(MasterKey::parse(key.to_base64().expose().trim_end_matches('=')).unwrap(), key);
        assert_ne!(key, MasterKey::generate().unwrap());
        assert_eq!(format!("{key:?}"), "[secret]");
    }

    #[test]
    fn weak_keys_are_refused() {
        for text in [
            "",
            "short",
            "correct horse battery staple 12",
            "correct horse battery staple 1234",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abababababababababababababababab",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "this is 44 characters, but not any base64 ..",
            "0123456789012345678901234567890123456789012",
        ] {
            let fault = MasterKey::parse(text).unwrap_err();
            assert!(fault.ends_with('.') || fault.ends_with(")."), "{text}: {fault}");
        }
    }
}
