//! Pictures of QR codes.

use qrcode::{Color, QrCode};

/// The pixels of a module.
const MODULE: usize = 6;

/// A screenshot, as PNG, with the QR codes of these texts beside each other.
pub fn screenshot(texts: &[&str]) -> Vec<u8> {
    let (width, height, pixels) = drawn(texts);
    png(width as u32, height as u32, &pixels)
}

/// What a camera sees in front of the QR code of a text, as YUV4MPEG2.
pub fn video(text: &str) -> Vec<u8> {
    const SIZE: (usize, usize) = (640, 480);
    let (width, height, pixels) = drawn(&[text]);
    let mut frame = vec![120; SIZE.0 * SIZE.1];
    for (y, row) in pixels.chunks(width).enumerate() {
        let start = (y + (SIZE.1 - height) / 2) * SIZE.0 + (SIZE.0 - width) / 2;
        frame[start..start + width].copy_from_slice(row);
    }
    frame.resize(SIZE.0 * SIZE.1 * 3 / 2, 128);
    let head = format!("YUV4MPEG2 W{} H{} F10:1 Ip A1:1 C420jpeg\n", SIZE.0, SIZE.1);
    let frame = [b"FRAME\n", frame.as_slice()].concat();
    [head.as_bytes(), &frame, &frame].concat()
}

/// The shades of a picture with these QR codes, with its width and height.
fn drawn(texts: &[&str]) -> (usize, usize, Vec<u8>) {
    let codes: Vec<QrCode> = texts.iter().map(|text| QrCode::new(text).unwrap()).collect();
    let side = |code: &QrCode| (code.width() + 12) * MODULE;
    let (width, height) =
        (codes.iter().map(side).sum::<usize>().max(200), codes.iter().map(side).max().unwrap_or(200));
    let mut pixels = vec![250; width * height];
    let mut left = 0;
    for code in &codes {
        let colors = code.to_colors();
        for (at, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            let (x, y) = (left + (at % code.width() + 6) * MODULE, (at / code.width() + 6) * MODULE);
            for row in y..y + MODULE {
                pixels[row * width + x..row * width + x + MODULE].fill(20);
            }
        }
        left += side(code);
    }
    (width, height, pixels)
}

/// A PNG of these shades.
pub fn png(width: u32, height: u32, shades: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(shades).unwrap();
    bytes
}

/// A PNG in few bytes that becomes very large when it is decoded.
pub fn bomb() -> Vec<u8> {
    png(9_000, 9_000, &vec![0; 81_000_000])
}
