//! An identity provider of the tests: real keys, really signed tokens, and a real address for the keys.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use telescope::sso::Key;

/// A private key and its name.
#[derive(Clone)]
pub struct SigningKey {
    /// The name.
    pub kid: String,
    algorithm: Algorithm,
    private: EncodingKey,
    pem: String,
}

/// RSA keys take long to make, so all tests share these.
static RSA: LazyLock<[EncodingKey; 2]> = LazyLock::new(|| {
    std::array::from_fn(|_| {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        // Behind what says that it is an RSA key comes the key.
        EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..])
    })
});

impl SigningKey {
    /// The first or the second RSA key.
    pub fn rs256(kid: &str, which: usize) -> Self {
        Self { kid: kid.into(), algorithm: Algorithm::RS256, private: RSA[which].clone(), pem: String::new() }
    }

    /// A fresh key on the curve P-256.
    pub fn es256(kid: &str) -> Self {
        let rng = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let mut der: Vec<u8> =
            (0..head.len()).step_by(2).map(|at| u8::from_str_radix(&head[at..at + 2], 16).unwrap()).collect();
        der.extend_from_slice(pair.public_key().as_ref());
        let base64 = STANDARD.encode(der);
        let (first, second) = base64.split_at(64);
        Self {
            kid: kid.into(),
            algorithm: Algorithm::ES256,
            private: EncodingKey::from_ec_der(pkcs8.as_ref()),
            pem: format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n"),
        }
    }

    /// The public key as sets of keys have it.
    pub fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        serde_json::to_value(jwk).unwrap()
    }

    /// The public key as the verifier has it.
    pub fn public(&self) -> Key {
        Key::of_jwk(&serde_json::from_value(self.jwk()).unwrap()).unwrap()
    }

    /// The public key as a PEM file.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }

    /// A token with this header and these claims, signed by this key whatever the header says.
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        self.signed(&message)
    }

    /// A token whose header and claims are these texts, which need not be what a serializer would write.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let [header, claims] = [header, claims].map(|text| URL_SAFE_NO_PAD.encode(text));
        self.signed(&format!("{header}.{claims}"))
    }

    /// A token as the load balancer of AWS makes it: its parts are padded.
    pub fn sign_padded(&self, header: &Value, claims: &Value) -> String {
        let padded = |value: &Value| {
            let part = part(value);
            format!("{part}{}", "=".repeat((4 - part.len() % 4) % 4))
        };
        format!("{}==", self.signed(&format!("{}.{}", padded(header), padded(claims))))
    }

    fn signed(&self, message: &str) -> String {
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.private, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

/// One part of a token.
pub fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// What the endpoint does when it is asked.
#[derive(Clone)]
pub enum Answering {
    /// Gives the public keys, as a set or each by its name.
    Keys(Vec<SigningKey>),
    /// Gives each of these by its name, and says that there is no other.
    Missing(Vec<SigningKey>),
    /// Breaks so many times, and then gives these.
    InTurn(usize, Vec<SigningKey>),
    /// Breaks.
    Broken,
    /// Never answers.
    Never,
    /// Gives more and more.
    Huge,
    /// Sends elsewhere.
    To(String),
    /// Says something else.
    Nonsense(&'static str),
}

/// The provider's address for keys.
pub struct Issuer {
    name: String,
    answering: Arc<Mutex<Answering>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    /// One that answers so, until it is told otherwise.
    pub async fn start(answering: Answering) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        Self::start_on(listener, name, answering)
    }

    /// The same where somebody listens already, as whom that calls it.
    pub fn start_on<L>(listener: L, name: String, answering: Answering) -> Self
    where
        L: axum::serve::Listener<Addr: std::fmt::Debug>,
    {
        let answering = Arc::new(Mutex::new(answering));
        let asked = Arc::new(AtomicUsize::new(0));
        let (state, count) = (Arc::clone(&answering), Arc::clone(&asked));
        let router = Router::new().fallback(move |request: Request| {
            count.fetch_add(1, Ordering::SeqCst);
            let answering = state.lock().unwrap().next();
            async move { answer(answering, request.uri().path()).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { name, answering, asked }
    }

    /// Who signs.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// Where the keys are.
    pub fn certs(&self) -> String {
        format!("{}/cdn-cgi/access/certs", self.name())
    }

    /// Answers so from now on.
    pub fn answers(&self, answering: Answering) {
        *self.answering.lock().unwrap() = answering;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Answering {
    fn next(&mut self) -> Self {
        match self {
            Self::InTurn(0, keys) => Self::Keys(keys.clone()),
            Self::InTurn(left, _) => {
                *left -= 1;
                Self::Broken
            }
            other => other.clone(),
        }
    }
}

async fn answer(answering: Answering, path: &str) -> Response {
    match answering {
        Answering::Keys(keys) => match keys.iter().find(|key| path.ends_with(&format!("/{}", key.kid))) {
            Some(key) => key.pem().to_owned().into_response(),
            None => json!({ "keys": keys.iter().map(SigningKey::jwk).collect::<Vec<_>>() })
                .to_string()
                .into_response(),
        },
        Answering::Missing(keys) => match keys.iter().find(|key| path.ends_with(&format!("/{}", key.kid))) {
            Some(key) => key.pem().to_owned().into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Answering::Broken | Answering::InTurn(..) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Answering::Never => std::future::pending().await,
        Answering::Huge => {
            let pieces = std::iter::repeat_n(axum::body::Bytes::from_static(&[b' '; 64 * 1024]), 1000);
            let body = tokio_stream::iter(pieces.map(Ok::<_, std::io::Error>));
            axum::body::Body::from_stream(body).into_response()
        }
        Answering::To(place) => (StatusCode::FOUND, [(header::LOCATION, place)]).into_response(),
        Answering::Nonsense(text) => text.into_response(),
    }
}
