//! The proxy that a client's connections go through. TDLib keeps proxies in the client's files, so those that are not
//! used any more are removed there.

use std::net::SocketAddr;

use tdlib_rs::{enums, functions, types};

use crate::domain::{ProxyKind, Secret};
use crate::telegram::client::calls::{CallError, call};

/// A proxy at a known address: for a name, TDLib would query public DNS servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub kind: ProxyKind,
    pub address: SocketAddr,
    /// User name, and password or secret; empty if none is needed.
    pub username: String,
    pub secret: Secret,
}

/// How a client reaches Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyUse {
    Direct,
    Through(Proxy),
    /// Not at all: its proxy can't be used, and its connections must not go another way.
    Blocked,
}

impl Proxy {
    fn to_tdlib(&self) -> types::Proxy {
        let (username, secret) = (self.username.clone(), self.secret.expose().to_owned());
        let kind = match self.kind {
            ProxyKind::Socks5 => {
                enums::ProxyType::Socks5(types::ProxyTypeSocks5 { username, password: secret })
            }
            ProxyKind::Http => {
                let http_only = false;
                enums::ProxyType::Http(types::ProxyTypeHttp { username, password: secret, http_only })
            }
            ProxyKind::Mtproto => enums::ProxyType::Mtproto(types::ProxyTypeMtproto { secret }),
        };
        types::Proxy {
            server: self.address.ip().to_string(),
            port: i32::from(self.address.port()),
            r#type: kind,
        }
    }
}

impl ProxyUse {
    /// The kind of network that TDLib is told it has.
    pub(super) const fn network(&self) -> enums::NetworkType {
        match self {
            Self::Direct | Self::Through(_) => enums::NetworkType::Other,
            Self::Blocked => enums::NetworkType::None,
        }
    }

    /// Selects the proxy in TDLib.
    pub(super) async fn select(&self, client: i32) -> Result<(), CallError> {
        match self {
            Self::Through(proxy) => {
                call(functions::add_proxy(proxy.to_tdlib(), true, client)).await.map(drop)
            }
            Self::Direct => call(functions::disable_proxy(client)).await,
            Self::Blocked => Ok(()),
        }
    }
}

/// Changes the proxy of a running client, which then connects again. Its session and its updates are kept.
pub(super) async fn change(to: &ProxyUse, client: i32) -> Result<(), CallError> {
    let network = || call(functions::set_network_type(Some(to.network()), client));
    // Blocked at once, but never allowed before the proxy is selected.
    if *to == ProxyUse::Blocked {
        network().await?;
    }
    to.select(client).await?;
    network().await?;
    forget_others(client).await;
    Ok(())
}

/// Removes the proxies that are not selected, with their passwords, from the client's files.
pub(super) async fn forget_others(client: i32) {
    let Ok(enums::AddedProxies::AddedProxies(known)) = call(functions::get_proxies(client)).await else {
        return;
    };
    for proxy in known.proxies.iter().filter(|proxy| !proxy.is_enabled) {
        if let Err(error) = call(functions::remove_proxy(proxy.id, client)).await {
            tracing::debug!(?error, "TDLib did not remove a former proxy");
        }
    }
}
