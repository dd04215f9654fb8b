//! A stored two-step password is viewed by an authorized person, and disappears from the page after a minute.

use crate::support::browser::{Browser, Scripts};
use crate::support::driver::Engine;
use crate::support::login::{ADMIN, added_account, place, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

const PASSWORD: &str = "Regenbogen-Stelze 17, ½ and a very long tail of words so that it has to be wrapped";

async fn looking(engine: Engine, scripts: Scripts, name: &str) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let page = stack.url(&format!("/accounts/{}", account.id));
    let browser = Browser::open_in(engine, scripts).await;
    sign_in(&browser, &stack).await;
    browser.goto(&page).await;
    assert!(!browser.has("a[href$='/password/reveal']").await, "nothing is stored");
    visitor.does(&format!("/accounts/{}/password", account.id), &[("password", PASSWORD)]).await;

    browser.reload().await;
    browser.press("Show two-step password", "main").await;
    browser.pictures(&format!("{name}-asked")).await;
    browser.press("Show password", place(scripts)).await;
    assert!(browser.text("#reason-error").await.contains("Enter a reason"));
    // Chromium logs 422 responses itself.
    let own = usize::from(engine == Engine::Chromium);
    assert_eq!(browser.complaints().await.len(), own);
    browser.fill("[name='reason']", "Ada is on leave and the desk has a new phone").await;
    if scripts == Scripts::On {
        // The test ends the minute early.
        let keep = "const real = setTimeout.bind(window); window.later = [];
            window.setTimeout = (then, after, ...rest) =>
                after === 60000 ? window.later.push(then) : real(then, after, ...rest);";
        browser.run(keep).await;
    }
    browser.press("Show password", place(scripts)).await;
    assert_eq!(browser.text("output.secret").await, PASSWORD);
    browser.pictures(name).await;
    if scripts == Scripts::On {
        browser.run("window.later.forEach((then) => then())").await;
        assert_eq!(browser.text("#awaited").await, "Hidden.");
    }
    assert_eq!(browser.complaints().await, [""; 0]);
    for address in [&page, &format!("{page}/password/reveal"), &stack.url("/audit")] {
        browser.goto(address).await;
        assert!(!browser.text("body").await.contains("Regenbogen"), "{address}");
    }
    assert!(browser.text("body").await.contains("Ada is on leave"), "the reason is in the audit log");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_shown_in_the_dialog_and_hidden_again() {
    looking(Engine::Chromium, Scripts::On, "password-shown").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_shown_without_javascript() {
    looking(Engine::Chromium, Scripts::Off, "password-shown-plain").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_shown_and_hidden_again_in_firefox() {
    looking(Engine::Firefox, Scripts::On, "password-shown-firefox").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_shown_without_javascript_in_firefox() {
    looking(Engine::Firefox, Scripts::Off, "password-shown-firefox-plain").await;
}
