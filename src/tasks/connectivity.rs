//! Whether Telegram can be reached at all, for everybody who looks at a page.
//!
//! One account that is not in touch is that account's matter, and its page says so. If none is, it is the network,
//! the proxy or Telegram, and people should not look for the fault in an account. One task derives it from the
//! directory; a line that is taken up again within seconds worries nobody.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Millis, Network};
use crate::live::accounts::Listing;
use crate::ops::App;

/// How long nobody may be in touch before it is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps `telegram_away` true to the directory, until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.accounts.subscribe();
    let mut silence = OutageDetector::default();
    loop {
        let heard = is_in_touch(&app.live.accounts.listing());
        let away = silence.look(app.clock.now(), heard);
        let is_away = away == Some(Duration::ZERO);
        let changed =
            app.live.health.telegram.send_if_modified(|known| std::mem::replace(known, is_away) != is_away);
        if changed && is_away {
            tracing::warn!("Telegram can't be reached: no account is in touch");
        } else if changed {
            tracing::info!("Telegram can be reached again");
        }
        let look_again = async {
            match away.filter(|left| !left.is_zero()) {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = look_again => {}
        }
    }
}

/// Whether one of the accounts whose clients run is in touch; true if none runs.
fn is_in_touch(listing: &Listing) -> bool {
    let mut lines = listing.entries.iter().map(|entry| entry.snapshot.network);
    let mut runs = false;
    lines.any(|line| match line {
        Network::Ready | Network::Updating => true,
        Network::Waiting | Network::ConnectingToProxy | Network::Connecting => {
            runs = true;
            false
        }
        Network::Off => false,
    }) || !runs
}

/// Since when nobody has been in touch.
#[derive(Debug, Default)]
struct OutageDetector(Option<Millis>);

impl OutageDetector {
    /// How long it may last before Telegram counts as away: zero if it does now, none if somebody is in touch.
    fn look(&mut self, now: Millis, heard: bool) -> Option<Duration> {
        if heard {
            self.0 = None;
            return None;
        }
        let since = *self.0.get_or_insert(now);
        let lasted = Duration::from_millis(u64::try_from(now.0 - since.0).unwrap_or(0));
        Some(PATIENCE.saturating_sub(lasted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Account, AccountId, DesiredState, Phone, Snapshot};
    use crate::live::accounts::Directory;

    fn listing(lines: &[Network]) -> Arc<Listing> {
        let directory = Directory::new(Vec::new());
        for (number, network) in (1..).zip(lines) {
            let account = Account {
                id: AccountId::generate(),
                phone: Phone::test(1, number),
                owner: None,
                comment: String::new(),
                groups: vec![],
                wanted: DesiredState::Connected,
                folder: String::new(),
                created: Millis(0),
            };
            let id = account.id;
            directory.put_account(account);
            directory.put_snapshot(id, Snapshot { network: *network, ..Snapshot::off() });
        }
        directory.listing()
    }

    #[test]
    fn one_account_in_touch_is_enough_and_none_that_runs_is_no_silence() {
        use Network::{Connecting, ConnectingToProxy, Off, Ready, Updating, Waiting};
        for (lines, in_touch) in [
            (&[][..], true),
            (&[Off, Off], true),
            (&[Off, Connecting], false),
            (&[ConnectingToProxy, Waiting], false),
            (&[Connecting, Ready], true),
            (&[Connecting, Updating, Off], true),
        ] {
            assert_eq!(is_in_touch(&listing(lines)), in_touch, "{lines:?}");
        }
    }

    #[test]
    fn a_short_silence_is_none() {
        let mut silence = OutageDetector::default();
        let at = |ms: i64| Millis(1_700_000_000_000 + ms);
        assert_eq!(silence.look(at(0), true), None);
        assert_eq!(silence.look(at(10), false), Some(PATIENCE));
        assert_eq!(silence.look(at(4_010), false), Some(Duration::from_secs(1)));
        assert_eq!(silence.look(at(4_500), true), None, "taken up again");
        assert_eq!(silence.look(at(5_000), false), Some(PATIENCE), "each silence counts from its own begin");
        assert_eq!(silence.look(at(10_000), false), Some(Duration::ZERO));
        assert_eq!(silence.look(at(60_000), false), Some(Duration::ZERO));
        assert_eq!(silence.look(at(60_001), true), None);
    }
}
