//! Signed assertions: a proxy in front of Telescope authenticates people and names them in a header of each request.
//!
//! The proxies differ in the header's name, the signature, and where they say what; all that is data here, in
//! [`AssertionFormat`], and one verifier reads it. A preset is such data that is known beforehand.

mod format;
mod presets;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use url::Url;

pub use format::{
    AssertionFormat, Audience, ClaimSource, EMAIL_CLAIM, EmailTrust, KeysAt, MAX_SKEW, Subjects,
};

use super::reader::{Reader, yes_or_no};
use super::{PublicUrl, SsoMode};
use format::{GROUPS_CLAIM, GivenSettings};
use presets::Preset;

/// Reads the settings of both modes; the format is that of the mode, and None in all other modes.
pub(super) fn read<E: Fn(&str) -> Option<String>>(
    env: &mut Reader<E>,
    mode: Option<SsoMode>,
    public_url: Option<&PublicUrl>,
) -> Option<AssertionFormat> {
    let certs = env.read("CLOUDFLARE_ACCESS_CERTS", keys_url);
    let certs_given = env.text("CLOUDFLARE_ACCESS_CERTS").is_some();
    let tags = env.read("CLOUDFLARE_POLICY_AUD", list);
    let preset = env.read("JWT_PRESET", Preset::parse);
    let given = GivenSettings {
        header: env.read("JWT_HEADER", header_name),
        algorithms: env.read("JWT_ALGORITHMS", algorithms),
        issuer: env.text("JWT_ISSUER"),
        audience: env.read("JWT_AUDIENCE", list),
        keys: env.read("JWT_JWKS_URL", keys_url),
        email_claim: env.text("JWT_EMAIL_CLAIM"),
        trust_email: env.read("JWT_TRUST_EMAIL", yes_or_no),
        groups_claim: env.text("JWT_GROUPS_CLAIM"),
    };
    match mode? {
        SsoMode::Cloudflare => {
            if !certs_given {
                env.fault("CLOUDFLARE_ACCESS_CERTS is missing; it looks like https://TEAM.cloudflareaccess.com/cdn-cgi/access/certs.");
            }
            if env.text("CLOUDFLARE_POLICY_AUD").is_none() {
                env.fault(
                    "CLOUDFLARE_POLICY_AUD is missing; Cloudflare shows it as the application's AUD tag.",
                );
            }
            Some(presets::cloudflare(certs?, tags?))
        }
        SsoMode::Jwt => jwt(env, preset, given, public_url),
        SsoMode::Mock | SsoMode::Disable | SsoMode::Oidc => None,
    }
}

fn jwt<E: Fn(&str) -> Option<String>>(
    env: &mut Reader<E>,
    preset: Option<Preset>,
    given: GivenSettings,
    public_url: Option<&PublicUrl>,
) -> Option<AssertionFormat> {
    if let Some(preset) = preset {
        return preset
            .with(given, public_url?)
            .map_err(|faults| faults.into_iter().for_each(|it| env.fault(it)))
            .ok();
    }
    if env.text("JWT_PRESET").is_some() {
        return None;
    }
    for name in ["JWT_HEADER", "JWT_ALGORITHMS", "JWT_ISSUER", "JWT_AUDIENCE", "JWT_JWKS_URL"] {
        if env.text(name).is_none() {
            env.fault(format!("{name} is missing; SSO_MODE=jwt needs it, unless JWT_PRESET knows it."));
        }
    }
    Some(AssertionFormat {
        header: given.header?,
        cookie: None,
        algorithms: given.algorithms?,
        issuer: given.issuer?,
        audience: Audience::Claim(given.audience?),
        source: ClaimSource::Claims,
        keys: KeysAt::Set(given.keys?),
        trust: format::trust(given.trust_email, EmailTrust::Claims),
        email_claim: given.email_claim.unwrap_or_else(|| EMAIL_CLAIM.into()),
        groups_claim: given.groups_claim.unwrap_or_else(|| GROUPS_CLAIM.into()),
        subjects: Subjects::Permanent,
        skew: MAX_SKEW,
        log_out: None,
        sign_in: None,
    })
}

/// An address to fetch keys from. Over http a host on the way could replace them, except on loopback.
fn keys_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "is not a web address.".to_owned())?;
    let here = url.host_str().is_some_and(crate::config::is_loopback_name);
    if url.scheme() != "https" && !(url.scheme() == "http" && here) {
        return Err("must begin with https://.".into());
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("must hold no user name, password or fragment.".into());
    }
    Ok(url)
}

/// The name of a header that only a proxy sends; one that every request has would be no proof of anything.
fn header_name(text: &str) -> Result<String, String> {
    let name = text.to_ascii_lowercase();
    let well_formed =
        name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match name.as_str() {
        "cookie" | "host" | "origin" | "referer" => {
            Err("must be the header that holds the assertion.".into())
        }
        _ if well_formed => Ok(name),
        _ => Err("is no name of a header.".into()),
    }
}

fn algorithms(text: &str) -> Result<Vec<Algorithm>, String> {
    let taken = list(text)?.into_iter().map(|name| {
        let algorithm = name.parse::<Algorithm>().ok();
        algorithm.filter(|algorithm| algorithm.family() != AlgorithmFamily::Hmac).ok_or_else(|| {
            "takes RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA, with commas between them."
                .to_owned()
        })
    });
    taken.collect()
}

fn list(text: &str) -> Result<Vec<String>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(str::to_owned).collect();
    if parts.is_empty() { Err("names nothing.".into()) } else { Ok(parts) }
}
