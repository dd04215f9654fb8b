//! Settings as people write them, right and wrong.

use std::cell::RefCell;

use super::*;

const KEY: &str = "correct horse battery staple 123";

/// The least that a test environment needs, then `more`; a later value wins.
fn config(more: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
    let mut settings = HashMap::from([("TELEGRAM_ENVIRONMENT", "test"), ("SSO_MODE", "mock")]);
    settings.extend(more.iter().copied());
    Config::from_env(|name| settings.get(name).map(ToString::to_string))
}

#[test]
fn the_sample_file_names_what_is_read_and_nothing_else() {
    let sample = include_str!("../../.env.sample");
    let in_sample: Vec<&str> = sample
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'))
        .collect();
    assert_eq!(in_sample, SETTINGS);

    let asked = RefCell::new(BTreeSet::new());
    let _ = Config::from_env(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    assert_eq!(asked.into_inner(), SETTINGS.iter().map(ToString::to_string).collect());
}

#[test]
fn the_sample_file_can_be_used_as_it_is() {
    let sample = include_bytes!("../../.env.sample");
    let file: HashMap<String, String> =
        dotenvy::from_read_iter(sample.as_slice()).collect::<Result<_, _>>().unwrap();
    let config = Config::from_env(|name| file.get(name).cloned()).unwrap();
    assert_eq!(config.sso_mode, SsoMode::Mock);
}

#[test]
fn what_is_not_said_has_a_default() {
    let config = config(&[]).unwrap();
    assert_eq!((config.host.as_str(), config.port), ("localhost", 8888));
    assert_eq!(config.public_url.origin(), "http://localhost:8888");
    assert_eq!(config.db_dsn, Dsn::Sqlite("data/telescope.db".into()));
    assert_eq!((config.api_id, config.api_hash.expose()), (12345, "sandbox"));
    assert_eq!((config.login_attempts_per_day, config.td_hosts), (4, 1));
    assert!(config.two_factor_encryption_key.is_none() && config.notes.is_empty());
}

#[test]
fn an_empty_value_is_no_value() {
    let config = config(&[("PORT", ""), ("API_ID", " "), ("DB_DSN", ""), ("TELEGRAM_PROXY", "")]).unwrap();
    assert_eq!((config.port, config.api_id), (8888, 12345));
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
    assert_eq!(config.public_url.authority(), "127.0.0.1");
    assert_eq!(config.db_dsn, Dsn::Sqlite("/srv/t/telescope.db".into()));
    assert_eq!(
        config.admin_emails.iter().map(Email::as_str).collect::<Vec<_>>(),
        ["ada@example.org", "bob@example.org"]
    );
    assert_eq!(config.tdlib_sha512, Some("ab".repeat(64)));
    assert_eq!(config.notes.len(), 1);
}

#[test]
fn one_wrong_setting_gives_one_sentence_that_names_it() {
    for (name, value) in [
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
    assert_eq!(format!("{:?}", with("10.0.0.0/8, ::1").unwrap().trusted_proxies), "[10.0.0.0/8, ::1/128]");
    assert!(with("").unwrap().trusted_proxies.is_empty());
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
fn a_sign_in_that_believes_everybody_stays_at_home() {
    for more in [
        vec![
            ("TELEGRAM_ENVIRONMENT", "production"),
            ("API_ID", "1"),
            ("API_HASH", "x"),
            ("TWO_FACTOR_ENCRYPTION_KEY", KEY),
        ],
        vec![("HOST", "0.0.0.0"), ("PUBLIC_URL", "http://localhost:8888")],
        vec![("HOST", "10.0.0.1"), ("PUBLIC_URL", "http://localhost:8888")],
        vec![("PUBLIC_URL", "https://telescope.example.org")],
    ] {
        let faults = config(&more).unwrap_err().0;
        assert!(faults.len() == 1 && faults[0].starts_with("SSO_MODE=mock"), "{more:?}: {faults:?}");
    }
}

/// A configuration for real accounts behind a proxy.
fn behind_a_proxy(more: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
    let mut all = vec![
        ("TELEGRAM_ENVIRONMENT", "production"),
        ("API_ID", "1"),
        ("API_HASH", "x"),
        ("TWO_FACTOR_ENCRYPTION_KEY", KEY),
        ("HOST", "0.0.0.0"),
        ("PUBLIC_URL", "https://telescope.example.org"),
    ];
    all.extend(more);
    config(&all)
}

#[test]
fn cloudflare_needs_two_settings_and_the_issuer_follows() {
    let certs = ("CLOUDFLARE_ACCESS_CERTS", "https://team.cloudflareaccess.com/cdn-cgi/access/certs");
    let mode = ("SSO_MODE", "cloudflare");
    let format =
        behind_a_proxy(&[mode, certs, ("CLOUDFLARE_POLICY_AUD", "aa, bb")]).unwrap().assertion.unwrap();
    assert_eq!(format.issuer, "https://team.cloudflareaccess.com");
    assert_eq!(format.audience, Audience::Claim(vec!["aa".into(), "bb".into()]));
    assert_eq!(format.header, "cf-access-jwt-assertion");
    let faults = behind_a_proxy(&[mode]).unwrap_err().0;
    assert_eq!(faults.len(), 2, "{faults:?}");
    for (fault, name) in faults.iter().zip(["CLOUDFLARE_ACCESS_CERTS", "CLOUDFLARE_POLICY_AUD"]) {
        assert!(fault.starts_with(name), "{fault}");
    }
}

#[test]
fn presets_know_what_can_be_known() {
    let arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/telescope/1a2b";
    let tenant = "https://login.microsoftonline.com/6f2c/v2.0";
    for (preset, more, keys) in [
        (
            "google-iap",
            vec![("JWT_AUDIENCE", "/projects/1/apps/x")],
            "https://www.gstatic.com/iap/verify/public_key-jwk",
        ),
        ("pomerium", vec![], "https://telescope.example.org/.well-known/pomerium/jwks.json"),
        (
            "azure",
            vec![("JWT_AUDIENCE", "client"), ("JWT_ISSUER", tenant)],
            "https://login.microsoftonline.com/6f2c/discovery/v2.0/keys",
        ),
        (
            "aws-alb",
            vec![("JWT_AUDIENCE", arn), ("JWT_ISSUER", "https://sso.example.org")],
            "https://public-keys.auth.elb.eu-central-1.amazonaws.com/",
        ),
    ] {
        let mut all = vec![("SSO_MODE", "jwt"), ("JWT_PRESET", preset)];
        let needed = more.len();
        let lacking = behind_a_proxy(&all);
        match needed {
            0 => assert!(lacking.is_ok(), "{preset}"),
            _ => assert_eq!(lacking.unwrap_err().0.len(), needed, "{preset}"),
        }
        all.extend(more);
        let format = behind_a_proxy(&all).unwrap().assertion.unwrap();
        assert_eq!(format.keys.url().as_str(), keys);
        assert!(format.skew <= MAX_SKEW && format.header.starts_with("x-") && !format.issuer.is_empty());
        all.extend([
            ("JWT_HEADER", "X-Mine"),
            ("JWT_JWKS_URL", "https://keys.example.org/"),
            ("JWT_EMAIL_CLAIM", "upn"),
        ]);
        let own = behind_a_proxy(&all).unwrap().assertion.unwrap();
        assert_eq!((own.header.as_str(), own.email_claim.as_str()), ("x-mine", "upn"));
        assert_eq!(own.keys.url().as_str(), "https://keys.example.org/");
    }
}

#[test]
fn without_a_preset_everything_has_to_be_said() {
    let faults = behind_a_proxy(&[("SSO_MODE", "jwt")]).unwrap_err().0;
    assert_eq!(faults.len(), 5, "{faults:?}");
    let said = [
        ("SSO_MODE", "jwt"),
        ("JWT_HEADER", "X-Assertion"),
        ("JWT_ALGORITHMS", "ES256, RS256"),
        ("JWT_ISSUER", "https://sso.example.org"),
        ("JWT_AUDIENCE", "telescope"),
        ("JWT_JWKS_URL", "https://sso.example.org/keys"),
    ];
    assert!(behind_a_proxy(&said).unwrap().assertion.is_some());
}

#[test]
fn to_be_everybodys_administrator_one_stays_at_home_and_is_one() {
    let everybody = |more: &[(&str, &str)]| {
        let mut all = vec![("SSO_MODE", "disable"), ("ADMIN_EMAILS", "ada@example.org")];
        all.extend(more);
        config(&all)
    };
    let config = everybody(&[]).unwrap();
    assert!(config.sso_mode.is_disabled() && config.notes.len() == 1, "{:?}", config.notes);
    for more in [("ADMIN_EMAILS", ""), ("ADMIN_EMAILS", "ada@example.org,bob@example.org")] {
        let faults = everybody(&[more]).unwrap_err().0;
        assert!(faults.len() == 1 && faults[0].starts_with("ADMIN_EMAILS"), "{faults:?}");
    }
    let faults =
        everybody(&[("HOST", "0.0.0.0"), ("PUBLIC_URL", "https://telescope.example.org")]).unwrap_err().0;
    assert!(faults.len() == 2 && faults.iter().all(|it| it.starts_with("SSO_MODE=disable")), "{faults:?}");
}

#[test]
fn an_old_key_needs_a_new_one_that_differs() {
    let old = ("TWO_FACTOR_ENCRYPTION_KEY_OLD", KEY);
    assert!(config(&[old]).is_err());
    assert!(config(&[old, ("TWO_FACTOR_ENCRYPTION_KEY", KEY)]).is_err());
    assert!(config(&[old, ("TWO_FACTOR_ENCRYPTION_KEY", "a horse of quite another colour 7")]).is_err());
    let both = config(&[old, ("TWO_FACTOR_ENCRYPTION_KEY", "a horse of quite another colour!")]).unwrap();
    assert!(both.two_factor_encryption_key_old.is_some());
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

#[test]
fn an_identity_provider_needs_its_settings() {
    let oidc = [
        ("SSO_MODE", "oidc"),
        ("OIDC_ISSUER", "https://login.example.org"),
        ("OIDC_CLIENT_ID", "telescope"),
        ("OIDC_CLIENT_SECRET", "hush"),
    ];
    let settings = config(&oidc).unwrap().oidc.unwrap();
    assert_eq!((settings.issuer.as_str(), settings.scopes.as_str()), (oidc[1].1, "openid email profile"));
    assert!(!settings.trust_email && settings.groups_claim.is_none());
    assert!(!format!("{settings:?}").contains("hush"));
    for missing in ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"] {
        let faults = config(&[&oidc[..], &[(missing, "")]].concat()).unwrap_err().0;
        assert_eq!(faults, [format!("{missing} is missing; SSO_MODE=oidc needs it.")]);
    }
    for (name, wrong) in
        [("OIDC_ISSUER", "http://login.example.org"), ("OIDC_SCOPES", "email"), ("OIDC_TRUST_EMAIL", "maybe")]
    {
        let faults = config(&[&oidc[..], &[(name, wrong)]].concat()).unwrap_err().0;
        assert!(faults.len() == 1 && faults[0].starts_with(name), "{faults:?}");
    }
    // Real accounts may be behind it.
    let production = [("TELEGRAM_ENVIRONMENT", "production"), ("API_ID", "1"), ("API_HASH", "x")];
    let key =
        [("TWO_FACTOR_ENCRYPTION_KEY", KEY), ("PUBLIC_URL", "https://t.example.org"), ("HOST", "0.0.0.0")];
    assert!(config(&[&oidc[..], &production, &key].concat()).unwrap().oidc.is_some());
    assert!(config(&[]).unwrap().oidc.is_none());
}
