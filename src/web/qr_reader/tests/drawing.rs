//! Drawing of QR codes, as screenshots have them and as cameras see them.

use qrcode::{Color, EcLevel, QrCode};

/// Where a QR code is in a picture.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) centre: (f64, f64),
    /// The length of a side, with its margin.
    pub(super) size: f64,
    /// By which it is turned, in degrees.
    pub(super) turned: f64,
    /// How much its far side is shorter.
    pub(super) tilt: f64,
}

pub(super) fn flat(x: f64, y: f64, size: f64) -> Place {
    Place { centre: (x, y), size, turned: 0.0, tilt: 0.0 }
}

/// How the modules of a code look.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    Squares,
    /// Round modules and a picture in the middle, as Telegram's own apps show.
    Dots,
}

pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) shades: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize, ground: u8) -> Self {
        Self { width, height, shades: vec![ground; width * height] }
    }

    pub(super) fn with_code(mut self, text: &str, place: Place, style: Style) -> Self {
        let level = if style == Style::Dots { EcLevel::Q } else { EcLevel::M };
        let code = QrCode::with_error_correction_level(text, level).unwrap();
        let (side, colors) = (code.width(), code.to_colors());
        let (sin, cos) = place.turned.to_radians().sin_cos();
        for (y, row) in self.shades.chunks_mut(self.width).enumerate() {
            for (x, shade) in row.iter_mut().enumerate() {
                let (dx, dy) = (x as f64 - place.centre.0, y as f64 - place.centre.1);
                let (turned_x, turned_y) = (cos * dx + sin * dy, cos * dy - sin * dx);
                let away = 1.0 + place.tilt * turned_y / place.size;
                let (u, v) = (turned_x / place.size * away + 0.5, turned_y / place.size * away + 0.5);
                if (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v) {
                    *shade = if is_dark(&colors, side, (u, v), style) { 25 } else { 235 };
                }
            }
        }
        self
    }

    /// What a camera adds: light that falls off to one side, blur and noise.
    pub(super) fn photographed(mut self, blur: usize, noise: u8, seed: u64) -> Self {
        for _ in 0..2 {
            self.shades = blurred(&self.shades, self.width, blur);
            self.shades = turned(&self.shades, self.width);
            std::mem::swap(&mut self.width, &mut self.height);
        }
        let mut random = fastrand::Rng::with_seed(seed);
        let width = self.width;
        for (at, shade) in self.shades.iter_mut().enumerate() {
            let light = 0.55 + 0.45 * (at % width) as f64 / width as f64;
            let grain = i32::from(random.u8(0..=noise)) - i32::from(noise / 2);
            *shade = (f64::from(*shade) * light) as i32 as u8;
            *shade = (i32::from(*shade) + grain).clamp(0, 255) as u8;
        }
        self
    }

    fn rgb(&self) -> Vec<u8> {
        self.shades.iter().flat_map(|shade| [*shade, *shade, shade.saturating_add(10)]).collect()
    }

    pub(super) fn png(&self) -> Vec<u8> {
        png_of(self.width as u32, self.height as u32, png::ColorType::Grayscale, &self.shades)
    }

    pub(super) fn jpeg(&self, progressive: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 70);
        encoder.set_progressive(progressive);
        let (width, height) = (self.width as u16, self.height as u16);
        encoder.encode(&self.rgb(), width, height, jpeg_encoder::ColorType::Rgb).unwrap();
        bytes
    }

    pub(super) fn webp(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        image_webp::WebPEncoder::new(&mut bytes)
            .encode(&self.rgb(), self.width as u32, self.height as u32, image_webp::ColorType::Rgb8)
            .unwrap();
        bytes
    }
}

/// Whether a code is dark at a point of its square, of which the margin is a part.
fn is_dark(colors: &[Color], side: usize, (u, v): (f64, f64), style: Style) -> bool {
    let modules = side as f64 + 8.0;
    let (x, y) = (u * modules - 4.0, v * modules - 4.0);
    let inside = |at: f64| (0.0..side as f64).contains(&at);
    if !inside(x) || !inside(y) {
        return false;
    }
    let middle = side as f64 / 2.0;
    if style == Style::Dots && (x - middle).hypot(y - middle) < 3.5 {
        return (x - middle).hypot(y - middle) < 2.5;
    }
    let dark = colors[y as usize * side + x as usize] == Color::Dark;
    let is_corner = |at: f64| at < 7.0 || at >= side as f64 - 7.0;
    let is_round = style == Style::Dots && !(is_corner(x) && is_corner(y));
    dark && (!is_round || (x.fract() - 0.5).hypot(y.fract() - 0.5) < 0.48)
}

/// Each pixel as the average of its row around it.
fn blurred(shades: &[u8], width: usize, radius: usize) -> Vec<u8> {
    let average = |row: &[u8]| {
        let sums: Vec<usize> = std::iter::once(0)
            .chain(row.iter().scan(0, |sum, shade| {
                *sum += usize::from(*shade);
                Some(*sum)
            }))
            .collect();
        (0..width)
            .map(|x| {
                let (from, to) = (x.saturating_sub(radius), (x + radius + 1).min(width));
                ((sums[to] - sums[from]) / (to - from)) as u8
            })
            .collect::<Vec<u8>>()
    };
    shades.chunks(width).flat_map(average).collect()
}

/// Rows as columns.
fn turned(shades: &[u8], width: usize) -> Vec<u8> {
    (0..width).flat_map(|x| shades.iter().skip(x).step_by(width).copied()).collect()
}

pub(super) fn png_of(width: u32, height: u32, color: png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

/// A PNG of so many pixels, all of them black, in few bytes.
pub(super) fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let row = vec![0; width.div_ceil(8) as usize];
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    for _ in 0..height {
        std::io::Write::write_all(&mut stream, &row).unwrap();
    }
    stream.finish().unwrap();
    drop(writer);
    bytes
}
