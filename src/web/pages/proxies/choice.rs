//! The form in which a proxy is selected, for an account or for a group.

use serde::Deserialize;

use crate::domain::proxy::{ProxyChoice, ProxyFault, ProxyPlan};
use crate::ops::OpError;
use crate::web::form::Fields;
use crate::web::words::proxies as words;

/// The value for a connection without a proxy. An empty one makes no choice.
const DIRECT: &str = "direct";

/// An option of a select field.
#[derive(Debug)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

#[derive(Debug, Default, Deserialize)]
pub struct ChoiceForm {
    #[serde(default)]
    pub proxy: String,
    /// What was selected when the form was made.
    #[serde(default)]
    pub was: String,
}

impl Fields for ChoiceForm {
    const NAMES: &'static [&'static str] = &["proxy"];
}

impl ChoiceForm {
    pub fn of(choice: Option<ProxyChoice>) -> Self {
        let value = value(choice);
        Self { proxy: value.clone(), was: value }
    }

    /// What was selected, and what was before.
    pub fn choices(&self) -> Result<(Option<ProxyChoice>, Option<ProxyChoice>), OpError> {
        Ok((parse(&self.proxy)?, parse(&self.was)?))
    }

    /// The values and labels, and which of them is selected.
    pub fn options(&self, plan: &ProxyPlan) -> Vec<Choice> {
        let fixed = [
            (String::new(), words::INHERITED.to_owned()),
            (DIRECT.into(), "No proxy: connect directly".into()),
        ];
        let proxies = plan.proxies.iter().map(|proxy| (proxy.id.to_string(), proxy.name.clone()));
        let all = fixed.into_iter().chain(proxies);
        all.map(|(value, label)| Choice { selected: value == self.proxy, value, label }).collect()
    }
}

fn value(choice: Option<ProxyChoice>) -> String {
    match choice {
        None => String::new(),
        Some(ProxyChoice::Direct) => DIRECT.into(),
        Some(ProxyChoice::Proxy(id)) => id.to_string(),
    }
}

fn parse(text: &str) -> Result<Option<ProxyChoice>, OpError> {
    match text {
        "" => Ok(None),
        DIRECT => Ok(Some(ProxyChoice::Direct)),
        id => match id.parse() {
            Ok(id) => Ok(Some(ProxyChoice::Proxy(id))),
            Err(_) => Err(OpError::invalid("proxy", ProxyFault::Gone)),
        },
    }
}
