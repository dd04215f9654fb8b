//! QR codes as SVG, within the page: dark on white, as phones expect.

use qrcode::QrCode;
use qrcode::render::svg::Color;

/// A QR code of this text; none if it is too long.
pub(super) fn qr_code(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    let image = code.render::<Color<'_>>().min_dimensions(220, 220).build();
    image.find("<svg").and_then(|start| image.get(start..)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_and_is_not_in_the_picture_as_text() {
        let link = format!("tg://login?token={}", "a".repeat(43));
        let svg = qr_code(&link).unwrap();
        assert!(svg.starts_with("<svg") && !svg.contains("token") && !svg.contains("style="), "{svg}");
        assert_eq!(qr_code(&"a".repeat(5000)), None);
    }
}
