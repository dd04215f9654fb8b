//! Bots on the pages: they are shown by their names, and what they don't have is neither shown nor done.

use axum::http::StatusCode;
use telescope::crypto::Purpose;
use telescope::domain::account::Profile;
use telescope::domain::audit::AuditEvent;
use telescope::domain::{
    AccountId, Identifier, Network, Secret, SessionEndReason, Snapshot, Stage, StageToken,
};
use telescope::store::{self, StoreError};

use super::app::{ADMIN, TestApp};

/// A made-up token of the bot that [`bot`] adds.
const TOKEN: &str = "7000000042:AAE-made_up_token_of_a_bot_01234567";

async fn bot(test: &TestApp) -> AccountId {
    test.account_of(Identifier::parse("bot:7000000042").unwrap(), Some("ada@example.org")).await
}

fn is_known(test: &TestApp, id: AccountId, stage: Stage) {
    let username = Some("helper_bot".to_owned());
    let profile = Some(Profile { telegram_id: 7_000_000_042, name: "Helper <b>".into(), username });
    let (token, network) = (StageToken(7), Network::Ready);
    let snapshot = Snapshot { stage, token, network, profile, ..Snapshot::off() };
    test.app.live.accounts.put_snapshot(id, snapshot);
}

async fn keep_token(test: &TestApp, id: AccountId) {
    let (now, row) = (test.app.clock.now(), id.to_string());
    let kept = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        let token = Secret::new(TOKEN);
        store::secrets::put(conn, &test.app.keys, Purpose::BotToken, &row, &token, now).await.map(drop)
    };
    test.app.db.maintain(kept).await.unwrap();
}

#[tokio::test]
async fn a_bot_is_shown_by_its_name_once_it_is_known() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = bot(&test).await;
    let other = test.account(1, None).await;
    test.set_stage(id, Stage::SignedOut);
    let page = format!("/accounts/{id}");
    let row = format!("#account-{id} th");
    assert_eq!(root.get("/accounts").await.texts(&row), ["Bot 7000000042"]);
    assert_eq!(root.get(&page).await.texts("h1"), ["Bot 7000000042"]);

    is_known(&test, id, Stage::Ready);
    let listed = root.get("/accounts").await;
    assert_eq!(listed.texts(&format!("{row} a")), ["@helper_bot"]);
    assert_eq!(listed.texts(&format!("{row} .sub")), ["Helper <b> Bot 7000000042"]);
    let shown = root.get(&page).await;
    assert_eq!(shown.texts("h1"), ["Helper <b>"]);
    assert_eq!(
        shown.attributes("#heading [data-copy-value]", "data-copy-value"),
        ["@helper_bot", "7000000042"]
    );
    for dialog in ["edit", "remove", "log-out", "token/remove"] {
        let dialog = root.get(&format!("{page}/{dialog}")).await;
        assert_eq!(dialog.status, StatusCode::OK);
        assert!(dialog.texts("main").concat().contains("(@helper_bot)"), "{}", dialog.body);
    }
    for q in ["helper", "@helper_bot", "7000000042", "0042", "bot 7000000042", "Bot"] {
        let found = root.get(&format!("/accounts?q={}", q.replace(' ', "+"))).await;
        assert!(found.has(&row), "{q}: {}", found.body);
        assert!(!found.has(&format!("#account-{other}")), "{q}: {}", found.body);
    }
    let sorted = root.get("/accounts?sort=phone").await.attributes("tbody tr", "id");
    assert_eq!(sorted, [format!("account-{other}"), format!("account-{id}")]);
}

#[tokio::test]
async fn what_bots_do_not_have_is_not_shown() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = bot(&test).await;
    let page = format!("/accounts/{id}");
    for stage in [
        Stage::SignedOut,
        Stage::Ended(SessionEndReason::LoggedOut),
        Stage::Ended(SessionEndReason::Revoked),
        Stage::Ended(SessionEndReason::Lost),
        Stage::Ended(SessionEndReason::Unknown),
        Stage::Disconnected,
        Stage::Reconnecting,
        Stage::Ready,
    ] {
        is_known(&test, id, stage.clone());
        for path in [page.clone(), format!("{page}/provide")] {
            let shown = root.get(&path).await;
            let text = shown.texts("main").concat().to_lowercase();
            for word in ["code", "two-step", "password", "number", "qr"] {
                assert!(!text.contains(word), "{stage:?} {path} says {word}: {text}");
            }
            let takes_token = shown.has("#step input[name='bot-token'][type='password']");
            assert_eq!(takes_token, matches!(stage, Stage::SignedOut | Stage::Ended(_)), "{stage:?}");
        }
    }
    let stored = root.get(&page).await.texts("#stored").concat();
    assert!(stored.contains("Bot token") && stored.contains("Not stored"), "{stored}");
}

#[tokio::test]
async fn what_bots_do_not_have_is_refused() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = bot(&test).await;
    let page = format!("/accounts/{id}");
    let before = entries(&test).await;
    for stage in [Stage::SignedOut, Stage::Ready] {
        is_known(&test, id, stage.clone());
        for path in ["code", "number", "codes/allow", "password", "password/remove", "password/reveal"] {
            let answer = root.get(&format!("{page}/{path}")).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{path}: {}", answer.body);
            assert!(answer.body.contains("This account is a bot"), "{path}: {}", answer.body);
        }
        let token = ("token", "7");
        let reason = ("reason", "Because of a test");
        for (path, form) in [
            ("login-action", vec![token, ("action", "send-code")]),
            ("login-action", vec![token, ("action", "show-qr")]),
            ("login-action", vec![token, ("action", "start-over")]),
            ("code", vec![reason]),
            ("code/wait", vec![reason]),
            ("code/emergency", vec![reason]),
            ("code/emergency/wait", vec![reason]),
            ("code/request", vec![reason]),
            ("codes/allow", vec![reason]),
            ("number", vec![("phone", "+99966 2 1234")]),
            ("password", vec![("password", "made up")]),
            ("password/remove", vec![]),
            ("password/reveal", vec![reason]),
            ("password/reveal/request", vec![reason]),
        ] {
            let answer = root.post(&format!("{page}/{path}"), &form).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{stage:?} {path}: {}", answer.body);
            assert!(answer.body.contains("This account is a bot"), "{path}: {}", answer.body);
        }
        for (field, value) in [("code", "12345"), ("password", "made up"), ("email", "a@example.org")] {
            let answer = root.post(&format!("{page}/provide"), &[token, (field, value)]).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{field}: {}", answer.body);
        }
    }
    assert_eq!(entries(&test).await, before, "nothing was begun");
}

async fn entries(test: &TestApp) -> i64 {
    store::audit::head(&mut test.app.db.read().await.unwrap()).await.unwrap().seq
}

#[tokio::test]
async fn a_number_has_no_token() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = test.account(1, None).await;
    test.set_stage(id, Stage::SignedOut);
    let page = format!("/accounts/{id}");
    let shown = root.get(&page).await;
    assert!(!shown.has("[name='bot-token']") && !shown.texts("#stored").concat().contains("token"));
    let answer = root.post(&format!("{page}/provide"), &[("token", "7"), ("bot-token", TOKEN)]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    for path in ["token/use", "token/remove"] {
        let answer = root.post(&format!("{page}/{path}"), &[("token", "7")]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_stored_token_is_offered_and_can_be_removed() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = bot(&test).await;
    let page = format!("/accounts/{id}");
    keep_token(&test, id).await;
    is_known(&test, id, Stage::Ready);
    let shown = root.get(&page).await;
    assert!(!shown.has("#use-token") && shown.has("#forget-token"), "{}", shown.body);
    is_known(&test, id, Stage::Ended(SessionEndReason::LoggedOut));
    let shown = root.get(&page).await;
    assert!(shown.has("#use-token") && shown.texts("#stored").concat().contains("Stored at"));
    assert!(!shown.body.contains("AAE-made_up"), "{}", shown.body);

    let rejected = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        let (row, now) = (id.to_string(), test.app.clock.now());
        store::secrets::mark_rejected(conn, Purpose::BotToken, &row, 1, now).await
    };
    test.app.db.maintain(rejected).await.unwrap();
    let shown = root.get(&page).await;
    assert!(!shown.has("#use-token") && shown.texts("#stored").concat().contains("Rejected by Telegram"));

    let viewer = test.signed_in("bob@example.org").await;
    assert_eq!(viewer.post(&format!("{page}/token/remove"), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(root.post(&format!("{page}/token/remove"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(root.post(&format!("{page}/token/remove"), &[]).await.status, StatusCode::CONFLICT);
    let shown = root.get(&page).await;
    assert!(!shown.has("#forget-token") && shown.texts("#stored").concat().contains("Not stored"));
    let newest = store::audit::of_account(&mut test.app.db.read().await.unwrap(), id, 1).await.unwrap();
    assert_eq!(newest[0].event(), AuditEvent::BotTokenRemoved);
}

#[tokio::test]
async fn wrong_tokens_are_refused_without_being_shown_again() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for (typed, says) in [
        ("", "Paste the bot's token"),
        ("@helper_bot", "That isn't a bot token"),
        ("7000000042:AAE-short", "That isn't a bot token"),
    ] {
        let form = [("login-with", "token"), ("bot-token", typed), ("keep", "true"), ("comment", "Kept")];
        let answer = root.post("/accounts/add", &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.texts("#bot-token-error").concat().contains(says), "{}", answer.body);
        assert!(answer.has("#with-token[checked]") && answer.has("[name='keep'][checked]"));
        assert!(!answer.has("#bot-token[value]") && answer.body.contains("Kept"));
        assert!(typed.is_empty() || !answer.body.contains(typed), "{}", answer.body);
    }
    let id = bot(&test).await;
    test.set_stage(id, Stage::SignedOut);
    let form = [("login-with", "token"), ("bot-token", TOKEN)];
    let answer = root.post("/accounts/add", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = answer.texts("#bot-token-error").concat();
    assert!(said.contains("There is already an account of this bot"), "{said}");
    assert!(!answer.body.contains("AAE-made_up"), "{}", answer.body);
}
