//! A strict OpenID provider for one client. It refuses whatever a provider may refuse, and can be made to lie.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_extra::extract::Form;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use telescope::clock::Clock;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// The one client.
pub const CLIENT: &str = "telescope";
/// Its secret, with signs that have to be written differently in a header.
pub const SECRET: &str = "a secret: 100%+";
const REDIRECT: &str = "http://localhost:8888/sign-in/callback";

/// Changes what the provider says.
pub type Bend = Box<dyn Fn(&mut Value) + Send>;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// As it should be.
    Right,
    /// With a key of somebody else, under the name of the right one.
    ForeignKey,
    /// With the provider's public key as a shared secret.
    PublicKeyAsSecret,
    /// Not at all.
    None,
    /// Rightly, and then its content is changed.
    ChangedAfterwards,
    /// Rightly, but with an extension that has to be understood.
    Critical,
    /// Rightly, without the key's name.
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
    /// A careless provider's codes are good for more than once.
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
    /// Starts one that knows one person: ada, with a verified address.
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

    /// The settings of a Telescope that signs people in through it.
    pub fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("SSO_MODE", "oidc"),
            ("OIDC_ISSUER", &self.inside.issuer),
            ("OIDC_CLIENT_ID", CLIENT),
            ("OIDC_CLIENT_SECRET", SECRET),
            ("OIDC_GROUPS_CLAIM", "groups"),
        ]
    }

    /// What it calls itself.
    pub fn issuer(&self) -> &str {
        &self.inside.issuer
    }

    /// Changes what every token says from now on.
    pub fn bend_token(&self, bend: impl Fn(&mut Value) + Send + 'static) {
        *self.inside.bend_token.lock().unwrap() = Box::new(bend);
    }

    /// Changes what it says of itself from now on.
    pub fn bend_metadata(&self, bend: impl Fn(&mut Value) + Send + 'static) {
        *self.inside.bend_metadata.lock().unwrap() = Box::new(bend);
    }

    /// Signs in another way from now on.
    pub fn sign(&self, signing: Signing) {
        *self.inside.signing.lock().unwrap() = signing;
    }

    /// Takes a code more than once from now on.
    pub fn be_careless(&self) {
        self.inside.careless.store(true, Ordering::SeqCst);
    }

    /// What it says of the person beside the token.
    pub fn userinfo(&self, claims: Value) {
        self.userinfo_as("application/json", &claims.to_string());
    }

    /// The same as any text.
    pub fn userinfo_as(&self, kind: &'static str, text: &str) {
        *self.inside.userinfo.lock().unwrap() = (kind, text.to_owned());
    }

    /// Takes another key, and forgets the former.
    pub fn new_key(&self, name: &str) {
        *self.inside.key.lock().unwrap() = Key::new(name);
    }

    /// How often its keys were asked for.
    pub fn asked_for_keys(&self) -> usize {
        self.inside.asked_for_keys.load(Ordering::SeqCst)
    }

    /// Goes away.
    pub async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    /// Comes back, at the same address.
    pub async fn start_again(&mut self) {
        self.server = serve(TcpListener::bind(self.address).await.unwrap(), Arc::clone(&self.inside));
    }

    /// The person signs in here with the question that the browser brings: the way back, with a code.
    pub fn authorize(&self, question: &str) -> String {
        self.authorize_for(CLIENT, question)
    }

    /// The same for another client of this provider, to which the code then belongs.
    pub fn authorize_for(&self, client: &str, question: &str) -> String {
        let url = Url::parse(question).unwrap();
        assert!(question.starts_with(&format!("{}/authorize?", self.inside.issuer)), "{question}");
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(asked.len(), url.query_pairs().count(), "everything is said once");
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

fn serve(listener: TcpListener, inside: Arc<Inside>) -> JoinHandle<()> {
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/keys", get(keys))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo))
        .with_state(inside);
    // A connection that stays open would outlive the server.
    let closing = async |mut answer: Response| {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        answer
    };
    let router = router.layer(map_response(closing));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

/// JSON as an answer.
struct Json(Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0.to_string()).into_response()
    }
}

async fn metadata(State(inside): State<Arc<Inside>>) -> Response {
    let at = |path: &str| format!("{}{path}", inside.issuer);
    let mut said = json!({
        "issuer": inside.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "end_session_endpoint": at("/leave?from=telescope"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    inside.bend_metadata.lock().unwrap()(&mut said);
    match said["redirect"].as_str() {
        Some(elsewhere) => axum::response::Redirect::temporary(elsewhere).into_response(),
        None => Json(said).into_response(),
    }
}

async fn keys(State(inside): State<Arc<Inside>>) -> Json {
    inside.asked_for_keys.fetch_add(1, Ordering::SeqCst);
    let ours = inside.key.lock().unwrap().public.clone();
    // Keys of other kinds and for other ends stand there too.
    Json(json!({ "keys": [
        { "kty": "XYZ", "kid": "strange" },
        { "kty": "EC", "crv": "P-256", "use": "enc", "kid": "sealing", "x": ours["x"], "y": ours["y"] },
        ours,
    ] }))
}

fn refuse(error: &str) -> Response {
    let said = json!({ "error": error, "error_description": "<b>read me</b>" });
    (StatusCode::BAD_REQUEST, Json(said)).into_response()
}

async fn token(
    State(inside): State<Arc<Inside>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let login = STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET)));
    let given = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    let posted = form.get("client_id").is_some_and(|id| id == CLIENT)
        && form.get("client_secret").is_some_and(|secret| secret == SECRET);
    if given != Some(format!("Basic {login}")) && !(given.is_none() && posted) {
        return refuse("invalid_client");
    }
    let says = |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
    if !says("grant_type", "authorization_code") || !says("redirect_uri", REDIRECT) {
        return refuse("invalid_request");
    }
    let Some(grant) = form.get("code").and_then(|code| inside.take(code)) else {
        return refuse("invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier").unwrap()));
    if challenge != grant.challenge || grant.client != CLIENT {
        return refuse("invalid_grant");
    }
    Json(json!({
        "access_token": "an access token",
        "token_type": "Bearer",
        "expires_in": 60,
        "id_token": inside.id_token(&grant.nonce),
    }))
    .into_response()
}

async fn userinfo(State(inside): State<Arc<Inside>>, headers: HeaderMap) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|value| value != "Bearer an access token") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (kind, text) = inside.userinfo.lock().unwrap().clone();
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

impl Inside {
    fn take(&self, code: &str) -> Option<Grant> {
        let mut codes = self.codes.lock().unwrap();
        if self.careless.load(Ordering::SeqCst) { codes.get(code).cloned() } else { codes.remove(code) }
    }

    fn id_token(&self, nonce: &str) -> String {
        let now = Clock::System.now().0 / 1000;
        let mut claims = json!({
            "iss": self.issuer, "sub": "ada's number", "aud": CLIENT, "nonce": nonce,
            "iat": now, "exp": now + 300,
            "email": "Ada@Example.org", "email_verified": true, "groups": ["support", "night shift"],
        });
        self.bend_token.lock().unwrap()(&mut claims);
        let key = self.key.lock().unwrap();
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(key.name.clone());
        let unsigned = |header: Value, claims: &Value| {
            [header, claims.clone()].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
        };
        match *self.signing.lock().unwrap() {
            Signing::Right => encode(&header, &claims, &key.signing).unwrap(),
            Signing::ForeignKey => encode(&header, &claims, &Key::new("first").signing).unwrap(),
            Signing::PublicKeyAsSecret => {
                header.alg = Algorithm::HS256;
                let secret = EncodingKey::from_secret(key.public["x"].as_str().unwrap().as_bytes());
                encode(&header, &claims, &secret).unwrap()
            }
            Signing::None => format!("{}.", unsigned(json!({ "alg": "none", "kid": key.name }), &claims)),
            Signing::ChangedAfterwards => {
                let token = encode(&header, &claims, &key.signing).unwrap();
                let parts: Vec<_> = token.split('.').collect();
                claims["sub"] = json!("root's number");
                let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
                format!("{}.{payload}.{}", parts[0], parts[2])
            }
            Signing::Critical => {
                header.crit = Some(vec!["x".into()]);
                encode(&header, &claims, &key.signing).unwrap()
            }
            Signing::NoName => {
                header.kid = None;
                encode(&header, &claims, &key.signing).unwrap()
            }
        }
    }
}
