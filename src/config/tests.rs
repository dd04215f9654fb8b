//! Settings as people write them, right and wrong.

use std::collections::HashMap;

use super::*;
use crate::domain::Email;

pub(super) const KEY: &str = "correct horse battery staple 123";

/// The least that a test environment needs, then `more`; a later value wins.
pub(super) fn config(more: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
    let mut settings = HashMap::from([("TELEGRAM_ENVIRONMENT", "test"), ("SSO_MODE", "mock")]);
    settings.extend(more.iter().copied());
    Config::from_env(|name| settings.get(name).map(ToString::to_string))
}

#[test]
fn the_sample_file_names_what_is_read_and_nothing_else() {
    let sample = include_str!("../../.env.sample");
    let in_sample: Vec<String> = sample
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'))
        .collect();
    let named: BTreeSet<String> = in_sample.iter().cloned().collect();
    assert_eq!(named.len(), in_sample.len(), "each once");
    assert_eq!(named, setting_names());
}

#[test]
fn the_sample_file_can_be_used_as_it_is() {
    let file = env_file::parse(include_str!("../../.env.sample")).unwrap();
    let config = Config::from_env(|name| file.get(name).cloned()).unwrap();
    assert_eq!(config.sso.mode, SsoMode::Mock);
}

#[test]
fn what_is_not_said_has_a_default() {
    let config = config(&[]).unwrap();
    assert_eq!((config.http.host.as_str(), config.http.port), ("localhost", 8888));
    assert_eq!(config.http.public_url.origin(), "http://localhost:8888");
    assert_eq!(config.storage.db, Dsn::Sqlite("data/telescope.db".into()));
    assert_eq!((config.telegram.api_id, config.telegram.api_hash.expose()), (12345, "sandbox"));
    assert_eq!((config.limits.login_attempts_per_day, config.telegram.hosts), (4, 1));
    assert!(config.storage.master_key.is_none() && config.notes.is_empty());
}

#[test]
fn an_address_to_listen_on_may_have_the_brackets_that_it_has_in_a_url() {
    for (text, host, origin) in [
        ("[::1]", "::1", "http://[::1]:8888"),
        ("::1", "::1", "http://[::1]:8888"),
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:8888"),
        ("LOCALHOST", "LOCALHOST", "http://localhost:8888"),
    ] {
        let config = config(&[("HOST", text)]).unwrap();
        assert_eq!((config.http.host.as_str(), config.http.public_url.origin()), (host, origin), "{text}");
    }
    let everywhere = [("PUBLIC_URL", "https://t.example.org"), ("SSO_MODE", "oidc")];
    for text in ["::", "[::]", "0.0.0.0"] {
        let more = [
            &everywhere[..],
            &[("OIDC_ISSUER", "https://l.example.org"), ("OIDC_CLIENT_ID", "t"), ("OIDC_CLIENT_SECRET", "s")],
            &[("HOST", text)],
        ];
        let config = config(&more.concat()).unwrap();
        assert_eq!(config.http.host, text.trim_matches(['[', ']']));
    }
}

#[test]
fn an_empty_value_is_no_value() {
    let config = config(&[("PORT", ""), ("API_ID", " "), ("DB_DSN", ""), ("TELEGRAM_PROXY", "")]).unwrap();
    assert_eq!((config.http.port, config.telegram.api_id), (8888, 12345));
}

#[test]
fn what_is_said_counts() {
    let config = config(&[
        ("PORT", "80"),
        ("HOST", "127.0.0.1"),
        ("DATA_DIR", "/srv/t"),
        ("ADMIN_EMAILS", " Ada@Example.org, bob@example.org ,"),
        ("TDLIB_SHA512", &"Ab".repeat(64)),
        ("CORS_POLICY", "*"),
    ])
    .unwrap();
    assert_eq!(config.http.public_url.authority(), "127.0.0.1");
    assert_eq!(config.storage.db, Dsn::Sqlite("/srv/t/telescope.db".into()));
    assert_eq!(
        config.sso.admin_emails.iter().map(Email::as_str).collect::<Vec<_>>(),
        ["ada@example.org", "bob@example.org"]
    );
    assert_eq!(config.telegram.library_sha512, Some("ab".repeat(64)));
    assert_eq!(config.notes.len(), 1);
}

#[test]
fn one_wrong_setting_gives_one_sentence_that_names_it() {
    for (name, value) in [
        ("HOST", "localhost:8888"),
        ("HOST", "[::1]:8888"),
        ("HOST", "[localhost]"),
        ("HOST", "[::1"),
        ("HOST", "http://localhost"),
        ("HOST", "127.0.0.1 ::1"),
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PUBLIC_URL", "telescope"),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::/0"),
        ("TRUSTED_PROXIES", "proxy.example.org"),
        ("DB_DSN", "mysql://x/y"),
        ("TELEGRAM_ENVIRONMENT", "Test"),
        ("API_ID", "0"),
        ("API_ID", "2147483648"),
        ("TDLIB_SHA512", "abc"),
        ("TELEGRAM_PROXY", "socks5://proxy:1"),
        ("TD_HOSTS", "0"),
        ("SSO_MODE", "saml"),
        ("SSO_MODE", "google"),
        ("SSO_MODE", ""),
        ("CLOUDFLARE_ACCESS_CERTS", "http://team.example.org/certs"),
        ("CLOUDFLARE_POLICY_AUD", " , "),
        ("JWT_PRESET", "iap"),
        ("JWT_HEADER", "x assertion"),
        ("JWT_HEADER", "Cookie"),
        ("JWT_ALGORITHMS", "none"),
        ("JWT_ALGORITHMS", "RS256,HS256"),
        ("JWT_AUDIENCE", ","),
        ("JWT_JWKS_URL", "http://keys.example.org/"),
        ("JWT_JWKS_URL", "https://ada:b@keys.example.org/"),
        ("JWT_JWKS_URL", "keys"),
        ("ADMIN_EMAILS", "ada@example.org;bob@example.org"),
        ("SSO_EMAIL_DOMAINS", ","),
        ("SSO_EMAIL_DOMAINS", "example.org;example.com"),
        ("SSO_EMAIL_DOMAINS", "@example.org"),
        ("SSO_EMAIL_DOMAINS", "*.example.org"),
        ("TWO_FACTOR_ENCRYPTION_KEY", "short"),
        ("TWO_FACTOR_ENCRYPTION_KEY_OLD", "short"),
        ("LOGIN_ATTEMPTS_PER_DAY", "0"),
        ("STREAMS_PER_USER", "0"),
        ("MAX_CONNECTIONS", "9"),
        ("LOG", "telescope=loud"),
        ("LOG", "in\nfo"),
    ] {
        let more = [
            ("TELEGRAM_ENVIRONMENT", "test"),
            ("API_ID", "1"),
            ("API_HASH", "x"),
            ("TWO_FACTOR_ENCRYPTION_KEY", KEY),
            (name, value),
        ];
        let faults = config(&more).unwrap_err().0;
        let about = faults.iter().filter(|fault| fault.starts_with(name)).count();
        assert_eq!(about, 1, "{name}={value}: {faults:?}");
        assert!(faults.iter().all(|fault| fault.ends_with('.') || fault.ends_with(").")), "{faults:?}");
    }
}

#[test]
fn proxies_are_trusted_by_their_networks_and_everybody_is_no_network() {
    let test = [("TELEGRAM_ENVIRONMENT", "test"), ("SSO_MODE", "mock")];
    let with = |value| config(&[test[0], test[1], ("TRUSTED_PROXIES", value)]);
    assert_eq!(
        format!("{:?}", with("10.0.0.0/8, ::1").unwrap().http.trusted_proxies),
        "[10.0.0.0/8, ::1/128]"
    );
    assert!(with("").unwrap().http.trusted_proxies.is_empty());
    for everybody in ["0.0.0.0/0", "::/0", "10.0.0.0/8,0.0.0.0/0"] {
        let faults = with(everybody).unwrap_err().0.concat();
        assert!(faults.contains("is everybody") && faults.contains("TRUSTED_PROXIES"), "{faults}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let faults = Config::from_env(|name| match name {
        "PORT" => Some("eighty".into()),
        "TD_HOSTS" => Some("many".into()),
        _ => None,
    })
    .unwrap_err();
    for name in ["PORT", "TD_HOSTS", "API_ID", "API_HASH", "SSO_MODE", "TWO_FACTOR_ENCRYPTION_KEY"] {
        assert!(faults.0.iter().any(|fault| fault.starts_with(name)), "{name}: {faults}");
    }
}

#[test]
fn an_old_key_needs_a_new_one_that_differs() {
    let old = ("TWO_FACTOR_ENCRYPTION_KEY_OLD", KEY);
    assert!(config(&[old]).is_err());
    assert!(config(&[old, ("TWO_FACTOR_ENCRYPTION_KEY", KEY)]).is_err());
    assert!(config(&[old, ("TWO_FACTOR_ENCRYPTION_KEY", "a horse of quite another colour 7")]).is_err());
    let both = config(&[old, ("TWO_FACTOR_ENCRYPTION_KEY", "a horse of quite another colour!")]).unwrap();
    assert!(both.storage.former_master_key.is_some());
}

#[test]
fn secrets_do_not_print() {
    let secrets = [
        ("API_HASH", "canary-hash"),
        ("DB_DSN", "postgres://ada:canary-dsn@db/t"),
        ("TELEGRAM_PROXY", "socks5://ada:canary-proxy@127.0.0.1:1"),
        ("TWO_FACTOR_ENCRYPTION_KEY", "canary-key horse battery staple!"),
    ];
    let printed = format!("{:?}", config(&secrets).unwrap());
    assert!(!printed.contains("canary"), "{printed}");
    for (name, value) in secrets {
        let broken = format!("{value}\u{1}");
        let faults = config(&[(name, &broken)]).unwrap_err().to_string();
        assert!(!faults.contains("canary"), "{faults}");
    }
}
