//! The assertion among a request's headers: which one counts, and that nothing at all can be put there that counts.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;
use telescope::clock::Clock;
use telescope::config::{AssertionFormat, KeysAt, Outbound};
use telescope::domain::Millis;
use telescope::sso::{ProxyAuthenticator, Refused, TokenError, assertion};

use super::corpus::{NOW, claims, format, measure};
use super::issuer::{Answering, Issuer, SigningKey};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rs256("one", 0));

async fn proxy_auth() -> ProxyAuthenticator {
    let issuer = Issuer::start(Answering::Keys(vec![KEY.clone()])).await;
    let keys = KeysAt::Set(issuer.certs().parse().unwrap());
    let format = AssertionFormat { cookie: Some("CF_Authorization".into()), keys, ..format() };
    ProxyAuthenticator::new(format, &Outbound::default(), Clock::manual(Millis(NOW * 1000)))
}

fn token_of(email: &str) -> String {
    KEY.sign(&claims(json!({ "email": email })))
}

async fn who(proxy_auth: &ProxyAuthenticator, headers: &[&str], cookies: &[&str]) -> Result<String, Refused> {
    let assertion = proxy_auth
        .identify(headers.iter().map(|text| text.as_bytes()), cookies.iter().map(|text| text.as_bytes()))
        .await?;
    Ok(assertion.identity.email.to_string())
}

#[tokio::test]
async fn the_header_wins_and_the_cookie_is_there_for_want_of_one() {
    let proxy_auth = proxy_auth().await;
    let (ada, bob) = (token_of("ada@example.org"), token_of("bob@example.org"));
    let cookie = format!("x=1; CF_Authorization={bob}; CF_AuthorizationX=2");
    assert_eq!(who(&proxy_auth, &[&ada], &[]).await.unwrap(), "ada@example.org");
    assert_eq!(who(&proxy_auth, &[&ada], &[&cookie]).await.unwrap(), "ada@example.org");
    assert_eq!(who(&proxy_auth, &[], &[&cookie]).await.unwrap(), "bob@example.org");
    assert_eq!(who(&proxy_auth, &[], &["a=b", &cookie]).await.unwrap(), "bob@example.org");
    assert!(who(&proxy_auth, &["nonsense"], &[&cookie]).await.is_err(), "a bad header is not passed over");
    assert_eq!(who(&proxy_auth, &[""], &[&cookie]).await.unwrap_err(), Refused::Missing);
    assert_eq!(
        who(&proxy_auth, &[], &["cf_authorization=x; CF_Authorization"]).await.unwrap_err(),
        Refused::Missing
    );
    assert_eq!(who(&proxy_auth, &[], &[]).await.unwrap_err(), Refused::Missing);
}

#[tokio::test]
async fn of_several_none_counts() {
    let proxy_auth = proxy_auth().await;
    let ada = token_of("ada@example.org");
    assert_eq!(who(&proxy_auth, &[&ada, &ada], &[]).await.unwrap_err(), Refused::Several);
    assert_eq!(who(&proxy_auth, &[&ada, ""], &[]).await.unwrap_err(), Refused::Several);
    let cookie = format!("CF_Authorization={ada}");
    assert_eq!(who(&proxy_auth, &[], &[&cookie, &cookie]).await.unwrap_err(), Refused::Several);
    assert_eq!(who(&proxy_auth, &[], &[&format!("{cookie};{cookie}")]).await.unwrap_err(), Refused::Several);
    assert!(who(&proxy_auth, &[&format!("{ada}, {ada}")], &[]).await.is_err());
}

#[tokio::test]
async fn a_key_that_nobody_has_is_told_from_keys_that_were_never_had() {
    let stranger = SigningKey::rs256("stranger", 1).sign(&claims(json!({})));
    let proxy_auth = proxy_auth().await;
    assert_eq!(
        who(&proxy_auth, &[&stranger], &[]).await.unwrap_err(),
        Refused::TokenError(TokenError::UnknownKey)
    );
    let issuer = Issuer::start(Answering::Broken).await;
    let keys = KeysAt::Set(issuer.certs().parse().unwrap());
    let proxy_auth =
        ProxyAuthenticator::new(AssertionFormat { keys, ..format() }, &Outbound::default(), Clock::System);
    assert_eq!(who(&proxy_auth, &[&stranger], &[]).await.unwrap_err(), Refused::NoKeys);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn no_text_is_taken_for_a_token(text in "\\PC{0,200}") {
        prop_assert!(assertion::read(&format(), &text).is_err());
    }

    #[test]
    fn no_three_parts_are_taken_for_a_true_one(
        head in prop::collection::vec(any::<u8>(), 0..60),
        claims in prop::collection::vec(any::<u8>(), 0..60),
        signature in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        use base64::Engine;
        let part = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let token = format!("{}.{}.{}", part(&head), part(&claims), part(&signature));
        prop_assert!(measure(&format(), &KEY, &token).is_err());
    }

    #[test]
    fn every_changed_letter_shows(at in 0_usize..2000, with in "[A-Za-z0-9_.=-]") {
        static TOKEN: LazyLock<String> = LazyLock::new(|| token_of("ada@example.org"));
        let at = at % TOKEN.len();
        let mut changed = TOKEN.clone();
        changed.replace_range(at..=at, &with);
        prop_assert_eq!(measure(&format(), &KEY, &changed).is_ok(), changed == *TOKEN);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn any_claims_are_read_without_harm(
        name in "(iss|aud|exp|iat|nbf|sub|email|email_verified|groups)",
        number in any::<f64>(),
        text in "\\PC{0,40}",
    ) {
        for value in [json!(number), json!(text), json!([text, number]), json!({"x": number})] {
            let mut changed = claims(json!({}));
            changed[&name] = value;
            let _ = measure(&format(), &KEY, &KEY.sign(&changed));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn any_bytes_in_headers_and_cookies_are_nobody(
        headers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..3),
        cookies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..3),
        named in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        static RUNTIME: LazyLock<tokio::runtime::Runtime> =
            LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());
        static DOORMAN: LazyLock<ProxyAuthenticator> = LazyLock::new(|| RUNTIME.block_on(proxy_auth()));
        let named = [b"CF_Authorization=".as_slice(), &named].concat();
        let cookies = cookies.iter().map(Vec::as_slice).chain([named.as_slice()]);
        let found = RUNTIME.block_on(DOORMAN.identify(headers.iter().map(Vec::as_slice), cookies));
        prop_assert!(found.is_err());
    }
}
