//! The devices of an account: people see them, end those that don't belong there, and hear of new ones at once.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, ask, give_code, ready_account, sign_in};
use crate::support::second::Second;
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::{until, until_true};

const PIXEL: &[(&str, &str)] = &[
    ("device", "Pixel 9"),
    ("system", "16"),
    ("version", "11.5.3"),
    ("api_id", "4"),
    ("ip", "203.0.113.7"),
    ("country", "Portugal"),
    ("hours", "400"),
];

async fn desk() -> (Stack, Visitor, Row) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    (stack, visitor, account)
}

/// A browser that shows the account's page.
async fn looking(stack: &Stack, account: &Row, scripts: Scripts) -> Browser {
    let browser = Browser::open(scripts).await;
    sign_in(&browser, stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser
}

fn device(name: &str) -> String {
    format!("#devices [data-device='{name}']")
}

/// Waits until the page without JavaScript has this.
async fn until_loaded(browser: &Browser, url: &str, css: &str) {
    until_true(css, STEP, async || {
        browser.goto(url).await;
        browser.has(css).await
    })
    .await;
}

/// The number of the account's sessions at Telegram.
async fn sessions(stack: &Stack, account: &Row) -> usize {
    stack.phones().devices(&account.phone).await.len()
}

/// What the audit log says of devices, the oldest first.
async fn recorded(visitor: &Visitor) -> Vec<String> {
    let answer = visitor.post("/audit/export", &[("format", "csv")]).await;
    let text = answer.text().await.unwrap();
    let lines = text.lines().filter(|line| line.contains("device.")).map(str::to_owned);
    let mut lines: Vec<String> = lines.collect();
    lines.sort_by_key(|line| line.split(',').next().and_then(|seq| seq.parse::<i64>().ok()));
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_ended_and_its_client_is_signed_out() {
    let (stack, visitor, account) = desk().await;
    let browser = looking(&stack, &account, Scripts::On).await;
    browser.until_shown("#devices #device-0", STEP).await;
    assert_eq!(browser.text("#devices .badge").await, "This is Telescope");

    // Another organisation logs the same number in: a real client, of which Telegram tells in a message.
    let mut other = Second::start_apart(&stack);
    let elsewhere = until("the other server answers", STEP, async || {
        reqwest::get(other.url("/ready")).await.ok().filter(|answer| answer.status().is_success())?;
        Some(Visitor::sign_in_at(other.url(""), ADMIN).await)
    })
    .await;
    elsewhere.does("/accounts/add", &[("phone", &account.phone)]).await;
    let its = elsewhere.rows().await.remove(0);
    elsewhere.until_stage(&its.id, "signed-out", STEP).await;
    ask(&elsewhere, &its).await;
    elsewhere.until_stage(&its.id, "wait-code", STEP).await;
    give_code(&stack, &elsewhere, &its).await;
    elsewhere.until_stage(&its.id, "ready", STEP).await;
    browser.until_shown("#devices[data-count='2']", STEP).await;
    let shown = browser.text("#devices li:not(#device-0)").await;
    assert!(shown.contains("Telescope") && shown.contains("Unofficial app"), "{shown}");

    // Telegram's rule for new sessions, with the time at which it ends.
    assert!(browser.text("#devices-fresh").await.contains("24 hours old"));
    browser.click("#devices li .end").await;
    browser.press("End session", "#dialog").await;
    let refused = browser.find("#dialog [role='alert']").await.text().await.unwrap();
    assert!(refused.contains("24 hours old. Telescope's session can do it from"), "{refused}");
    assert_eq!(sessions(&stack, &account).await, 2);
    stack.phones().age_sessions(&account.phone, 25).await;
    browser.press("End session", "#dialog").await;
    browser.until_shown("#devices[data-count='1']", STEP).await;
    elsewhere.until_stage(&its.id, "ended", STEP).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert!(!browser.has("#dialog[open]").await, "the dialog is closed");
    assert_eq!(sessions(&stack, &account).await, 1);
    assert!(!browser.has("#devices-fresh").await && !browser.has("#end-others").await);

    let log = recorded(&visitor).await;
    let has = |parts: &[&str]| log.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(has(&["device.appeared", "system:telegram"]), "{log:?}");
    assert!(has(&["device.ended", "intent", ADMIN]) && has(&["device.ended", "failed", ADMIN]), "{log:?}");
    assert!(has(&["device.ended", "done", ADMIN]) && has(&["device.gone", "system:telegram"]), "{log:?}");
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|it| it.contains("409 (Conflict)")), "{complaints:?}");
    browser.close().await;
    assert!(other.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sign_in_is_shown_at_once_and_confirmed_or_ended() {
    let (stack, visitor, account) = desk().await;
    let phones = stack.phones();
    phones.age_sessions(&account.phone, 48).await;
    let browser = looking(&stack, &account, Scripts::On).await;
    browser.until_shown("#devices #device-0", STEP).await;
    browser.mark().await;
    let new = [PIXEL, &[("unconfirmed", "true"), ("announced", "true")]].concat();
    phones.add_device(&account.phone, &new).await;
    browser.until_shown(&device("Pixel 9"), STEP).await;
    let question = browser.text("#devices .device-question").await;
    assert!(question.contains("New sign-in: Pixel 9, Telegram Android 11.5.3, Portugal"), "{question}");
    browser.pictures("devices-new").await;
    browser.click("#devices .device-question button").await;
    until_true("nothing is asked any more", STEP, async || !browser.has("#devices .device-question").await)
        .await;
    assert!(browser.has(&device("Pixel 9")).await);
    assert!(!phones.devices(&account.phone).await.iter().any(|it| it["unconfirmed"] == true));

    // Another one is refused.
    phones.add_device(&account.phone, &[("device", "Stranger"), ("unconfirmed", "true")]).await;
    browser.until_shown("#devices .device-question", STEP).await;
    browser.click("#devices .device-question .danger").await;
    browser.press("End session", "#dialog").await;
    until_true("it is gone", STEP, async || !browser.has(&device("Stranger")).await).await;
    assert_eq!(sessions(&stack, &account).await, 2);

    // The phone's owner ends one: no update says so, but a message may bring the list.
    phones.end_device(&account.phone, "Pixel 9").await;
    browser.click("#refresh-devices").await;
    until_true("it is gone", STEP, async || !browser.has(&device("Pixel 9")).await).await;
    assert!(browser.is_marked().await, "the page was not reloaded");
    let log = recorded(&visitor).await;
    for (code, part) in [
        ("device.appeared", "Pixel 9"),
        ("device.confirmed", "Pixel 9"),
        ("device.ended", "Stranger"),
        ("device.gone", "Stranger"),
        ("device.gone", "Pixel 9"),
    ] {
        assert!(log.iter().any(|line| line.contains(code) && line.contains(part)), "{code} {part}: {log:?}");
    }
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_devices_are_ended_while_another_one_appears() {
    let (stack, visitor, account) = desk().await;
    let phones = stack.phones();
    phones.age_sessions(&account.phone, 48).await;
    phones.add_device(&account.phone, &[PIXEL, &[("count", "100")]].concat()).await;
    visitor.does(&format!("/accounts/{}/devices/refresh", account.id), &[]).await;
    let browser = looking(&stack, &account, Scripts::On).await;
    browser.until_shown("#devices[data-count='101']", STEP).await;
    browser.click("#devices .more-devices summary").await;
    browser.pictures("devices-many").await;
    browser.goto(&stack.url("/accounts")).await;
    browser.click("a[href='/devices']").await;
    browser.find("tr[data-device='Pixel 9']").await;
    assert_eq!(browser.text(".chips [aria-current] .number").await, "100");
    browser.pictures("devices-all").await;
    browser.fill("#q", "portugal pixel").await;
    browser.press("Search", "main").await;
    browser.click("tr[data-device] a.phone").await;
    browser.until_shown("#devices[data-count='101']", STEP).await;
    browser.click("#end-others").await;
    let asked = browser.text("#dialog").await;
    assert!(asked.contains("100 other devices"), "{asked}");
    let late = async {
        phones.add_device(&account.phone, &[("device", "Late"), ("announced", "true")]).await;
    };
    tokio::join!(browser.press("End all other devices", "#dialog"), late);
    // It came before Telegram ended the others, or after that. What is shown is what is true.
    until_true("the page shows what is true", STEP, async || {
        let left = sessions(&stack, &account).await;
        left <= 2 && browser.has(&format!("#devices[data-count='{left}']")).await
    })
    .await;
    let left = phones.devices(&account.phone).await;
    assert_eq!(browser.has(&device("Late")).await, left.len() == 2, "{left:?}");
    assert!(!browser.has(&device("Pixel 9")).await);
    let log = recorded(&visitor).await;
    assert_eq!(
        log.iter().filter(|line| line.contains("device.gone") && line.contains("Pixel 9")).count(),
        100
    );
    assert!(log.iter().any(|line| line.contains("device.others-ended") && line.contains("done")), "{log:?}");
    visitor.until_stage(&account.id, "ready", STEP).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_managed_without_javascript() {
    let (stack, _, account) = desk().await;
    let phones = stack.phones();
    phones.add_device(&account.phone, PIXEL).await;
    phones.add_device(&account.phone, &[("device", "Office PC"), ("api_id", "2040")]).await;
    phones.add_device(&account.phone, &[("device", "New"), ("unconfirmed", "true")]).await;
    let page = stack.url(&format!("/accounts/{}", account.id));
    let browser = looking(&stack, &account, Scripts::Off).await;
    until_loaded(&browser, &page, &device("New")).await;
    assert!(browser.text("#devices-fresh").await.contains("24 hours old"));
    browser.click("#devices .device-question button").await;
    browser.find("#devices").await;
    assert!(!browser.has("#devices .device-question").await);

    browser.click(&format!("{} .end", device("Pixel 9"))).await;
    browser.press("End session", "main").await;
    let refused = browser.find("main [role='alert']").await.text().await.unwrap();
    assert!(refused.contains("24 hours old") && refused.contains("UTC"), "{refused}");
    phones.age_sessions(&account.phone, 30).await;
    browser.press("End session", "main").await;
    browser.find("#devices[data-count='3']").await;
    assert!(!browser.has(&device("Pixel 9")).await);

    browser.click("#set-idle").await;
    browser.fill("[name='days']", "400").await;
    browser.press("Save", "main").await;
    assert!(browser.text("#days-error").await.contains("1 to 366"));
    browser.fill("[name='days']", "30").await;
    browser.press("Save", "main").await;
    browser.find("#devices").await;
    assert!(browser.text("#devices").await.contains("not used for 30 days"));
    assert_eq!(phones.phone(&account.phone).await.unwrap()["authorization_ttl_days"], 30);

    // A device that the phone's owner ends while the question is open.
    browser.click(&format!("{} .end", device("Office PC"))).await;
    phones.end_device(&account.phone, "Office PC").await;
    browser.press("End session", "main").await;
    assert!(browser.text("main").await.contains("This device isn't signed in any more."));
    browser.click("a.back").await;
    browser.find("#devices[data-count='2']").await;

    browser.pictures("devices-plain").await;
    browser.click("#end-others").await;
    browser.pictures("devices-end-others").await;
    browser.press("End all other devices", "main").await;
    browser.find("#devices[data-count='1']").await;
    assert_eq!(sessions(&stack, &account).await, 1);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_messages_are_no_reason_to_ask_for_the_devices_each_time() {
    let (stack, _, account) = desk().await;
    let phones = stack.phones();
    let asked = async || phones.calls("account.getAuthorizations", &account.phone).await;
    until_true("the devices are read after the login", STEP, async || asked().await > 0).await;
    let before = asked().await;
    phones.flood(&account.phone, 3).await;
    until_true("many messages have come", STEP, async || {
        let phone = phones.phone(&account.phone).await.unwrap();
        phone["messages"].as_array().is_some_and(|messages| messages.len() >= 400)
    })
    .await;
    let more = asked().await - before;
    assert!(more <= 2, "{more} requests for hundreds of messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_telegram_refuses_or_does_not_answer_is_said() {
    let (mut stack, visitor, account) = desk().await;
    let phones = stack.phones();
    phones.age_sessions(&account.phone, 30).await;
    phones.add_device(&account.phone, PIXEL).await;
    let address = |what: &str| format!("/accounts/{}/devices/{what}", account.id);
    visitor.does(&address("refresh"), &[]).await;
    let hash = phones.devices(&account.phone).await;
    let hash = hash.iter().find(|it| it["device"] == "Pixel 9").unwrap()["hash"].as_str().unwrap().to_owned();
    let end = async |said: &str| {
        let answer = visitor.post(&address("end"), &[("device", &hash)]).await;
        let text = answer.text().await.unwrap();
        assert!(text.contains(said), "{said}: {text}");
    };
    phones.refuse_with("account.resetAuthorization", &account.phone, 420, "FLOOD_WAIT_3600", 1).await;
    end("Telegram will accept a new one in 60 minutes").await;
    phones.set_account(&account.phone, "frozen").await;
    end("Telegram has frozen this account").await;
    phones.set_account(&account.phone, "registered").await;
    visitor.does(&format!("/accounts/{}/disconnect", account.id), &[]).await;
    visitor.until_stage(&account.id, "disconnected", STEP).await;
    end("This account is disconnected").await;
    let page = visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap();
    assert!(page.contains("Pixel 9") && !page.contains("id=\"end-others\""), "the last known list is shown");

    // It survives a restart; what happened meanwhile is noticed once the account is connected.
    stack.kill_telescope().await;
    stack.start_again().await;
    let page = visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap();
    assert!(page.contains("Pixel 9"), "{page}");
    phones.add_device(&account.phone, &[("device", "Meanwhile"), ("announced", "true")]).await;
    visitor.does(&format!("/accounts/{}/connect", account.id), &[]).await;
    until_true("the new device is listed", STEP, async || {
        let page = visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap();
        page.contains("Meanwhile")
    })
    .await;
    let log = recorded(&visitor).await;
    assert!(log.iter().any(|line| line.contains("device.appeared") && line.contains("Meanwhile")), "{log:?}");
    let pixels = log.iter().filter(|line| line.contains("device.appeared") && line.contains("Pixel 9"));
    assert_eq!(pixels.count(), 1, "it is no news after the restart: {log:?}");
}
