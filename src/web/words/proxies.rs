//! What the pages say about proxies.

use std::time::Duration;

use crate::domain::account::Account;
use crate::domain::proxy::{ChosenBy, Decided, Egress, ProxyChoice, ProxyConfig, ProxyPlan, ProxyTestFault};
use crate::domain::{GroupId, Network, ProxyId, ProxyKind};
use crate::live::accounts::Entry;
use crate::web::state::State;
use crate::words::proxies::test_fault;
use crate::words::quoted;

pub const SELECTED: &str = "Saved. A connected account reconnects.";
pub const INHERITED: &str = "No selection of its own";

pub const fn kind(kind: ProxyKind) -> &'static str {
    match kind {
        ProxyKind::Socks5 => "SOCKS5",
        ProxyKind::Http => "HTTP",
        ProxyKind::Mtproto => "MTProto",
    }
}

pub fn is_mtproto(config: &ProxyConfig) -> bool {
    config.kind == ProxyKind::Mtproto
}

/// The result of a test.
pub fn tested(result: Result<Duration, ProxyTestFault>, is_mtproto: bool) -> String {
    match result {
        Ok(_) if is_mtproto => {
            "Something accepts connections at its address. Whether the secret is right shows once an account connects \
             through it."
                .into()
        }
        Ok(took) => format!("Works: Telegram answered through it within {} ms.", took.as_millis()),
        Err(fault) => test_fault(fault).into(),
    }
}

/// The end of "made the account connect …".
pub fn through(egress: Egress, proxy: Option<&str>) -> String {
    match (egress, proxy) {
        (Egress::Inherited, _) => "as otherwise selected".into(),
        (Egress::Direct, _) => "without a proxy".into(),
        (Egress::Proxy, Some(proxy)) => format!("through the proxy {}", quoted(proxy)),
        (Egress::Proxy, None) => "through a proxy".into(),
    }
}

/// What an account uses, and which choice that is.
pub fn decided(app: &State, plan: &ProxyPlan, account: &Account) -> String {
    let Decided { choice, by } = plan.choices.of(account.id, &account.groups);
    let what = match choice {
        Some(ProxyChoice::Direct) => "It connects without a proxy".to_owned(),
        Some(ProxyChoice::Proxy(id)) => format!("It connects through {}", quoted(name(plan, id))),
        None if app.config.telegram.proxy.is_some() => "It connects through the proxy".to_owned(),
        None => "It connects without a proxy".to_owned(),
    };
    match by {
        ChosenBy::Account => format!("{what}, which was selected for this account."),
        ChosenBy::Group { id, others_differ } => {
            let groups = app.live.accounts.groups();
            let group = groups.get(&id).map(|name| quoted(name)).unwrap_or_default();
            let others = " Another group of the account has another selection, which isn't used.";
            format!(
                "{what}, which is selected for its group {group}.{}",
                if others_differ { others } else { "" }
            )
        }
        ChosenBy::Default => format!("{what}, the default."),
        ChosenBy::Setting if app.config.telegram.proxy.is_some() => {
            format!("{what} in the setting TELEGRAM_PROXY.")
        }
        ChosenBy::Setting => format!("{what}: none is selected."),
    }
}

fn name(plan: &ProxyPlan, id: ProxyId) -> &str {
    plan.get(id).map_or("", |proxy| &proxy.name)
}

/// What an account's page says of its proxy; none if nothing is selected for it.
pub fn of_account(app: &State, entry: &Entry) -> Option<String> {
    let plan = app.live.proxies.plan();
    let decided = plan.choices.of(entry.account.id, &entry.account.groups);
    match decided.choice {
        Some(ProxyChoice::Direct) => Some("None: direct connection".into()),
        Some(ProxyChoice::Proxy(id)) => {
            let fails = match entry.snapshot.network {
                Network::ConnectingToProxy | Network::Waiting => true,
                Network::Off | Network::Connecting | Network::Updating | Network::Ready => false,
            };
            let fault = app.live.proxies.test(id).and_then(|test| test.result.err()).filter(|_| fails);
            let name = quoted(name(&plan, id));
            Some(fault.map_or_else(|| name.clone(), |fault| format!("{name}. {}", test_fault(fault))))
        }
        None => None,
    }
}

/// What a group's page says.
pub fn of_group(plan: &ProxyPlan, id: GroupId) -> String {
    match plan.choices.groups.get(&id) {
        None => "Nothing is selected: the accounts use the default.".into(),
        Some(ProxyChoice::Direct) => "The accounts connect without a proxy.".into(),
        Some(ProxyChoice::Proxy(id)) => format!("The accounts connect through {}.", quoted(name(plan, *id))),
    }
}
