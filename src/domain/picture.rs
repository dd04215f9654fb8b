//! Profile pictures, as far as they are accepted. They come from strangers by way of Telegram, so only files that are
//! what they claim to be are kept: small ones, of three formats, whose headers declare few pixels. Nothing is decoded.

mod header;

use std::fmt;

/// The largest file. Telegram's small profile pictures have some 10 KiB.
pub const MAX_BYTES: usize = 100 * 1024;
/// The longest side in pixels. Telegram's small profile pictures have 160.
const MAX_SIDE: u32 = 1280;

/// Telegram's id of a photo. A new picture has a new one, so it also serves as the version of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct PhotoId(pub i64);

impl fmt::Display for PhotoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// The format of a picture, from the first bytes of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    Jpeg,
    Png,
    WebP,
}

impl PictureFormat {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }
}

/// Why a file is not accepted as a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureFault {
    #[error("it has more than {} KiB", MAX_BYTES / 1024)]
    TooLarge,
    #[error("it is not a JPEG, PNG or WebP file")]
    Format,
    #[error("it does not say how many pixels it has, or says too many")]
    Pixels,
}

/// A picture that is accepted.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    pub photo: PhotoId,
    format: PictureFormat,
    bytes: Vec<u8>,
}

impl Picture {
    /// Checks a file of unknown content.
    pub fn new(photo: PhotoId, bytes: Vec<u8>) -> Result<Self, PictureFault> {
        if bytes.len() > MAX_BYTES {
            return Err(PictureFault::TooLarge);
        }
        let format = header::format(&bytes).ok_or(PictureFault::Format)?;
        let (width, height) = header::size(format, &bytes).ok_or(PictureFault::Pixels)?;
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(PictureFault::Pixels);
        }
        Ok(Self { photo, format, bytes })
    }

    pub const fn format(&self) -> PictureFormat {
        self.format
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}, {:?}, {} bytes)", self.photo, self.format, self.bytes.len())
    }
}
