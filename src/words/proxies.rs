//! Proxies for connections to Telegram.

use super::listed;
use crate::domain::proxy::{ProxyFault, ProxyTestFault};

pub fn fault(fault: &ProxyFault) -> String {
    match fault {
        ProxyFault::KindMissing => "Select the kind of proxy.".into(),
        ProxyFault::HostForm => "Enter an IP address or a host name, without a protocol and without a port.".into(),
        ProxyFault::PortForm => "A port is a number from 1 to 65535.".into(),
        ProxyFault::LoginLength { max } => {
            format!("A user name and a password can have at most {max} bytes.")
        }
        ProxyFault::LoginCharacter => {
            "A user name can't have a colon, and neither it nor a password can have control characters.".into()
        }
        ProxyFault::UsernameMissing => "Enter the user name that belongs to the password.".into(),
        ProxyFault::SecretMissing => "Enter the secret: an MTProto proxy always has one.".into(),
        ProxyFault::SecretForm => {
            "That isn't the secret of an MTProto proxy. It is the part after “secret=” in the proxy's link.".into()
        }
        ProxyFault::SecretAgain => "Enter the password again: it isn't kept in the form.".into(),
        ProxyFault::NameTaken => "There is already a proxy with this name.".into(),
        ProxyFault::InUse { accounts, groups, is_default } => {
            let accounts = counted(*accounts, "account", "accounts");
            let groups = counted(*groups, "group", "groups");
            let default = is_default.then(|| "the default".to_owned());
            let uses: Vec<String> = [default, groups, accounts].into_iter().flatten().collect();
            let uses: Vec<&str> = uses.iter().map(String::as_str).collect();
            format!("It is selected for {}. Select another proxy there first.", listed(&uses))
        }
        ProxyFault::Changed => {
            "Another person changed this proxy after you opened this form, so nothing was saved. Check the form and \
             save again."
                .into()
        }
        ProxyFault::OtherSelected => {
            "Another person selected something else after you opened this form, so nothing was saved. Check it and save \
             again."
                .into()
        }
        ProxyFault::Gone => "This proxy was removed. Select another one.".into(),
        ProxyFault::TooManyTests { limit } => {
            format!("You have tested proxies {limit} times within an hour. Try again later.")
        }
        ProxyFault::TestFailed { fault } => {
            format!("The test failed. {}", test_fault(*fault))
        }
    }
}

fn counted(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("one {one}")),
        count => Some(format!("{count} {many}")),
    }
}

/// Why Telegram was not reached through a proxy, and what to do.
pub const fn test_fault(fault: ProxyTestFault) -> &'static str {
    match fault {
        ProxyTestFault::Unresolved => "There is no address for its host name. Check the host name.",
        ProxyTestFault::Unreadable => {
            "Its stored address and password can't be read with the master key in the settings. Enter them again."
        }
        ProxyTestFault::Unreachable => {
            "Nothing accepts connections at its address. Check the address and the port, and whether the proxy runs."
        }
        ProxyTestFault::NoAnswer => {
            "It didn't answer in time. Check the kind, the address and the port, and try again."
        }
        ProxyTestFault::OtherKind => {
            "What answers at its address isn't a proxy of this kind. Check the kind and the port."
        }
        ProxyTestFault::LoginRequired => "It requires a user name and a password. Enter them.",
        ProxyTestFault::LoginRefused => "It refused the user name and the password. Check both.",
        ProxyTestFault::Forbidden => {
            "It refused to connect to Telegram. Ask its operator to allow connections to Telegram's addresses, port 443."
        }
        ProxyTestFault::NoTelegram => {
            "It answers, but Telegram can't be reached through it. Ask its operator whether it can reach Telegram."
        }
    }
}
