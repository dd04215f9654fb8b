//! TLS to a provider, for real: a listener on this machine, certificates of an authority of the tests, and every way in
//! which a certificate can be wrong.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::serve::Listener;
use jsonwebtoken::Algorithm;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use telescope::clock::Clock;
use telescope::config::{Authorities, KeysAt, Outbound, OutboundProxy};
use telescope::sso::{Http, KeySet, NoKey};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

use super::issuer::{Answering, Issuer, SigningKey};
use crate::support::squid::Squid;
use crate::web::app::TestApp;

/// An authority, and the file that has its certificate.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, issuer.pem()).unwrap();
        Self { issuer, file, _folder: folder }
    }

    fn trusted(&self) -> Outbound {
        Outbound { authorities: Some(Authorities::read(&self.file).unwrap()), proxy: None }
    }

    /// A provider with a certificate for that name, good until that year.
    async fn certifies(&self, name: &str, until: i32) -> Issuer {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let chain = vec![params.signed_by(&key, &self.issuer).unwrap().der().clone()];
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let called = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let listener = Tls { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
        Issuer::start_on(listener, called, Answering::Keys(vec![key_one()]))
    }
}

/// Takes connections over TLS. Whoever does not like the certificate goes away by himself.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, peer)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

fn key_one() -> SigningKey {
    SigningKey::rs256("one", 0)
}

async fn key_from(issuer: &Issuer, outbound: &Outbound) -> Result<(), NoKey> {
    let at = KeysAt::Set(issuer.certs().parse().unwrap());
    let keys = KeySet::new(at, Http::new(true, outbound), Clock::System);
    keys.find(Some("one"), Algorithm::RS256).await.map(drop)
}

#[tokio::test]
async fn a_provider_is_believed_by_its_certificate_only() {
    let (ours, other) = (Authority::new(), Authority::new());
    let (trusted, foreign, nothing) = (ours.trusted(), other.trusted(), Outbound::default());
    let right = ours.certifies("localhost", 2099).await;
    assert_eq!(key_from(&right, &trusted).await, Ok(()));
    assert_eq!(right.asked(), 1);
    for (wrong, trusted, why) in [
        (ours.certifies("localhost", 2099).await, &nothing, "an authority that nobody named"),
        (ours.certifies("localhost", 2099).await, &foreign, "another authority than the one that was named"),
        (ours.certifies("login.example.org", 2099).await, &trusted, "another host's certificate"),
        (ours.certifies("localhost", 2021).await, &trusted, "a certificate that has expired"),
    ] {
        assert_eq!(key_from(&wrong, trusted).await, Err(NoKey::Never), "{why}");
        assert_eq!(wrong.asked(), 0, "nothing was asked of it: {why}");
    }
}

#[tokio::test]
async fn a_provider_over_https_leads_to_no_address_without() {
    let plain = Issuer::start(Answering::Keys(vec![key_one()])).await;
    assert_eq!(key_from(&plain, &Outbound::default()).await, Err(NoKey::Never));
    assert_eq!(plain.asked(), 0);
}

#[tokio::test]
async fn where_a_proxy_is_the_only_way_out_the_provider_is_asked_through_it() {
    let (ours, squid) = (Authority::new(), Squid::start().await);
    let issuer = ours.certifies("localhost", 2099).await;
    let through = |proxy: &str, exceptions: Option<&str>| Outbound {
        proxy: Some(OutboundProxy::parse(proxy, exceptions).unwrap()),
        ..ours.trusted()
    };
    assert_eq!(key_from(&issuer, &through(&squid.url(), None)).await, Ok(()));
    let certs: url::Url = issuer.certs().parse().unwrap();
    squid.until_it_connected(&format!("localhost:{}", certs.port().unwrap())).await;
    // Nobody listens on the port of this proxy.
    let dead = "http://127.0.0.1:1";
    assert_eq!(key_from(&issuer, &through(dead, None)).await, Err(NoKey::Never));
    assert_eq!(key_from(&issuer, &through(dead, Some("example.org,localhost"))).await, Ok(()));
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn the_setting_names_the_authority_beside_the_systems() {
    let ours = Authority::new();
    let issuer = ours.certifies("localhost", 2099).await;
    let (certs, file) = (issuer.certs(), ours.file.display().to_string());
    let settings = [
        ("SSO_MODE", "cloudflare"),
        ("CLOUDFLARE_ACCESS_CERTS", certs.as_str()),
        ("CLOUDFLARE_POLICY_AUD", "telescope"),
    ];
    for (more, expected) in
        [(vec![], StatusCode::SERVICE_UNAVAILABLE), (vec![("SSO_CA_FILE", file.as_str())], StatusCode::OK)]
    {
        let test = TestApp::with(&[&settings[..], &more].concat()).await;
        let now = test.app.clock.now().0 / 1000;
        let claims = serde_json::json!({
            "iss": issuer.name(), "aud": ["telescope"], "sub": "7335", "email": "ada@example.org",
            "iat": now, "exp": now + 600,
        });
        let request = test.anonymous().request(Method::GET, "/accounts");
        let request = request.header("Cf-Access-Jwt-Assertion", key_one().sign(&claims));
        let answer = test.anonymous().send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, expected, "{}", answer.body);
    }
}
