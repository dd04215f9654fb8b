//! Converts TDLib's types into domain types.

use tdlib_rs::{enums, types};

use crate::domain::Network;
use crate::domain::account::Profile;

pub(crate) fn network_of(state: &enums::ConnectionState) -> Network {
    match state {
        enums::ConnectionState::WaitingForNetwork => Network::Waiting,
        enums::ConnectionState::ConnectingToProxy => Network::ConnectingToProxy,
        enums::ConnectionState::Connecting => Network::Connecting,
        enums::ConnectionState::Updating => Network::Updating,
        enums::ConnectionState::Ready => Network::Ready,
    }
}

pub(crate) fn profile_of(user: &types::User) -> Profile {
    let name = format!("{} {}", user.first_name, user.last_name).replace('\0', "");
    let username = user.usernames.as_ref().and_then(|names| names.active_usernames.first().cloned());
    Profile { telegram_id: user.id, name: name.trim().to_owned(), username }
}
