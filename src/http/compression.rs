//! Compression of responses with gzip, which every browser and proxy supports.

use std::io::Write;

use axum::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The compression level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// For a response to one request.
    Fast,
    /// For files, which are compressed once.
    Best,
}

/// Compresses the whole content.
pub fn gzip(content: &[u8], effort: Effort) -> std::io::Result<Vec<u8>> {
    let level = match effort {
        Effort::Fast => Compression::fast(),
        Effort::Best => Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::with_capacity(content.len() / 4), level);
    encoder.write_all(content)?;
    encoder.finish()
}

/// Whether a client accepts gzip.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut any = false;
    for coding in values.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let wanted = !parts.any(is_zero);
        match name.to_ascii_lowercase().as_str() {
            "gzip" => return wanted,
            "*" => any = wanted,
            _ => {}
        }
    }
    any
}

/// Whether a parameter says that the coding is not wanted: `q=0`, `q=0.0`.
fn is_zero(parameter: &str) -> bool {
    let weight = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="));
    weight.and_then(|weight| weight.parse::<f32>().ok()).is_some_and(|weight| weight <= 0.0)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_client_says_what_it_takes() {
        for (value, taken) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.8, *;q=0.1", true),
            ("*", true),
            ("", false),
            ("br", false),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*;q=0", false),
            ("identity", false),
            ("xgzip", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
            assert_eq!(accepts_gzip(&headers), taken, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn what_was_compressed_comes_back() {
        let text = "Accounts ".repeat(1000);
        for effort in [Effort::Fast, Effort::Best] {
            let compressed = gzip(text.as_bytes(), effort).unwrap();
            assert!(compressed.len() < text.len() / 10);
            let mut back = String::new();
            flate2::read::GzDecoder::new(compressed.as_slice()).read_to_string(&mut back).unwrap();
            assert_eq!(back, text);
        }
    }
}
