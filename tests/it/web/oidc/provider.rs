//! A strict OpenID provider for one client. It refuses whatever a provider may refuse, and can be made to lie.

mod serving;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use serving::serve;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// The client's id.
pub const CLIENT: &str = "telescope";
/// Its secret, with characters that have to be encoded in a header.
pub const SECRET: &str = "a secret: 100%+";
const REDIRECT: &str = "http://localhost:8888/sign-in/callback";

/// Modifies claims or metadata.
pub type Bend = Box<dyn Fn(&mut Value) + Send>;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// Correctly.
    Right,
    /// With another key under the id of the right one.
    ForeignKey,
    /// With the provider's public key as a shared secret.
    PublicKeyAsSecret,
    /// Not at all.
    None,
    /// Correctly, but the payload is changed afterwards.
    ChangedAfterwards,
    /// Correctly, but with an unknown critical header.
    Critical,
    /// Correctly, without the key's id.
    NoName,
}

struct Key {
    name: String,
    signing: EncodingKey,
    public: Value,
}

impl Key {
    fn new(name: &str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let signing = EncodingKey::from_ec_der(pkcs8.as_ref());
        let mut public = json!(Jwk::from_encoding_key(&signing, Algorithm::ES256).unwrap());
        public["kid"] = json!(name);
        public["use"] = json!("sig");
        Self { name: name.to_owned(), signing, public }
    }
}

#[derive(Clone)]
struct Grant {
    challenge: String,
    nonce: String,
    client: String,
}

struct Inside {
    issuer: String,
    key: Mutex<Key>,
    codes: Mutex<HashMap<String, Grant>>,
    /// A careless provider accepts a code more than once.
    careless: AtomicBool,
    signing: Mutex<Signing>,
    bend_token: Mutex<Bend>,
    bend_metadata: Mutex<Bend>,
    /// The kind and the text of its further claims.
    userinfo: Mutex<(&'static str, String)>,
    asked_for_keys: AtomicUsize,
}

/// A running provider.
pub struct Provider {
    address: SocketAddr,
    inside: Arc<Inside>,
    server: JoinHandle<()>,
}

impl Provider {
    /// Starts a provider that knows one person: Ada, with a verified address.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Inside {
            issuer: format!("http://{address}"),
            key: Mutex::new(Key::new("first")),
            codes: Mutex::default(),
            careless: AtomicBool::new(false),
            signing: Mutex::new(Signing::Right),
            bend_token: Mutex::new(Box::new(|_| {})),
            bend_metadata: Mutex::new(Box::new(|_| {})),
            userinfo: Mutex::new(("application/json", "null".into())),
            asked_for_keys: AtomicUsize::new(0),
        });
        let server = serve(listener, Arc::clone(&inside));
        Self { address, inside, server }
    }

    /// Telescope's settings for this provider.
    pub fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("SSO_MODE", "oidc"),
            ("OIDC_ISSUER", &self.inside.issuer),
            ("OIDC_CLIENT_ID", CLIENT),
            ("OIDC_CLIENT_SECRET", SECRET),
            ("OIDC_GROUPS_CLAIM", "groups"),
        ]
    }

    /// Its issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.inside.issuer
    }

    /// Modifies the claims of every token from now on.
    pub fn bend_token(&self, bend: impl Fn(&mut Value) + Send + 'static) {
        *self.inside.bend_token.lock().unwrap() = Box::new(bend);
    }

    /// Modifies the metadata from now on.
    pub fn bend_metadata(&self, bend: impl Fn(&mut Value) + Send + 'static) {
        *self.inside.bend_metadata.lock().unwrap() = Box::new(bend);
    }

    /// Changes how tokens are signed from now on.
    pub fn sign(&self, signing: Signing) {
        *self.inside.signing.lock().unwrap() = signing;
    }

    /// Accepts a code more than once from now on.
    pub fn be_careless(&self) {
        self.inside.careless.store(true, Ordering::SeqCst);
    }

    /// Sets the answer of the UserInfo endpoint.
    pub fn userinfo(&self, claims: Value) {
        self.userinfo_as("application/json", &claims.to_string());
    }

    /// The same as any text.
    pub fn userinfo_as(&self, kind: &'static str, text: &str) {
        *self.inside.userinfo.lock().unwrap() = (kind, text.to_owned());
    }

    /// Replaces the signing key.
    pub fn new_key(&self, name: &str) {
        *self.inside.key.lock().unwrap() = Key::new(name);
    }

    /// How often its keys were requested.
    pub fn asked_for_keys(&self) -> usize {
        self.inside.asked_for_keys.load(Ordering::SeqCst)
    }

    /// Stops the server.
    pub async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    /// Starts the server again at the same address.
    pub async fn start_again(&mut self) {
        self.server = serve(TcpListener::bind(self.address).await.unwrap(), Arc::clone(&self.inside));
    }

    /// The person signs in with this authorization request; returns the callback with a code.
    pub fn authorize(&self, question: &str) -> String {
        self.authorize_for(CLIENT, question)
    }

    /// Like `authorize`, but the code belongs to another client.
    pub fn authorize_for(&self, client: &str, question: &str) -> String {
        let url = Url::parse(question).unwrap();
        assert!(question.starts_with(&format!("{}/authorize?", self.inside.issuer)), "{question}");
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(asked.len(), url.query_pairs().count(), "no parameter is repeated");
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT),
            ("scope", "openid email profile"),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(asked[name], value, "{name}");
        }
        for name in ["state", "nonce", "code_challenge"] {
            assert_eq!(asked[name].len(), 43, "{name} has 256 bits");
        }
        let code = format!("code-{}", fastrand::u128(..));
        let grant = Grant {
            challenge: asked["code_challenge"].clone(),
            nonce: asked["nonce"].clone(),
            client: client.to_owned(),
        };
        self.inside.codes.lock().unwrap().insert(code.clone(), grant);
        format!("/sign-in/callback?code={code}&state={}", asked["state"])
    }
}
