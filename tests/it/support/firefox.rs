//! Firefox: how its driver is started, what it may do, and what only its own parts of the browser can tell or change.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use thirtyfour::common::capabilities::firefox::FirefoxPreferences;
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::prelude::*;
use thirtyfour::{FirefoxCapabilities, RequestData, SessionId};

use super::target;

/// The command that starts its driver, which makes the browser's profile in this folder.
pub fn driver(profile: &Path) -> Command {
    let own = target().join("geckodriver/bin/geckodriver");
    let mut command = Command::new(if own.exists() { own } else { "geckodriver".into() });
    // The first port is for WebDriver, the second one for its successor, which is not used. The access is what
    // `in_browser` needs.
    command.args(["--port", "0", "--websocket-port", "0", "--allow-system-access", "--profile-root"]);
    command.arg(profile);
    // Otherwise a released Firefox ignores the address of its remote settings.
    command.env("MOZ_REMOTE_SETTINGS_DEVTOOLS", "1");
    command
}

/// Headless, with or without JavaScript.
pub fn capabilities(javascript: bool) -> FirefoxCapabilities {
    let mut wanted = DesiredCapabilities::firefox();
    wanted.set_headless().unwrap();
    let mut preferences = FirefoxPreferences::new();
    for (name, value) in [
        // Only this machine: everything else goes to a proxy that does not exist, and never around it.
        ("network.proxy.type", json!(1)),
        ("network.proxy.http", json!("127.0.0.1")),
        ("network.proxy.http_port", json!(9)),
        ("network.proxy.ssl", json!("127.0.0.1")),
        ("network.proxy.ssl_port", json!(9)),
        ("network.proxy.socks", json!("127.0.0.1")),
        ("network.proxy.socks_port", json!(9)),
        ("network.proxy.socks_remote_dns", json!(true)),
        ("network.proxy.no_proxies_on", json!("127.0.0.1,127.0.0.2")),
        ("network.proxy.failover_direct", json!(false)),
        ("network.dns.disablePrefetch", json!(true)),
        ("network.trr.mode", json!(5)),
        // And it does not try.
        ("app.normandy.enabled", json!(false)),
        ("app.update.disabledForTesting", json!(true)),
        ("browser.safebrowsing.update.enabled", json!(false)),
        ("datareporting.policy.dataSubmissionEnabled", json!(false)),
        ("dom.push.connection.enabled", json!(false)),
        ("extensions.systemAddon.update.enabled", json!(false)),
        ("extensions.update.enabled", json!(false)),
        ("media.gmp-manager.updateEnabled", json!(false)),
        ("network.captive-portal-service.enabled", json!(false)),
        ("network.connectivity-service.enabled", json!(false)),
        ("services.settings.server", json!("data:,#remote-settings-dummy/v1")),
        ("toolkit.telemetry.enabled", json!(false)),
        ("toolkit.telemetry.server", json!("")),
        ("javascript.enabled", json!(javascript)),
    ] {
        preferences.set(name, value).unwrap();
    }
    wanted.set_preferences(preferences).unwrap();
    wanted
}

/// Whether scripts run in the page or in the browser around it.
#[derive(Debug)]
struct Context(&'static str);

impl FormatRequestData for Context {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let path = format!("/session/{session}/moz/context");
        RequestData::new(reqwest::Method::POST, path).add_body(json!({ "context": self.0 }))
    }
}

/// Runs a script in the browser itself, around the page.
async fn in_browser(driver: &WebDriver, script: &str, arguments: Vec<Value>) -> Value {
    driver.handle().cmd(Context("chrome")).await.unwrap();
    let result = driver.execute(script, arguments).await;
    driver.handle().cmd(Context("content")).await.unwrap();
    result.unwrap().json().clone()
}

/// Changes the size of the page, which may be smaller than any window.
pub async fn resize(driver: &WebDriver, width: u32, height: u32) {
    let script = "
        const { style } = gBrowser.selectedBrowser;
        for (const limit of ['min', 'max']) {
            style.setProperty(`${limit}-width`, `${arguments[0]}px`);
            style.setProperty(`${limit}-height`, `${arguments[1]}px`);
        }";
    in_browser(driver, script, vec![json!(width), json!(height)]).await;
    let there = format!("return innerWidth === {width} && innerHeight === {height}");
    super::waiting::until_true("the page has its size", super::waiting::DEADLINE, async || {
        driver.execute(there.as_str(), vec![]).await.unwrap().convert().unwrap()
    })
    .await;
}

/// Changes the preferred color scheme.
pub async fn prefer(driver: &WebDriver, dark: bool) {
    let script =
        "Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', arguments[0])";
    in_browser(driver, script, vec![json!(if dark { 0 } else { 1 })]).await;
}

/// Warnings and errors of pages since the last time: script errors and violations of the Content-Security-Policy.
pub async fn complaints(driver: &WebDriver) -> Vec<String> {
    let script = "
        const all = Services.console.getMessageArray().filter((it) => it instanceof Ci.nsIScriptError
            && !(it.flags & it.infoFlag) && /^(https?|data|blob):/.test(it.sourceName));
        Services.console.reset();
        return all.map((it) => `${it.sourceName}: ${it.category}: ${it.errorMessage}`);";
    serde_json::from_value(in_browser(driver, script, vec![]).await).unwrap()
}
