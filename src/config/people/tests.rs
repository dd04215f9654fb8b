//! The settings of sign-on as people write them.

use super::super::tests::{KEY, config};
use super::super::{Audience, Config, ConfigFaults, MAX_SKEW};
use crate::domain::Email;

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
        behind_a_proxy(&[mode, certs, ("CLOUDFLARE_POLICY_AUD", "aa, bb")]).unwrap().sso.assertion.unwrap();
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
        let format = behind_a_proxy(&all).unwrap().sso.assertion.unwrap();
        assert_eq!(format.keys.url().as_str(), keys);
        assert!(format.skew <= MAX_SKEW && format.header.starts_with("x-") && !format.issuer.is_empty());
        all.extend([
            ("JWT_HEADER", "X-Mine"),
            ("JWT_JWKS_URL", "https://keys.example.org/"),
            ("JWT_EMAIL_CLAIM", "upn"),
        ]);
        let own = behind_a_proxy(&all).unwrap().sso.assertion.unwrap();
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
    assert!(behind_a_proxy(&said).unwrap().sso.assertion.is_some());
}

#[test]
fn to_be_everybodys_administrator_one_stays_at_home_and_is_one() {
    let everybody = |more: &[(&str, &str)]| {
        let mut all = vec![("SSO_MODE", "disable"), ("ADMIN_EMAILS", "ada@example.org")];
        all.extend(more);
        config(&all)
    };
    let config = everybody(&[]).unwrap();
    assert!(config.sso.mode.is_disabled() && config.notes.len() == 1, "{:?}", config.notes);
    for more in [("ADMIN_EMAILS", ""), ("ADMIN_EMAILS", "ada@example.org,bob@example.org")] {
        let faults = everybody(&[more]).unwrap_err().0;
        assert!(faults.len() == 1 && faults[0].starts_with("ADMIN_EMAILS"), "{faults:?}");
    }
    let faults =
        everybody(&[("HOST", "0.0.0.0"), ("PUBLIC_URL", "https://telescope.example.org")]).unwrap_err().0;
    assert!(faults.len() == 2 && faults.iter().all(|it| it.starts_with("SSO_MODE=disable")), "{faults:?}");
}

#[test]
fn an_identity_provider_needs_its_settings() {
    let oidc = [
        ("SSO_MODE", "oidc"),
        ("OIDC_ISSUER", "https://login.example.org"),
        ("OIDC_CLIENT_ID", "telescope"),
        ("OIDC_CLIENT_SECRET", "hush"),
    ];
    let settings = config(&oidc).unwrap().sso.oidc.unwrap();
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
    assert!(config(&[&oidc[..], &production, &key].concat()).unwrap().sso.oidc.is_some());
    assert!(config(&[]).unwrap().sso.oidc.is_none());
}

#[test]
fn only_listed_domains_may_sign_in_and_administrators_are_among_them() {
    let email = |text: &str| Email::parse(text).unwrap();
    let anybody = config(&[]).unwrap();
    assert!(anybody.sso.admits(&email("ada@example.org")) && anybody.sso.admits(&email("eve@evil.com")));
    let domains = ("SSO_EMAIL_DOMAINS", " Example.org, eu.example.com ,");
    let some = config(&[domains, ("ADMIN_EMAILS", "root@EXAMPLE.org,ada@eu.example.com")]).unwrap();
    for (address, may) in [
        ("ada@example.org", true),
        ("ada@eu.example.com", true),
        ("ada@example.com", false),
        ("ada@us.eu.example.com", false),
        ("ada@example.org.evil.com", false),
        ("ada@evilexample.org", false),
    ] {
        assert_eq!(some.sso.admits(&email(address)), may, "{address}");
    }
    let admins = ("ADMIN_EMAILS", "root@example.org,bob@sub.example.org,eve@evil.com");
    let faults = config(&[domains, admins]).unwrap_err().0;
    assert_eq!(faults.len(), 2, "{faults:?}");
    for (fault, named) in faults.iter().zip(["bob@sub.example.org", "eve@evil.com"]) {
        assert!(fault.starts_with("ADMIN_EMAILS") && fault.contains(named), "{fault}");
    }
}

#[test]
fn what_would_make_all_people_one_or_nobody_is_said_at_the_start() {
    let azure = [
        ("SSO_MODE", "jwt"),
        ("JWT_PRESET", "azure"),
        ("JWT_AUDIENCE", "client"),
        ("JWT_ISSUER", "https://login.microsoftonline.com/6f2c/v2.0"),
    ];
    let trusted = ("TRUSTED_PROXIES", "10.0.0.0/8");
    for (more, names) in [
        (vec![], vec!["TRUSTED_PROXIES"]),
        (vec![trusted], vec![]),
        (vec![trusted, ("JWT_EMAIL_CLAIM", "upn")], vec!["JWT_EMAIL_CLAIM"]),
        (vec![trusted, ("JWT_EMAIL_CLAIM", "upn"), ("JWT_TRUST_EMAIL", "yes")], vec![]),
    ] {
        let notes = behind_a_proxy(&[&azure[..], &more].concat()).unwrap().notes;
        let said: Vec<&str> = notes.iter().map(|note| note.split(' ').next().unwrap()).collect();
        assert_eq!(said, names, "{more:?}");
    }
    let faults = behind_a_proxy(&[&azure[..], &[("JWT_TRUST_EMAIL", "maybe")]].concat()).unwrap_err().0;
    assert!(faults.len() == 1 && faults[0].starts_with("JWT_TRUST_EMAIL"), "{faults:?}");
}
