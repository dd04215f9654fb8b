//! Forms whose fields repeat, as they were sent.

use std::str::FromStr;

use axum::http::StatusCode;
use serde::Deserialize;

use crate::web::error::AppError;
use crate::web::words;

/// A form's fields in their order. A confirmation sends them again.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// The first value of a field; empty if there is none.
    pub fn one(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The ids in a field. Values that are no ids are left out.
    pub fn ids<T: FromStr>(&self, name: &str) -> Vec<T> {
        self.all(name).filter_map(|value| value.parse().ok()).collect()
    }

    /// The values of a field, each of which has to be known: to leave out what isn't would take something away.
    pub fn known<T, S: FromIterator<T>>(
        &self,
        name: &str,
        known: impl Fn(&str) -> Option<T>,
    ) -> Result<S, AppError> {
        let values: Option<S> = self.all(name).map(known).collect();
        values
            .ok_or_else(|| AppError::bad(StatusCode::UNPROCESSABLE_ENTITY, words::access::UNKNOWN_PERMISSION))
    }

    /// The distinct parts of a text, separated by commas, semicolons or new lines.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for part in self.one(name).split([',', ';', '\n', '\r']).map(str::trim) {
            if !part.is_empty() && !found.contains(&part) {
                found.push(part);
            }
        }
        found
    }

    /// All fields but the named ones.
    pub fn without(&self, names: &[&str]) -> Vec<&(String, String)> {
        self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).collect()
    }
}
