//! Detects that Telegram can't be reached at all.
//!
//! If one account is not connected, its page shows that. If none is connected, the cause is the network, the proxy or
//! Telegram. An interruption of a few seconds is not an outage.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::{AccountId, Millis, Network};
use crate::live::accounts::Directory;
use crate::live::events::Change;
use crate::ops::App;

/// How long no account must be connected before it counts as an outage.
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    let mut connections = Connections::of(&app.live.accounts);
    let mut detector = OutageDetector::default();
    loop {
        let away = detector.look(app.clock.now(), connections.any_works());
        let is_away = away == Some(Duration::ZERO);
        let changed = app.live.set_telegram_away(is_away);
        if changed && is_away {
            tracing::warn!("Telegram can't be reached: no account is connected");
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
            change = changes.wait_for(|change| matches!(change, Change::Account(_))) => match change {
                Change::Account(id) => connections.update(&app.live.accounts, id),
                _ => connections = Connections::of(&app.live.accounts),
            },
            () = look_again => {}
        }
    }
}

/// Which of the accounts whose clients run are connected.
#[derive(Debug, Default)]
struct Connections {
    works: HashMap<AccountId, bool>,
    working: usize,
}

impl Connections {
    fn of(accounts: &Directory) -> Self {
        let mut connections = Self::default();
        for entry in accounts.listing().iter() {
            connections.put(entry.account.id, Some(entry.snapshot.network));
        }
        connections
    }

    fn update(&mut self, accounts: &Directory, id: AccountId) {
        self.put(id, accounts.get(id).map(|entry| entry.snapshot.network));
    }

    fn put(&mut self, id: AccountId, network: Option<Network>) {
        let works = match network {
            Some(Network::Ready | Network::Updating) => Some(true),
            Some(Network::Waiting | Network::ConnectingToProxy | Network::Connecting) => Some(false),
            Some(Network::Off) | None => None,
        };
        let before = match works {
            Some(works) => self.works.insert(id, works),
            None => self.works.remove(&id),
        };
        self.working -= usize::from(before == Some(true));
        self.working += usize::from(works == Some(true));
    }

    /// Whether an account is connected; true if no client runs.
    fn any_works(&self) -> bool {
        self.working > 0 || self.works.is_empty()
    }
}

/// Since when no account has been connected.
#[derive(Debug, Default)]
struct OutageDetector(Option<Millis>);

impl OutageDetector {
    /// The remaining time until Telegram counts as unreachable: zero if it does now, none if an account is connected.
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
    use crate::domain::{Account, DesiredState, Phone, Snapshot};
    use crate::live::events::Events;

    fn directory(networks: &[Network]) -> Directory {
        let directory = Directory::new(Vec::new(), Events::default());
        for (number, network) in (1..).zip(networks) {
            let account = Account {
                id: AccountId::generate(),
                identifier: Phone::test(1, number).into(),
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
        directory
    }

    #[test]
    fn one_connected_account_or_no_running_client_is_not_an_outage() {
        use Network::{Connecting, ConnectingToProxy, Off, Ready, Updating, Waiting};
        for (networks, works) in [
            (&[][..], true),
            (&[Off, Off], true),
            (&[Off, Connecting], false),
            (&[ConnectingToProxy, Waiting], false),
            (&[Connecting, Ready], true),
            (&[Connecting, Updating, Off], true),
        ] {
            assert_eq!(Connections::of(&directory(networks)).any_works(), works, "{networks:?}");
        }
    }

    #[test]
    fn each_change_of_an_account_counts_once() {
        use Network::{Connecting, Off, Ready};
        let accounts = directory(&[Ready, Ready]);
        let mut connections = Connections::of(&accounts);
        let ids: Vec<AccountId> = accounts.listing().iter().map(|entry| entry.account.id).collect();
        for (at, network, works) in
            [(0, Connecting, true), (1, Connecting, false), (0, Ready, true), (0, Off, false), (1, Off, true)]
        {
            accounts.put_snapshot(ids[at], Snapshot { network, ..Snapshot::off() });
            connections.update(&accounts, ids[at]);
            connections.update(&accounts, ids[at]);
            assert_eq!(connections.any_works(), works, "{at} {network:?}");
        }
        accounts.put_snapshot(ids[0], Snapshot { network: Connecting, ..Snapshot::off() });
        connections.update(&accounts, ids[0]);
        accounts.remove(ids[0]);
        connections.update(&accounts, ids[0]);
        assert!(connections.any_works(), "a removed account is not an outage");
    }

    #[test]
    fn a_short_interruption_is_not_an_outage() {
        let mut detector = OutageDetector::default();
        let at = |ms: i64| Millis(1_700_000_000_000 + ms);
        assert_eq!(detector.look(at(0), true), None);
        assert_eq!(detector.look(at(10), false), Some(PATIENCE));
        assert_eq!(detector.look(at(4_010), false), Some(Duration::from_secs(1)));
        assert_eq!(detector.look(at(4_500), true), None, "connected again");
        assert_eq!(
            detector.look(at(5_000), false),
            Some(PATIENCE),
            "each interruption is timed from its own start"
        );
        assert_eq!(detector.look(at(10_000), false), Some(Duration::ZERO));
        assert_eq!(detector.look(at(60_000), false), Some(Duration::ZERO));
        assert_eq!(detector.look(at(60_001), true), None);
    }
}
