//! The first bytes of picture files: their format, and how many pixels they declare.

use super::PictureFormat;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The format that the first bytes tell.
pub(super) fn format(bytes: &[u8]) -> Option<PictureFormat> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some(PictureFormat::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(PictureFormat::WebP),
        _ if bytes.starts_with(PNG) => Some(PictureFormat::Png),
        _ => None,
    }
}

/// The declared width and height.
pub(super) fn size(format: PictureFormat, bytes: &[u8]) -> Option<(u32, u32)> {
    match format {
        PictureFormat::Jpeg => jpeg(bytes),
        PictureFormat::Png => png(bytes),
        PictureFormat::WebP => webp(bytes),
    }
}

/// `N` bytes at this place.
fn at<const N: usize>(bytes: &[u8], place: usize) -> Option<[u8; N]> {
    bytes.get(place..)?.first_chunk().copied()
}

fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let is_head = at(bytes, 12)? == *b"IHDR";
    is_head.then_some((u32::from_be_bytes(at(bytes, 16)?), u32::from_be_bytes(at(bytes, 20)?)))
}

/// Goes from segment to segment up to the one that begins the frame.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut place = 2;
    loop {
        let [0xff, marker] = at(bytes, place)? else { return None };
        match marker {
            // Fill bytes, and markers without content.
            0xff => place += 1,
            0x01 | 0xd0..=0xd7 => place += 2,
            // The pixels, or the end, without a frame.
            0xd8..=0xda => return None,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let [height, width] = [at(bytes, place + 5)?, at(bytes, place + 7)?];
                return Some((u16::from_be_bytes(width).into(), u16::from_be_bytes(height).into()));
            }
            _ => place += 2 + usize::from(u16::from_be_bytes(at(bytes, place + 2)?).max(2)),
        }
    }
}

/// The three kinds of WebP: lossy, lossless and extended.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    /// Sides are at most 14 bits long.
    const SIDE: u32 = (1 << 14) - 1;
    match &at(bytes, 12)? {
        b"VP8 " if at(bytes, 23)? == [0x9d, 0x01, 0x2a] => {
            let side = |place| Some(u32::from(u16::from_le_bytes(at(bytes, place)?)) & SIDE);
            Some((side(26)?, side(28)?))
        }
        b"VP8L" if at(bytes, 20)? == [0x2f] => {
            let bits = u32::from_le_bytes(at(bytes, 21)?);
            Some(((bits & SIDE) + 1, (bits >> 14 & SIDE) + 1))
        }
        b"VP8X" => {
            let side = |place| {
                let [low, middle, high] = at(bytes, place)?;
                Some(u32::from_le_bytes([low, middle, high, 0]) + 1)
            };
            Some((side(24)?, side(27)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::{MAX_BYTES, PhotoId, Picture, PictureFault, PictureFormat};

    fn check(bytes: &[u8]) -> Result<PictureFormat, PictureFault> {
        Picture::new(PhotoId(1), bytes.to_vec()).map(|picture| picture.format())
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let head = [width.to_be_bytes(), height.to_be_bytes()].concat();
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &head, &[8, 2, 0, 0, 0]].concat()
    }

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
        let begin = b"\xff\xd8\xff\xe0\x00\x04AB\xff\xff\xfe\x00\x03C\xff\xc2\x00\x0b\x08";
        [begin.as_slice(), &size, &[3, 1, 0x22, 0]].concat()
    }

    fn webp(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [b"RIFF\x20\0\0\0WEBP".as_slice(), kind, &[9, 0, 0, 0], content].concat()
    }

    #[test]
    fn the_format_is_told_by_the_content() {
        assert_eq!(check(&png(160, 160)), Ok(PictureFormat::Png));
        assert_eq!(check(&jpeg(160, 159)), Ok(PictureFormat::Jpeg));
        let lossy = webp(b"VP8 ", b"\x10\x02\x00\x9d\x01\x2a\xa0\x00\xa0\x40");
        assert_eq!(check(&lossy), Ok(PictureFormat::WebP));
        let lossless = webp(b"VP8L", b"\x2f\x9f\xc0\x27\x00");
        assert_eq!(check(&lossless), Ok(PictureFormat::WebP));
        let extended = webp(b"VP8X", &[0, 0, 0, 0, 159, 0, 0, 159, 0, 0]);
        assert_eq!(check(&extended), Ok(PictureFormat::WebP));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_a_small_picture(begin in 0..6_usize, rest in vec(any::<u8>(), 0..200)) {
            let begins: [&[u8]; 6] =
                [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", b"RIFF\0\0\0\0WEBPVP8X",
                 b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f", b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a"];
            let bytes = [begins[begin], &rest].concat();
            if let Ok(format) = check(&bytes) {
                let (width, height) = super::size(format, &bytes).unwrap();
                prop_assert!((1..=1280).contains(&width) && (1..=1280).contains(&height));
            }
        }
    }

    #[test]
    fn other_content_is_refused() {
        for text in [
            "",
            "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "<!doctype html><script>alert(1)</script>",
            " \u{89}PNG",
            "GIF89a\u{1}\0\u{1}\0",
            "BM",
            "%PDF-1.7",
            "RIFF\0\0\0\0WAVE",
        ] {
            assert_eq!(check(text.as_bytes()), Err(PictureFault::Format), "{text}");
        }
    }

    #[test]
    fn a_file_of_too_many_bytes_or_pixels_is_refused() {
        let large = |bytes: usize| {
            let mut file = png(160, 160);
            file.resize(bytes, 0);
            file
        };
        assert_eq!(check(&large(MAX_BYTES)), Ok(PictureFormat::Png));
        assert_eq!(check(&large(MAX_BYTES + 1)), Err(PictureFault::TooLarge));
        for wrong in [
            png(1281, 160),
            png(160, u32::MAX),
            png(0, 160),
            jpeg(1281, 160),
            jpeg(160, 0),
            webp(b"VP8 ", b"\x10\x02\x00\x9d\x01\x2a\xff\x3f\xa0\x00"),
            webp(b"VP8L", b"\x2f\xff\xff\xff\x0f"),
            webp(b"VP8X", &[0, 0, 0, 0, 159, 0, 0, 255, 255, 255]),
        ] {
            assert_eq!(check(&wrong), Err(PictureFault::Pixels), "{wrong:?}");
        }
    }

    #[test]
    fn a_damaged_header_is_refused_wherever_it_ends() {
        for whole in [
            png(160, 160),
            jpeg(160, 160),
            webp(b"VP8 ", b"\x10\x02\x00\x9d\x01\x2a\xa0\x00\xa0\x00"),
            webp(b"VP8X", &[0, 0, 0, 0, 159, 0, 0, 159, 0, 0]),
        ] {
            let needed = (0..=whole.len()).find(|end| check(&whole[..*end]).is_ok()).unwrap();
            assert!(needed > 20, "{needed}");
        }
        assert_eq!(check(b"\xff\xd8\xff\xda\x00\x02"), Err(PictureFault::Pixels), "pixels without a frame");
        assert_eq!(check(&webp(b"ALPH", &[0; 20])), Err(PictureFault::Pixels));
        // Segments that claim to have no length don't hold it up.
        let endless = [b"\xff\xd8".as_slice(), &b"\xff\xfe\x00\x00".repeat(20_000)].concat();
        assert_eq!(check(&endless), Err(PictureFault::Pixels));
    }
}
