//! How events are stored: as a code and, for most events, details in JSON. The details may be removed later because they
//! name people.

use serde_json::{Map, Value};

use super::AuditEvent;

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

/// (De)serializes a value with its `Display` and `FromStr`.
pub(super) mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// Like [`text`], for an optional value.
pub(super) mod optional_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<T: Display, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
    }
}

pub(super) mod input {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::domain::Input;

    pub(crate) fn serialize<S: Serializer>(input: &Input, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(input.name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Input, D::Error> {
        let name = String::deserialize(from)?;
        let input = [Input::Code, Input::Password].into_iter().find(|input| input.name() == name);
        input.ok_or_else(|| de::Error::custom(format!("there is no input {name}")))
    }
}

/// Sets of privileges as lists of names. Unknown names are ignored.
macro_rules! privileges {
    ($module:ident, $set:ident, $kind:ident) => {
        pub(super) mod $module {
            use serde::{Deserialize, Deserializer, Serializer};

            use crate::domain::privilege::{$kind, $set};

            pub(crate) fn serialize<S: Serializer>(set: &$set, to: S) -> Result<S::Ok, S::Error> {
                to.collect_seq(set.iter().map($kind::name))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$set, D::Error> {
                let names = Vec::<String>::deserialize(from)?;
                Ok(names.iter().filter_map(|name| $kind::from_name(name)).collect())
            }
        }
    };
}
privileges!(account_privileges, AccountPrivileges, AccountPrivilege);
privileges!(system_privileges, SystemPrivileges, SystemPrivilege);
