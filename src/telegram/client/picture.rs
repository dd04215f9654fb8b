//! The small profile picture of the account's user: fetched through TDLib when Telegram names another photo, handed over,
//! and not kept. TDLib writes a file that it downloads to the disk as it is, so it is deleted at once.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tdlib_rs::{enums, functions, types};
use tokio::time::Instant;

use crate::domain::backoff::Backoff;
use crate::domain::picture::{MAX_BYTES, PhotoId, Picture, PictureFault};
use crate::telegram::client::calls::{CallError, call};
use crate::telegram::client::run::Client;
use crate::telegram::client::{ClientTask, Done};

/// TDLib downloads what is asked for with the highest priority first; nothing else is downloaded.
const PRIORITY: i32 = 1;
/// The first pause before another attempt; doubled each time up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The photo that Telegram named last, until its picture is fetched.
pub(super) struct Wanted {
    photo: PhotoId,
    /// TDLib's number of the small file.
    file: i32,
    backoff: Backoff,
    /// When it is fetched; none while it is being fetched.
    due: Option<Instant>,
}

/// The downloaded bytes, or why they are no picture.
pub(super) type Download = Result<Result<Vec<u8>, PictureFault>, CallError>;

impl ClientTask {
    /// Fetches the user's picture if it is another one.
    pub(super) fn on_photo(&mut self, client: &mut Client, user: &types::User) {
        let photo = user.profile_photo.as_ref().filter(|photo| photo.id != 0);
        let Some(photo) = photo else {
            client.photo = None;
            if self.photo.take().is_some() {
                (self.context.observer.picture)(self.start.account, None);
            }
            return;
        };
        let (id, file) = (PhotoId(photo.id), photo.small.id);
        if self.photo == Some(id) {
            client.photo = None;
        } else if client.photo.as_ref().is_none_or(|wanted| wanted.photo != id) {
            let backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
            client.photo = Some(Wanted { photo: id, file, backoff, due: None });
            fetch(client);
        }
    }

    pub(super) fn on_picture(&mut self, client: &mut Client, photo: PhotoId, download: Download) {
        // Otherwise Telegram has named another photo meanwhile.
        let Some(wanted) = client.photo.as_mut().filter(|wanted| wanted.photo == photo) else { return };
        let checked = match download {
            Ok(bytes) => bytes.and_then(|bytes| Picture::new(photo, bytes)),
            Err(error) => {
                tracing::debug!(account = %self.start.account, ?error, "a profile picture can't be fetched");
                wanted.due = Some(Instant::now() + wanted.backoff.fail());
                return;
            }
        };
        client.photo = None;
        self.photo = Some(photo);
        if let Err(fault) = &checked {
            tracing::warn!(account = %self.start.account, %fault, "a profile picture is not accepted");
        }
        // The former picture is not the account's any more, even if the new one is not accepted.
        (self.context.observer.picture)(self.start.account, checked.ok());
    }
}

/// Fetches the wanted picture.
pub(super) fn fetch(client: &mut Client) {
    let id = client.id;
    let Some(Wanted { photo, file, due, .. }) = &mut client.photo else { return };
    *due = None;
    let (photo, file) = (*photo, *file);
    client.calls.push(Box::pin(async move {
        let download = download(file, id).await;
        // Both fail if there is nothing to cancel or delete.
        if download.is_err() {
            let _ = call(functions::cancel_download_file(file, false, id)).await;
        }
        let _ = call(functions::delete_file(file, id)).await;
        Done::Picture(photo, download)
    }));
}

impl Wanted {
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// Downloads a file unless it is too large; TDLib stops soon after it has more than the largest that is accepted.
async fn download(file: i32, id: i32) -> Download {
    let most = i64::try_from(MAX_BYTES).unwrap_or(i64::MAX);
    let enums::File::File(known) =
        call(functions::download_file(file, PRIORITY, 0, most + 1, true, id)).await?;
    if !known.local.is_downloading_completed || known.local.downloaded_size > most {
        return Ok(Err(PictureFault::TooLarge));
    }
    let enums::Data::Data(read) =
        call(functions::read_file_part(file, 0, known.local.downloaded_size, id)).await?;
    let unreadable = |_| CallError { code: 500, message: "the downloaded bytes could not be read".into() };
    STANDARD.decode(read.data).map(Ok).map_err(unreadable)
}
