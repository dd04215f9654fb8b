//! Every way in which Telegram lets people log in, with the stock TDLib.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{
    ADMIN, STEP, act, add_test_account, added_account, ask, give_code, place, provide, row, until_stage,
};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

#[tokio::test(flavor = "multi_thread")]
async fn a_code_can_come_in_any_way() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    for (delivery, says) in [
        ("app", "as a message to the devices"),
        ("sms", "in a text message"),
        ("call", "reads the code out"),
        ("flash_call", "The calling number is the code. It looks like +42100"),
        ("missed_call", "Telegram calls once from +42100"),
        ("fragment", "Open the code on fragment.com"),
        ("sms_word", "Its first letter is “a”"),
        ("sms_phrase", "Its first word is “apple”"),
    ] {
        let account = added_account(&visitor).await;
        phones.add(&account.phone).await;
        phones.deliver(&account.phone, delivery).await;
        ask(&visitor, &account).await;
        visitor.until_stage(&account.id, "wait-code", STEP).await;
        let page = visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap();
        assert!(page.contains(says), "{delivery}: {page}");
        give_code(&stack, &visitor, &account).await;
        visitor.until_stage(&account.id, "ready", STEP).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_code_is_reported_and_comes_another_way() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    phones.add(&account.phone).await;
    phones.deliver(&account.phone, "sms,call").await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    act(&visitor, &account, "report-missing").await;
    assert_eq!(phones.calls("auth.reportMissingCode", &account.phone).await, 1);
    let shown = visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap();
    assert!(shown.contains("told Telegram that the login code did not arrive"), "{shown}");
    assert_eq!(phones.codes_asked_for(&account.phone).await, 1, "a report requests no code");
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}

const PASSWORD: &str = "correct horse battery";

/// The link in the QR code that the page shows; the page may reload at any time.
async fn link(browser: &Browser) -> String {
    browser
        .value("document.querySelector('#qr svg') && document.querySelector('#qr-link').getAttribute('href')")
        .await
}

async fn qr_code(scripts: Scripts) {
    let stack = Stack::start().await;
    let phones = stack.phones();
    phones.qr_codes_last(4).await;
    let browser = Browser::open(scripts).await;
    let number = add_test_account(&browser, &stack).await;
    phones.add(&number).await;
    phones.set_password(&number, PASSWORD).await;
    browser.click(&format!("{} .actions a", row(&number))).await;
    browser.press("Use a QR code instead", place(scripts)).await;
    let mut shown = vec![link(&browser).await];
    browser.pictures(&format!("qr-{scripts:?}")).await;
    until_true("three codes have expired", STEP, async || {
        let present = link(&browser).await;
        if shown.last() != Some(&present) {
            shown.push(present);
        }
        shown.len() > 3
    })
    .await;
    phones.qr_codes_last(60).await;
    until_true("the newest code is scanned", STEP, async || {
        phones.scan(&number, &link(&browser).await).await
    })
    .await;
    browser.find("[name='password']").await;
    provide(&browser, "password", PASSWORD).await;
    until_stage(&browser, &stack, &number, "ready").await;
    assert_eq!(phones.calls_in_all("auth.sendCode").await, 0, "no code was needed");
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qr_code_is_replaced_until_it_is_scanned() {
    qr_code(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qr_code_is_replaced_without_javascript() {
    qr_code(Scripts::Off).await;
}

/// The link in the QR code on the account's page.
async fn link_of(visitor: &Visitor, page: &str) -> String {
    let html = visitor.get(page).await.text().await.unwrap();
    let link = html.split_once("tg://login?token=").expect("the page has the link").1;
    format!("tg://login?token={}", link.split('"').next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_than_the_one_that_belongs_here_is_logged_out() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    let other = "9996620777";
    phones.add(other).await;

    let wrong_account = async || {
        act(&visitor, &account, "show-qr").await;
        visitor.until_stage(&account.id, "wait-other-device", STEP).await;
        assert!(phones.scan(other, &link_of(&visitor, &page).await).await);
        visitor.until_stage(&account.id, "ended", STEP).await;
        let shown = visitor.get(&page).await.text().await.unwrap();
        assert!(shown.contains("A different Telegram account logged in"), "{shown}");
        let sessions =
            phones.phone(other).await.expect("the phone is there")["sessions"].as_array().unwrap().len();
        assert_eq!(sessions, 1, "the phone's own");
    };
    wrong_account().await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    // Also when it is known which account belongs here.
    phones.revoke(&account.phone).await;
    visitor.until_stage(&account.id, "ended", STEP).await;
    wrong_account().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_qr_code_can_be_given_up() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    act(&visitor, &account, "show-qr").await;
    visitor.until_stage(&account.id, "wait-other-device", STEP).await;
    act(&visitor, &account, "start-over").await;
    visitor.until_stage(&account.id, "signed-out", STEP).await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}
