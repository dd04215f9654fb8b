//! A person opens Telescope for the first time, adds a test number, logs it in, and comes back after a restart.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{add_test_account, ask_for_code, provide, read_phone, row, until_stage};
use crate::support::stack::Stack;

const PASSWORD: &str = "correct horse battery";

async fn story(scripts: Scripts, pictures: &str) {
    let mut stack = Stack::start().await;
    let phones = stack.phones();
    let browser = Browser::open(scripts).await;

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
    story(Scripts::On, "login").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript() {
    story(Scripts::Off, "login-plain").await;
}
