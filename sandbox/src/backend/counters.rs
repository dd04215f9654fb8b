//! How often each method was called, in total and per phone number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::PhoneNumber;

/// The calls of one method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub total: u64,
    /// The calls that were answered.
    #[serde(default)]
    pub answered: u64,
    /// The calls whose phone number was known.
    pub by_number: BTreeMap<PhoneNumber, u64>,
}

/// The calls of all methods, by names such as `auth.sendCode`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counters(pub BTreeMap<String, Count>);

/// Numbers that are counted per method.
const MAX_NUMBERS: usize = 20_000;

impl Counters {
    pub(crate) fn add(&mut self, method: &str, number: Option<&PhoneNumber>) {
        if !self.0.contains_key(method) {
            self.0.insert(method.to_owned(), Count::default());
        }
        let Some(count) = self.0.get_mut(method) else {
            return;
        };
        count.total += 1;
        if let Some(number) = number
            && (count.by_number.len() < MAX_NUMBERS || count.by_number.contains_key(number))
        {
            *count.by_number.entry(number.clone()).or_default() += 1;
        }
    }

    pub(crate) fn add_answer(&mut self, method: &str) {
        if let Some(count) = self.0.get_mut(method) {
            count.answered += 1;
        }
    }

    /// All calls of a method.
    pub fn total(&self, method: &str) -> u64 {
        self.0.get(method).map_or(0, |count| count.total)
    }

    /// The calls of a method for one number.
    pub fn of(&self, method: &str, number: &PhoneNumber) -> u64 {
        let count = self.0.get(method).and_then(|count| count.by_number.get(number));
        count.copied().unwrap_or_default()
    }
}
