//! The framings of a TCP stream: what surrounds each packet.

use flate2::Crc;

use crate::bytes::Reader;
use crate::crypto::random;

/// More than a client ever sends, and little enough to keep in memory.
const MAX_PACKET: usize = 2 * 1024 * 1024;

/// A length's highest bit asks for a quick acknowledgement.
pub(super) const QUICK_ACK: u32 = 1 << 31;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A length of one or four bytes, in words.
    Abridged,
    /// A length of four bytes.
    Intermediate,
    /// A length of four bytes and up to fifteen bytes of padding.
    Padded,
    /// Length, sequence number and a checksum.
    Full,
}

/// Why a client's bytes are rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first bytes belong to no known transport.
    #[error("unknown transport")]
    Unknown,
    /// A packet is too long, or shorter than its framing allows.
    #[error("invalid packet length")]
    Length,
    /// A checksum or a sequence number of the full transport is wrong.
    #[error("damaged packet")]
    Damaged,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Packet {
    /// The packet without its framing; a padded one still has its padding.
    pub data: Vec<u8>,
    /// The client requests a quick acknowledgement.
    pub quick_ack: bool,
}

impl Framing {
    /// Frames a packet; the full framing numbers its packets.
    pub(super) fn frame(self, data: &[u8], number: u32) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let mut out = Vec::with_capacity(data.len() + 16);
        match self {
            Self::Abridged if length / 4 < 0x7f => out.extend([(length / 4).to_le_bytes()[0]]),
            Self::Abridged => out.extend(((length / 4) << 8 | 0x7f).to_le_bytes()),
            Self::Intermediate => out.extend(length.to_le_bytes()),
            Self::Padded => out.extend((length + padding_length(data)).to_le_bytes()),
            Self::Full => {
                out.extend((length + 12).to_le_bytes());
                out.extend(number.to_le_bytes());
            }
        }
        out.extend(data);
        match self {
            Self::Full => out.extend(crc32(&out).to_le_bytes()),
            Self::Padded => out.extend(random::<15>().iter().take(padding_length(data) as usize)),
            _ => {}
        }
        out
    }

    /// Reads the header of a packet: how many bytes follow it, and whether a quick acknowledgement is requested.
    pub(super) fn header(self, rest: &mut Reader<'_>) -> Result<Option<(usize, bool)>, FrameError> {
        let (length, quick) = match self {
            Self::Abridged => match abridged_header(rest) {
                Some(header) => header,
                None => return Ok(None),
            },
            Self::Intermediate | Self::Padded => match rest.u32() {
                Some(length) => (length & !QUICK_ACK, length & QUICK_ACK != 0),
                None => return Ok(None),
            },
            Self::Full => match rest.u32() {
                Some(length) if length % 4 != 0 => return Err(FrameError::Length),
                Some(length) => (length.checked_sub(4).ok_or(FrameError::Length)?, false),
                None => return Ok(None),
            },
        };
        let least = if self == Self::Full { 12 } else { 4 };
        match usize::try_from(length) {
            Ok(length) if (least..=MAX_PACKET).contains(&length) => Ok(Some((length, quick))),
            _ => Err(FrameError::Length),
        }
    }
}

fn abridged_header(rest: &mut Reader<'_>) -> Option<(u32, bool)> {
    let first = rest.u8()?;
    let quick = first & 0x80 != 0;
    let words = match first & 0x7f {
        0x7f => {
            let [low, middle, high] = rest.array()?;
            u32::from_le_bytes([low, middle, high, 0])
        }
        words => u32::from(words),
    };
    Some((words * 4, quick))
}

/// `body` is sequence number, packet and checksum; the checksum covers the length before it too.
pub(super) fn check_full<'a>(input: &[u8], body: &'a [u8], expected: u32) -> Result<&'a [u8], FrameError> {
    let mut rest = Reader(body);
    let number = rest.u32().ok_or(FrameError::Damaged)?;
    let (data, sum) = rest.0.split_last_chunk::<4>().ok_or(FrameError::Damaged)?;
    let summed = input.get(..body.len()).ok_or(FrameError::Damaged)?;
    let is_valid = number == expected && crc32(summed) == u32::from_le_bytes(*sum);
    is_valid.then_some(data).ok_or(FrameError::Damaged)
}

pub(super) fn crc32(data: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(data);
    crc.sum()
}

/// The padding length varies from packet to packet but is always the same for one packet. Transport errors get none:
/// clients recognise them by their length.
fn padding_length(data: &[u8]) -> u32 {
    match data.last() {
        Some(last) if data.len() >= 24 => u32::from(last & 15),
        _ => 0,
    }
}
