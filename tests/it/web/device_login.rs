//! Logging a device in by its QR code: what is refused before Telegram is asked. `stories::device_login` has the rest.

use axum::http::StatusCode;
use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent, Outcome};
use telescope::domain::reveal::RequestState;
use telescope::domain::{AccountId, NewDevice, RevealId, Stage};
use telescope::ops::sign_in;
use telescope::store::audit::Filter;
use telescope::store::{self, StoreError};

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::guarded::Guarded;
use crate::support::qr::{bomb, png, screenshot};

const SECOND: &str = "second@example.org";
const WHY: &str = "Ada has a new phone";
const LINK: &str = "tg://login?token=AQKmade_up-token_of_a_device_that_waits_010";
const OTHER: &str = "tg://login?token=AQKanother_token-of_another_device_waiting0";

/// What stands beside the fields.
fn error(answer: &Answer) -> String {
    answer.texts("#qr-error, #reason-error, .error, [role=alert]").join(" ")
}

async fn send(who: &Visitor, account: AccountId, link: &str, picture: &[u8]) -> Answer {
    let fields = [("reason", WHY), ("link", link)];
    who.upload(&format!("/accounts/{account}/device"), &fields, &[("photo", b""), ("picture", picture)]).await
}

#[tokio::test]
async fn each_wrong_picture_and_link_has_its_own_sentence() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    test.set_stage(account, Stage::Ready);
    let root = test.signed_in(ADMIN).await;
    let shot = screenshot(&[LINK]);
    let cut = shot.get(..shot.len() / 2).unwrap();
    let large = [shot.clone(), vec![0; 20_000_000]].concat();
    for (link, picture, says) in [
        ("", b"".as_slice(), "Choose a picture of the QR code, or paste its link"),
        ("  ", b"", "Choose a picture"),
        ("https://t.me/login/12345", b"", "begins with tg://login?token="),
        ("tg://login?token=short", b"", "begins with tg://login?token="),
        (LINK, &shot, "not both"),
        ("", b"GIF89a", "isn't a picture that Telescope can read"),
        ("", cut, "is damaged, or didn't arrive completely"),
        ("", &png(300, 200, &vec![200; 60_000]), "No QR code was found"),
        ("", &screenshot(&["https://example.org/menu"]), "isn't one of a Telegram login"),
        ("", &screenshot(&[LINK, OTHER]), "QR codes of several logins"),
        ("", &bomb(), "too many pixels"),
        ("", &large, "The picture is too large: it can have up to 16 MB"),
    ] {
        let answer = send(&root, account, link, picture).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}: {}", error(&answer));
        assert!(error(&answer).contains(says), "{says}: {}", error(&answer));
        assert_eq!(answer.attributes("#reason", "value"), [WHY], "what was typed is kept");
        assert!(!answer.body.contains("AQKmade_up"), "the link is not: {}", answer.body);
    }
    let much = send(&root, account, "", &vec![0; 41 * 1024 * 1024]).await;
    assert_eq!(much.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(much.body.contains("The picture is too large"), "{}", much.body);
    // A link or a picture that is right comes as far as the account, which no client serves here.
    for (link, picture) in [(LINK, b"".as_slice()), ("", &shot), ("", &screenshot(&["elsewhere", LINK]))] {
        let answer = send(&root, account, link, picture).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", error(&answer));
        assert!(error(&answer).contains("account is disconnected"), "{}", error(&answer));
    }
}

#[tokio::test]
async fn only_an_account_that_is_logged_in_can_log_a_device_in() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let page = format!("/accounts/{account}");
    for (stage, status, says) in [
        (Stage::Disconnected, StatusCode::CONFLICT, "Connect it first"),
        (Stage::SignedOut, StatusCode::CONFLICT, "Log it in first"),
        (Stage::Starting, StatusCode::BAD_GATEWAY, "Telegram did not answer"),
    ] {
        test.set_stage(account, stage);
        let answer = send(&root, account, LINK, b"").await;
        assert_eq!(answer.status, status);
        assert!(error(&answer).contains(says), "{}", error(&answer));
        assert!(!root.get(&page).await.has("#log-device-in"));
    }
    test.set_stage(account, Stage::Ready);
    assert!(root.get(&page).await.has("#log-device-in"));
    let form = root.get(&format!("{page}/device")).await;
    assert_eq!(form.attributes("main form", "enctype"), ["multipart/form-data"]);
    assert!(form.texts("main")[0].contains("Only use the code of a device in front of you"), "{}", form.body);
    let bot = test.account_of(telescope::domain::Identifier::parse("Bot 7000000042").unwrap(), None).await;
    test.set_stage(bot, Stage::Ready);
    assert_eq!(root.get(&format!("/accounts/{bot}/device")).await.status, StatusCode::CONFLICT);
    assert!(!root.get(&format!("/accounts/{bot}")).await.has("#log-device-in"));
}

#[tokio::test]
async fn attempts_are_limited_per_person_and_account() {
    let test = TestApp::with_its_own_time().await;
    let (account, other) = (test.account(1, None).await, test.account(2, None).await);
    for account in [account, other] {
        test.set_stage(account, Stage::Ready);
    }
    let root = test.signed_in(ADMIN).await;
    for _ in 0..30 {
        assert_eq!(send(&root, account, "nothing", b"").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let refused = send(&root, account, LINK, b"").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(error(&refused).contains("30 times within an hour"), "{}", error(&refused));
    assert_eq!(send(&root, other, "nothing", b"").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    test.app.clock.advance(60 * 60);
    assert_eq!(send(&root, account, "nothing", b"").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// An account that requires approvals, with two administrators.
struct Scene {
    guarded: Guarded,
    second: Visitor,
}

impl Scene {
    async fn new() -> Self {
        let guarded = Guarded::new(&format!("{ADMIN},{SECOND}"), None, "approval").await;
        guarded.test.set_stage(guarded.account, Stage::Ready);
        let second = guarded.test.signed_in(SECOND).await;
        Self { guarded, second }
    }

    fn page(&self) -> String {
        format!("/accounts/{}/device", self.guarded.account)
    }

    async fn send(&self, link: &str, picture: &[u8]) -> Answer {
        send(&self.guarded.root, self.guarded.account, link, picture).await
    }

    async fn approved(&self) -> RevealId {
        let page = self.page();
        let asked = self.guarded.root.post(&format!("{page}/request"), &[("reason", WHY)]).await;
        assert_eq!((asked.status, asked.header("location")), (StatusCode::SEE_OTHER, page.as_str()));
        let id = self.guarded.test.app.live.approvals.load().recent[0].id;
        let decided = self.second.post(&format!("/reveals/{id}/approve"), &[("note", "")]).await;
        assert_eq!(decided.status, StatusCode::SEE_OTHER);
        id
    }

    async fn state(&self, id: RevealId) -> RequestState {
        let conn = &mut self.guarded.test.app.db.read().await.unwrap();
        store::reveal_requests::get(conn, id).await.unwrap().unwrap().state
    }

    /// Writes an entry as if the administrator had logged a device in; returns its number.
    async fn records(&self, outcome: Outcome, intent: Option<i64>) -> i64 {
        let test = &self.guarded.test;
        let root = Principal::User(sign_in::person(&test.user(ADMIN).await, true));
        let event = AuditEvent::DeviceLoggedIn { approved_by: None, new: None };
        let entry = AuditEntry::intent(test.app.clock.now(), &root, event).about(self.guarded.account);
        let entry = AuditEntry { outcome, intent, ..entry };
        test.app.write(&entry, async |_| Ok::<_, StoreError>(())).await.unwrap();
        let conn = &mut test.app.db.read().await.unwrap();
        store::audit::page(conn, &Filter::default(), 1).await.unwrap().remove(0).seq
    }
}

#[tokio::test]
async fn a_device_needs_the_approval_that_a_login_code_needs() {
    let scene = Scene::new().await;
    let root = &scene.guarded.root;
    let form = root.get(&scene.page()).await;
    assert!(!form.has("main [type=file]"), "no picture before the approval");
    assert!(form.texts("#approval")[0].contains("second@example.org can approve it"), "{}", form.body);
    for picture in [b"".as_slice(), b"GIF89a"] {
        let refused = scene.send(if picture.is_empty() { LINK } else { "" }, picture).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(error(&refused).contains("Another person has to approve this first"), "{}", error(&refused));
    }
    let emergency = root.post(&format!("{}/emergency", scene.page()), &[("reason", WHY)]).await;
    assert_eq!(emergency.status, StatusCode::CONFLICT);

    // The approval of a login code is not one of a device, and the other way round.
    let code = format!("/accounts/{}/code", scene.guarded.account);
    let asked = root.post(&format!("{code}/request"), &[("reason", WHY)]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let id = scene.guarded.test.app.live.approvals.load().recent[0].id;
    scene.second.post(&format!("/reveals/{id}/approve"), &[("note", "")]).await;
    assert!(error(&scene.send(LINK, b"").await).contains("Another person has to approve"));
    let id = scene.approved().await;
    let list = scene.second.get("/reveals").await;
    assert!(list.texts("#decided")[0].contains("Device login of"), "{}", list.body);
    let form = root.get(&scene.page()).await;
    assert!(form.has("#approval .good") && form.has("#approval [type=file]"), "{}", form.body);
    assert!(!form.has("#approval [name=reason]"), "the request has the reason");

    // What goes wrong before Telegram is asked uses nothing up.
    for (link, picture, says) in [
        ("", b"GIF89a".as_slice(), "isn't a picture"),
        ("no link", b"", "begins with"),
        (LINK, b"", "account is disconnected"),
    ] {
        let answer = scene.send(link, picture).await;
        assert!(error(&answer).contains(says), "{says}: {}", error(&answer));
        assert!(answer.has("#approval [type=file]"), "{}", answer.body);
    }
    assert_eq!(scene.state(id).await, RequestState::Approved);
}

#[tokio::test]
async fn an_approval_is_used_up_unless_telegram_refused() {
    let scene = Scene::new().await;
    let id = scene.approved().await;
    let first = scene.records(Outcome::Intent, None).await;
    assert_eq!(scene.state(id).await, RequestState::Expired, "in progress");
    scene.records(Outcome::Failed, Some(first)).await;
    assert_eq!(scene.state(id).await, RequestState::Approved);
    let second = scene.records(Outcome::Intent, None).await;
    // An entry without its intent, as of a limit, says nothing of the second.
    scene.records(Outcome::Failed, None).await;
    assert_eq!(scene.state(id).await, RequestState::Expired);
    scene.records(Outcome::Unknown, Some(second)).await;
    assert_eq!(scene.state(id).await, RequestState::Expired, "it may have been logged in");
    let answer = scene.send(LINK, b"").await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
}

#[tokio::test]
async fn the_page_shows_only_what_the_reader_logged_in_to_this_account() {
    let test = TestApp::new().await;
    let (account, other) = (test.account(1, None).await, test.account(2, None).await);
    test.set_stage(account, Stage::Ready);
    let root = test.signed_in(ADMIN).await;
    let actor = Principal::User(sign_in::person(&test.user(ADMIN).await, true));
    let device = NewDevice {
        device: "\u{202e}<b>Ada's</b> phone".into(),
        app: "Some client 7".into(),
        official: false,
        address: "192.0.2.7".into(),
        place: "Bern".into(),
        needs_password: true,
    };
    let event = AuditEvent::DeviceLoggedIn { approved_by: None, new: Some(device) };
    let entry = AuditEntry::done(test.app.clock.now(), &actor, event).about(account);
    test.app.write(&entry, async |_| Ok::<_, StoreError>(())).await.unwrap();
    let seq = {
        let conn = &mut test.app.db.read().await.unwrap();
        store::audit::page(conn, &Filter::default(), 1).await.unwrap().remove(0).seq
    };
    let page = root.get(&format!("/accounts/{account}/device?done={seq}")).await;
    let shown = page.texts("#logged-in").join(" ");
    for part in
        ["<b>Ada's</b> phone", "Some client 7", "not an official app", "192.0.2.7", "two-step password"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for path in [
        format!("/accounts/{other}/device?done={seq}"),
        format!("/accounts/{account}/device?done={}", seq + 1),
        format!("/accounts/{account}/device?done=-1"),
    ] {
        let page = root.get(&path).await;
        assert!(!page.body.contains("192.0.2.7"), "{path}: {}", page.body);
    }
    let audit = root.get("/audit").await.texts("main").join(" ");
    assert!(audit.contains("logged the device") && audit.contains("Some client 7"), "{audit}");
}
