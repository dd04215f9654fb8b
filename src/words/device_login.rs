//! Why a device was not logged in by its QR code, and what to do now.

use crate::domain::DeviceFault;
use crate::domain::device_login::{MAX_MEGABYTES, MAX_MEGAPIXELS, TRIES_PER_HOUR};

/// For what people have to do when a code can't be used any more.
macro_rules! next_code {
    ($what:literal) => {
        concat!(
            $what,
            " The device shows a new code about every 30 seconds: send the one that it shows now, as soon as it appears."
        )
    };
}

pub(super) fn sentence(fault: DeviceFault) -> String {
    match fault {
        DeviceFault::Nothing => "Choose a picture of the QR code, or paste its link.".into(),
        DeviceFault::Both => "Send either a picture or a link, not both.".into(),
        DeviceFault::NoLoginLink => {
            "That isn't the link of a login QR code. It begins with tg://login?token= and is all that the code contains."
                .into()
        }
        DeviceFault::PictureTooLarge => format!(
            "The picture is too large: it can have up to {MAX_MEGABYTES} MB. Send a screenshot, or cut out the QR code."
        ),
        DeviceFault::TooManyPixels => format!(
            "The picture has too many pixels: it can have up to {MAX_MEGAPIXELS} megapixels. Send a screenshot, or cut out \
             the QR code."
        ),
        DeviceFault::PictureFormat => {
            "This file isn't a picture that Telescope can read. Send a PNG, JPEG or WebP file.".into()
        }
        DeviceFault::PictureDamaged => {
            "The picture is damaged, or didn't arrive completely. Take it again and send it once more.".into()
        }
        DeviceFault::NoQrCode => {
            "No QR code was found in the picture. Take it from nearer and straight ahead, so that the code is sharp and \
             complete, without reflections."
                .into()
        }
        DeviceFault::OtherQrCode => {
            "The QR code in the picture isn't one of a Telegram login. On the new device, open Telegram and choose to log \
             in by QR code."
                .into()
        }
        DeviceFault::SeveralLogins => {
            "The picture has the QR codes of several logins. Send a picture of the one that you mean.".into()
        }
        DeviceFault::PicturesBusy => {
            "Too many pictures are being read at the same time. Wait a moment, then send a picture of the code that the \
             device shows then."
                .into()
        }
        DeviceFault::TooOften => format!(
            "You've tried to log a device in to this account {TRIES_PER_HOUR} times within an hour. Wait an hour, then try \
             again."
        ),
        DeviceFault::Expired => next_code!("This came too late: the QR code has expired, so nothing was logged in.").into(),
        DeviceFault::Used => next_code!("This QR code was used before, so nothing was logged in.").into(),
        DeviceFault::Unknown => next_code!(
            "Telegram doesn't know this QR code any more, so nothing was logged in. It has expired, was used before, or \
             comes from Telegram's other environment."
        )
        .into(),
        DeviceFault::LoggedInAlready => "The device is logged in to this account already.".into(),
        DeviceFault::Disconnected => {
            "This account is disconnected, so it can't log a device in. Connect it first.".into()
        }
        DeviceFault::NotLoggedIn => {
            "This account isn't logged in at Telegram itself, so it can't log a device in. Log it in first.".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn each_fault_says_what_to_do() {
        let sentences: std::collections::HashSet<_> = DeviceFault::iter().map(sentence).collect();
        assert_eq!(sentences.len(), DeviceFault::iter().count());
        for sentence in sentences {
            assert!(sentence.ends_with('.') && !sentence.contains("  "), "{sentence}");
        }
    }
}
