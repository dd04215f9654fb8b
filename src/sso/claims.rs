//! What the claims of a verified token say of a person: the address, whether it is verified, and the groups. Proxies and
//! OpenID providers are read by the same rules.

use serde_json::{Map, Value};

use super::jwt::TokenError;
use crate::config::{EMAIL_CLAIM, EmailTrust};
use crate::domain::{Email, ProviderGroups, UnknownGroups};

/// Groups that are taken over.
const MAX_GROUPS: usize = 500;

/// The address in a claim.
pub(super) fn email(claims: &Map<String, Value>, claim: &str) -> Result<Email, TokenError> {
    match claims.get(claim) {
        None | Some(Value::Null) => Err(TokenError::NoEmail),
        Some(Value::String(address)) if address.is_empty() => Err(TokenError::NoEmail),
        Some(Value::String(address)) => Email::parse(address).map_err(|_| TokenError::Email),
        Some(_) => Err(TokenError::Email),
    }
}

/// What a claim says about the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Yes,
    No,
    Nothing,
}

/// Whether the address in that claim counts as this person's.
///
/// `email_verified` is the standard's claim. `xms_edov` is Entra's: whether the address is of a domain that the tenant
/// owns. Entra sends it only where an operator asked for it, so its no is never overruled: guests can have any address.
/// Both speak of the claim `email`; an address in another claim counts only where the settings vouch for it.
pub(super) fn is_verified(claims: &Map<String, Value>, claim: &str, trust: EmailTrust) -> bool {
    let (standard, entra) = (said(claims, "email_verified"), said(claims, "xms_edov"));
    if claim != EMAIL_CLAIM {
        return trust == EmailTrust::Settings;
    }
    if entra == Said::No {
        return false;
    }
    match trust {
        EmailTrust::Settings => true,
        EmailTrust::Proxy => standard != Said::No,
        EmailTrust::Claims => standard != Said::No && (standard == Said::Yes || entra == Said::Yes),
    }
}

/// Some providers write the word instead of the value, and Entra has been seen to write a number.
fn said(claims: &Map<String, Value>, name: &str) -> Said {
    let is_entra = name == "xms_edov";
    match claims.get(name) {
        None => Said::Nothing,
        Some(Value::Bool(true)) => Said::Yes,
        Some(Value::String(word)) if word == "true" || is_entra && word == "1" => Said::Yes,
        Some(Value::Number(number)) if is_entra && number.as_u64() == Some(1) => Said::Yes,
        Some(_) => Said::No,
    }
}

/// The groups in a claim: a list of texts or one text, under that name or at that path, such as `realm_access.roles`.
pub(super) fn groups(claims: &Map<String, Value>, claim: &str) -> ProviderGroups {
    match find(claims, claim) {
        Some(Value::String(one)) => ProviderGroups::Listed(vec![one.clone()]),
        Some(Value::Array(many)) => {
            let names = many.iter().filter_map(Value::as_str);
            let surplus = names.clone().count().saturating_sub(MAX_GROUPS);
            if surplus > 0 {
                tracing::warn!(
                    surplus,
                    limit = MAX_GROUPS,
                    "a person has too many groups; the last are left out"
                );
            }
            ProviderGroups::Listed(names.take(MAX_GROUPS).map(str::to_owned).collect())
        }
        _ if are_elsewhere(claims, claim) => ProviderGroups::Unknown(UnknownGroups::TooMany),
        _ => ProviderGroups::Missing,
    }
}

/// The claim of that name. One whose own name has dots takes precedence over the path.
fn find<'a>(claims: &'a Map<String, Value>, claim: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(claim) {
        return Some(found);
    }
    let mut parts = claim.split('.');
    let first = claims.get(parts.next()?)?;
    parts.try_fold(first, |within, part| within.as_object()?.get(part))
}

/// Whether the provider says that the person has groups, but too many for the token. Entra does, with more than 200
/// groups: it names another place (a distributed claim of OpenID Connect Core 1.0, 5.6.2), or only says that there are any.
fn are_elsewhere(claims: &Map<String, Value>, claim: &str) -> bool {
    let names = claims.get("_claim_names").and_then(Value::as_object);
    let has_any = claims.get("hasgroups");
    names.is_some_and(|names| names.contains_key(claim))
        || claim == "groups"
            && has_any.is_some_and(|it| *it == Value::Bool(true) || it.as_str() == Some("true"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_clear_word_verifies_an_address() {
        let (claims, proxy, settings) = (EmailTrust::Claims, EmailTrust::Proxy, EmailTrust::Settings);
        for (said, by_claims, by_proxy, by_settings) in [
            (json!({"email_verified": true}), true, true, true),
            (json!({"email_verified": "true"}), true, true, true),
            (json!({"email_verified": false}), false, false, true),
            (json!({"email_verified": "yes"}), false, false, true),
            (json!({"email_verified": "1"}), false, false, true),
            (json!({"email_verified": 1}), false, false, true),
            (json!({"email_verified": null}), false, false, true),
            (json!({"email_verified": [true]}), false, false, true),
            (json!({}), false, true, true),
            (json!({"xms_edov": true}), true, true, true),
            (json!({"xms_edov": "1"}), true, true, true),
            (json!({"xms_edov": 1}), true, true, true),
            (json!({"xms_edov": false}), false, false, false),
            (json!({"xms_edov": "0"}), false, false, false),
            (json!({"xms_edov": 0}), false, false, false),
            (json!({"xms_edov": null}), false, false, false),
            (json!({"xms_edov": false, "email_verified": true}), false, false, false),
            (json!({"xms_edov": true, "email_verified": false}), false, false, true),
        ] {
            let object = said.as_object().unwrap();
            assert_eq!(is_verified(object, "email", claims), by_claims, "{said}");
            assert_eq!(is_verified(object, "email", proxy), by_proxy, "{said}");
            assert_eq!(is_verified(object, "email", settings), by_settings, "{said}");
            assert!(!is_verified(object, "upn", claims) && !is_verified(object, "upn", proxy), "{said}");
            assert!(is_verified(object, "upn", settings), "{said}");
        }
    }

    #[test]
    fn groups_are_texts_under_a_name_or_a_path() {
        let list =
            |names: &[&str]| ProviderGroups::Listed(names.iter().map(|name| (*name).to_owned()).collect());
        let too_many = || ProviderGroups::Unknown(UnknownGroups::TooMany);
        for (claims, claim, found) in [
            (json!({"groups": ["a", 1, "b"]}), "groups", list(&["a", "b"])),
            (json!({"groups": "a"}), "groups", list(&["a"])),
            (json!({"groups": []}), "groups", list(&[])),
            (json!({"groups": null}), "groups", ProviderGroups::Missing),
            (json!({"groups": {"a": 1}}), "groups", ProviderGroups::Missing),
            (json!({}), "groups", ProviderGroups::Missing),
            (json!({"realm_access": {"roles": ["a"]}}), "realm_access.roles", list(&["a"])),
            (
                json!({"realm_access.roles": ["b"], "realm_access": {"roles": ["a"]}}),
                "realm_access.roles",
                list(&["b"]),
            ),
            (json!({"https://example.org/groups": ["a"]}), "https://example.org/groups", list(&["a"])),
            (json!({"a": {"b": {"c": "x"}}}), "a.b.c", list(&["x"])),
            (json!({"a": ["b"]}), "a.b", ProviderGroups::Missing),
            (json!({"_claim_names": {"groups": "src1"}}), "groups", too_many()),
            (json!({"_claim_names": {"email": "src1"}}), "groups", ProviderGroups::Missing),
            (json!({"_claim_names": "groups"}), "groups", ProviderGroups::Missing),
            (json!({"hasgroups": true}), "groups", too_many()),
            (json!({"hasgroups": "true"}), "groups", too_many()),
            (json!({"hasgroups": false}), "groups", ProviderGroups::Missing),
            (json!({"_claim_names": {"groups": "src1"}, "groups": ["a"]}), "groups", list(&["a"])),
        ] {
            assert_eq!(groups(claims.as_object().unwrap(), claim), found, "{claims} {claim}");
        }
        let many: Vec<String> = (0..600).map(|number| number.to_string()).collect();
        let ProviderGroups::Listed(taken) = groups(json!({ "groups": many }).as_object().unwrap(), "groups")
        else {
            panic!()
        };
        assert_eq!(taken.len(), MAX_GROUPS);
    }
}
