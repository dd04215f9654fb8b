//! What the window looks like: its size, its color scheme, and screenshots of it.

use serde_json::json;

use super::Browser;
use crate::support::driver::Engine;
use crate::support::{firefox, target};

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

impl Browser {
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
