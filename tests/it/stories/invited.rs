//! A person who is no user of Telescope brings their account in with a link, on a phone, while the person who sent it
//! watches.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, read_phone};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const NUMBER: &str = "9996620077";
const PASSWORD: &str = "correct horse battery";

/// Creates an invite; returns its link.
async fn invite(visitor: &Visitor) -> String {
    let fields = [("person", "ada@example.org"), ("comment", "Desk 7"), ("hours", "24")];
    let page = visitor.post("/invites/new", &fields).await.text().await.unwrap();
    let link = page.split("/onboarding/invite/").nth(1).expect("the page shows the link");
    format!("/onboarding/invite/{}", link.split('<').next().unwrap())
}

async fn lists(visitor: &Visitor, state: &str) -> bool {
    visitor.get("/invites").await.text().await.unwrap().contains(&format!("data-state=\"{state}\""))
}

/// Presses a button in the page's content; without scripts the next page has to load.
async fn press(browser: &Browser, label: &str) {
    browser.press(label, "main").await;
}

/// With `keep`, the person lets Telescope store their two-step password.
async fn story(scripts: Scripts, keep: bool, pictures: &str) {
    let stack = Stack::start_with_settings(&[("ORGANISATION_NAME", "Example Ltd")]).await;
    let creator = Visitor::sign_in(&stack, ADMIN).await;
    let link = invite(&creator).await;
    let browser = Browser::open(scripts).await;
    browser.resize(390, 844).await;

    browser.goto(&stack.url(&link)).await;
    browser.find("#begin").await;
    assert_eq!(browser.pixels_too_wide().await, 0);
    browser.picture(&format!("{pictures}-1-begin")).await;
    assert!(lists(&creator, "created").await, "looking at it changes nothing");
    browser.click("#consent").await;
    press(&browser, "Agree and continue").await;
    browser.find("[name='phone']").await;
    assert!(browser.address().await.ends_with("/onboarding/login"), "the address has no link");
    browser.picture(&format!("{pictures}-2-number")).await;
    assert!(lists(&creator, "opened").await);

    // The link in another browser.
    let other = Browser::open(Scripts::Off).await;
    other.goto(&stack.url(&link)).await;
    assert!(other.text("main").await.contains("another browser"));
    other.close().await;

    browser.fill("[name='phone']", &format!("+{NUMBER}")).await;
    press(&browser, "Continue").await;
    browser.until_shown("#step[data-stage='signed-out']", STEP).await;
    assert_eq!(browser.pixels_too_wide().await, 0);
    assert_eq!(stack.phones().calls_in_all("auth.sendCode").await, 0, "no code is requested unasked");
    press(&browser, "Send login code").await;
    browser.until_shown("[name='code']", STEP).await;
    browser.picture(&format!("{pictures}-3-code")).await;
    let code = read_phone(&browser, &stack, NUMBER, PASSWORD).await;
    browser.fill("[name='code']", &code).await;
    press(&browser, "Continue").await;
    browser.until_shown("[name='password']", STEP).await;
    browser.fill("[name='password']", PASSWORD).await;
    if keep {
        browser.click("[name='keep']").await;
    }
    press(&browser, "Continue").await;
    browser.until_shown("#step[data-stage='done']", STEP).await;
    assert_eq!(browser.pixels_too_wide().await, 0);
    browser.picture(&format!("{pictures}-4-done")).await;
    until_true("the invite is done", STEP, async || lists(&creator, "done").await).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    let account = format!("/accounts/{}", creator.rows().await.remove(0).id);
    until_true("the password is stored if the person wanted that", STEP, async || {
        let page = creator.get(&account).await.text().await.unwrap();
        page.contains("<dt>Two-step password</dt><dd>Not stored") != keep
    })
    .await;

    // Used up, for everyone.
    browser.goto(&stack.url("/accounts")).await;
    browser.find("[name='email']").await;
    assert_eq!(creator.get(&link).await.status().as_u16(), 410);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_says_that_its_invite_was_revoked() {
    let stack = Stack::start().await;
    let creator = Visitor::sign_in(&stack, ADMIN).await;
    let link = invite(&creator).await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&stack.url(&link)).await;
    browser.click("#consent").await;
    press(&browser, "Agree and continue").await;
    browser.fill("[name='phone']", &format!("+{NUMBER}")).await;
    press(&browser, "Continue").await;
    browser.until_shown("#step[data-stage='signed-out']", STEP).await;
    let list = creator.get("/invites").await.text().await.unwrap();
    let id = list.split("id=\"invite-").nth(1).and_then(|rest| rest.split('"').next()).expect("it is listed");
    creator.does(&format!("/invites/{id}/revoke"), &[]).await;
    until_true("the page says so", STEP, async || {
        browser.text("main").await.contains("This link was revoked")
    })
    .await;
    assert!(browser.address().await.ends_with("/onboarding/login"), "there is nothing to sign in to");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_javascript() {
    story(Scripts::On, true, "invited").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript() {
    story(Scripts::Off, false, "invited-plain").await;
}
