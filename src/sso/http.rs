//! The one small HTTP client for questions to an identity provider: it follows no redirects, waits for a bounded time,
//! reads a bounded answer, and speaks TLS except to this machine.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::config::{Authorities, Outbound};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a whole answer may take.
const ANSWER: Duration = Duration::from_secs(8);
/// Bytes of an answer. Sets of keys that hold whole certificates have some twenty thousand.
const MAX_ANSWER: usize = 256 * 1024;

/// The client; none if this machine has no root certificates to trust. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http(Option<Client>);

impl Http {
    /// A client for a provider that the settings reach by https, or not: that one has to be on this machine.
    pub fn new(https: bool, outbound: &Outbound) -> Self {
        let authorities = outbound.authorities.as_ref();
        // Variables of the environment count through the settings only.
        let builder = Client::builder().no_proxy();
        let builder = match &outbound.proxy {
            Some(proxy) if https => builder.proxy(proxy.get()),
            Some(_) | None => builder,
        };
        let client = builder
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .https_only(https)
            .tls_certs_merge(authorities.map(Authorities::certificates).unwrap_or_default())
            .user_agent(concat!("Telescope/", env!("CARGO_PKG_VERSION")))
            .build();
        if let Err(error) = &client {
            let problem = chain(error);
            tracing::error!(problem, "https requests are impossible; are root certificates installed?");
        }
        Self(client.ok())
    }

    /// A question by GET, with an access token if there is one; the bytes of an answer that says 200.
    pub async fn get(&self, url: &Url, token: Option<&str>) -> Result<Vec<u8>, Problem> {
        let request = self.client()?.get(url.clone());
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        match ask(request).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, _) => Err(Problem(format!("{url}: answered {status}"))),
        }
    }

    /// The same where the answer may be that there is no such thing.
    pub async fn find(&self, url: &Url) -> Result<Option<Vec<u8>>, Problem> {
        match ask(self.client()?.get(url.clone())).await? {
            (StatusCode::OK, body) => Ok(Some(body)),
            // Storage that must not be listed says that one may not see what isn't there.
            (StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::GONE, _) => Ok(None),
            (status, _) => Err(Problem(format!("{url}: answered {status}"))),
        }
    }

    /// A form by POST, with a user name and password if there are; the status and the answer.
    pub async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        login: Option<(&str, &str)>,
    ) -> Result<(StatusCode, Vec<u8>), Problem> {
        let request = self.client()?.post(url.clone()).form(form);
        ask(match login {
            Some((name, password)) => request.basic_auth(name, Some(password)),
            None => request,
        })
        .await
    }

    fn client(&self) -> Result<&Client, Problem> {
        self.0.as_ref().ok_or_else(|| Problem("there are no root certificates to trust".into()))
    }
}

async fn ask(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Problem> {
    let request = request.header("accept", "application/json, */*;q=0.1");
    let mut response = request.send().await.map_err(|error| Problem(chain(&error)))?;
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| Problem(chain(&error)))? {
        if body.len() + piece.len() > MAX_ANSWER {
            return Err(Problem(format!("{}: an answer of more than {MAX_ANSWER} bytes", response.url())));
        }
        body.extend_from_slice(&piece);
    }
    Ok((response.status(), body))
}

/// An answer as JSON. Its text is not told, since it may hold tokens.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    super::json::parse(body).and_then(serde_json::from_value).map_err(|error| {
        Problem(format!(
            "not the JSON that was expected, at line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

/// Why there is no answer; for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Problem(pub(super) String);

/// An error with its causes.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
