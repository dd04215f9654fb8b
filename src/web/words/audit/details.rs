//! The details of audit entries that their sentences leave out.

use super::status;

/// Details that sentences contain. What changed is always listed as well: a name that people chose may look like it.
const IN_SENTENCES: [&str; 14] = [
    "approved_by",
    "approver",
    "days",
    "device",
    "entries",
    "format",
    "group",
    "input",
    "kind",
    "person",
    "place",
    "proxy",
    "role",
    "stage",
];

/// What the details of an entry say beyond its sentence, as names and values.
pub fn beside(details: Option<&str>, sentence: &str) -> Vec<(String, String)> {
    let Some(text) = details else { return Vec::new() };
    let Ok(serde_json::Value::Object(details)) = serde_json::from_str(text) else {
        return vec![("details".into(), text.to_owned())];
    };
    let said = |(name, value): &(String, String)| {
        IN_SENTENCES.contains(&name.as_str())
            && (sentence.contains(value)
                || sentence.contains(&value.replace('-', " "))
                || (name == "stage" && sentence.contains(&status(value))))
    };
    let plain = details.into_iter().map(|(name, value)| (name, plain(&value)));
    plain.filter(|it| !said(it)).map(|(name, value)| (name.replace('_', " "), value)).collect()
}

/// A JSON value as plain text.
fn plain(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "none".into(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".into(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
