//! How events are stored: as a code and, for most events, details in JSON. The details may be removed later because they
//! name people.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use super::AuditEvent;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use crate::domain::reveal::RevealKind;
use crate::domain::stage::LoginAction;
use crate::domain::{DesiredState, Email, Identifier, Input, Phone, ProxyKind};

impl AuditEvent {
    /// Its details as JSON text; none if it has none.
    pub fn details(&self) -> Option<String> {
        if let Self::Unknown { details, .. } = self {
            return details.clone();
        }
        // Serializing plain values can't fail. The fields keep the order of the list.
        let tagged = serde_json::to_string(self).ok()?;
        let details = tagged.strip_prefix(&format!(r#"{{"code":"{}","details":"#, self.code()))?;
        details.strip_suffix('}').filter(|details| *details != "{}").map(str::to_owned)
    }

    /// Reads a stored event. What this version can't read becomes [`Unknown`](Self::Unknown) and keeps its text.
    pub fn read(code: &str, details: Option<&str>) -> Self {
        let event = match details {
            Some(text) => serde_json::from_str(text).ok().and_then(|details| parse(code, Some(details))),
            None => parse(code, None).or_else(|| parse(code, Some(Value::Object(Map::new())))),
        };
        event.unwrap_or_else(|| Self::Unknown { code: code.to_owned(), details: details.map(str::to_owned) })
    }
}

fn parse(code: &str, details: Option<Value>) -> Option<AuditEvent> {
    let mut tagged = Map::new();
    tagged.insert("code".into(), code.into());
    if let Some(details) = details {
        tagged.insert("details".into(), details);
    }
    serde_json::from_value(Value::Object(tagged)).ok()
}

/// Values that are stored as their text.
macro_rules! as_text {
    ($($type:ty),+) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    )+};
}
as_text!(DesiredState, Email, Identifier, Input, LoginAction, Phone, ProxyKind, RevealKind);

/// Sets of privileges as lists of names. Unknown names are ignored.
macro_rules! as_names {
    ($set:ident, $kind:ident) => {
        impl Serialize for $set {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_seq(self.iter().map($kind::name))
            }
        }

        impl<'de> Deserialize<'de> for $set {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let names = Vec::<String>::deserialize(from)?;
                Ok(names.iter().filter_map(|name| $kind::from_name(name)).collect())
            }
        }
    };
}
as_names!(AccountPrivileges, AccountPrivilege);
as_names!(SystemPrivileges, SystemPrivilege);
