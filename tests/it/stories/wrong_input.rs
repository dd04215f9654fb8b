//! A wrong code or password gives a message beside the field, and the right one works afterwards.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{STEP, add_test_account, ask_for_code, provide, until_stage};
use crate::support::stack::Stack;

const PASSWORD: &str = "Täuschend echt 🔭";

async fn story(scripts: Scripts, pictures: &str) {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let browser = Browser::open(scripts).await;
    let number = add_test_account(&browser, &stack).await;
    ask_for_code(&browser, &number).await;
    phones.set_password(&number, PASSWORD).await;
    let code = phones.code(&number).await;

    let wrong = if code == "00000" { "11111" } else { "00000" };
    provide(&browser, "code", wrong).await;
    let said = browser.text("#code-error").await;
    assert!(said.contains("Wrong code"), "{said}");
    browser.until_shown("#show-qr:not([disabled])", STEP).await;
    browser.pictures(&format!("{pictures}-1-code")).await;
    provide(&browser, "code", &code).await;

    browser.find("[name='password']").await;
    provide(&browser, "password", "not this one").await;
    let said = browser.text("#password-error").await;
    assert!(said.contains("Wrong password"), "{said}");
    browser.pictures(&format!("{pictures}-2-password")).await;
    provide(&browser, "password", PASSWORD).await;

    until_stage(&browser, &stack, &number, "ready").await;
    assert_eq!(phones.codes_asked_for(&number).await, 1, "a wrong code does not request another one");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_javascript() {
    story(Scripts::On, "wrong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript() {
    story(Scripts::Off, "wrong-plain").await;
}
