//! Reads settings and collects every fault, so that the operator sees all of them at once.

use std::fmt;

/// All faults in the settings, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<String>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telescope can't start with these settings:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  * {fault}"))
    }
}

impl std::error::Error for ConfigFaults {}

/// Reads settings by name. An empty value counts as absent, as in a line `NAME=` of a file.
pub(super) struct Reader<E> {
    env: E,
    faults: Vec<String>,
    notes: Vec<String>,
}

impl<E: Fn(&str) -> Option<String>> Reader<E> {
    pub(super) fn new(env: E) -> Self {
        Self { env, faults: Vec::new(), notes: Vec::new() }
    }

    /// The value of a setting, trimmed.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = (self.env)(name)?.trim().to_owned();
        if value.chars().any(char::is_control) {
            self.fault(format!("{name} has a control character in it."));
            return None;
        }
        Some(value).filter(|value| !value.is_empty())
    }

    /// The parsed value of a setting; the error of `parse` continues a sentence that begins with the name.
    pub(super) fn read<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.text(name)?;
        parse(&value).map_err(|fault| self.fault(format!("{name} {fault}"))).ok()
    }

    /// A whole number within bounds.
    pub(super) fn number<T>(&mut self, name: &str, bounds: std::ops::RangeInclusive<T>) -> Option<T>
    where
        T: std::str::FromStr + PartialOrd + fmt::Display,
    {
        self.read(name, |text| {
            text.parse()
                .ok()
                .filter(|number| bounds.contains(number))
                .ok_or_else(|| format!("must be a whole number from {} to {}.", bounds.start(), bounds.end()))
        })
    }

    /// Adds a fault, as a complete sentence.
    pub(super) fn fault(&mut self, sentence: impl Into<String>) {
        self.faults.push(sentence.into());
    }

    /// Adds a note about a setting that is valid but unusual, as a complete sentence.
    pub(super) fn note(&mut self, sentence: impl Into<String>) {
        self.notes.push(sentence.into());
    }

    /// The notes, if there are no faults.
    pub(super) fn finish(self) -> Result<Vec<String>, ConfigFaults> {
        match self.faults.is_empty() {
            true => Ok(self.notes),
            false => Err(ConfigFaults(self.faults)),
        }
    }
}

pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("must be yes or no.".into()),
    }
}
