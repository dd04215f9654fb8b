//! A person opens Telescope for the first time, adds a test number, logs it in, and comes back after a restart.

use crate::support::browser::{Browser, Scripts};
use crate::support::driver::Engine;
use crate::support::login::{
    ADMIN, STEP, account_that_waits_for_a_code, add_test_account, added_account, ask, ask_for_code,
    give_code, provide, read_phone, row, until_stage,
};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

const PASSWORD: &str = "correct horse battery";

async fn story(engine: Engine, scripts: Scripts, pictures: &str) {
    let mut stack = Stack::start().await;
    let phones = stack.phones();
    let browser = Browser::open_in(engine, scripts).await;

    let number = add_test_account(&browser, &stack).await;
    assert_eq!(phones.calls_in_all("auth.sendCode").await, 0, "adding an account requests no code");
    browser.pictures(&format!("{pictures}-1-added")).await;

    ask_for_code(&browser, &number).await;
    let code = read_phone(&browser, &stack, &number, PASSWORD).await;
    browser.pictures(&format!("{pictures}-2-code")).await;
    provide(&browser, "code", &code).await;
    browser.find("[name='password']").await;
    browser.pictures(&format!("{pictures}-3-password")).await;
    provide(&browser, "password", PASSWORD).await;
    until_stage(&browser, &stack, &number, "ready").await;
    if scripts == Scripts::On {
        assert!(browser.is_marked().await, "the row became ready without a reload");
    }
    browser.pictures(&format!("{pictures}-4-ready")).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    assert_eq!(phones.codes_asked_for(&number).await, 1);

    assert!(stack.stop().await.success());
    stack.start_again().await;
    browser.goto(&stack.url("/accounts")).await;
    until_stage(&browser, &stack, &number, "ready").await;
    assert!(browser.has(&row(&number)).await);
    assert_eq!(stack.phones().codes_asked_for(&number).await, 1, "a start requests no code");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_javascript() {
    story(Engine::Chromium, Scripts::On, "login").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript() {
    story(Engine::Chromium, Scripts::Off, "login-plain").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_firefox() {
    story(Engine::Firefox, Scripts::On, "login-firefox").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_firefox_without_javascript() {
    story(Engine::Firefox, Scripts::Off, "login-firefox-plain").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_number_is_corrected_before_the_first_login() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let (account, taken) = (account_that_waits_for_a_code(&visitor).await, added_account(&visitor).await);
    let page = format!("/accounts/{}", account.id);
    let path = format!("{page}/number");
    assert!(visitor.get(&page).await.text().await.unwrap().contains("Correct number"));
    let post = async |phone: &str| {
        let answer = visitor.post(&path, &[("phone", phone)]).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for (phone, said) in [
        (taken.phone.as_str(), "There is already an account with this number"),
        (account.phone.as_str(), "already has this number"),
        ("12", "5 to 15 digits"),
        ("0151 2345678", "Start with the country code"),
    ] {
        let (status, shown) = post(phone).await;
        assert!(status == 422 && shown.contains(said) && shown.contains("phone-error"), "{phone}: {shown}");
    }
    visitor.until_stage(&account.id, "wait-code", STEP).await;

    let right = if taken.phone == "9996620077" { "9996620078" } else { "9996620077" };
    assert_eq!(post(&format!("+{right}")).await.0, 303);
    let row = visitor.until_stage(&account.id, "signed-out", STEP).await;
    assert_eq!(row.phone, right);
    ask(&visitor, &row).await;
    visitor.until_stage(&row.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &row).await;
    visitor.until_stage(&row.id, "ready", STEP).await;
    assert_eq!(stack.phones().codes_asked_for(right).await, 1);

    let (status, shown) = post("+9996620079").await;
    assert!(status == 409 && shown.contains("was logged in with its number"), "{status} {shown}");
    let shown = visitor.get(&page).await.text().await.unwrap();
    assert!(!shown.contains("Correct number") && shown.contains("corrected the number from"), "{shown}");
}
