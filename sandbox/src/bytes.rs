//! Reads little-endian values from untrusted bytes: every read can fail, none panics.

/// The bytes that are not read yet.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk::<N>()?;
        self.0 = tail;
        Some(*head)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// A length of four bytes, if it is at most `limit`.
    pub fn length(&mut self, limit: usize) -> Option<usize> {
        let length = usize::try_from(self.u32()?).ok()?;
        (length <= limit).then_some(length)
    }

    /// A TL string: its length, its bytes and the padding to a multiple of four.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let first = self.u8()?;
        let (length, head) = if first < 254 {
            (usize::from(first), 1)
        } else {
            let [low, middle, high] = self.array()?;
            (usize::try_from(u32::from_le_bytes([low, middle, high, 0])).ok()?, 4)
        };
        let text = self.take(length)?;
        self.take((head + length).wrapping_neg() % 4)?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_a_length_and_padding() {
        let mut reader = Reader(b"\x03abc\x01x\0\0");
        assert_eq!(reader.string(), Some(&b"abc"[..]));
        assert_eq!(reader.string(), Some(&b"x"[..]));
        assert!(reader.0.is_empty());
        let long = [&[254, 0, 1, 0][..], &[7; 256]].concat();
        assert_eq!(Reader(&long).string(), Some(&[7; 256][..]));
    }

    #[test]
    fn truncated_values_are_not_read() {
        assert_eq!(Reader(b"\x03ab").string(), None);
        assert_eq!(Reader(b"\xfe\xff\xff\xff").string(), None);
        assert_eq!(Reader(b"\x01x").string(), None);
        assert_eq!(Reader(b"abc").u32(), None);
        assert_eq!(Reader(b"\xff\xff\xff\xff").length(10), None);
    }
}
