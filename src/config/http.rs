//! The settings of the web server.

use super::reader::Reader;
use super::values::subnets;
use super::{PublicUrl, host, public_url};
use crate::domain::Subnet;

/// Where the server listens, and where people reach it.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The name or address to listen on.
    pub host: String,
    /// The port to listen on; 0 takes any free one.
    pub port: u16,
    /// Where people reach Telescope.
    pub public_url: PublicUrl,
    /// The networks of the proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<Subnet>,
}

/// The same while it is read: other settings are checked against it, even if the public address is missing.
pub(super) struct HttpDraft {
    pub(super) host: String,
    port: u16,
    pub(super) public_url: Option<PublicUrl>,
    pub(super) trusted_proxies: Vec<Subnet>,
}

impl HttpDraft {
    pub(super) fn read<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>) -> Self {
        let host = env.read("HOST", host::parse).unwrap_or_else(|| "localhost".into());
        let port = env.number("PORT", 0..=u16::MAX).unwrap_or(8888);
        let public_url = public_url::read(env, &host, port);
        let trusted_proxies = env.read("TRUSTED_PROXIES", subnets).unwrap_or_default();
        Self { host, port, public_url, trusted_proxies }
    }

    pub(super) fn finish(self) -> Option<HttpSettings> {
        let Self { host, port, public_url, trusted_proxies } = self;
        Some(HttpSettings { host, port, public_url: public_url?, trusted_proxies })
    }
}
