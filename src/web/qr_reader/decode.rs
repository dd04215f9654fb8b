//! Decoding of pictures into shades of grey, within limits. The format is what the bytes say, whatever the file is called.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::grey::Grey;
use crate::domain::DeviceFault;
use crate::domain::device_login::{MAX_MEGABYTES, MAX_MEGAPIXELS};

/// The longest side of a picture, in pixels.
const MAX_SIDE: usize = 20_000;
/// The most memory that a decoder may take beside the pixels, in bytes.
const MAX_MEMORY: usize = 256 * 1024 * 1024;
/// The most scans of a progressive JPEG: each is as much work as a whole picture. Cameras and programs make about ten.
const MAX_SCANS: usize = 30;

/// Decodes a picture. With `strict`, one whose end is missing is damaged; without it, that end is grey.
pub(super) fn picture(bytes: &[u8], strict: bool) -> Result<Grey, DeviceFault> {
    if bytes.len() > MAX_MEGABYTES * 1_000_000 {
        return Err(DeviceFault::PictureTooLarge);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        png(bytes)
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        jpeg(bytes, strict)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        webp(bytes)
    } else {
        Err(DeviceFault::PictureFormat)
    }
}

/// Checks the size of a picture before memory is taken for it. Returns the number of its pixels.
fn pixels(width: usize, height: usize) -> Result<usize, DeviceFault> {
    match width.checked_mul(height) {
        Some(0) => Err(DeviceFault::PictureDamaged),
        Some(pixels) if pixels <= MAX_MEGAPIXELS * 1_000_000 && width.max(height) <= MAX_SIDE => Ok(pixels),
        Some(_) | None => Err(DeviceFault::TooManyPixels),
    }
}

fn side(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn png(bytes: &[u8]) -> Result<Grey, DeviceFault> {
    let damaged = |_| DeviceFault::PictureDamaged;
    let limits = png::Limits { bytes: MAX_MEMORY };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(damaged)?;
    let (width, height) = (side(header.width), side(header.height));
    let count = pixels(width, height)?;
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(damaged)?;
    let channels = reader.output_color_type().0.samples();
    let mut shades = Vec::with_capacity(count);
    if reader.info().interlaced {
        let size = reader.output_buffer_size().ok_or(DeviceFault::TooManyPixels)?;
        let mut whole = vec![0; size];
        reader.next_frame(&mut whole).map_err(damaged)?;
        shades.extend(whole.chunks_exact(channels).map(shade));
    } else {
        // Row by row, so that the colours of the whole picture need no memory.
        for _ in 0..height {
            let row = reader.next_row().map_err(damaged)?.ok_or(DeviceFault::PictureDamaged)?;
            shades.extend(row.data().chunks_exact(channels).map(shade));
        }
    }
    Grey::new(width, height, shades).ok_or(DeviceFault::PictureDamaged)
}

fn jpeg(bytes: &[u8], strict: bool) -> Result<Grey, DeviceFault> {
    let damaged = |_| DeviceFault::PictureDamaged;
    let options = DecoderOptions::new_safe()
        // All that the format has; the size is checked below.
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .set_strict_mode(strict)
        .jpeg_set_max_scans(MAX_SCANS)
        // A photo has its brightness apart from its colours, which then need no memory.
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or(DeviceFault::PictureDamaged)?;
    let count = pixels(width, height)?;
    let is_plain = matches!(decoder.input_colorspace(), Some(ColorSpace::YCbCr | ColorSpace::Luma));
    if !is_plain {
        decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::RGB));
    }
    let decoded = decoder.decode().map_err(damaged)?;
    let shades = match decoded.len() / count {
        1 => decoded,
        channels => decoded.chunks_exact(channels.max(1)).map(shade).collect(),
    };
    Grey::new(width, height, shades).ok_or(DeviceFault::PictureDamaged)
}

fn webp(bytes: &[u8]) -> Result<Grey, DeviceFault> {
    let damaged = |_| DeviceFault::PictureDamaged;
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    decoder.set_memory_limit(MAX_MEMORY);
    let (width, height) = decoder.dimensions();
    let (width, height) = (side(width), side(height));
    pixels(width, height)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let size = decoder.output_buffer_size().ok_or(DeviceFault::TooManyPixels)?;
    let mut whole = vec![0; size];
    decoder.read_image(&mut whole).map_err(damaged)?;
    let shades = whole.chunks_exact(channels).map(shade).collect();
    Grey::new(width, height, shades).ok_or(DeviceFault::PictureDamaged)
}

/// The brightness of a pixel of one to four channels. What is transparent is on white.
fn shade(pixel: &[u8]) -> u8 {
    let (colour, alpha) = match *pixel {
        [grey] => return grey,
        [grey, alpha] => (u32::from(grey), alpha),
        [red, green, blue] => (luma(red, green, blue), u8::MAX),
        [red, green, blue, alpha] => (luma(red, green, blue), alpha),
        _ => return u8::MAX,
    };
    let alpha = u32::from(alpha);
    u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}

fn luma(red: u8, green: u8, blue: u8) -> u32 {
    (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000
}
