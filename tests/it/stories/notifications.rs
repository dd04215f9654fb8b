//! Browser notifications: of what arrives while the window is behind another one, if the person allowed them.

use serde_json::json;

use crate::support::browser::{Browser, SOON, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const SECOND: &str = "second@example.org";
const CODE: &str = "Login code: 01234. Do not give this code to anyone.";
const WHY: &str = "The front desk has a new phone";

/// Keeps what every notification says that the browser really showed.
const KEEP: &str = "
    window.shownToTheTest = [];
    window.Notification = class extends Notification {
        constructor(title, options) {
            super(title, options);
            this.addEventListener('show', () => window.shownToTheTest.push(`${title}: ${options.body}`));
        }
    };";

async fn shown(browser: &Browser) -> Vec<String> {
    browser.value("window.shownToTheTest").await
}

async fn title_counts(browser: &Browser, missed: usize) {
    let counted = format!("document.title.startsWith('({missed}) ')");
    until_true(&format!("the title counts {missed}"), SOON, async || browser.is_true(&counted).await).await;
}

/// A second administrator's page of an account of which a code arrives, and for which an approval is requested. It is in
/// a window that is open beside another one, which has the focus.
async fn story(is_allowed: bool) {
    let admins = format!("{ADMIN},{SECOND}");
    let stack = Stack::start_with_settings(&[("ADMIN_EMAILS", &admins)]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    edit(&visitor, &account.id, &[("groups", "Board")]).await;
    stack.tamper("update account_groups set reveals_need_approval = true where name = 'Board'").await;
    let page = stack.url(&format!("/accounts/{}", account.id));

    let browser = Browser::open(Scripts::On).await;
    browser.before_each_page(KEEP).await;
    if is_allowed {
        let allowed = json!({ "permissions": ["notifications"], "origin": stack.url("") });
        browser.devtools("Browser.grantPermissions", allowed).await;
    }
    browser.goto(&stack.url("/")).await;
    browser.fill("[name='email']", SECOND).await;
    browser.press("Sign in", "main").await;
    browser.find("form[action='/sign-out']").await;
    browser.goto(&page).await;
    browser.press("Turn on notifications", "main").await;
    let label = if is_allowed { "Turn off notifications" } else { "Turn on notifications" };
    until_true("the button says what it does next", SOON, async || {
        browser.text("[data-notify]").await == label
    })
    .await;
    browser.goto(&page).await;
    assert!(browser.is_true("document.hasFocus()").await);
    let front = browser.window().await;
    browser.another_window("about:blank").await;
    browser.before_each_page(KEEP).await;
    browser.goto(&page).await;
    assert!(!browser.is_true("document.hasFocus()").await, "it is behind the other one");
    assert_eq!(shown(&browser).await, [""; 0], "what was there before is no news");

    stack.phones().send_message(&account.phone, CODE).await;
    title_counts(&browser, 1).await;
    let request = format!("/accounts/{}/code/request", account.id);
    visitor.does(&request, &[("reason", WHY)]).await;
    title_counts(&browser, 2).await;
    let expected = match is_allowed {
        true => vec![
            format!("Telescope: A login code arrived for +{}.", account.phone),
            "Telescope: An approval is wanted.".to_owned(),
        ],
        false => Vec::new(),
    };
    until_true("notifications are shown as expected", SOON, async || shown(&browser).await == expected).await;

    browser.go_to_window(front).await;
    let came = "document.querySelector('#code-came') && document.querySelector('#reveals-count')";
    until_true("the page in front has both", SOON, async || browser.is_true(&format!("!!({came})")).await)
        .await;
    assert_eq!(shown(&browser).await, [""; 0], "who looks at the page is not told of it");
    assert!(browser.is_true("!document.title.startsWith('(')").await);
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_and_a_request_are_told_of_if_allowed() {
    story(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_without_permission() {
    story(false).await;
}
