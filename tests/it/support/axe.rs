//! Checking the accessibility of a page with axe: contrast, names, roles, order.

use std::sync::LazyLock;

use super::browser::{Browser, Display};
use super::target;

static AXE: LazyLock<String> = LazyLock::new(|| {
    let file = target().join("axe/axe.min.js");
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!("{}: {error}; `scripts/test-tools.sh` fetches it", file.display());
    })
});

/// Checks after all animations have ended, since colours in between don't count.
const LOOK: &str = "
    const done = arguments[arguments.length - 1];
    const moving = document.getAnimations().filter((it) => it.effect.getTiming().iterations !== Infinity);
    Promise.allSettled(moving.map((it) => it.finished))
        .then(() => axe.run(document, { resultTypes: ['violations'] }))
        .then(({ violations, passes }) => done({
            looked: passes.length,
            found: violations.flatMap(({ id, help, nodes }) =>
                nodes.map(({ target, any }) => `${id}: ${help}: ${target} ${any.map((it) => it.message)}`)),
        }))
        .catch((error) => done({ looked: 0, found: [String(error)] }));";

#[derive(serde::Deserialize)]
struct Report {
    looked: usize,
    found: Vec<String>,
}

/// Violations of axe's rules on the current page, in light and dark, on a wide screen and a phone, and whether the page
/// scrolls horizontally there.
pub async fn barriers(browser: &Browser, page: &str) -> Vec<String> {
    let mut all = Vec::new();
    browser.run(&AXE).await;
    for (display, word) in Display::ALL {
        browser.show_as(display).await;
        let report: Report = browser.ask(LOOK).await;
        all.extend(report.found.iter().map(|found| format!("{page}, {word}: {found}")));
        if report.found.is_empty() {
            assert!(report.looked > 10, "{page}, {word}: axe has checked only {} rules", report.looked);
        }
        let wider = browser.pixels_too_wide().await;
        if wider > 0 {
            all.push(format!("{page}, {word}: {wider} pixels too wide"));
        }
        browser.picture(&format!("axe-{}-{word}", page.replace(' ', "-"))).await;
    }
    browser.show_as(Display::Wide).await;
    all
}
