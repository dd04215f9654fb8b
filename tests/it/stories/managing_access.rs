//! An administrator, with and without JavaScript, changes a role's privileges; another person's open list is updated.

use std::time::Duration;

use crate::support::browser::{Browser, Scripts};
use crate::support::driver::Engine;
use crate::support::login::{ADMIN, added_account, row, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const ADA: &str = "ada@example.org";
/// How long the other list may take to be updated, on a busy machine. Without an event, a page checks every 15 seconds.
const FOLLOWED: Duration = Duration::from_secs(12);

async fn story(engine: Engine, scripts: Scripts, pictures: &str) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let (desk, other) =
        (Browser::open_in(engine, scripts).await, Browser::open_in(engine, Scripts::On).await);
    sign_in(&desk, &stack).await;
    other.goto(&stack.url("/")).await;
    other.fill("[name='email']", ADA).await;
    other.press("Sign in", "main").await;
    other.find(".empty").await;
    other.mark().await;

    // A group with the account, and a role for Ada.
    desk.press("Access", "nav").await;
    desk.press("Groups", "main").await;
    desk.fill("#name", "Sales").await;
    desk.press("Create group", "main").await;
    desk.fill("#numbers", &account.phone).await;
    desk.press("Review changes", "#put-in").await;
    desk.press("Save", ".review").await;
    desk.find(".done").await;
    desk.press("Roles", "main").await;
    desk.fill("#name", "Support").await;
    desk.press("Create role", "main").await;
    desk.fill("#people", ADA).await;
    desk.press("Review changes", "form[action$='/give']").await;
    let said = desk.text(".review").await;
    assert!(said.contains("No one gains or loses a permission"), "the role has no privileges yet: {said}");
    desk.press("Save", ".review").await;
    desk.pictures(&format!("role-{pictures}")).await;

    // Its privileges, with a preview before saving.
    desk.press("Sales", ".cells").await;
    desk.click("#may-login").await;
    desk.press("Review changes", "main").await;
    let wrong = desk.text("#privilege-error").await;
    assert!(wrong.contains("need “View”"), "{wrong}");
    desk.click("#may-view").await;
    desk.press("Review changes", "main").await;
    let said = desk.text(".effects").await;
    assert!(said.contains("Group “Sales”: ada@example.org gains View Log in"), "{said}");
    desk.pictures(&format!("review-{pictures}")).await;
    let its_row = row(&account.phone);
    assert!(!other.has(&its_row).await, "a preview grants nothing");
    desk.press("Save", ".review").await;
    desk.find(".done").await;
    until_true("the row appears on the other page", FOLLOWED, async || other.has(&its_row).await).await;

    desk.goto(&stack.url("/roles")).await;
    desk.press("Support", "tbody").await;
    desk.press("Delete role…", "main").await;
    let said = desk.text(".effects").await;
    assert!(said.contains("ada@example.org loses View Log in"), "{said}");
    assert!(other.has(&its_row).await, "a preview revokes nothing");
    desk.press("Delete role", ".review").await;
    desk.find(".done").await;
    until_true("the row disappears from the other page", FOLLOWED, async || !other.has(&its_row).await).await;
    assert!(other.is_marked().await, "the page was not reloaded");
    assert_eq!(other.complaints().await, [""; 0]);
    for browser in [desk, other] {
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_changed_without_javascript_and_open_pages_follow() {
    story(Engine::Chromium, Scripts::Off, "plain").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_changed_and_open_pages_follow_in_firefox() {
    story(Engine::Firefox, Scripts::On, "firefox").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_changed_without_javascript_in_firefox() {
    story(Engine::Firefox, Scripts::Off, "firefox-plain").await;
}
