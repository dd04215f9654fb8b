//! Reading the link of a login QR code in a picture that a person sends: a screenshot, or a photo of a screen.
//!
//! A picture is whatever a person sends, so its size, its memory and the time for it are limited, and few are read at the
//! same time. Nothing of it is kept.

mod decode;
mod find;
mod grey;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::domain::{DeviceFault, LoginLink};

/// Pictures that are read at the same time.
const AT_ONCE: usize = 2;
/// How long a picture waits for its turn. Its QR code expires meanwhile.
const TURN: Duration = Duration::from_secs(5);
/// How long reading may take. What takes longer occupies its place until it ends.
const READ_TIME: Duration = Duration::from_secs(15);

/// Reads pictures, a few at a time.
#[derive(Debug)]
pub struct PictureReader(Arc<Semaphore>);

impl Default for PictureReader {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl PictureReader {
    /// The link of the login QR code in this picture.
    pub async fn login_link(&self, picture: Vec<u8>) -> Result<LoginLink, DeviceFault> {
        let place = tokio::time::timeout(TURN, Arc::clone(&self.0).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(DeviceFault::PicturesBusy) };
        let reading = tokio::task::spawn_blocking(move || {
            let found = find::login_link(&picture);
            drop(place);
            found
        });
        match tokio::time::timeout(READ_TIME, reading).await {
            Ok(Ok(found)) => found,
            // The decoder panicked.
            Ok(Err(_)) => Err(DeviceFault::PictureDamaged),
            Err(_) => Err(DeviceFault::NoQrCode),
        }
    }
}
