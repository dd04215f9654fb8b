//! Pictures that are drawn here: screenshots, photos of a screen from an angle, and what is no such picture.

mod drawing;

use std::time::Duration;

use proptest::prelude::*;

use super::{AT_ONCE, PictureReader, find};
use crate::domain::device_login::MAX_MEGABYTES;
use crate::domain::{DeviceFault, LoginLink, Secret};
use drawing::{Canvas, Place, Style, bomb, flat, png_of};

const LINK: &str = "tg://login?token=AQKmade_up-token_of_a_device_that_waits_010";
const OTHER_LINK: &str = "tg://login?token=AQKanother_token-of_another_device_waiting0";
const ELSEWHERE: &str = "https://example.org/menu";

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
        let photo = photo.photographed(blur, 50, number as u64);
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
    let blank = canvas().photographed(2, 60, 1);
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
