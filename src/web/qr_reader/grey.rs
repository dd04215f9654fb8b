//! A picture in shades of grey.

/// 0 is black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Grey {
    /// None if there are not as many pixels as there should be.
    pub(super) fn new(width: usize, height: usize, pixels: Vec<u8>) -> Option<Self> {
        let is_whole = width > 0 && height > 0 && width.checked_mul(height) == Some(pixels.len());
        is_whole.then_some(Self { width, height, pixels })
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    pub(super) fn longest(&self) -> usize {
        self.width.max(self.height)
    }

    /// The shade at a point; white outside.
    pub(super) fn at(&self, x: usize, y: usize) -> u8 {
        self.row(y).get(x).copied().unwrap_or(u8::MAX)
    }

    fn row(&self, y: usize) -> &[u8] {
        let start = y.saturating_mul(self.width);
        self.pixels.get(start..start.saturating_add(self.width)).unwrap_or_default()
    }

    /// The picture with its longer side shrunk to this length, each pixel the average of what it stands for. That takes
    /// the noise of a photo away as well.
    pub(super) fn shrunk(&self, longest: usize) -> Self {
        let scaled = |side: usize| (side * longest / self.longest().max(1)).max(1);
        let (width, height) = (scaled(self.width), scaled(self.height));
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for y in 0..height {
            sums.fill(0);
            let rows = part(y, height, self.height);
            for row in rows.clone().map(|y| self.row(y)) {
                for (x, sum) in sums.iter_mut().enumerate() {
                    let columns = row.get(part(x, width, self.width)).unwrap_or_default();
                    *sum += columns.iter().map(|shade| u32::from(*shade)).sum::<u32>();
                }
            }
            let average = |(x, sum): (usize, &u32)| {
                let count = rows.len() * part(x, width, self.width).len();
                u8::try_from(*sum as usize / count.max(1)).unwrap_or(u8::MAX)
            };
            pixels.extend(sums.iter().enumerate().map(average));
        }
        Self { width, height, pixels }
    }
}

/// What one of `of` equal parts covers of a length.
fn part(number: usize, of: usize, length: usize) -> std::ops::Range<usize> {
    number * length / of..(number + 1) * length / of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_averaged() {
        let grey = Grey::new(4, 2, vec![0, 100, 10, 30, 100, 200, 10, 30]).unwrap();
        let half = grey.shrunk(2);
        assert_eq!((half.width(), half.height()), (2, 1));
        assert_eq!((half.at(0, 0), half.at(1, 0), half.at(2, 0)), (100, 20, 255));
        assert_eq!(Grey::new(2, 2, vec![0; 3]), None);
        assert_eq!(Grey::new(1000, 1, vec![7; 1000]).unwrap().shrunk(10).height(), 1);
    }
}
