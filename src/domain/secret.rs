//! A text that must not be seen: it does not print, is not serialised, and leaves memory when dropped.
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

/// A login code, a password, a key. `{:?}` prints a placeholder; only [`Secret::expose`] gives the text.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Every use is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is any text.
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

/// Forms are read into secrets directly, so that no plain copy stays behind.
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
