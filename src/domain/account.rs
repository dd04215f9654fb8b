//! An account: the stored data that people entered, and the live snapshot of its login.

mod details_version;

use super::direction::isolated;
use super::refusal::LoginRefusal;
use super::stage::Severity;
use super::{AccountId, Email, GroupId, Identifier, Millis, SessionEndReason, Stage, StageToken};
pub use details_version::{DetailsChange, DetailsVersion};

/// An account as stored in the database: what people entered and decided, not its live state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// What identifies it at Telegram: its phone number, or the id of a bot.
    pub identifier: Identifier,
    /// The owner's address; the owner has privileges on the account.
    pub owner: Option<Email>,
    /// Free text.
    pub comment: String,
    /// The groups it is in, sorted by name.
    pub groups: Vec<GroupId>,
    /// The state that people asked for.
    pub wanted: DesiredState,
    /// Name of its TDLib folder below the accounts' directory; random.
    pub folder: String,
    /// When it was added.
    pub created: Millis,
}

super::ids::named!(
    /// The state that people asked for; it survives a restart. Disconnecting is not logging out.
    DesiredState {
        /// Its client runs.
        Connected = "connected",
        /// Its client is stopped; the session at Telegram stays.
        Disconnected = "disconnected",
        /// It is being removed, or was.
        Removed = "removed",
    }
);

/// The client's connection to Telegram, as TDLib reports it; shown, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Network {
    /// No client runs.
    #[default]
    Off,
    /// Waiting for the network to come up.
    Waiting,
    /// Connecting to the proxy.
    ConnectingToProxy,
    /// Connecting to Telegram.
    Connecting,
    /// Fetching missed updates.
    Updating,
    /// Connected and up to date.
    Ready,
}

/// The live state of an account at one moment; its client task publishes a new one for each change.
/// It holds no secret: neither a code nor a password, only the time at which a code arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The login stage.
    pub stage: Stage,
    /// Identifies this stage in forms; a form with another token is stale.
    pub token: StageToken,
    /// What went wrong with the last thing asked of Telegram; gone with the next step.
    pub problem: Option<Problem>,
    /// The end of Telegram's flood wait: until then it refuses requests.
    pub flood_until: Option<Millis>,
    /// Whether a person's request to Telegram is in progress.
    pub busy: bool,
    /// The connection.
    pub network: Network,
    /// Since when it is so; none if no client has reported it yet.
    pub network_since: Option<Millis>,
    /// The account's Telegram user, once known.
    pub profile: Option<Profile>,
    /// When the newest login code from Telegram arrived.
    pub code_came: Option<Millis>,
    /// When Telegram last sent a login code at a person's request, since the client started.
    pub code_sent: Option<Millis>,
    /// Telegram has frozen the account.
    pub frozen: Option<Frozen>,
}

/// Why the last thing asked of Telegram was not done. The sentences are in `words::refusals`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There was no answer; it may still happen.
    NoAnswer,
    /// More came than the account could take in, so it was restarted.
    Overflowed,
    Refused(LoginRefusal),
}

/// An account that Telegram has frozen for abuse: it is read-only, and will be deleted unless its owner appeals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Since when.
    pub since: Option<Millis>,
    /// When Telegram will delete it.
    pub deleted_at: Option<Millis>,
}

/// The last known state of an account, kept for when its client does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The name of the last stage that was not transient.
    pub stage: String,
    /// How its last session ended, if it did.
    pub ending: Option<SessionEndReason>,
    /// Its Telegram user.
    pub profile: Option<Profile>,
}

impl Known {
    /// What to keep of a snapshot; none if its stage is transient.
    pub fn of(snapshot: &Snapshot) -> Option<Self> {
        let ending = match snapshot.stage {
            Stage::Ended(ending) => Some(ending),
            _ => None,
        };
        let profile = snapshot.profile.clone();
        snapshot.stage.is_remembered().then(|| Self {
            stage: snapshot.stage.name().to_owned(),
            ending,
            profile,
        })
    }

    /// Whether the account was signed in.
    pub fn was_ready(&self) -> bool {
        self.stage == Stage::Ready.name()
    }
}

/// The account's Telegram user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub telegram_id: i64,
    /// First and last name from Telegram: untrusted text.
    pub name: String,
    /// The public user name, without the @.
    pub username: Option<String>,
}

impl Profile {
    /// Name and username.
    pub fn full_name(&self) -> String {
        match &self.username {
            Some(username) => format!("{} (@{username})", isolated(&self.name)),
            None => self.name.clone(),
        }
    }
}

impl Snapshot {
    /// The snapshot of an account whose client does not run.
    pub fn off() -> Self {
        Self {
            stage: Stage::Disconnected,
            token: StageToken::default(),
            problem: None,
            flood_until: None,
            busy: false,
            network: Network::Off,
            network_since: None,
            profile: None,
            code_came: None,
            code_sent: None,
            frozen: None,
        }
    }

    /// The account is logged in, and can do nothing.
    pub fn is_frozen(&self) -> bool {
        self.stage == Stage::Ready && self.frozen.is_some()
    }

    /// One word for how the account stands: its stage, unless it is frozen.
    pub fn status(&self) -> &'static str {
        if self.is_frozen() { FROZEN } else { self.stage.name() }
    }

    /// How urgent that is.
    pub fn severity(&self) -> Severity {
        if self.is_frozen() { Severity::Bad } else { self.stage.mood() }
    }

    /// Whether Telegram still refuses requests, because it was asked too often.
    pub fn is_flooded(&self, now: Millis) -> bool {
        self.flood_until.is_some_and(|until| until > now)
    }
}

/// The status of an account that Telegram has frozen.
const FROZEN: &str = "frozen";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_account_is_not_ready() {
        let frozen = Some(Frozen { since: None, deleted_at: None });
        let snapshot = Snapshot { stage: Stage::Ready, frozen, ..Snapshot::off() };
        assert_eq!((snapshot.status(), snapshot.severity()), ("frozen", Severity::Bad));
        let off = Snapshot { stage: Stage::Disconnected, ..snapshot };
        assert_eq!((off.status(), off.severity()), ("disconnected", Severity::Off));
    }
}
