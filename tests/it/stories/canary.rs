//! A login code, two-step passwords and a session cookie go through every flow, including errors. Afterwards they are in
//! no log, file or page: only the responses that revealed them contained them.

use crate::support::login::{ADMIN, STEP, account_that_waits_for_a_code, give_code, token};
use crate::support::stack::Stack;
use crate::support::text::has_word;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const TYPED_CODE: &str = "840273615";
const SENT_CODE: &str = "730519";
const WRONG: &str = "canary-wrong-Zaunkönig";
const REJECTED: &str = "canary-rejected-Stieglitz";
const RIGHT: &str = "canary-right-Girlitz";

/// A short code is looked for as a word: a time in the log can have the same digits.
fn holds(bytes: &[u8], secret: &str) -> bool {
    match secret {
        SENT_CODE => has_word(&String::from_utf8_lossy(bytes), secret),
        _ => bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_stay_secret_through_all_flows() {
    let mut stack = Stack::start_with_settings(&[("LOG", "trace,sqlx=debug,hyper=info")]).await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_code(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    let provide = format!("{page}/provide");
    let secrets = [TYPED_CODE, SENT_CODE, WRONG, REJECTED, RIGHT, visitor.session()];
    let mut pages = Vec::new();
    let mut sends = async |path: &str, field: &str, value: &str, status: u16| {
        let token = token(&visitor, &page).await;
        let answer = visitor.post(path, &[("token", &token), (field, value)]).await;
        assert_eq!(answer.status(), status, "{field} to {path}");
        pages.push(answer.text().await.unwrap());
    };
    sends(&provide, "code", TYPED_CODE, 422).await;
    sends(&provide, "password", WRONG, 409).await;
    sends(&provide, "code", &format!("{TYPED_CODE}\u{1}"), 422).await;
    phones.set_password(&account.phone, RIGHT).await;
    sends(&provide, "unknown", WRONG, 422).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "wait-password", STEP).await;
    sends(&provide, "password", WRONG, 422).await;
    sends(&provide, "code", WRONG, 409).await;
    let store = format!("{page}/password");
    sends(&store, "password", &format!("{RIGHT}\u{0}"), 422).await;
    sends(&store, "password", REJECTED, 303).await;
    until_true("the stored password is rejected", STEP, async || {
        visitor.get(&page).await.text().await.unwrap().contains("Rejected by Telegram")
    })
    .await;
    sends(&store, "password", RIGHT, 303).await;
    visitor.until_stage(&account.id, "ready", STEP).await;

    let message = format!("Login code: {SENT_CODE}. Do not give this code to anyone.");
    phones.send_message(&account.phone, &message).await;
    until_true("a code arrived", STEP, async || {
        visitor.get(&page).await.text().await.unwrap().contains("login code received")
    })
    .await;
    let revealed = visitor.post(&format!("{page}/code"), &[("reason", "A new phone")]).await;
    let revealed = revealed.text().await.unwrap();
    assert!(revealed.contains(SENT_CODE), "it is revealed once: {revealed}");
    let show = format!("{page}/password/reveal");
    let refused = visitor.post(&show, &[("reason", "")]).await;
    assert_eq!(refused.status(), 422);
    pages.push(refused.text().await.unwrap());
    let revealed = visitor.post(&show, &[("reason", "The front desk has a new phone")]).await;
    let revealed = revealed.text().await.unwrap();
    assert!(revealed.contains(RIGHT), "it is revealed once: {revealed}");
    for path in [
        "/accounts",
        &page,
        &provide,
        &store,
        &format!("{page}/code"),
        &show,
        &format!("{page}/edit"),
        "/audit",
        "/no-such-page",
    ] {
        pages.push(visitor.get(path).await.text().await.unwrap());
    }

    for format in ["csv", "jsonl"] {
        let file = visitor.post("/audit/export", &[("format", format)]).await.text().await.unwrap();
        assert!(file.contains("login.code.shown"), "{file}");
        pages.push(file);
    }

    let is_nowhere = |stack: &Stack, when: &str| {
        let log = stack.log();
        for secret in secrets {
            assert!(!holds(log.as_bytes(), secret), "{secret} is in the log {when}");
        }
        let files = stack.files();
        assert!(files.iter().any(|file| file.ends_with("account.json")), "{files:?}");
        assert!(files.iter().any(|file| file.ends_with("telescope.db")), "{files:?}");
        for (file, bytes) in stack.contents() {
            for secret in secrets {
                assert!(!holds(&bytes, secret), "{secret} is in {} {when}", file.display());
            }
        }
    };
    is_nowhere(&stack, "while it runs");
    for secret in secrets {
        assert!(!pages.iter().any(|page| holds(page.as_bytes(), secret)), "{secret} is on a page");
    }
    assert!(stack.stop().await.success());
    is_nowhere(&stack, "after it stopped");
}
