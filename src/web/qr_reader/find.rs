//! Finding QR codes in a picture. A code in a photo may be small, skewed or noisy, so it is looked for at several scales.

use super::decode;
use super::grey::Grey;
use crate::domain::{DeviceFault, LoginLink, Secret};

/// The lengths of the longer side at which codes are looked for. A photo of 12 megapixels has 4000.
const SCALES: [usize; 3] = [1_100, 650, 2_200];

/// The link of the login QR code in a picture. Codes of something else beside it are ignored.
pub(super) fn login_link(picture: &[u8]) -> Result<LoginLink, DeviceFault> {
    let grey = decode::picture(picture, false)?;
    let mut found = Found::default();
    // On a dark theme some apps show light codes on a dark ground.
    for is_light_on_dark in [false, true] {
        let mut tried = Vec::new();
        for longest in SCALES {
            let longest = longest.min(grey.longest());
            if !tried.contains(&longest) {
                tried.push(longest);
                found.add(&grey.shrunk(longest), is_light_on_dark);
            }
        }
        if !found.links.is_empty() {
            break;
        }
    }
    match found.links.as_slice() {
        [link] => Ok(link.clone()),
        [] if found.others => Err(DeviceFault::OtherQrCode),
        // Perhaps the code is in the part that is missing.
        [] => Err(decode::picture(picture, true).err().unwrap_or(DeviceFault::NoQrCode)),
        [..] => Err(DeviceFault::SeveralLogins),
    }
}

#[derive(Debug, Default)]
struct Found {
    links: Vec<LoginLink>,
    /// Whether there are codes of something else.
    others: bool,
}

impl Found {
    fn add(&mut self, grey: &Grey, is_light_on_dark: bool) {
        let shade = |x, y| if is_light_on_dark { u8::MAX - grey.at(x, y) } else { grey.at(x, y) };
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(grey.width(), grey.height(), shade);
        for code in prepared.detect_grids() {
            let Ok((_, text)) = code.decode() else { continue };
            match LoginLink::parse(&Secret::new(text)) {
                Ok(link) if self.links.contains(&link) => {}
                Ok(link) => self.links.push(link),
                Err(_) => self.others = true,
            }
        }
    }
}
