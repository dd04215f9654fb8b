//! Bytes as hexadecimal digits: the form of digests in tables and files.

use std::fmt::Write as _;

/// Two lower-case digits per byte.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn zeros_count() {
        assert_eq!(super::encode(&[0, 1, 0xfe]), "0001fe");
    }
}
