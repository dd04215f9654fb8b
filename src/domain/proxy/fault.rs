//! Why a proxy is not stored, changed or used.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum ProxyFault {
    KindMissing,
    HostForm,
    PortForm,
    LoginLength {
        max: usize,
    },
    LoginCharacter,
    UsernameMissing,
    SecretMissing,
    SecretForm,
    /// The form was sent again without the secret that was entered before.
    SecretAgain,
    NameTaken,
    /// It can't be removed.
    InUse {
        accounts: usize,
        groups: usize,
        is_default: bool,
    },
    /// Another person changed it after the form was made.
    Changed,
    /// Another person made another choice after the form was made.
    OtherSelected,
    /// Another person removed it.
    Gone,
    /// A person started many tests within an hour.
    TooManyTests {
        limit: usize,
    },
    /// Its test failed, so it is stored only if that is confirmed.
    TestFailed {
        fault: ProxyTestFault,
    },
}

/// Why Telegram was not reached through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyTestFault {
    /// There is no address for the host name.
    Unresolved,
    /// It can't be opened with the keys in the settings.
    Unreadable,
    /// Nothing accepts connections there.
    Unreachable,
    /// No answer in time.
    NoAnswer,
    /// What answers is another kind of server.
    OtherKind,
    /// It requires a user name and a password.
    LoginRequired,
    /// It does not accept the user name and the password.
    LoginRefused,
    /// It does not connect to Telegram for this client.
    Forbidden,
    /// It can't connect to Telegram.
    NoTelegram,
}
