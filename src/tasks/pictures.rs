//! Stores the profile pictures that accounts' clients have fetched. Pages show a picture once it is stored. Only the newest
//! of each account is kept, so nothing accumulates while the database is unavailable.

use std::sync::Arc;
use std::time::Duration;

use crate::live::events::Change;
use crate::live::pictures::Fetched;
use crate::ops::App;
use crate::store::{self, StoreError};

/// How many are stored at once: sealing takes time, and other changes wait meanwhile.
const AT_ONCE: usize = 32;

/// The pause before they are stored again after that failed.
const PAUSE: Duration = Duration::from_secs(10);

pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    loop {
        let stored = store_all(&app).await;
        tokio::select! {
            () = tokio::time::sleep(PAUSE), if stored.is_err() => {}
            () = app.live.pictures.added() => {}
            // Retry when the database is available again.
            _ = changes.wait_for(|change| change == Change::Health) => {}
        }
    }
}

async fn store_all(app: &App) -> Result<(), StoreError> {
    loop {
        let taken = app.live.pictures.take(AT_ONCE);
        if taken.is_empty() {
            return Ok(());
        }
        match write(app, &taken).await {
            Ok(()) => {
                for (account, picture) in taken {
                    app.live.accounts.put_picture(account, picture.map(|picture| picture.photo));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "profile pictures are not stored yet");
                app.live.pictures.put_back(taken);
                return Err(error);
            }
        }
    }
}

async fn write(app: &App, pictures: &Fetched) -> Result<(), StoreError> {
    let now = app.clock.now();
    app.db
        .maintain(async |conn| {
            for (account, picture) in pictures {
                match picture {
                    Some(picture) => {
                        store::account_pictures::put(conn, &app.keys, *account, picture, now).await?;
                    }
                    None => store::account_pictures::remove(conn, *account).await?,
                }
            }
            Ok(())
        })
        .await
}
