//! What tests run in a page.

use serde_json::json;

use super::{Browser, SOON};
use crate::support::driver::Engine;
use crate::support::firefox;
use crate::support::waiting::until;

impl Browser {
    /// Runs a script in the page, regardless of its Content-Security-Policy.
    pub async fn run(&self, script: &str) {
        self.driver.execute(script, vec![]).await.unwrap();
    }

    /// Runs a script in the page that passes its result to the function in its last argument.
    pub async fn ask<T: serde::de::DeserializeOwned>(&self, script: &str) -> T {
        self.driver.execute_async(script, vec![]).await.unwrap().convert().unwrap()
    }

    /// Runs a script in every page from now on, before the page's own.
    pub async fn before_each_page(&self, script: &str) {
        let source = json!({ "source": script });
        self.driver.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", source).await.unwrap();
    }

    /// The value of an expression in the page, once it is not null.
    pub async fn value<T: serde::de::DeserializeOwned>(&self, expression: &str) -> T {
        let look = async || {
            let value = self.driver.execute(format!("return {expression}"), vec![]).await.ok()?;
            value.convert::<Option<T>>().unwrap()
        };
        until(&format!("{expression} is something"), SOON, look).await
    }

    /// Whether this holds in the page.
    pub async fn is_true(&self, expression: &str) -> bool {
        self.driver.execute(format!("return {expression}"), vec![]).await.unwrap().convert().unwrap()
    }

    /// Sets a mark that a reload would remove.
    pub async fn mark(&self) {
        self.run("window.markOfTheTest = true").await;
    }

    /// Whether the mark is still there, so the page was not reloaded.
    pub async fn is_marked(&self) -> bool {
        self.is_true("window.markOfTheTest === true").await
    }

    /// Starts recording every value that this attribute takes in any table row.
    pub async fn record(&self, attribute: &str) {
        let script = "
            const name = arguments[0];
            window.recordOfTheTest = [];
            const note = () => {
                for (const row of document.querySelectorAll(`tr[${name}]`)) {
                    const value = row.getAttribute(name);
                    if (window.recordOfTheTest.at(-1) !== value) window.recordOfTheTest.push(value);
                }
            };
            note();
            new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });";
        self.driver.execute(script, vec![json!(attribute)]).await.unwrap();
    }

    /// The recorded values, in order.
    pub async fn recorded(&self) -> Vec<String> {
        self.driver.execute("return window.recordOfTheTest", vec![]).await.unwrap().convert().unwrap()
    }

    /// Warnings and errors in the page's console: script errors and violations of the Content-Security-Policy.
    pub async fn complaints(&self) -> Vec<String> {
        match self.engine {
            Engine::Chromium => {
                let entries = self.driver.browser_log().await.unwrap();
                let loud =
                    entries.into_iter().filter(|entry| matches!(entry.level.as_str(), "SEVERE" | "WARNING"));
                loud.map(|entry| entry.message).collect()
            }
            Engine::Firefox => firefox::complaints(&self.driver).await,
        }
    }
}
