//! A real browser: headless Chromium or Firefox, driven by WebDriver, with or without JavaScript.

use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use thirtyfour::prelude::*;

use super::driver::{Driver, Engine};
use super::waiting::{DEADLINE, until};
use super::{firefox, target};

/// How long a page may take to show what is expected.
pub const SOON: Duration = DEADLINE;

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// The default.
    On,
    /// Everything has to work without them.
    Off,
}

/// A screen size and a color scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// A wide screen, light.
    Wide,
    /// A wide screen, dark.
    WideDark,
    /// A phone, 390 pixels wide, light.
    Phone,
    /// A phone, dark.
    PhoneDark,
}

impl Display {
    /// Every display, with its name in file names.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Wide, "wide"),
        (Self::WideDark, "wide-dark"),
        (Self::Phone, "phone"),
        (Self::PhoneDark, "phone-dark"),
    ];

    const fn size(self) -> (u32, u32) {
        match self {
            Self::Wide | Self::WideDark => (1280, 900),
            Self::Phone | Self::PhoneDark => (390, 844),
        }
    }

    const fn scheme(self) -> &'static str {
        match self {
            Self::Wide | Self::Phone => "light",
            Self::WideDark | Self::PhoneDark => "dark",
        }
    }
}

/// A browser window with its own profile.
pub struct Browser {
    driver: WebDriver,
    engine: Engine,
    scripts: Scripts,
    _process: Driver,
    profile: TempDir,
}

impl Browser {
    /// Opens a window of Chromium.
    pub async fn open(scripts: Scripts) -> Self {
        Self::open_in(Engine::Chromium, scripts).await
    }

    /// Opens a window of this browser.
    pub async fn open_in(engine: Engine, scripts: Scripts) -> Self {
        let profile = tempfile::Builder::new().prefix("telescope-browser-").tempdir().unwrap();
        let process = Driver::start(engine, profile.path());
        let driver = process.open(engine, scripts == Scripts::On, profile.path()).await;
        let browser = Self { driver, engine, scripts, _process: process, profile };
        browser.show_as(Display::Wide).await;
        browser
    }

    /// Closes the window.
    pub async fn close(self) {
        self.driver.clone().quit().await.expect("the browser ends");
    }

    /// Which browser it is.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether its pages run scripts.
    pub const fn scripts(&self) -> Scripts {
        self.scripts
    }

    /// Changes the window's size and color scheme.
    pub async fn show_as(&self, display: Display) {
        let (width, height) = display.size();
        self.resize(width, height).await;
        match self.engine {
            Engine::Chromium => {
                let scheme =
                    json!({ "features": [{ "name": "prefers-color-scheme", "value": display.scheme() }] });
                self.devtools("Emulation.setEmulatedMedia", scheme).await;
            }
            Engine::Firefox => firefox::prefer(&self.driver, display.scheme() == "dark").await,
        }
    }

    /// Changes the window's size.
    pub async fn resize(&self, width: u32, height: u32) {
        match self.engine {
            Engine::Chromium => {
                let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
                self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
            }
            Engine::Firefox => firefox::resize(&self.driver, width, height).await,
        }
    }

    /// Sends a command of Chromium's developer tools.
    pub async fn devtools(&self, command: &str, arguments: serde_json::Value) -> serde_json::Value {
        self.driver.cdp().send_raw(command, arguments).await.unwrap()
    }

    /// Goes to an address.
    pub async fn goto(&self, url: &str) {
        self.driver.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Whether there is a page at an address.
    pub async fn reaches(&self, url: &str) -> bool {
        self.driver.goto(url).await.is_ok()
    }

    /// Opens one more window, which is visible beside the others, and goes on in it.
    pub async fn another_window(&self, url: &str) {
        let window = self.driver.new_window().await.unwrap();
        self.driver.switch_to_window(window).await.unwrap();
        self.goto(url).await;
    }

    /// The current window.
    pub async fn window(&self) -> WindowHandle {
        self.driver.window().await.unwrap()
    }

    /// Goes on in another window, without bringing it to the front.
    pub async fn go_to_window(&self, window: WindowHandle) {
        self.driver.switch_to_window(window).await.unwrap();
    }

    /// Closes all windows but this one.
    pub async fn close_other_windows(&self) {
        let own = self.driver.window().await.unwrap();
        for window in self.driver.windows().await.unwrap() {
            if window != own {
                self.driver.switch_to_window(window).await.unwrap();
                self.driver.close_window().await.unwrap();
            }
        }
        self.driver.switch_to_window(own).await.unwrap();
    }

    /// The address of the current page.
    pub async fn address(&self) -> String {
        self.driver.current_url().await.unwrap().into()
    }

    /// Opens another page in a new tab, runs `work`, and returns to the first tab.
    pub async fn meanwhile<T>(&self, url: &str, work: impl AsyncFnOnce() -> T) -> T {
        let first = self.driver.window().await.unwrap();
        let tab = self.driver.new_tab().await.unwrap();
        self.driver.switch_to_window(tab).await.unwrap();
        self.show_as(Display::Wide).await;
        self.goto(url).await;
        let result = work().await;
        self.driver.close_window().await.unwrap();
        self.driver.switch_to_window(first).await.unwrap();
        result
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.driver.refresh().await.unwrap();
    }

    /// Waits for a visible element.
    pub async fn find(&self, css: &str) -> WebElement {
        let found = async || {
            for element in self.driver.find_all(By::Css(css)).await.ok()? {
                if element.is_displayed().await.unwrap_or(false) {
                    return Some(element);
                }
            }
            None
        };
        until(&format!("{css} is on the page"), SOON, found).await
    }

    /// Whether there is such an element, visible or not.
    pub async fn has(&self, css: &str) -> bool {
        !self.driver.find_all(By::Css(css)).await.unwrap().is_empty()
    }

    /// The text of a visible element.
    pub async fn text(&self, css: &str) -> String {
        // An element may be replaced between being found and being read.
        until(&format!("{css} has a text"), SOON, async || self.find(css).await.text().await.ok()).await
    }

    /// Types into a field, in place of what is in it.
    pub async fn fill(&self, field: &str, value: &str) {
        let typed = async || {
            let field = self.find(field).await;
            field.clear().await.ok()?;
            field.send_keys(value).await.ok()
        };
        until(&format!("{field} takes text"), SOON, typed).await;
    }

    /// Clicks a visible element. It may be replaced between being found and being clicked.
    pub async fn click(&self, css: &str) {
        let clicked = async || self.find(css).await.click().await.ok();
        until(&format!("{css} can be clicked"), SOON, clicked).await;
    }

    /// Presses the visible button or link with this text inside the CSS selector `within`.
    pub async fn press(&self, label: &str, within: &str) {
        let xpath = format!(".//*[self::button or self::a][normalize-space(.)='{label}']");
        let pressed = async || {
            for place in self.driver.find_all(By::Css(within)).await.ok()? {
                for element in place.find_all(By::XPath(xpath.as_str())).await.ok()? {
                    if element.is_displayed().await.unwrap_or(false) && element.click().await.is_ok() {
                        return Some(());
                    }
                }
            }
            None
        };
        until(&format!("\"{label}\" can be pressed in {within}"), SOON, pressed).await;
    }

    /// Clicks at a point of the window, whatever is there.
    pub async fn click_at(&self, x: i64, y: i64) {
        self.driver.action_chain().move_to(x, y).click().perform().await.unwrap();
    }

    /// Presses a key where the focus is.
    pub async fn key(&self, key: Key) {
        self.driver.action_chain().send_keys(key).perform().await.unwrap();
    }

    /// Waits for an element. Without JavaScript the page is reloaded, as a person would do.
    pub async fn until_shown(&self, css: &str, limit: Duration) {
        let shown = async || {
            if self.has(css).await {
                return Some(());
            }
            if self.scripts == Scripts::Off {
                self.reload().await;
            }
            None
        };
        until(&format!("{css} is shown"), limit, shown).await;
    }

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

    /// Saves a screenshot of the page as `target/screenshots/NAME.png`.
    pub async fn picture(&self, name: &str) {
        let folder = target().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        self.driver.screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
    }

    /// How many pixels wider than the window the page is.
    pub async fn pixels_too_wide(&self) -> i64 {
        let wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.driver.execute(wider, vec![]).await.unwrap().convert().unwrap()
    }

    /// Saves a screenshot for each display, and checks that the page never scrolls horizontally.
    pub async fn pictures(&self, name: &str) {
        for (display, word) in Display::ALL {
            // What differs between browsers shows in two of the four.
            let in_firefox = matches!(display, Display::Wide | Display::PhoneDark);
            if self.engine == Engine::Firefox && !in_firefox {
                continue;
            }
            self.show_as(display).await;
            self.picture(&format!("{name}-{word}")).await;
            let wider = self.pixels_too_wide().await;
            assert!(wider <= 0, "{name} is {wider} pixels too wide for {word}");
        }
        self.show_as(Display::Wide).await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver is killed next, together with its browser, so the session needs no orderly end.
        let _ = self.driver.clone().leak();
        let _ = std::fs::remove_dir_all(self.profile.path());
    }
}
