//! A real browser: headless Chromium or Firefox, driven by WebDriver, with or without JavaScript.

mod display;
mod scripts;

pub use display::Display;

use std::time::Duration;

use tempfile::TempDir;
use thirtyfour::prelude::*;

use super::chromium;
use super::driver::{Driver, Engine};
use super::waiting::{DEADLINE, LOOK, until};

/// How long a page may take to show what is expected.
pub const SOON: Duration = DEADLINE;
/// How long the next page may take to begin. It only delays what follows.
const NEXT_PAGE: Duration = Duration::from_secs(5);

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// The default.
    On,
    /// Everything has to work without them.
    Off,
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
        Self::open_with(engine, scripts, Self::new_profile()).await
    }

    /// Opens a window of Chromium with a camera that sees this video, as YUV4MPEG2.
    pub async fn open_with_camera(video: &[u8]) -> Self {
        let profile = Self::new_profile();
        std::fs::write(profile.path().join(chromium::CAMERA), video).unwrap();
        Self::open_with(Engine::Chromium, Scripts::On, profile).await
    }

    fn new_profile() -> TempDir {
        tempfile::Builder::new().prefix("telescope-browser-").tempdir().unwrap()
    }

    async fn open_with(engine: Engine, scripts: Scripts, profile: TempDir) -> Self {
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

    /// Chooses a file in a field for files.
    pub async fn choose(&self, field: &str, file: &std::path::Path) {
        self.find(field).await.send_keys(file.display().to_string()).await.unwrap();
    }

    /// Clicks a visible element. It may be replaced between being found and being clicked.
    pub async fn click(&self, css: &str) {
        let clicked = async || {
            let element = self.find(css).await;
            self.pressed(&element).await.then_some(())
        };
        until(&format!("{css} can be clicked"), SOON, clicked).await;
    }

    /// Presses the visible button or link with this text inside the CSS selector `within`.
    pub async fn press(&self, label: &str, within: &str) {
        let xpath = format!(".//*[self::button or self::a][normalize-space(.)='{label}']");
        let pressed = async || {
            for place in self.driver.find_all(By::Css(within)).await.ok()? {
                for element in place.find_all(By::XPath(xpath.as_str())).await.ok()? {
                    if element.is_displayed().await.unwrap_or(false) && self.pressed(&element).await {
                        return Some(());
                    }
                }
            }
            None
        };
        until(&format!("\"{label}\" can be pressed in {within}"), SOON, pressed).await;
    }

    /// Clicks an element; whether that was possible. Without JavaScript the browser then loads a page: until it has begun
    /// to show it, going to another one would give the form up before it is sent.
    async fn pressed(&self, element: &WebElement) -> bool {
        if element.click().await.is_err() {
            return false;
        }
        if self.scripts == Scripts::Off {
            let replaced = async {
                while element.is_displayed().await.is_ok() {
                    tokio::time::sleep(LOOK).await;
                }
            };
            // A form that the browser itself refuses stays.
            let _ = tokio::time::timeout(NEXT_PAGE, replaced).await;
        }
        true
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
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver is killed next, together with its browser, so the session needs no orderly end.
        let _ = self.driver.clone().leak();
        let _ = std::fs::remove_dir_all(self.profile.path());
    }
}
