//! What is known of proxies that sign assertions: settings that operators need not look up. What the operator says
//! takes precedence.

use jsonwebtoken::Algorithm;
use url::Url;

use super::format::{
    AssertionFormat, Audience, ClaimSource, EMAIL_CLAIM, EmailTrust, GROUPS_CLAIM, GivenSettings, KeysAt,
    MAX_SKEW, Subjects, trust,
};
use crate::config::PublicUrl;

/// A proxy whose assertions are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preset {
    GoogleIap,
    Pomerium,
    Azure,
    AwsAlb,
}

/// What stands in for a setting that is missing.
struct PresetValues {
    header: &'static str,
    algorithm: Algorithm,
    issuer: Option<String>,
    audience: Option<String>,
    keys: Option<String>,
    /// What an address needs, unless the operator says otherwise. Azure and AWS pass on what the identity provider says
    /// of a person, who may be a guest with any address there; the others decide by the address whom they let in.
    trust: EmailTrust,
    skew: i64,
    log_out: Option<&'static str>,
    sign_in: Option<&'static str>,
}

/// Cloudflare Access. It signs as the origin that its keys are at.
pub(super) fn cloudflare(certs: Url, tags: Vec<String>) -> AssertionFormat {
    AssertionFormat {
        header: "cf-access-jwt-assertion".into(),
        cookie: Some("CF_Authorization".into()),
        algorithms: vec![Algorithm::RS256],
        issuer: certs.origin().ascii_serialization(),
        audience: Audience::Claim(tags),
        source: ClaimSource::Claims,
        keys: KeysAt::Set(certs),
        email_claim: EMAIL_CLAIM.into(),
        trust: EmailTrust::Proxy,
        groups_claim: GROUPS_CLAIM.into(),
        subjects: Subjects::Replaceable,
        skew: MAX_SKEW,
        log_out: Some("/cdn-cgi/access/logout"),
        sign_in: None,
    }
}

impl Preset {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "google-iap" => Ok(Self::GoogleIap),
            "pomerium" => Ok(Self::Pomerium),
            "azure" => Ok(Self::Azure),
            "aws-alb" => Ok(Self::AwsAlb),
            _ => {
                Err("must be google-iap, pomerium, azure or aws-alb; leave it empty for any other proxy."
                    .into())
            }
        }
    }

    /// What differs for each installation, and where to find it.
    const fn to_say(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::GoogleIap => &[(
                "JWT_AUDIENCE",
                "Google shows it as the JWT audience code, /projects/NUMBER/global/backendServices/ID",
            )],
            Self::Pomerium => &[],
            Self::Azure => &[
                ("JWT_ISSUER", "it looks like https://login.microsoftonline.com/TENANT/v2.0"),
                ("JWT_AUDIENCE", "it is the client id of the application"),
            ],
            Self::AwsAlb => &[
                ("JWT_ISSUER", "it is the identity provider's, as the load balancer's rule has it"),
                ("JWT_AUDIENCE", "it is the ARN of the load balancer"),
            ],
        }
    }

    /// `public` is where the proxy is reached; `given` what the operator says.
    fn known(self, given: &GivenSettings, public: &PublicUrl) -> PresetValues {
        let host = public.authority();
        match self {
            Self::GoogleIap => PresetValues {
                header: "x-goog-iap-jwt-assertion",
                algorithm: Algorithm::ES256,
                issuer: Some("https://cloud.google.com/iap".into()),
                audience: None,
                keys: Some("https://www.gstatic.com/iap/verify/public_key-jwk".into()),
                trust: EmailTrust::Proxy,
                skew: 30,
                log_out: Some("/?gcp-iap-mode=CLEAR_LOGIN_COOKIE"),
                sign_in: None,
            },
            Self::Pomerium => PresetValues {
                header: "x-pomerium-jwt-assertion",
                algorithm: Algorithm::ES256,
                issuer: Some(host.into()),
                audience: Some(host.into()),
                keys: Some(format!("{}/.well-known/pomerium/jwks.json", public.origin())),
                trust: EmailTrust::Proxy,
                skew: MAX_SKEW,
                log_out: Some("/.pomerium/sign_out"),
                sign_in: None,
            },
            Self::Azure => PresetValues {
                header: "x-ms-token-aad-id-token",
                algorithm: Algorithm::RS256,
                issuer: None,
                audience: None,
                keys: given.issuer.as_deref().and_then(entra_keys),
                trust: EmailTrust::Claims,
                skew: MAX_SKEW,
                log_out: Some("/.auth/logout"),
                sign_in: Some("/.auth/login/aad?post_login_redirect_uri="),
            },
            Self::AwsAlb => PresetValues {
                header: "x-amzn-oidc-data",
                algorithm: Algorithm::ES256,
                issuer: None,
                audience: None,
                keys: given.audience.as_ref().and_then(|arn| alb_keys(arn.first()?)),
                trust: EmailTrust::Claims,
                skew: MAX_SKEW,
                log_out: None,
                sign_in: None,
            },
        }
    }

    /// The whole format, or a sentence for each thing that is still to be said.
    pub(super) fn with(
        self,
        given: GivenSettings,
        public: &PublicUrl,
    ) -> Result<AssertionFormat, Vec<String>> {
        let missing = |name| match name {
            "JWT_ISSUER" => given.issuer.is_none(),
            _ => given.audience.is_none(),
        };
        let to_say = self.to_say().iter().filter(|(name, _)| missing(name));
        let faults: Vec<String> =
            to_say.map(|(name, where_)| format!("{name} is missing; {where_}.")).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let known = self.known(&given, public);
        let keys = given.keys.or_else(|| Url::parse(&known.keys?).ok());
        let keys = keys.ok_or_else(|| {
            vec![
                "JWT_JWKS_URL is missing; it does not follow from JWT_ISSUER or JWT_AUDIENCE here."
                    .to_owned(),
            ]
        })?;
        let of_load_balancer = self == Self::AwsAlb;
        let audience = given.audience.unwrap_or_else(|| known.audience.into_iter().collect());
        Ok(AssertionFormat {
            header: given.header.unwrap_or_else(|| known.header.into()),
            cookie: None,
            algorithms: given.algorithms.unwrap_or_else(|| vec![known.algorithm]),
            issuer: given.issuer.or(known.issuer).unwrap_or_default(),
            audience: match of_load_balancer {
                true => Audience::Signer(audience.concat()),
                false => Audience::Claim(audience),
            },
            source: if of_load_balancer { ClaimSource::Header } else { ClaimSource::Claims },
            keys: if of_load_balancer { KeysAt::Each(keys) } else { KeysAt::Set(keys) },
            email_claim: given.email_claim.unwrap_or_else(|| EMAIL_CLAIM.into()),
            trust: trust(given.trust_email, known.trust),
            groups_claim: given.groups_claim.unwrap_or_else(|| GROUPS_CLAIM.into()),
            subjects: Subjects::Permanent,
            skew: known.skew,
            log_out: known.log_out,
            sign_in: known.sign_in,
        })
    }
}

/// Where Entra has the keys of a tenant, which its issuer names.
fn entra_keys(issuer: &str) -> Option<String> {
    let tenant = issuer.strip_suffix("/v2.0")?;
    tenant.starts_with("https://login.microsoftonline.com/").then(|| format!("{tenant}/discovery/v2.0/keys"))
}

/// Where AWS has the keys of a region, which the load balancer's ARN names.
fn alb_keys(arn: &str) -> Option<String> {
    let mut parts = arn.split(':').skip(2);
    let (service, region) = (parts.next()?, parts.next()?);
    let plain = region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (service == "elasticloadbalancing" && plain && !region.is_empty())
        .then(|| format!("https://public-keys.auth.elb.{region}.amazonaws.com/"))
}
