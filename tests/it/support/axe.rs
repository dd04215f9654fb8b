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

/// What axe can't decide, and why it is right nevertheless.
struct Explained {
    rule: &'static str,
    /// The elements that this explains.
    elements: &'static str,
    #[expect(dead_code, reason = "for readers of this table")]
    reason: &'static str,
}

/// Everything else that axe can't decide is a failure, as a violation is.
const EXPLAINED: &[Explained] = &[
    Explained {
        rule: "aria-required-children",
        elements: "tbody:not(:has(tr))",
        reason: "Nothing matches, as the text below the table says; rows that come later have their role.",
    },
    Explained {
        rule: "th-has-data-cells",
        elements: "table:not(:has(tbody tr))",
        reason: "The same: there are no cells without rows.",
    },
];

/// Checks after all animations have ended, since colours in between don't count.
const LOOK: &str = "
    const done = arguments[arguments.length - 1];
    const moving = document.getAnimations().filter((it) => it.effect.getTiming().iterations !== Infinity);
    const isExplained = (rule, element) => explained.some(([id, css]) => id === rule && element.matches(css));
    const describe = (rule, nodes) => nodes.map(({ target, any, all, none }) =>
        `${rule.id}: ${rule.help}: ${target} ${[...any, ...all, ...none].map((it) => it.message)}`);
    Promise.allSettled(moving.map((it) => it.finished))
        .then(() => axe.run(document, { resultTypes: ['violations', 'incomplete'], elementRef: true }))
        .then(({ violations, incomplete, passes }) => done({
            looked: passes.length,
            found: violations.flatMap((rule) => describe(rule, rule.nodes)),
            undecided: incomplete.flatMap((rule) =>
                describe(rule, rule.nodes.filter(({ element }) => !isExplained(rule.id, element)))),
        }))
        .catch((error) => done({ looked: 0, found: [String(error)], undecided: [] }));";

#[derive(serde::Deserialize)]
struct Report {
    looked: usize,
    found: Vec<String>,
    undecided: Vec<String>,
}

/// Violations of axe's rules on the current page and what axe could not decide, in light and dark, on a wide screen and a
/// phone, and whether the page scrolls horizontally there.
pub async fn barriers(browser: &Browser, page: &str) -> Vec<String> {
    let mut all = Vec::new();
    browser.run(&AXE).await;
    let explained: Vec<_> = EXPLAINED.iter().map(|it| (it.rule, it.elements)).collect();
    let look = format!("const explained = {};{LOOK}", serde_json::json!(explained));
    for (display, word) in Display::ALL {
        browser.show_as(display).await;
        let report: Report = browser.ask(&look).await;
        all.extend(report.found.iter().map(|found| format!("{page}, {word}: {found}")));
        all.extend(report.undecided.iter().map(|found| format!("{page}, {word}: not decided: {found}")));
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
