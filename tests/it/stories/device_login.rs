//! A new device is logged in to an account by the QR code that it shows. The device is another Telescope with its own
//! stock TDLib, so it really is logged in, and the phone of the account's owner shows it.

use serde_json::Value;

use crate::support::axe::barriers;
use crate::support::browser::{Browser, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, STEP, ready_account, sign_in};
use crate::support::new_device::NewDevice;
use crate::support::qr::screenshot;
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

const SECOND: &str = "second@example.org";
pub const WHY: &str = "Ada has a new phone";
/// How long the codes last where a test does not wait for their end.
const LONG: u32 = 600;

pub async fn begin(settings: &[(&str, &str)], password: Option<&str>) -> (Stack, Visitor, Row) {
    let stack = Stack::start_with_settings(settings).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, password).await;
    stack.phones().qr_codes_last(LONG).await;
    (stack, visitor, account)
}

async fn sessions(stack: &Stack, number: &str) -> Vec<Value> {
    let phone = stack.phones().phone(number).await.expect("the phone is there");
    phone["sessions"].as_array().unwrap().clone()
}

pub fn page_of(account: &Row) -> String {
    format!("/accounts/{}/device", account.id)
}

/// Sends a link without a browser; returns the status and what the page says.
async fn send(visitor: &Visitor, account: &Row, link: &str) -> (u16, String) {
    let fields = [("reason", WHY), ("link", link)];
    let answer = visitor.upload(&page_of(account), &fields, ("picture", b"")).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// What the audit log says of device logins, as its export has it.
async fn recorded(visitor: &Visitor) -> Vec<Value> {
    let export = visitor.post("/audit/export", &[("format", "jsonl")]).await;
    let text = export.text().await.unwrap();
    let entries = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries
        .filter(|entry| entry["code"].as_str().is_some_and(|code| code.starts_with("login.device")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_logged_in_by_the_link_of_its_code() {
    let (stack, visitor, account) = begin(&[("LOG", "trace,sqlx=debug,hyper=info")], None).await;
    let device = NewDevice::start(&stack, &account.phone).await;
    let before = sessions(&stack, &account.phone).await.len();
    let link = device.link().await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser.mark().await;
    browser.press("Log a device in", "main").await;
    browser.find("#dialog .qr").await;
    browser.pictures("device-1-form").await;
    let mut found = barriers(&browser, "device form").await;
    browser.fill("#dialog [name='reason']", WHY).await;
    browser.fill("#dialog [name='link']", "https://t.me/login/12345").await;
    browser.press("Log device in", "#dialog").await;
    browser.find("#qr-error").await;
    browser.pictures("device-2-wrong").await;
    found.extend(barriers(&browser, "device form with an error").await);
    browser.fill("#dialog [name='link']", &link).await;
    browser.press("Log device in", "#dialog").await;
    let shown = browser.text("#logged-in").await;
    assert!(shown.contains("logged in to the account") && shown.contains("Telescope"), "{shown}");
    browser.pictures("device-3-logged-in").await;
    found.extend(barriers(&browser, "device logged in").await);
    device.until_stage("ready").await;
    assert_eq!(sessions(&stack, &account.phone).await.len(), before + 1, "the phone shows the new device");
    until_true("the open page has it in its history", STEP, async || {
        browser.text("#account-history").await.contains("logged the device")
    })
    .await;
    assert!(browser.is_marked().await);
    assert_eq!(browser.complaints().await.iter().filter(|line| !line.contains("422")).count(), 0);
    browser.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));

    // The same code again.
    let (status, said) = send(&visitor, &account, &link).await;
    assert!(status == 409 && said.contains("was used before"), "{status} {said}");
    let trail = recorded(&visitor).await;
    let outcomes: Vec<_> = trail.iter().map(|entry| entry["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["intent", "done", "intent", "failed"], "{trail:?}");
    assert!(trail.iter().all(|entry| entry["reason"] == WHY), "{trail:?}");
    assert!(trail[1].to_string().contains("127.0.0.1"), "{trail:?}");

    // The token is nowhere.
    let token = link.split_once('=').unwrap().1;
    assert!(!stack.log().contains(token));
    for (file, bytes) in stack.contents() {
        assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "{}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_code_comes_too_late_and_uses_no_approval_up() {
    let admins = format!("{ADMIN},{SECOND}");
    let (stack, visitor, account) = begin(&[("ADMIN_EMAILS", &admins)], None).await;
    let second = Visitor::sign_in(&stack, SECOND).await;
    edit(&visitor, &account.id, &[("groups", "Board"), ("comment", "")]).await;
    stack.tamper("update account_groups set reveals_need_approval = true where name = 'Board'").await;
    stack.phones().qr_codes_last(1).await;
    let device = NewDevice::start(&stack, &account.phone).await;
    let old = device.link().await;
    device.link_after(&old).await;
    until_true("the approval is needed", STEP, async || send(&visitor, &account, &old).await.0 == 409).await;

    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&page_of(&account))).await;
    browser.fill("[name='reason']", WHY).await;
    browser.press("Request approval", "main").await;
    browser.find("#approval .moving").await;
    let list = second.get("/reveals").await.text().await.unwrap();
    assert!(list.contains("Device login of"), "{list}");
    let approve = list.split('"').find(|part| part.ends_with("/approve")).unwrap();
    second.does(approve, &[("note", "")]).await;
    browser.find("#approval .good").await;
    browser.pictures("device-approved").await;
    let found = barriers(&browser, "device approved").await;
    assert!(found.is_empty(), "{}", found.join("\n"));
    browser.fill("[name='link']", &old).await;
    browser.press("Log device in", "main").await;
    until_true("the page says so", STEP, async || browser.text("main").await.contains("This came too late"))
        .await;
    browser.pictures("device-late").await;
    stack.phones().qr_codes_last(LONG).await;
    until_true("a code that has not expired is accepted", STEP, async || {
        send(&visitor, &account, &device.link().await).await.0 == 303
    })
    .await;
    device.until_stage("ready").await;
    until_true("the open page says that the approval was used", STEP, async || {
        browser.text("#approval").await.contains("it was valid once")
    })
    .await;
    browser.close().await;

    // Another device needs another approval.
    let (status, said) = send(&visitor, &account, &old).await;
    assert!(status == 409 && said.contains("Your approval was used"), "{status} {said}");
    let trail = recorded(&visitor).await;
    let outcomes: Vec<_> = trail.iter().map(|entry| entry["outcome"].as_str().unwrap()).collect();
    assert!(outcomes.starts_with(&["intent", "failed"]), "{trail:?}");
    assert!(outcomes.ends_with(&["intent", "done"]), "{trail:?}");
    assert!(trail.last().unwrap().to_string().contains(SECOND), "{trail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_emergency_a_device_is_logged_in_and_approvers_are_told() {
    let admins = format!("{ADMIN},{SECOND}");
    let (stack, visitor, account) = begin(&[("ADMIN_EMAILS", &admins)], None).await;
    let second = Visitor::sign_in(&stack, SECOND).await;
    edit(&visitor, &account.id, &[("groups", "Board"), ("comment", "")]).await;
    let groups = visitor.get("/groups").await.text().await.unwrap();
    let group = groups.split('"').find(|part| part.starts_with("/groups/") && part.len() == 44).unwrap();
    visitor.does(&format!("{group}/approval"), &[("needed", "yes"), ("step", "save")]).await;
    visitor.does(&format!("{group}/emergency"), &[("allowed", "yes"), ("step", "save")]).await;
    let device = NewDevice::start(&stack, &account.phone).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&page_of(&account))).await;
    browser.click("#emergency summary").await;
    browser.pictures("device-emergency").await;
    browser.fill("#emergency-link", "https://t.me/login/12345").await;
    browser.fill("#emergency-reason", WHY).await;
    browser.press("Log device in without approval", "main").await;
    assert!(browser.text("#emergency-qr-error").await.contains("begins with tg://login?token="));
    browser.fill("#emergency-link", &device.link().await).await;
    browser.fill("#emergency-reason", WHY).await;
    browser.press("Log device in without approval", "main").await;
    browser.find("#logged-in").await;
    browser.close().await;
    device.until_stage("ready").await;
    let told = second.get("/jobs").await.text().await.unwrap();
    assert!(told.contains("logged a device in to") && told.contains(WHY), "{told}");
    assert_eq!(told.matches("Emergency access:").count(), 1, "{told}");
    let trail = visitor.get("/audit?code=login.device.emergency").await.text().await.unwrap();
    assert!(trail.contains(">Emergency<"), "{trail}");
}

/// Telegram's other answers, each with its sentence.
#[tokio::test(flavor = "multi_thread")]
async fn what_telegram_refuses_is_said_in_words() {
    let (stack, visitor, account) = begin(&[], None).await;
    let unknown = "tg://login?token=AQKmade_up-token_of_a_device_that_waits_010";
    let (status, said) = send(&visitor, &account, unknown).await;
    assert!(status == 409 && said.contains("know this QR code any more"), "{status} {said}");
    for (code, name, status, says) in [
        (400, "AUTH_TOKEN_EXCEPTION", 409, "logged in to this account already"),
        (420, "FLOOD_WAIT_90", 502, "Too many requests"),
        (406, "FROZEN_METHOD_INVALID", 502, "frozen this account"),
        (400, "SOMETHING_NEW", 502, "(SOMETHING_NEW)"),
    ] {
        stack.phones().refuse_with("auth.acceptLoginToken", &account.phone, code, name, 1).await;
        let got = send(&visitor, &account, unknown).await;
        assert!(got.0 == status && got.1.contains(says), "{name}: {got:?}");
    }
    let picture = screenshot(&["https://example.org/menu"]);
    let answer = visitor.upload(&page_of(&account), &[("reason", WHY)], ("picture", &picture)).await;
    assert_eq!(answer.status(), 422, "a picture is read here as well");
    let page = visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap();
    assert!(!page.contains("Too many requests"), "it is no problem of the account: {page}");
}
