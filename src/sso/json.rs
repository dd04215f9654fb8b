//! Parses JSON and rejects objects in which a name occurs twice. Programs disagree about which of the two values
//! counts, so such a token or key set could mean one thing to its signer and another to its reader.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};
use serde_json::{Map, Value};

/// The value in these bytes, which must contain only one value.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON in which no name occurs twice")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Self)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_occurs_once_at_every_depth() {
        for twice in [
            r#"{"email":"ada@example.org","email":"root@example.org"}"#,
            r#"{"a":1,"b":2,"a":1}"#,
            r#"{"email":"ada@example.org","\u0065mail":"root@example.org"}"#,
            r#"[{"a":{"b":1,"b":1}}]"#,
            r#"{"keys":[{"kid":"one","kid":"two"}]}"#,
        ] {
            assert!(parse(twice.as_bytes()).is_err(), "{twice}");
            assert!(serde_json::from_str::<Value>(twice).is_ok(), "{twice}");
        }
        assert_eq!(
            parse(br#" {"a":{"a":[1,-1,0.5,"x",null,true]}} "#).unwrap(),
            json!({"a": {"a": [1, -1, 0.5, "x", null, true]}})
        );
        for no_json in ["", "{} {}", "{", "{\"a\":1,}", "\u{feff}{}"] {
            assert!(parse(no_json.as_bytes()).is_err(), "{no_json}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_mean_what_they_mean_to_others_or_are_refused(text in "[\\[\\]{}:,\"ab0-9.eE\\\\ntrue -]{0,40}") {
            if let Ok(value) = parse(text.as_bytes()) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            }
        }
    }
}
