//! Pictures that are drawn here: screenshots, photos of a screen from an angle, and what is no such picture.

use std::time::Duration;

use proptest::prelude::*;
use qrcode::{Color, EcLevel, QrCode};

use super::{AT_ONCE, PictureReader, find};
use crate::domain::device_login::MAX_MEGABYTES;
use crate::domain::{DeviceFault, LoginLink, Secret};

const LINK: &str = "tg://login?token=AQKmade_up-token_of_a_device_that_waits_012";
const OTHER_LINK: &str = "tg://login?token=AQKanother_token-of_another_device_waiting0";
const ELSEWHERE: &str = "https://example.org/menu";

/// Where a QR code is in a picture.
#[derive(Clone, Copy)]
struct Place {
    centre: (f64, f64),
    /// The length of a side, with its margin.
    size: f64,
    /// By which it is turned, in degrees.
    turned: f64,
    /// How much its far side is shorter.
    tilt: f64,
}

fn flat(x: f64, y: f64, size: f64) -> Place {
    Place { centre: (x, y), size, turned: 0.0, tilt: 0.0 }
}

/// How the modules of a code look.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Squares,
    /// Round modules and a picture in the middle, as Telegram's own apps show.
    Dots,
}

struct Canvas {
    width: usize,
    height: usize,
    shades: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize, ground: u8) -> Self {
        Self { width, height, shades: vec![ground; width * height] }
    }

    fn with_code(mut self, text: &str, place: Place, style: Style) -> Self {
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
    fn as_photo(mut self, blur: usize, noise: u8, seed: u64) -> Self {
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

    fn png(&self) -> Vec<u8> {
        png_of(self.width as u32, self.height as u32, png::ColorType::Grayscale, &self.shades)
    }

    fn jpeg(&self, progressive: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 70);
        encoder.set_progressive(progressive);
        let (width, height) = (self.width as u16, self.height as u16);
        encoder.encode(&self.rgb(), width, height, jpeg_encoder::ColorType::Rgb).unwrap();
        bytes
    }

    fn webp(&self) -> Vec<u8> {
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

fn png_of(width: u32, height: u32, color: png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

/// A PNG of so many pixels, all of them black, in few bytes.
fn bomb(width: u32, height: u32) -> Vec<u8> {
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

fn link(text: &str) -> Result<LoginLink, DeviceFault> {
    LoginLink::parse(&Secret::new(text))
}

#[test]
fn screenshots_in_each_format_are_read() {
    let shot = Canvas::new(900, 600, 250).with_code(LINK, flat(430.0, 280.0, 260.0), Style::Squares);
    for (name, bytes) in [
        ("png", shot.png()),
        ("jpeg", shot.jpeg(false)),
        ("progressive jpeg", shot.jpeg(true)),
        ("webp", shot.webp()),
    ] {
        assert_eq!(find::login_link(&bytes), link(LINK), "{name}");
    }
    let transparent: Vec<u8> =
        shot.shades.iter().flat_map(|shade| [0, 0, 0, if *shade < 128 { 255 } else { 0 }]).collect();
    let bytes = png_of(900, 600, png::ColorType::Rgba, &transparent);
    assert_eq!(find::login_link(&bytes), link(LINK), "dark on nothing");
    let dark = Canvas { shades: shot.shades.iter().map(|shade| 255 - shade).collect(), ..shot };
    assert_eq!(find::login_link(&dark.png()), link(LINK), "light on dark");
}

#[test]
fn photos_of_a_screen_are_read() {
    for (number, (width, height, size, turned, tilt, blur)) in [
        (4000, 3000, 1500.0, 8.0, 0.15, 6),
        (3000, 4000, 900.0, 93.0, 0.25, 4),
        (4000, 2250, 620.0, -24.0, 0.1, 3),
        (1600, 1200, 420.0, 178.0, 0.2, 2),
        (1280, 960, 900.0, 45.0, 0.0, 3),
    ]
    .into_iter()
    .enumerate()
    {
        let centre = (f64::from(width) * 0.47, f64::from(height) * 0.55);
        let place = Place { centre, size, turned, tilt };
        let is_odd = number % 2 == 1;
        let style = if is_odd { Style::Dots } else { Style::Squares };
        let photo = Canvas::new(width as usize, height as usize, 90).with_code(LINK, place, style);
        let photo = photo.as_photo(blur, 50, number as u64);
        assert_eq!(find::login_link(&photo.jpeg(is_odd)), link(LINK), "photo {number}");
    }
}

#[test]
fn the_code_of_a_login_is_chosen_among_several() {
    let canvas = || Canvas::new(1400, 700, 240);
    let (left, right) = (flat(350.0, 350.0, 400.0), flat(1050.0, 350.0, 400.0));
    let both = |one: &str, other: &str| {
        let picture = canvas().with_code(one, left, Style::Squares).with_code(other, right, Style::Squares);
        find::login_link(&picture.png())
    };
    assert_eq!(both(ELSEWHERE, LINK), link(LINK));
    assert_eq!(both(LINK, LINK), link(LINK), "the same one twice");
    assert_eq!(both(LINK, OTHER_LINK), Err(DeviceFault::SeveralLogins));
    assert_eq!(both(ELSEWHERE, "tg://login?code=12345"), Err(DeviceFault::OtherQrCode));
    let blank = canvas().as_photo(2, 60, 1);
    assert_eq!(find::login_link(&blank.jpeg(false)), Err(DeviceFault::NoQrCode));
}

#[test]
fn what_can_not_be_read_is_told_apart() {
    let shot = Canvas::new(900, 600, 250).with_code(LINK, flat(430.0, 400.0, 260.0), Style::Squares);
    // Half of a progressive JPEG shows the whole picture.
    for bytes in [shot.png(), shot.jpeg(false), shot.webp()] {
        let half = bytes.get(..bytes.len() / 2).unwrap();
        assert_eq!(find::login_link(half), Err(DeviceFault::PictureDamaged));
    }
    for bytes in
        [b"".as_slice(), b"GIF89a", b"<svg xmlns=", b"%PDF-1.7", b"\0\0\0\x18ftypheic", LINK.as_bytes()]
    {
        assert_eq!(find::login_link(bytes), Err(DeviceFault::PictureFormat), "{bytes:?}");
    }
    let large = [shot.png(), vec![0; MAX_MEGABYTES * 1_000_000]].concat();
    assert_eq!(find::login_link(&large), Err(DeviceFault::PictureTooLarge));
}

#[test]
fn pictures_with_too_many_pixels_are_refused_before_they_are_decoded() {
    let png = bomb(19_000, 19_000);
    assert!(png.len() < 1_000_000, "it is small: {}", png.len());
    let begun = std::time::Instant::now();
    assert_eq!(find::login_link(&png), Err(DeviceFault::TooManyPixels));
    assert_eq!(find::login_link(&bomb(60_000, 10)), Err(DeviceFault::TooManyPixels));
    // The size in the header of a JPEG.
    let mut jpeg = Canvas::new(64, 64, 9).jpeg(false);
    let header = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[header + 5..header + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert_eq!(find::login_link(&jpeg), Err(DeviceFault::TooManyPixels));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is sent, there is an answer, and it is never a link that is not there.
    #[test]
    fn damaged_pictures_are_answered(
        format in 0_u8..4,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let shot = Canvas::new(300, 300, 250).with_code(LINK, flat(150.0, 150.0, 260.0), Style::Squares);
        let mut bytes = match format {
            0 => shot.png(),
            1 => shot.jpeg(false),
            2 => shot.jpeg(true),
            _ => shot.webp(),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        if let Ok(found) = runtime.block_on(PictureReader::default().login_link(bytes)) {
            prop_assert_eq!(found, link(LINK).unwrap());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pictures_wait_for_their_turn_only_a_while() {
    let reader = PictureReader::default();
    let shot = Canvas::new(300, 300, 250).with_code(LINK, flat(150.0, 150.0, 260.0), Style::Squares).png();
    let places = reader.0.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
    assert_eq!(reader.login_link(shot.clone()).await, Err(DeviceFault::PicturesBusy));
    drop(places);
    // Other threads don't know that time is paused.
    tokio::time::resume();
    assert_eq!(reader.login_link(shot).await, link(LINK));
}
