//! What the provider answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_extra::extract::Form;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use telescope::clock::Clock;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{CLIENT, Grant, Inside, Key, REDIRECT, SECRET, Signing};

pub(super) fn serve(listener: TcpListener, inside: Arc<Inside>) -> JoinHandle<()> {
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/keys", get(keys))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo))
        .with_state(inside);
    // A kept-alive connection would outlive the server.
    let closing = async |mut answer: Response| {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        answer
    };
    let router = router.layer(map_response(closing));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

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
    // Keys of other types and for other uses are listed, too.
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
