//! Telescope behind the proxies of presets that pass on what the identity provider says of a person.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use telescope::clock::Clock;
use telescope::domain::privilege::SystemPrivileges;
use telescope::store;

use super::app::{ADMIN, Answer, TestApp, Visitor, as_htmx};
use super::live::next;
use crate::sso::issuer::{Answering, Issuer, SigningKey};

const ADA: &str = "ada@example.org";
const ARN: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/telescope/1a2b";

/// A Telescope behind one of them.
struct Proxied {
    test: TestApp,
    issuer: Issuer,
    key: SigningKey,
    preset: &'static str,
}

impl Proxied {
    async fn new(preset: &'static str, more: &[(&str, &str)]) -> Self {
        Self::with_clock(preset, more, Clock::manual(Clock::System.now())).await
    }

    async fn with_clock(preset: &'static str, more: &[(&str, &str)], clock: Clock) -> Self {
        let key = match preset {
            "azure" => SigningKey::rs256("one", 0),
            _ => SigningKey::es256("6f2c-11"),
        };
        let issuer = Issuer::start(Answering::Keys(vec![key.clone()])).await;
        let (name, keys) = (issuer.name(), issuer.certs());
        let below = format!("{name}/");
        let audience = if preset == "aws-alb" { ARN } else { "client" };
        let keys = if preset == "aws-alb" { below.as_str() } else { keys.as_str() };
        let mut settings = more.to_vec();
        settings.extend([
            ("SSO_MODE", "jwt"),
            ("JWT_ISSUER", &name),
            ("JWT_AUDIENCE", audience),
            ("JWT_JWKS_URL", keys),
        ]);
        match preset {
            "own" => settings.extend([("JWT_HEADER", "x-assertion"), ("JWT_ALGORITHMS", "ES256")]),
            preset => settings.push(("JWT_PRESET", preset)),
        }
        let test = TestApp::with_clock(&settings, clock).await;
        Self { test, issuer, key, preset }
    }

    fn token(&self, claims: Value) -> String {
        let now = self.test.app.clock.now().0 / 1000;
        let mut all = json!({
            "iss": self.issuer.name(), "aud": "client", "sub": "7335", "email": ADA, "iat": now, "exp": now + 600,
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        if self.preset == "aws-alb" {
            let header = json!({"alg": "ES256", "kid": self.key.kid, "signer": ARN, "iss": self.issuer.name(), "exp": all["exp"]});
            return self.key.sign_padded(&header, &all);
        }
        self.key.sign(&all)
    }

    fn header(&self) -> &'static str {
        match self.preset {
            "azure" => "x-ms-token-aad-id-token",
            "aws-alb" => "x-amzn-oidc-data",
            "google-iap" => "x-goog-iap-jwt-assertion",
            "pomerium" => "x-pomerium-jwt-assertion",
            _ => "x-assertion",
        }
    }

    async fn get(&self, visitor: &Visitor, path: &str, claims: Value) -> Answer {
        let request = visitor.request(Method::GET, path).header(self.header(), self.token(claims));
        visitor.send(request.body(Body::empty()).unwrap()).await
    }

    async fn is_known(&self, email: &str) -> bool {
        let email = telescope::domain::Email::parse(email).unwrap();
        store::users::by_email(&mut self.test.app.db.read().await.unwrap(), &email).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn an_administrators_address_that_is_not_verified_makes_no_administrator() {
    for (preset, claims, is_admitted) in [
        ("azure", json!({}), false),
        ("azure", json!({"xms_edov": false}), false),
        ("azure", json!({"xms_edov": "0"}), false),
        ("azure", json!({"xms_edov": false, "email_verified": true}), false),
        ("azure", json!({"xms_edov": true}), true),
        ("azure", json!({"xms_edov": "1"}), true),
        ("azure", json!({"email_verified": true}), true),
        ("aws-alb", json!({}), false),
        ("aws-alb", json!({"email_verified": "false"}), false),
        ("aws-alb", json!({"email_verified": false}), false),
        ("aws-alb", json!({"email_verified": "true"}), true),
        ("own", json!({}), false),
        ("own", json!({"email_verified": true}), true),
        ("google-iap", json!({}), true),
        ("google-iap", json!({"email_verified": false}), false),
        ("pomerium", json!({}), true),
        ("pomerium", json!({"xms_edov": false}), false),
    ] {
        let proxied = Proxied::new(preset, &[]).await;
        let mut all = claims.clone();
        all["email"] = json!(ADMIN);
        let answer = proxied.get(&proxied.test.anonymous(), "/users", all).await;
        let expected = if is_admitted { StatusCode::OK } else { StatusCode::CONFLICT };
        assert_eq!(answer.status, expected, "{preset} {claims} {}", answer.body);
        assert_eq!(proxied.is_known(ADMIN).await, is_admitted, "{preset} {claims}");
    }
}

#[tokio::test]
async fn the_operator_can_vouch_for_all_addresses_and_for_those_in_other_claims() {
    for (settings, claims, is_admitted) in [
        (vec![("JWT_TRUST_EMAIL", "yes")], json!({}), true),
        (vec![("JWT_TRUST_EMAIL", "yes")], json!({"email_verified": false}), true),
        (vec![("JWT_TRUST_EMAIL", "yes")], json!({"xms_edov": false}), false),
        (vec![("JWT_TRUST_EMAIL", "no")], json!({}), false),
        (
            vec![("JWT_EMAIL_CLAIM", "upn")],
            json!({"upn": ADA, "xms_edov": true, "email_verified": true}),
            false,
        ),
        (
            vec![("JWT_EMAIL_CLAIM", "upn"), ("JWT_TRUST_EMAIL", "yes")],
            json!({"upn": ADA, "email": null}),
            true,
        ),
    ] {
        let proxied = Proxied::new("azure", &settings).await;
        let answer = proxied.get(&proxied.test.anonymous(), "/accounts", claims.clone()).await;
        assert_eq!(answer.status == StatusCode::OK, is_admitted, "{settings:?} {claims} {}", answer.body);
    }
}

/// Administrators keep their rank, but without the proof of their address they can't use it.
#[tokio::test]
async fn whoever_loses_the_proof_of_an_address_administers_nothing() {
    let proxied = Proxied::new("azure", &[]).await;
    let root = |claims: Value| {
        let mut all = json!({"email": ADMIN, "xms_edov": true});
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        all
    };
    let account = proxied.test.account(1, None).await;
    let visitor = proxied.test.anonymous();
    let pages =
        ["/users".to_owned(), "/audit".to_owned(), "/access".to_owned(), format!("/accounts/{account}")];
    for path in &pages {
        assert_eq!(proxied.get(&visitor, path, root(json!({}))).await.status, StatusCode::OK, "{path}");
    }
    for lost in
        [json!({"xms_edov": false}), json!({"email": "renamed@example.org"}), json!({"xms_edov": null})]
    {
        for path in &pages {
            let answer = proxied.get(&visitor, path, root(lost.clone())).await;
            assert!(matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND), "{path} {lost}");
        }
        let page = proxied.get(&visitor, "/accounts", root(lost.clone())).await;
        assert!(
            page.texts("main > p[role=note]").concat().contains("doesn't confirm your address"),
            "{}",
            page.body
        );
        let changed = visitor
            .request(Method::POST, &format!("/accounts/{account}/disconnect"))
            .header(proxied.header(), proxied.token(root(lost.clone())));
        assert_eq!(
            visitor.send(changed.body(Body::empty()).unwrap()).await.status,
            StatusCode::NOT_FOUND,
            "{lost}"
        );
    }
    let again = proxied.get(&visitor, "/users", root(json!({}))).await;
    assert_eq!(again.status, StatusCode::OK, "with the proof comes the rank");
    assert!(!again.has("main > p[role=note]"));
}

/// The header has the same token for as long as the proxy's own session lasts; its life ends long before.
#[tokio::test]
async fn a_stale_token_leads_to_signing_in_again_and_never_round_in_circles() {
    let proxied = Proxied::new("azure", &[]).await;
    let visitor = proxied.test.anonymous();
    let person = json!({"xms_edov": true});
    let visitor = visitor.after(&proxied.get(&visitor, "/accounts", person.clone()).await);
    let mut stale = person.clone();
    stale["exp"] = json!(proxied.test.app.clock.now().0 / 1000 - 61);
    let answer = proxied.get(&visitor, "/jobs?q=a%20b", stale.clone()).await;
    let sign_in = "/.auth/login/aad?post_login_redirect_uri=%2Fjobs%3Fq%3Da%2520b";
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, sign_in));
    let sent = visitor.after(&answer);
    // The proxy brings a stale one again: a page with the way, and no second redirect within a minute.
    let page = proxied.get(&sent, "/jobs?q=a%20b", stale.clone()).await;
    assert_eq!(
        (page.status, page.attributes("main a.button", "href")),
        (StatusCode::UNAUTHORIZED, vec![sign_in.to_owned()])
    );
    assert!(page.texts("[role=alert]").concat().contains("Sign in again"), "{}", page.body);
    assert_eq!(
        proxied.get(&sent, "/jobs", person).await.status,
        StatusCode::OK,
        "the session went on meanwhile"
    );
    // What is no navigation can't be sent to another site.
    let request =
        as_htmx(visitor.request(Method::GET, "/jobs")).header(proxied.header(), proxied.token(stale));
    let fragment = visitor.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((fragment.status, fragment.header("location")), (StatusCode::UNAUTHORIZED, ""));
    // Without a token at all it says so, since signing in there again may not be possible.
    let bare = visitor.get("/jobs").await;
    assert_eq!(bare.status, StatusCode::UNAUTHORIZED);
}

/// Eight hours of work behind a proxy whose tokens live for one: one session, and no page that leads nowhere.
#[tokio::test]
async fn a_long_session_goes_on_with_each_new_token() {
    let proxied = Proxied::new("azure", &[]).await;
    let person = json!({"xms_edov": true});
    let mut visitor = proxied.test.anonymous();
    visitor = visitor.after(&proxied.get(&visitor, "/accounts", person.clone()).await);
    for hour in 0..8 {
        let mut stale = person.clone();
        stale["exp"] = json!(proxied.test.app.clock.now().0 / 1000 + 3600);
        assert_eq!(proxied.get(&visitor, "/jobs", stale.clone()).await.status, StatusCode::OK, "{hour}");
        proxied.test.app.clock.advance(3600 + 61);
        let sent = proxied.get(&visitor, "/jobs", stale).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{hour}");
        assert_eq!(proxied.get(&visitor, "/jobs", person.clone()).await.status, StatusCode::OK, "{hour}");
    }
    let entries = proxied.test.rows("select code from audit_log where code = 'web.sign-in'").await;
    assert_eq!(entries.len(), 1);
}

/// A quiet page does not outlive the token that it was opened with.
#[tokio::test]
async fn an_open_page_ends_with_its_token() {
    let proxied = Proxied::with_clock("azure", &[], Clock::System).await;
    let visitor = proxied.test.anonymous();
    let person = json!({"xms_edov": true});
    let visitor = visitor.after(&proxied.get(&visitor, "/accounts", person).await);
    // A minute more than it says, since clocks differ: two seconds from now.
    let ending = json!({"xms_edov": true, "exp": Clock::System.now().0 / 1000 - 58});
    let request = as_htmx(visitor.request(Method::GET, "/jobs/events"));
    let opened = Instant::now();
    let mut stream = visitor.stream_of(request.header(proxied.header(), proxied.token(ending))).await;
    while !next(&mut stream).await.is_empty() {}
    let lived = opened.elapsed();
    assert!(
        lived < Duration::from_secs(10),
        "the next look at the session would be after 15 seconds: {lived:?}"
    );
}

/// Entra lists no groups of people who are in more than 200.
#[tokio::test]
async fn too_many_groups_take_no_role_away_and_none_do() {
    let proxied = Proxied::new("azure", &[]).await;
    let support = proxied.test.role("support", &[], SystemPrivileges::NONE).await;
    let visitor = proxied.test.anonymous();
    for (groups, has_role, kept) in [
        (json!({"groups": ["support"]}), true, 0),
        (json!({"_claim_names": {"groups": "src1"}}), true, 1),
        (json!({"hasgroups": "true"}), true, 2),
        (json!({"groups": []}), false, 2),
        (json!({"groups": ["/Support"]}), true, 2),
        (json!({}), false, 2),
        (json!({"_claim_names": {"groups": "src1"}}), false, 3),
    ] {
        let mut claims = groups.clone();
        claims["xms_edov"] = json!(true);
        assert_eq!(proxied.get(&visitor, "/accounts", claims).await.status, StatusCode::OK, "{groups}");
        let ada = proxied.test.user(ADA).await.id;
        let roles = proxied.test.app.live.policy.current().roles_of(ada).to_vec();
        assert_eq!(roles, if has_role { vec![support] } else { vec![] }, "{groups}");
        let entries = proxied.test.rows("select code from audit_log where code = 'person.roles.kept'").await;
        assert_eq!(entries.len(), kept, "{groups}");
    }
}

/// Where the proxy's assertions don't say when a person signed in, no identity is confirmed, so that can't be required.
#[tokio::test]
async fn identity_confirmation_is_offered_where_assertions_are_dated() {
    for (preset, is_offered, sign_out) in [
        ("aws-alb", false, None),
        ("own", true, None),
        ("pomerium", true, Some("/.pomerium/sign_out")),
        ("azure", true, Some("/.auth/logout")),
        ("google-iap", true, Some("/?gcp-iap-mode=CLEAR_LOGIN_COOKIE")),
    ] {
        let proxied = Proxied::new(preset, &[]).await;
        let admin = json!({"email": ADMIN, "email_verified": true});
        let group = proxied.test.group("Board", &[]).await;
        let first = proxied.get(&proxied.test.anonymous(), "/accounts", admin.clone()).await;
        let visitor = proxied.test.anonymous().after(&first);
        let page = proxied.get(&visitor, &format!("/groups/{group}"), admin.clone()).await;
        let form = format!("form[action='/groups/{group}/confirmation']");
        assert_eq!(page.has(&form), is_offered, "{preset}: {} {}", page.status, page.body);
        let old = proxied.test.app.clock.now().0 / 1000 - 400;
        let mut claims = admin.clone();
        claims["iat"] = json!(old);
        let step = proxied.get(&visitor, "/confirm-identity?next=/jobs", claims).await;
        assert_eq!(step.status, StatusCode::OK, "{preset}");
        let expected: Vec<&str> = sign_out.into_iter().collect();
        assert_eq!(step.attributes("main a.primary", "href"), expected, "{preset}: {}", step.body);
        let impossible = step.texts("main [role=alert]").join(" ").contains("can't be confirmed");
        assert_eq!(impossible, !is_offered, "{preset}: {}", step.body);
    }
}
