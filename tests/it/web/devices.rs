//! The devices of an account: who sees them, what is recorded of them, and what can't be done with them.

use axum::http::StatusCode;
use telescope::domain::device::tidy;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::domain::{AccountId, Device, DeviceId, Devices, Identifier, Millis, Stage};
use telescope::ops::devices::lists;
use telescope::store::{self, StoreError};

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::live::next;

const HOUR: i64 = 60 * 60 * 1000;

fn device(id: i64, model: &str) -> Device {
    Device {
        id: DeviceId(id),
        is_own: id == 0,
        is_unconfirmed: false,
        is_incomplete: false,
        model: model.to_owned(),
        system: "Android 16".into(),
        app: "Telegram Android 11.5".into(),
        is_official: id != 0,
        address: "203.0.113.77".into(),
        place: "Portugal".into(),
        signed_in: Millis(0),
        last_active: Millis(1000 - id),
    }
}

fn list(devices: &[Device], read_at: i64) -> Devices {
    Devices::new(devices.to_vec(), 180, Millis(read_at))
}

/// The account's client has read this list.
async fn has(test: &TestApp, account: AccountId, devices: Devices) {
    test.app.live.devices.put(account, devices);
    lists::store(&test.app).await.unwrap();
}

/// An account that is logged in, with Telescope and a phone.
async fn ready(test: &TestApp, number: u16) -> AccountId {
    let id = test.account(number, None).await;
    test.set_stage(id, Stage::Ready);
    has(test, id, list(&[device(0, "Telescope"), device(7, "Pixel 9")], 1)).await;
    id
}

/// A person with a role that gives this on the account.
async fn person(test: &TestApp, email: &str, account: AccountId, may: &[AccountPrivilege]) -> Visitor {
    let group = test.group(email, &[account]).await;
    let role = test.role(email, &[(group, AccountPrivileges::of(may))], SystemPrivileges::NONE).await;
    test.give(email, role).await;
    test.signed_in(email).await
}

/// The codes and details of the audit entries about devices, the oldest first.
async fn entries(test: &TestApp) -> Vec<String> {
    test.rows(
        "select code || ' ' || outcome || ' ' || coalesce(details, '') from audit_log
         where code like 'device.%' order by seq",
    )
    .await
}

async fn page(visitor: &Visitor, account: AccountId) -> Answer {
    visitor.get(&format!("/accounts/{account}")).await
}

#[tokio::test]
async fn only_people_who_manage_sessions_see_the_devices() {
    let test = TestApp::new().await;
    let id = ready(&test, 1).await;
    let may = [AccountPrivilege::View, AccountPrivilege::ManageSessions];
    let manager = person(&test, "manager@example.org", id, &may).await;
    let others = AccountPrivileges::ALL.without(AccountPrivileges::of(&[AccountPrivilege::ManageSessions]));
    let others: Vec<AccountPrivilege> = others.iter().collect();
    let other = person(&test, "other@example.org", id, &others).await;

    let seen = page(&manager, id).await;
    assert_eq!(seen.texts("#devices .number"), ["2"]);
    assert!(seen.has("#device-0 .badge.good") && !seen.has("#device-0 .button"), "{}", seen.body);
    assert_eq!(seen.texts("#device-0 .badge"), ["This is Telescope"]);
    let pixel = seen.texts("#device-7").concat();
    for part in ["Pixel 9", "Telegram Android 11.5", "Android 16", "Portugal", "203.0.113.77", "1970-01-01"] {
        assert!(pixel.contains(part), "{part}: {pixel}");
    }
    assert!(seen.has("#device-7 .button.end") && seen.has("#end-others"));
    let hidden = page(&other, id).await;
    assert_eq!(hidden.status, StatusCode::OK);
    assert!(hidden.has("#devices[hidden]") && !hidden.body.contains("Pixel 9"), "{}", hidden.body);
    assert!(!hidden.body.contains("203.0.113.77"));
    let mut stream = other.stream(&format!("/accounts/{id}/events")).await;
    let message = next(&mut stream).await;
    assert!(message.contains("#devices") && !message.contains("Pixel 9"), "{message}");
    // Rights that are taken away take the devices from the open page.
    let mut stream = manager.stream(&format!("/accounts/{id}/events")).await;
    assert!(next(&mut stream).await.contains("Pixel 9"));
    let lost = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        let role = store::roles::by_name(conn, "manager@example.org").await?.unwrap().id;
        let group = store::groups::by_name(conn, "manager@example.org").await?.unwrap().id;
        store::roles::set_cell(conn, group, role, AccountPrivileges::of(&[AccountPrivilege::View]))
            .await
            .map(drop)
    };
    test.app.db.maintain(lost).await.unwrap();
    test.apply_policy().await;
    let message = next(&mut stream).await;
    assert!(message.contains("<section id=\"devices\" hidden>"), "{message}");
}

#[tokio::test]
async fn what_apps_say_about_themselves_is_shown_as_text() {
    let test = TestApp::new().await;
    let id = ready(&test, 1).await;
    let root = test.signed_in(ADMIN).await;
    let hostile = "<script>alert(1)</script>\u{202e}evil";
    let odd = Device { app: tidy(hostile), is_official: false, ..device(8, hostile) };
    has(&test, id, list(&[device(0, "Telescope"), odd], 2)).await;
    let seen = page(&root, id).await;
    assert!(!seen.body.contains("<script>alert"), "{}", seen.body);
    assert_eq!(seen.texts("#device-8 .badge"), ["Unofficial app"]);
    assert_eq!(seen.texts("#device-8 .device-name bdi"), [format!("{hostile}\u{202c}")]);
    let history = seen.texts("#account-history").concat();
    assert!(history.contains("reported a new device") && history.contains("alert(1)"), "{history}");
    // A device that says nothing has a name nevertheless.
    let nameless = Device { app: String::new(), system: String::new(), ..device(9, "") };
    has(&test, id, list(&[device(0, "Telescope"), nameless], 3)).await;
    assert_eq!(page(&root, id).await.texts("#device-9 strong"), ["Unknown device"]);
}

#[tokio::test]
async fn devices_that_come_and_go_are_recorded_and_shown_live() {
    let test = TestApp::new().await;
    let id = ready(&test, 1).await;
    assert_eq!(entries(&test).await, [""; 0], "the first list is no news");
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream(&format!("/accounts/{id}/events")).await;
    assert!(next(&mut stream).await.contains("device-7"));

    let asked = Device { is_unconfirmed: true, ..device(8, "iPad") };
    has(&test, id, list(&[device(0, "Telescope"), device(7, "Pixel 9"), asked.clone()], 2)).await;
    let message = next(&mut stream).await;
    assert!(message.contains("#devices") && message.contains("device-8"), "{message}");
    assert!(message.contains("New sign-in:") && message.contains("It was us"), "{message}");
    let appeared = r#"device.appeared done {"device":"iPad, Telegram Android 11.5","address":"203.0.113.77","place":"Portugal","system":"Android 16","official":true}"#;
    assert_eq!(entries(&test).await, [appeared]);

    // That a device was used, or confirmed, is no news.
    let used = Device { last_active: Millis(5000), ..device(7, "Pixel 9") };
    has(&test, id, list(&[device(0, "Telescope"), used, device(8, "iPad")], 3)).await;
    assert_eq!(entries(&test).await.len(), 1);
    // Two lists at once: nothing that was there between them is missed.
    test.app.live.devices.put(id, list(&[device(0, "Telescope"), device(9, "Short visit")], 4));
    test.app.live.devices.put(id, list(&[device(0, "Telescope")], 5));
    lists::store(&test.app).await.unwrap();
    let all = entries(&test).await;
    let told: Vec<&str> = all.iter().map(|entry| entry.split(", Telegram").next().unwrap()).collect();
    let expected = [
        r#"device.appeared done {"device":"iPad"#,
        r#"device.appeared done {"device":"Short visit"#,
        r#"device.gone done {"device":"Pixel 9"#,
        r#"device.gone done {"device":"iPad"#,
        r#"device.gone done {"device":"Short visit"#,
    ];
    assert_eq!(told, expected);
    let actors = test.rows("select distinct actor from audit_log where code like 'device.%'").await;
    assert_eq!(actors, ["system:telegram"]);
}

#[tokio::test]
async fn a_list_is_stored_encrypted_for_its_account_only() {
    let test = TestApp::new().await;
    let (id, other) = (ready(&test, 1).await, ready(&test, 2).await);
    let sealed = test.rows("select sealed from account_devices").await;
    assert_eq!(sealed.len(), 2);
    assert!(sealed.iter().all(|text| text.starts_with("v1.") && !text.contains("Pixel")), "{sealed:?}");
    let all = async || {
        let conn = &mut test.app.db.read().await.unwrap();
        let mut all = store::account_devices::all(conn, &test.app.keys).await.unwrap();
        all.sort_by_key(|(account, _)| *account);
        all
    };
    let stored = all().await;
    assert_eq!(stored.iter().map(|(account, _)| *account).collect::<Vec<_>>(), [id, other]);
    assert_eq!(stored[0].1, list(&[device(0, "Telescope"), device(7, "Pixel 9")], 1));
    // Only that a device was used is not worth a change before an hour has passed.
    let used = |read_at| {
        let used = Device { last_active: Millis(read_at), ..device(7, "Pixel 9") };
        list(&[device(0, "Telescope"), used], read_at)
    };
    has(&test, id, used(HOUR)).await;
    assert_eq!(all().await[0].1.read_at, Millis(1));
    assert_eq!(test.app.live.devices.get(id).unwrap().read_at, Millis(HOUR), "pages show it");
    has(&test, id, used(HOUR + 1)).await;
    assert_eq!(all().await[0].1.read_at, Millis(HOUR + 1));
    // A row that was put in another's place is not used, and one of an unknown key neither.
    test.sql(&format!(
        "update account_devices set sealed = (select sealed from account_devices where account_id = '{other}'),
         read_at = 1 where account_id = '{id}'"
    ))
    .await;
    assert_eq!(all().await.len(), 1);
}

#[tokio::test]
async fn what_can_not_be_done_is_refused_with_a_sentence() {
    let test = TestApp::new().await;
    let id = ready(&test, 1).await;
    let root = test.signed_in(ADMIN).await;
    let address = |what: &str| format!("/accounts/{id}/devices/{what}");
    for (device, said) in [
        ("8", "isn't signed in any more"),
        ("", "isn't signed in any more"),
        ("-1", "isn't signed in any more"),
        ("99999999999999999999", "isn't signed in any more"),
        ("<b>", "isn't signed in any more"),
        ("0", "Telescope's own session"),
        ("7", "disconnected"),
    ] {
        for what in ["end", "confirm"] {
            let answer = root.post(&address(what), &[("device", device)]).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{what} {device}");
            let text = answer.texts("main").concat();
            assert!(text.contains(said), "{what} {device}: {text}");
        }
    }
    let question = root.get(&format!("{}?device=8", address("end"))).await;
    assert_eq!(question.status, StatusCode::OK);
    assert!(question.texts("main").concat().contains("isn't signed in") && !question.has("main form"));
    let question = root.get(&format!("{}?device=0", address("end"))).await;
    assert!(!question.has("main form"), "Telescope can't be ended here");
    let question = root.get(&format!("{}?device=7", address("end"))).await;
    assert!(question.has("main form input[name='device'][value='7']"));
    for days in ["", "0", "367", "-5", "1.5", "ten", "99999999999999999999"] {
        let answer = root.post(&address("idle"), &[("days", days)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{days}");
        assert_eq!(answer.texts("#days-error"), ["Enter a number of days from 1 to 366."]);
        assert_eq!(answer.attributes("#days", "value"), [days], "it is kept");
    }
    for (what, form) in [("refresh", &[] as &[_]), ("end-others", &[]), ("idle", &[("days", "30")])] {
        let answer = root.post(&address(what), form).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{what}");
        assert!(answer.texts("main").concat().contains("disconnected"), "{what}");
    }
    assert_eq!(entries(&test).await, [""; 0], "nothing was asked of Telegram");

    let bot = test.account_of(Identifier::parse("bot:7000000042").unwrap(), None).await;
    test.set_stage(bot, Stage::Ready);
    assert!(page(&root, bot).await.has("#devices[hidden]"));
    for what in ["end", "end-others", "idle"] {
        let answer = root.get(&format!("/accounts/{bot}/devices/{what}")).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{what}");
        assert!(answer.texts("main").concat().contains("A bot has no devices"), "{what}");
    }
}

#[tokio::test]
async fn all_devices_are_listed_searched_and_sorted_for_those_who_manage_them() {
    let test = TestApp::new().await;
    let (first, second, hidden) = (ready(&test, 1).await, ready(&test, 2).await, ready(&test, 3).await);
    let asked =
        Device { is_unconfirmed: true, place: "Brazil".into(), signed_in: Millis(9), ..device(8, "iPad") };
    let odd = Device { is_official: false, app: "Odd 1.0".into(), ..device(9, "Älteres <b>Telefon</b>") };
    has(&test, second, list(&[device(0, "Telescope"), asked, odd], 2)).await;
    let group = test.group("Sales", &[first, second]).await;
    let may = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::ManageSessions]);
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let all = test.group("All", &[first, second, hidden]).await;
    let role = test.role("Desk", &[(group, may), (all, view)], SystemPrivileges::NONE).await;
    test.give("desk@example.org", role).await;
    let desk = test.signed_in("desk@example.org").await;
    let names = async |query: &str| {
        let page = desk.get(&format!("/devices{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert!(!page.body.contains(&hidden.to_string()), "{query}");
        page.attributes("tr[data-device]", "data-device")
    };
    let phone = "Älteres <b>Telefon</b>";
    assert_eq!(names("").await, ["iPad", phone, "Pixel 9"], "the newest sign-in first");
    for (query, found) in [
        ("?q=altere", vec![phone]),
        ("?q=brazil", vec!["iPad"]),
        ("?q=9996620002", vec!["iPad", phone]),
        ("?q=odd", vec![phone]),
        ("?q=nothing", vec![]),
        ("?kind=unconfirmed", vec!["iPad"]),
        ("?kind=unofficial", vec![phone]),
        ("?kind=unofficial&q=brazil", vec![]),
        ("?sort=device", vec![phone, "iPad", "Pixel 9"]),
        ("?sort=-device", vec!["Pixel 9", "iPad", phone]),
        ("?sort=account", vec!["Pixel 9", "iPad", phone]),
        ("?sort=place", vec!["iPad", "Pixel 9", phone]),
        ("?sort=nonsense&page=99&kind=nonsense", vec!["iPad", phone, "Pixel 9"]),
    ] {
        assert_eq!(names(query).await, found, "{query}");
    }
    let page = desk.get("/devices").await;
    assert!(!page.body.contains("<b>Telefon"), "{}", page.body);
    assert_eq!(page.texts(".chips .number"), ["3", "1", "1"]);
    assert!(desk.get("/accounts").await.has("a[href='/devices']"));
    let nothing = test.signed_in("nothing@example.org").await;
    assert!(!nothing.get("/accounts").await.has("a[href='/devices']"));
    let page = nothing.get("/devices").await;
    assert!(page.texts("main").concat().contains("There is no account whose sessions you manage"));

    // A long list has pages.
    let many: Vec<Device> = (100..350).map(|id| device(id, &format!("Phone {id}"))).collect();
    has(&test, first, list(&many, 3)).await;
    assert_eq!(names("?q=phone&sort=device").await.len(), 100);
    let last = names("?q=phone&sort=device&page=3").await;
    assert_eq!((last.len(), last.last().map(String::as_str)), (50, Some("Phone 349")));
}
