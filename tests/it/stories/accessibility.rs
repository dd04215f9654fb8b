//! Every page there is, as axe sees it: no barrier on any, in light and dark, wide and on a phone.

use crate::support::axe::barriers;
use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, provide, ready_account, row, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

const PASSWORD: &str = "correct horse battery";

/// A walk through the pages that gathers what is found.
struct Walk {
    stack: Stack,
    browser: Browser,
    found: Vec<String>,
}

impl Walk {
    async fn begin() -> Self {
        Self { stack: Stack::start().await, browser: Browser::open(Scripts::On).await, found: Vec::new() }
    }

    async fn look(&mut self, page: &str) {
        self.found.extend(barriers(&self.browser, page).await);
    }

    async fn look_at(&mut self, path: &str, page: &str) {
        self.browser.goto(&self.stack.url(path)).await;
        self.look(page).await;
    }

    async fn end(self) {
        assert!(self.found.is_empty(), "{} barriers:\n{}", self.found.len(), self.found.join("\n"));
        self.browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_many_accounts() {
    let mut walk = Walk::begin().await;
    walk.look_at("/sign-in", "sign-in").await;
    walk.browser.run("document.forms[0].noValidate = true").await;
    walk.browser.fill("[name='email']", "nobody").await;
    walk.browser.press("Sign in", "main").await;
    walk.browser.find("#email-error").await;
    walk.look("sign-in refused").await;
    sign_in(&walk.browser, &walk.stack).await;
    walk.look("accounts empty").await;
    let visitor = Visitor::sign_in(&walk.stack, ADMIN).await;
    let form = [("phone", "+99966 2 1234"), ("owner", "ada@example.org"), ("comment", "Sales, north")];
    visitor.does("/accounts/add", &form).await;
    let ready = ready_account(&walk.stack, &visitor, None).await;
    visitor.does(&format!("/accounts/{}/edit", ready.id), &[("groups", "Sales"), ("comment", "")]).await;
    walk.look_at("/accounts", "accounts").await;
    walk.look_at("/accounts?sort=phone&stage=ready", "accounts sorted").await;
    walk.look_at("/accounts?q=nothing+like+it", "accounts none").await;

    walk.look_at("/accounts/add", "add").await;
    walk.browser.goto(&walk.stack.url("/accounts")).await;
    walk.browser.click("a.primary[href='/accounts/add']").await;
    walk.browser.fill("#dialog [name='phone']", "12").await;
    walk.browser.press("Add account", "#dialog").await;
    walk.browser.find("#phone-error").await;
    walk.look("add refused in the dialog").await;

    walk.look_at("/audit", "audit").await;
    walk.browser.run("document.querySelector('.kinds').open = true").await;
    walk.look("audit kinds").await;
    walk.look_at("/audit?from=soon&account=x", "audit refused").await;
    walk.look_at("/audit?actor=nobody", "audit none").await;
    Visitor::sign_in(&walk.stack, "ada@example.org").await;
    walk.look_at("/users", "people").await;
    walk.look_at("/users?q=nobody", "people none").await;
    walk.look_at("/accounts/nothing", "not found").await;
    // A page of nowhere sends a form: another site, which is refused.
    let target = walk.stack.url("/accounts/add-test");
    walk.browser
        .goto(&format!("data:text/html,<form method=post action={target}><button>Go</button></form>"))
        .await;
    walk.browser.press("Go", "body").await;
    let said = walk.browser.text("main").await;
    assert!(said.contains("another site"), "{said}");
    walk.look("forbidden").await;
    walk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_one_account() {
    let mut walk = Walk::begin().await;
    let visitor = Visitor::sign_in(&walk.stack, ADMIN).await;
    let phones = walk.stack.phones();
    sign_in(&walk.browser, &walk.stack).await;
    visitor.does("/accounts/add-test", &[]).await;
    let account = visitor.rows().await.remove(0);
    let page = format!("/accounts/{}", account.id);
    let part = |part: &str| format!("{page}/{part}");

    visitor.until_stage(&account.id, "signed-out", STEP).await;
    walk.look_at(&page, "account signed-out").await;
    walk.look_at(&part("provide"), "provide").await;
    walk.browser.goto(&walk.stack.url(&page)).await;
    walk.browser.press("Ask for a code", "main").await;
    walk.browser.find("[name='code']").await;
    phones.set_password(&account.phone, PASSWORD).await;
    let code = phones.code(&account.phone).await;
    walk.browser.fill("[name='code']", if code == "00000" { "11111" } else { "00000" }).await;
    walk.browser.press("Provide", "main").await;
    walk.browser.find("#code-error").await;
    walk.look("account wrong code").await;
    walk.browser.fill("[name='code']", &code).await;
    walk.browser.press("Provide", "main").await;
    walk.browser.find("[name='password']").await;
    walk.look("account wait-password").await;

    walk.browser.goto(&walk.stack.url("/accounts")).await;
    walk.browser.click(&format!("{} .actions a", row(&account.phone))).await;
    walk.browser.find("#dialog [name='password']").await;
    walk.look("provide in the dialog").await;
    provide(&walk.browser, "password", PASSWORD).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    walk.look_at(&page, "account ready").await;

    walk.look_at(&part("edit"), "edit").await;
    walk.look_at(&part("password"), "password").await;
    visitor.does(&part("password"), &[("password", PASSWORD)]).await;
    walk.look_at(&part("password/reveal"), "reveal password").await;
    walk.browser.press("Show password", "main").await;
    walk.browser.find("#reason-error").await;
    walk.look("reveal password refused").await;
    walk.browser.fill("[name='reason']", "Signing in to the desktop app").await;
    walk.browser.press("Show password", "main").await;
    walk.browser.find(".secret").await;
    walk.look("password shown").await;
    walk.look_at(&part("code"), "code").await;
    walk.browser.fill("[name='reason']", "Signing in to the desktop app").await;
    walk.browser.press("Show login code", "main").await;
    walk.browser.find(".secret, [role='alert']").await;
    walk.look("code shown").await;
    walk.browser.goto(&walk.stack.url(&part("code"))).await;
    walk.browser.fill("[name='reason']", "Signing in to the desktop app").await;
    walk.browser.press("Wait for the next code", "main").await;
    walk.browser.find("#awaited").await;
    walk.look("code awaited").await;

    walk.look_at(&part("log-out"), "log out").await;
    walk.look_at(&part("remove"), "remove").await;
    walk.browser.fill("[name='digits']", "12").await;
    walk.browser.press("Remove account", "main").await;
    walk.browser.find("#digits-error").await;
    walk.look("remove refused").await;
    walk.look_at("/jobs", "no jobs").await;

    visitor.does(&part("disconnect"), &[]).await;
    visitor.until_stage(&account.id, "disconnected", STEP).await;
    walk.look_at(&page, "account disconnected").await;
    let digits = &account.phone[account.phone.len() - 4..];
    visitor.does(&part("remove"), &[("digits", digits)]).await;
    walk.look_at("/jobs", "jobs").await;
    walk.end().await;
}
