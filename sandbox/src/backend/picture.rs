//! Profile pictures of accounts, and a generated one.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::Crc;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use super::{Backend, Event, PhoneNumber};
use crate::crypto::random_id;

/// The side of a small profile picture, in pixels.
const SIDE: u16 = 160;

/// A profile picture. Its bytes are served as they are, whatever they contain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    pub id: i64,
    #[serde(with = "crate::serde_base64")]
    pub bytes: Vec<u8>,
}

impl Backend {
    /// Replaces the account's picture; `None` removes it.
    pub(crate) fn set_picture(&mut self, number: &PhoneNumber, bytes: Option<Vec<u8>>, now: i64) {
        if let Some(phone) = self.phone(number) {
            phone.picture = bytes.map(|bytes| Picture { id: random_id(), bytes });
            self.changes += 1;
            self.events.push(Event::PictureChanged(number.clone(), now));
        }
    }
}

/// A PNG with the outline of a person on a ground whose colour depends on `seed`.
pub(crate) fn generated(seed: i64) -> io::Result<Vec<u8>> {
    const GROUNDS: [[u8; 3]; 6] =
        [[196, 69, 54], [46, 125, 80], [43, 92, 170], [142, 68, 150], [184, 110, 22], [15, 118, 130]];
    const PERSON: [u8; 3] = [240, 236, 228];
    let index = usize::try_from(seed.unsigned_abs()).unwrap_or_default() % GROUNDS.len();
    let ground = GROUNDS.get(index).copied().unwrap_or_default();
    let side = i32::from(SIDE);
    let within = |x: i32, y: i32, centre: i32, radius: i32| {
        (x - side / 2).pow(2) + (y - centre).pow(2) < radius.pow(2)
    };
    let mut rows = Vec::new();
    for y in 0..side {
        // Each row begins with its filter: none.
        rows.push(0);
        for x in 0..side {
            let is_person = within(x, y, side * 2 / 5, side / 5) || within(x, y, side, side * 2 / 5);
            rows.extend(if is_person { PERSON } else { ground });
        }
    }
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::default());
    pixels.write_all(&rows)?;
    let mut head = Vec::new();
    head.extend(u32::from(SIDE).to_be_bytes());
    head.extend(u32::from(SIDE).to_be_bytes());
    // Eight bits for each of three colours; the usual compression and filters; not interlaced.
    head.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", head), (b"IDAT", pixels.finish()?), (b"IEND", Vec::new())] {
        let length = u32::try_from(data.len()).map_err(io::Error::other)?;
        let mut crc = Crc::new();
        crc.update(kind);
        crc.update(&data);
        png.extend(length.to_be_bytes());
        png.extend(kind);
        png.extend(data);
        png.extend(crc.sum().to_be_bytes());
    }
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::generated;

    #[test]
    fn a_generated_picture_is_small_and_depends_on_the_seed() {
        let (first, second) = (generated(1).unwrap(), generated(2).unwrap());
        assert!(first.starts_with(b"\x89PNG") && first.len() < 8192, "{}", first.len());
        assert_ne!(first, second);
        assert_eq!(first, generated(-1).unwrap());
    }
}
