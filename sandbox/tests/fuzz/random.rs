//! Repeatable random numbers, and random damage.

/// A SplitMix generator: small, and good enough for damaging input.
pub struct Random(pub u64);

/// Boundary values.
const INTERESTING: [u32; 12] = [
    0,
    1,
    4,
    0x7f,
    0xfe,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    // A vector, a container, something compressed.
    0x1cb5_c415,
    0x73f1_f8dc,
    0x3072_cfa1,
];

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another one, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// Damages one to four places.
    pub fn damage(&mut self, bytes: &mut Vec<u8>, donors: &[Vec<u8>]) {
        for _ in 0..=self.below(4) {
            self.damage_once(bytes, donors);
        }
    }

    fn damage_once(&mut self, bytes: &mut Vec<u8>, donors: &[Vec<u8>]) {
        let at = self.below(bytes.len() + 1);
        let length = self.below(64).min(bytes.len() - at);
        match self.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            1 if at < bytes.len() => bytes[at] = self.byte(),
            2 | 3 => {
                let at = if self.below(4) == 0 { at } else { at / 4 * 4 };
                let number = self.pick(&INTERESTING).to_le_bytes();
                bytes.iter_mut().skip(at).zip(number).for_each(|(to, from)| *to = from);
            }
            4 => bytes.truncate(at),
            5 => drop(bytes.drain(at..at + length)),
            6 => {
                let copy = bytes[at..at + length].repeat(1 + self.below(50));
                bytes.splice(at..at, copy);
            }
            7 => {
                let new: Vec<_> = (0..self.below(40)).map(|_| self.byte()).collect();
                bytes.splice(at..at, new);
            }
            _ => {
                let other = self.pick(donors);
                let from = self.below(other.len() + 1);
                bytes.splice(at.., other[from..].iter().copied());
            }
        }
    }
}
