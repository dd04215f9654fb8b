//! Tokens that prove nothing, each in its own way, beside one that does.

use serde_json::{Value, json};
use telescope::config::{AssertionFormat, Audience, ClaimSource, EmailTrust, KeysAt, MAX_SKEW, Subjects};
use telescope::domain::{Millis, ProviderGroups};
use telescope::sso::{Assertion, TokenError, assertion};

use super::issuer::{SigningKey, part};

/// The second at which all of this happens.
pub const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://team.example.org";

pub fn format() -> AssertionFormat {
    AssertionFormat {
        header: "x-assertion".into(),
        cookie: None,
        algorithms: vec![jsonwebtoken::Algorithm::RS256],
        issuer: ISSUER.into(),
        audience: Audience::Claim(vec!["telescope".into()]),
        source: ClaimSource::Claims,
        keys: KeysAt::Set("https://team.example.org/certs".parse().unwrap()),
        email_claim: "email".into(),
        trust: EmailTrust::Proxy,
        groups_claim: "groups".into(),
        subjects: Subjects::Permanent,
        skew: MAX_SKEW,
        log_out: None,
        sign_in: None,
    }
}

/// Claims that hold, with some of them changed; null takes one away.
pub fn claims(changed: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": ["other", "telescope"], "sub": "7335", "email": "Ada@example.org",
        "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 600,
    });
    for (name, value) in changed.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

/// What comes of a token, measured by that key.
pub fn measure(format: &AssertionFormat, key: &SigningKey, token: &str) -> Result<Assertion, TokenError> {
    let unverified = assertion::read(format, token)?;
    assertion::verify(format, &unverified, &key.public(), Millis(NOW * 1000))
}

fn with(changed: Value) -> Result<Assertion, TokenError> {
    let key = SigningKey::rs256("one", 0);
    measure(&format(), &key, &key.sign(&claims(changed)))
}

#[test]
fn a_true_one_says_who_it_is_and_until_when() {
    let assertion = with(json!({"groups": ["staff", "support"]})).unwrap();
    let who = &assertion.identity;
    assert_eq!(
        (who.issuer.as_str(), who.subject.as_str(), who.email.as_str()),
        (ISSUER, "7335", "ada@example.org")
    );
    assert!(who.verified);
    assert_eq!(who.groups, ProviderGroups::Listed(vec!["staff".into(), "support".into()]));
    assert_eq!(assertion.until, Millis((NOW + 660) * 1000));
    assert!(with(json!({"aud": "telescope"})).is_ok(), "one audience may be a text");
    assert!(
        with(json!({"nbf": null})).is_ok() && with(json!({"iat": null})).is_ok(),
        "one of both is enough"
    );
    assert!(!with(json!({"email_verified": false})).unwrap().identity.verified);
    assert!(!with(json!({"email_verified": "false"})).unwrap().identity.verified);
    assert!(with(json!({"email_verified": "true"})).unwrap().identity.verified);
}

#[test]
fn the_algorithm_is_never_the_tokens_choice() {
    let key = SigningKey::rs256("one", 0);
    let refused = |token: &str| measure(&format(), &key, token).unwrap_err();
    for alg in ["none", "None", "NONE", "", "RS255", "ES256", "HS512", "PS256"] {
        let token = key.sign_as(&json!({"alg": alg, "kid": "one"}), &claims(json!({})));
        assert_eq!(refused(&token), TokenError::Algorithm, "{alg}");
    }
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none", "kid": "one"})), part(&claims(json!({}))));
    assert_eq!(refused(&unsigned), TokenError::Algorithm);

    // Signed with the public key as if it were a shared secret, in each form that somebody may have it in.
    let jwk = key.jwk();
    for secret in [jwk.to_string(), jwk["n"].as_str().unwrap().to_owned()] {
        let secret = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some("one".into());
        let token = jsonwebtoken::encode(&header, &claims(json!({})), &secret).unwrap();
        assert_eq!(refused(&token), TokenError::Algorithm);
    }

    // An algorithm that is taken, but a key of another family under that name.
    let both = AssertionFormat {
        algorithms: vec![jsonwebtoken::Algorithm::RS256, jsonwebtoken::Algorithm::ES256],
        ..format()
    };
    let curve = SigningKey::es256("one");
    assert_eq!(measure(&both, &key, &curve.sign(&claims(json!({})))).unwrap_err(), TokenError::Algorithm);
    assert!(measure(&both, &curve, &curve.sign(&claims(json!({})))).is_ok());
}

#[test]
fn a_signature_is_over_all_of_it_and_by_the_key_it_names() {
    let key = SigningKey::rs256("one", 0);
    let token = key.sign(&claims(json!({})));
    assert_eq!(measure(&format(), &SigningKey::rs256("one", 1), &token).unwrap_err(), TokenError::Signature);
    let parts: Vec<&str> = token.split('.').collect();
    let other = part(&claims(json!({"email": "root@example.org"})));
    for forged in [
        format!("{}.{other}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][..300]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(342)),
    ] {
        assert_eq!(measure(&format(), &key, &forged).unwrap_err(), TokenError::Signature);
    }
    let refused =
        |header: Value| measure(&format(), &key, &key.sign_as(&header, &claims(json!({})))).unwrap_err();
    assert_eq!(refused(json!({"alg": "RS256"})), TokenError::NoKey);
    assert_eq!(refused(json!({"alg": "RS256", "kid": ""})), TokenError::NoKey);
    assert_eq!(refused(json!({"alg": "RS256", "kid": "k".repeat(1000)})), TokenError::NoKey);
    assert_eq!(refused(json!({"alg": "RS256", "kid": 1})), TokenError::Malformed);
    assert_eq!(
        refused(json!({"alg": "RS256", "kid": "one", "crit": ["b64"], "b64": false})),
        TokenError::Critical
    );
}

#[test]
fn another_issuers_word_does_not_count() {
    for iss in [
        json!("https://other.example.org"),
        json!("https://team.example.org/"),
        json!("HTTPS://TEAM.EXAMPLE.ORG"),
        json!("https://team.example.org.evil.example"),
        json!([ISSUER]),
        json!(""),
        Value::Null,
    ] {
        assert_eq!(with(json!({"iss": iss})).unwrap_err(), TokenError::Issuer, "{iss}");
    }
}

#[test]
fn what_is_for_another_program_does_not_count() {
    for aud in [
        json!("other"),
        json!(["other"]),
        json!([]),
        json!(""),
        json!("telescope "),
        json!(["telescope", 1]),
        json!([["telescope"]]),
        json!({"telescope": true}),
        Value::Null,
    ] {
        assert_eq!(with(json!({"aud": aud})).unwrap_err(), TokenError::Audience, "{aud}");
    }
}

#[test]
fn times_have_to_be_there_and_to_be_times() {
    for value in [
        json!((NOW + 600).to_string()),
        json!((NOW + 600) as f64 + 0.5),
        json!(1e300),
        json!(-1),
        json!(u64::MAX),
        json!(true),
        json!([NOW + 600]),
        json!({}),
    ] {
        assert_eq!(with(json!({"exp": value})).unwrap_err(), TokenError::Time("exp"), "{value}");
        assert_eq!(with(json!({"iat": value})).unwrap_err(), TokenError::Time("iat"), "{value}");
        assert_eq!(with(json!({"nbf": value})).unwrap_err(), TokenError::Time("nbf"), "{value}");
    }
    // As text, since a number this long does not survive being a value.
    let key = SigningKey::rs256("one", 0);
    for exp in ["18446744073709551616", "1.8000006e9", "9999999999999999999999", "1800000600.0"] {
        let claims = claims(json!({})).to_string().replace(&(NOW + 600).to_string(), exp);
        let claims: Value = serde_json::from_str(&claims).unwrap();
        assert_eq!(
            measure(&format(), &key, &key.sign(&claims)).unwrap_err(),
            TokenError::Time("exp"),
            "{exp}"
        );
    }
    assert_eq!(with(json!({"exp": null})).unwrap_err(), TokenError::Time("exp"));
    assert_eq!(with(json!({"iat": null, "nbf": null})).unwrap_err(), TokenError::Time("iat"));
}

#[test]
fn clocks_may_differ_by_a_minute_and_no_more() {
    assert!(with(json!({"exp": NOW - 59})).is_ok());
    assert_eq!(with(json!({"exp": NOW - 60})).unwrap_err(), TokenError::Expired);
    assert_eq!(with(json!({"exp": 0})).unwrap_err(), TokenError::Expired);
    assert!(with(json!({"nbf": NOW + 60, "iat": NOW + 60})).is_ok());
    assert_eq!(with(json!({"nbf": NOW + 61})).unwrap_err(), TokenError::Future);
    assert_eq!(with(json!({"iat": NOW + 61})).unwrap_err(), TokenError::Future);
    let google = AssertionFormat { skew: 30, ..format() };
    let key = SigningKey::rs256("one", 0);
    let late = key.sign(&claims(json!({"exp": NOW - 31})));
    assert_eq!(measure(&google, &key, &late).unwrap_err(), TokenError::Expired);
}

#[test]
fn a_service_token_is_no_person() {
    let service = json!({"email": null, "sub": "", "common_name": "88a1.access", "type": "app"});
    assert_eq!(with(service).unwrap_err(), TokenError::NoSubject);
    assert_eq!(with(json!({"email": null})).unwrap_err(), TokenError::NoEmail);
    assert_eq!(with(json!({"email": ""})).unwrap_err(), TokenError::NoEmail);
    for email in [json!("ada"), json!(["ada@example.org"]), json!(7), json!("аda@example.org")] {
        assert_eq!(with(json!({"email": email})).unwrap_err(), TokenError::Email, "{email}");
    }
    for sub in [json!(""), json!(7), json!("a\u{0}"), json!("s".repeat(256)), Value::Null] {
        assert_eq!(with(json!({"sub": sub})).unwrap_err(), TokenError::NoSubject, "{sub}");
    }
}

#[test]
fn what_is_no_token_is_refused_before_anything_is_reckoned() {
    let key = SigningKey::rs256("one", 0);
    let token = key.sign(&claims(json!({})));
    let long = key.sign(&claims(json!({"groups": ["g".repeat(60_000)]})));
    assert_eq!(measure(&format(), &key, &long).unwrap_err(), TokenError::TooLong);
    for text in ["", ".", "..", "...", "a.b", "a.b.c", "{}.{}.", &format!("{token}.x"), &format!("x.{token}")]
    {
        assert_eq!(measure(&format(), &key, text).unwrap_err(), TokenError::Malformed, "{text}");
    }
    for head in ["[]", "1", "{\"alg\":1}", "{\"kid\":\"one\"}", "\u{0}"] {
        use base64::Engine;
        let head = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(head);
        assert_eq!(measure(&format(), &key, &format!("{head}.e30.AA")).unwrap_err(), TokenError::Malformed);
    }
    // Padding belongs to one proxy only.
    assert!(measure(&format(), &key, &format!("{token}=")).is_err());
}

#[test]
fn the_load_balancer_of_aws_has_its_own_ways() {
    let arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/telescope/1a2b";
    let format = AssertionFormat {
        algorithms: vec![jsonwebtoken::Algorithm::ES256],
        audience: Audience::Signer(arn.into()),
        source: ClaimSource::Header,
        ..format()
    };
    let key = SigningKey::es256("6f2c-11");
    let person = json!({"sub": "7335", "email": "ada@example.org", "email_verified": "true", "name": "Ada"});
    let header = |changed: &str, value: Value| {
        let mut header = json!({"alg": "ES256", "kid": "6f2c-11", "signer": arn, "iss": ISSUER, "client": "c", "exp": NOW + 120});
        header[changed] = value;
        header
    };
    let token = key.sign_padded(&header("client", json!("c")), &person);
    assert!(token.contains('='), "the padding is what this is about: {token}");
    let by_pem = telescope::sso::Key::of_pem(key.pem()).unwrap();
    let unverified = assertion::read(&format, &token).unwrap();
    let measured = assertion::verify(&format, &unverified, &by_pem, Millis(NOW * 1000));
    assert_eq!(measured.unwrap().identity.subject, "7335");
    for (changed, value, refused) in [
        (
            "signer",
            json!("arn:aws:elasticloadbalancing:eu-central-1:9:loadbalancer/app/evil/1"),
            TokenError::Audience,
        ),
        ("signer", json!(null), TokenError::Audience),
        ("iss", json!("https://other.example.org"), TokenError::Issuer),
        ("exp", json!(NOW - 120), TokenError::Expired),
        ("exp", json!("1800000120"), TokenError::Time("exp")),
        ("alg", json!("RS256"), TokenError::Algorithm),
    ] {
        let token = key.sign_padded(&header(changed, value), &person);
        assert_eq!(measure(&format, &key, &token).unwrap_err(), refused, "{changed}");
    }
}

/// Programs disagree about which of two values counts.
#[test]
fn a_name_that_occurs_twice_makes_no_token() {
    let key = SigningKey::rs256("one", 0);
    let whole = claims(json!({})).to_string();
    for more in [
        r#""email":"root@example.org""#,
        r#""sub":"1""#,
        r#""exp":1"#,
        r#""\u0065mail":"root@example.org""#,
        r#""a":{"b":1,"b":2}"#,
    ] {
        let twice = format!("{},{more}}}", whole.strip_suffix('}').unwrap());
        let token = key.sign_text(r#"{"alg":"RS256","kid":"one"}"#, &twice);
        assert_eq!(measure(&format(), &key, &token).unwrap_err(), TokenError::Malformed, "{more}");
    }
    for head in [r#"{"alg":"none","alg":"RS256","kid":"one"}"#, r#"{"alg":"RS256","kid":"two","kid":"one"}"#]
    {
        assert_eq!(
            measure(&format(), &key, &key.sign_text(head, &whole)).unwrap_err(),
            TokenError::Malformed,
            "{head}"
        );
    }
    assert!(measure(&format(), &key, &key.sign_text(r#"{"alg":"RS256","kid":"one"}"#, &whole)).is_ok());
    // Nothing of a token gets into an error, which goes to the log.
    for alg in ["RS256\nforged: line", "\u{1b}[31m"] {
        let head = json!({"alg": alg, "kid": "one"}).to_string();
        let error = measure(&format(), &key, &key.sign_text(&head, &whole)).unwrap_err();
        assert_eq!(error, TokenError::Algorithm);
        assert!(!error.to_string().chars().any(char::is_control) && !error.to_string().contains("forged"));
    }
}

/// Prints what a request pays; a machine under load may be slow once, but not each time.
#[test]
fn a_request_pays_less_than_a_millisecond() {
    for (key, algorithm) in [
        (SigningKey::rs256("one", 0), jsonwebtoken::Algorithm::RS256),
        (SigningKey::es256("one"), jsonwebtoken::Algorithm::ES256),
    ] {
        let format = AssertionFormat { algorithms: vec![algorithm], ..format() };
        let token = key.sign(&claims(json!({})));
        let public = key.public();
        let mut best = std::time::Duration::MAX;
        for _ in 0..20 {
            let started = std::time::Instant::now();
            for _ in 0..20 {
                let unverified = assertion::read(&format, &token).unwrap();
                assert!(assertion::verify(&format, &unverified, &public, Millis(NOW * 1000)).is_ok());
            }
            best = best.min(started.elapsed() / 20);
        }
        println!("an assertion signed by {algorithm:?} is verified in {best:?}");
        assert!(best < std::time::Duration::from_millis(1), "{best:?}");
    }
}
