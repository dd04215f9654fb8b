//! Secret text: it can't be printed or serialised, and is zeroed when dropped.
//!
//! ```
//! # use telescope::domain::Secret;
//! println!("{:?} of {} bytes", Secret::new("01234"), Secret::new("01234").expose().len());
//! ```
//!
//! ```compile_fail
//! # use telescope::domain::Secret;
//! println!("{}", Secret::new("01234"));
//! ```
//!
//! ```compile_fail
//! # use telescope::domain::Secret;
//! serde_json::to_string(&Secret::new("01234"));
//! ```

use zeroize::Zeroize;

/// A login code, a password or a key. `{:?}` prints a placeholder; only [`Secret::expose`] returns the text.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub const fn empty() -> Self {
        Self(String::new())
    }

    /// The text itself. Check every use in reviews.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// Forms are parsed directly into secrets, so that no plain copy is left.
impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new("01234");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.expose(), "01234");
    }
}
