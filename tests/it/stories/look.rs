//! How pages look and feel in a browser: at every width, on paper, with other colours, by keyboard, in the reader's time
//! zone and theme.

use serde_json::json;
use thirtyfour::Key;

use crate::support::browser::{Browser, Display, SOON, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const LONG: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbau";

/// What is wrong with the page at any width: parts that stick out, a header of more than one row.
async fn misfits(browser: &Browser, page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for width in [320, 390, 640, 768, 1010, 1060, 1200, 1280, 1500] {
        browser.resize(width, 900).await;
        let wider = browser.pixels_too_wide().await;
        let header: u32 =
            browser.value("Math.round(document.querySelector('.top').getBoundingClientRect().height)").await;
        if wider > 0 || header > 64 {
            found.push(format!("{page} at {width}: {wider} pixels too wide, header of {header}"));
        }
        let menu = browser
            .is_true(
                "['.top nav', '.menu-button'].some((it) => document.querySelector(it).checkVisibility())",
            )
            .await;
        if !menu {
            found.push(format!("{page} at {width}: no menu"));
        }
    }
    browser.show_as(Display::Wide).await;
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_fit_every_width_with_long_names() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let made = async |path: &str| {
        let place = visitor.does(path, &[("name", LONG)]).await;
        place.strip_suffix("?done=made").unwrap().to_owned()
    };
    let (group, role) = (made("/groups").await, made("/roles").await);
    let host = format!("{}.example.org", ["donaudampfschiff"; 8].join("."));
    let proxy =
        [("name", LONG), ("kind", "http"), ("host", host.as_str()), ("port", "65535"), ("step", "anyway")];
    visitor.does("/proxies/add", &proxy).await;
    let owner = format!("{}@{}.example.org", "donaudampfschiff".repeat(3), "gesellschaft".repeat(3));
    let form = [("phone", "+99966 2 1234"), ("owner", owner.as_str()), ("comment", LONG)];
    visitor.does("/accounts/add", &form).await;
    let account = visitor.rows().await.remove(0).id;
    edit(&visitor, &account, &[("owner", &owner), ("groups", LONG)]).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    let mut found = Vec::new();
    for path in [
        "/accounts",
        "/jobs",
        "/audit",
        "/access",
        "/roles",
        "/groups",
        "/proxies",
        "/users",
        "/about",
        "/nothing",
        &group,
        &format!("{group}/proxy"),
        &role,
        &format!("/accounts/{account}"),
        &format!("/accounts/{account}/edit"),
        &format!("/accounts/{account}/proxy"),
    ] {
        browser.goto(&stack.url(path)).await;
        found.extend(misfits(&browser, path).await);
    }
    browser.goto(&stack.url(&format!("/accounts/{account}"))).await;
    browser.press("Edit", "main").await;
    browser.find("#dialog[open] #owner").await;
    found.extend(misfits(&browser, "the dialog").await);
    for width in [320, 390] {
        browser.resize(width, 800).await;
        let wide =
            "document.getElementById('dialog').scrollWidth - document.getElementById('dialog').clientWidth";
        assert_eq!(browser.value::<i64>(wide).await, 0, "the dialog at {width}");
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_of_a_phone_needs_no_script() {
    let stack = Stack::start().await;
    for scripts in [Scripts::Off, Scripts::On] {
        let browser = Browser::open(scripts).await;
        sign_in(&browser, &stack).await;
        browser.show_as(Display::Phone).await;
        browser.click(".menu-button").await;
        browser.picture(&format!("menu-{scripts:?}")).await;
        browser.find("#menu .who button").await;
        browser.click("#menu nav a[href='/audit']").await;
        browser.find("#audit-entries").await;
        browser.click(".menu-button").await;
        browser.press("Sign out", "#menu").await;
        browser.find("[name='email']").await;
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_the_readers_and_utc_is_the_tooltip() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let browser = Browser::open(Scripts::On).await;
    browser.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": "Asia/Kathmandu" })).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/audit")).await;
    // Each time is that of its zone, whether it was on the page or came later.
    let right = "[...document.querySelectorAll('main time')].every((it) => {
        const there = new Date(new Date(it.dateTime).getTime() + 5.75 * 3600000).toISOString();
        return it.title.startsWith(it.dateTime.slice(0, 19).replace('T', ' ') + ' UTC')
            && it.textContent.endsWith(there.slice(11, 19));
    })";
    browser.find("#audit-entries time[title]").await;
    assert!(browser.is_true(right).await);
    let before: usize = browser.value("document.querySelectorAll('#audit-entries tr').length").await;
    visitor.does("/accounts/add-test", &[]).await;
    until_true("a new entry has come", SOON, async || {
        browser.value::<usize>("document.querySelectorAll('#audit-entries tr').length").await > before
    })
    .await;
    until_true("its time is local, too", SOON, async || browser.is_true(right).await).await;
    // A field for a time is local, what is asked for is UTC.
    browser.run("document.getElementById('from').value = '2026-01-01T10:00'").await;
    browser.press("Search", "main").await;
    until_true("UTC is asked for", SOON, async || {
        browser.is_true("new URLSearchParams(location.search).get('from') === '2026-01-01T04:15Z'").await
    })
    .await;
    assert_eq!(browser.value::<String>("document.getElementById('from').value").await, "2026-01-01T10:00");
    browser.close().await;

    let browser = Browser::open(Scripts::Off).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/audit")).await;
    assert!(browser.text("#audit-entries time").await.ends_with(" UTC"));
    assert!(browser.text(".audit-form").await.contains("From (UTC)"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_theme_is_chosen_and_kept() {
    let stack = Stack::start().await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    let ground = "getComputedStyle(document.body).backgroundColor";
    let light: String = browser.value(ground).await;
    browser.click("[data-theme-switch] option[value='dark']").await;
    until_true("it is dark", SOON, async || browser.value::<String>(ground).await != light).await;
    let dark: String = browser.value(ground).await;
    browser.goto(&stack.url("/jobs")).await;
    assert_eq!(browser.value::<String>(ground).await, dark, "on the next page");
    browser.show_as(Display::WideDark).await;
    browser.click("[data-theme-switch] option[value='light']").await;
    until_true("it is light", SOON, async || browser.value::<String>(ground).await == light).await;
    browser.click("[data-theme-switch] option[value='']").await;
    until_true("it is as the system", SOON, async || browser.value::<String>(ground).await == dark).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_lead_to_pages_but_not_while_typing() {
    let stack = Stack::start().await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    let keys = async |place: &str, text: &str| browser.find(place).await.send_keys(text).await.unwrap();
    keys("body", "/").await;
    assert!(
        browser.is_true("document.activeElement.id === 'q' && document.activeElement.value === ''").await
    );
    keys("#q", "gt?").await;
    assert!(
        browser.is_true("document.activeElement.value === 'gt?' && location.pathname === '/accounts'").await
    );
    browser.run("document.activeElement.blur()").await;
    keys("body", "gt").await;
    browser.find("#jobs").await;
    keys("body", "?").await;
    let help = browser.text("#shortcuts").await;
    assert!(help.contains("Audit log") && help.contains("Search on this page"), "{help}");
    browser.picture("shortcuts").await;
    keys("#shortcuts .close", "ga").await;
    assert!(browser.is_true("location.pathname === '/jobs'").await, "nothing happens under a dialog");
    browser.find("#shortcuts .close").await.send_keys(Key::Escape).await.unwrap();
    until_true("the help is closed", SOON, async || !browser.has("#shortcuts[open]").await).await;
    keys("body", "gx").await;
    keys("body", "a").await;
    assert!(browser.is_true("location.pathname === '/jobs'").await);
    browser.press("Keyboard shortcuts", "footer").await;
    browser.find("#shortcuts[open]").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_printed_with_what_they_are_about() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    visitor.does("/accounts/add-test", &[]).await;
    let account = visitor.rows().await.remove(0).id;
    for _ in 0..25 {
        for what in ["disconnect", "connect"] {
            visitor.does(&format!("/accounts/{account}/{what}"), &[]).await;
        }
    }
    visitor.does("/groups", &[("name", "Sales")]).await;
    visitor.does("/roles", &[("name", "Desk")]).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    for (path, part, most) in [
        ("/audit?actor=admin&code=account.wanted", "Printed by admin@example.org", 3),
        ("/audit?actor=admin&code=account.wanted", "actor: admin. code: account.wanted.", 3),
        ("/users?q=admin", "Search: admin.", 1),
        ("/accounts?q=9996", "Search: 9996.", 1),
        ("/access", "Printed by", 1),
        ("/jobs", "Printed by", 1),
    ] {
        browser.goto(&stack.url(path)).await;
        browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
        let text = browser.text(".printed").await;
        assert!(text.contains(part), "{path}: {text}");
        assert!(browser.is_true("!document.querySelector('.top nav').checkVisibility()").await);
        let paper = json!({ "paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": true });
        let pdf = browser.devtools("Page.printToPDF", paper).await;
        let pdf = pdf["data"].as_str().expect("a file");
        let count = pages(pdf);
        assert!((1..=most).contains(&count), "{path}: {count} sheets");
        browser.picture(&format!("print{}", path.split('?').next().unwrap().replace('/', "-"))).await;
        browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "" })).await;
    }
    browser.goto(&stack.url("/users")).await;
    browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    assert!(browser.text("main table").await.contains(ADMIN), "people are on the sheet");
    browser.close().await;
}

/// The pages of a PDF in base64.
fn pages(pdf: &str) -> usize {
    let digit = |c: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|it| *it == c)
    };
    let digits: Vec<u32> = pdf.bytes().filter_map(digit).map(|it| u32::try_from(it).unwrap()).collect();
    let bytes = digits.chunks(4).flat_map(|four| {
        let all = four.iter().enumerate().fold(0, |all, (at, digit)| all | digit << (18 - 6 * at));
        all.to_be_bytes()[1..four.len()].to_vec()
    });
    let text: String = bytes.map(char::from).collect();
    text.matches("/Type /Page\n").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_forced_colours_everything_is_still_told_apart() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    visitor.does("/accounts/add-test", &[]).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    let forced = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
    browser.devtools("Emulation.setEmulatedMedia", forced).await;
    browser.find("#rows .badge").await;
    for (what, expression) in [
        (
            "the current page",
            "getComputedStyle(document.querySelector('.top nav [aria-current]')).borderTopStyle === 'solid'",
        ),
        (
            "other pages",
            "getComputedStyle(document.querySelector('.top nav a:not([aria-current])')).borderTopStyle === 'none'",
        ),
        (
            "the current filter",
            "getComputedStyle(document.querySelector('.chips [aria-current]')).textDecorationLine === 'underline'",
        ),
        (
            "dots",
            "getComputedStyle(document.querySelector('#rows .badge'), '::before').backgroundColor !== 'rgba(0, 0, 0, 0)'",
        ),
    ] {
        assert!(browser.is_true(expression).await, "{what}");
    }
    browser.picture("forced-colours").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_move_and_cover_nothing() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    visitor.does("/accounts/add-test", &[]).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.find("#rows .actions .button").await;
    let top = "document.querySelector('#rows tr').getBoundingClientRect().top";
    let before: f64 = browser.value(top).await;
    browser
        .run("document.getElementById('notices').innerHTML = '<p class=\"note waiting\" role=\"status\">The database is unavailable.</p>'")
        .await;
    assert!((browser.value::<f64>(top).await - before).abs() < 1.0, "the rows stay where they are");
    browser.run("document.getElementById('notices').replaceChildren()").await;
    browser.press("Add test account", "main").await;
    browser.find("#toasts .toast").await;
    let covered = "(() => {
        const toast = document.querySelector('#toasts').getBoundingClientRect();
        return [...document.querySelectorAll('main a, main button')].some((it) => {
            const box = it.getBoundingClientRect();
            return box.left < toast.right && box.right > toast.left && box.top < toast.bottom && box.bottom > toast.top;
        });
    })()";
    assert!(!browser.is_true(covered).await, "no button lies under a notice");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_was_dragged_breaks_no_policy() {
    let stack = Stack::start().await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.press("Add account", ".head").await;
    browser.fill("#dialog [name='phone']", "12").await;
    // What dragging its corner does.
    browser.run("document.querySelector('#dialog #comment').style.height = '300px'").await;
    browser.press("Add account", "#dialog").await;
    browser.find("#phone-error").await;
    let said = browser.complaints().await.join("\n");
    assert!(!said.contains("Content Security Policy"), "{said}");
    browser.close().await;
}
