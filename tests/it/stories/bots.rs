//! Bots log in with their tokens: added, logged out, logged in again, restarted; and a token is kept only if a person asks
//! for it.

use crate::support::axe::barriers;
use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, give, place, row, sign_in, token, until_stage};
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

const ID: &str = "7000000042";
const TOKEN: &str = "7000000042:AAE-made_up_token_of_a_bot_01234567";
const OLD: &str = "7000000042:AAE-revoked_token_of_a_bot_01234567";
const OTHER: &str = "7000000043:AAE-made_up_token_of_a_bot_76543210";
/// What no place may contain.
const SECRETS: [&str; 2] = ["made_up_token", "revoked_token"];

async fn page(visitor: &Visitor, row: &Row) -> String {
    visitor.get(&format!("/accounts/{}", row.id)).await.text().await.unwrap()
}

/// Adds the bot without a browser.
async fn add(visitor: &Visitor, token: &str, keep: bool) -> Row {
    let mut form = vec![("login-with", "token"), ("bot-token", token)];
    if keep {
        form.push(("keep", "true"));
    }
    visitor.does("/accounts/add", &form).await;
    let id = token.split(':').next().unwrap();
    let rows = visitor.rows().await;
    rows.into_iter().find(|row| row.phone == id).expect("the bot is listed")
}

async fn a_bot_is_added(scripts: Scripts) {
    let stack = Stack::start().await;
    let phones = stack.phones();
    phones.add_bot("Helper", "helper_bot", TOKEN).await;
    let browser = Browser::open(scripts).await;
    sign_in(&browser, &stack).await;
    browser.click("a.primary[href='/accounts/add']").await;
    let place = place(scripts);
    browser.click(&format!("{place} #with-token")).await;
    browser.fill(&format!("{place} #bot-token"), "no token").await;
    browser.press("Add account", place).await;
    let said = browser.text("#bot-token-error").await;
    assert!(said.contains("That isn't a bot token"), "{said}");
    if scripts == Scripts::On {
        let found = barriers(&browser, "a wrong token in the dialog").await;
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
    browser.fill(&format!("{place} #bot-token"), TOKEN).await;
    browser.press("Add account", place).await;
    browser.find("#step[data-stage='ready']").await;
    until_stage(&browser, &stack, ID, "ready").await;
    let listed = browser.text(&format!("{} th", row(ID))).await;
    assert!(listed.contains("@helper_bot") && listed.contains("Helper"), "{listed}");
    assert_eq!(phones.calls_in_all("auth.sendCode").await, 0, "no code is requested");
    assert_eq!(phones.calls_in_all("auth.importBotAuthorization").await, 1);

    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = visitor.rows().await.remove(0);
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    if scripts == Scripts::On {
        let found = barriers(&browser, "a bot").await;
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
    assert_eq!(browser.text("#stored").await.matches("Not stored").count(), 1);
    browser.pictures(&format!("bot-{scripts:?}")).await;
    // The wrong token was refused with 422.
    let complaints: Vec<String> =
        browser.complaints().await.into_iter().filter(|it| !it.contains("status of 422")).collect();
    assert_eq!(complaints, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_added_with_its_token() {
    a_bot_is_added(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_added_without_javascript() {
    a_bot_is_added(Scripts::Off).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_are_told_apart() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    // Telegram does not know it.
    let account = add(&visitor, OLD, true).await;
    visitor.until_stage(&account.id, "signed-out", STEP).await;
    let said = page(&visitor, &account).await;
    assert!(said.contains("know this token. Copy the whole token"), "{said}");
    assert!(said.contains("Not stored"), "what Telegram refuses is not kept: {said}");
    // It was revoked.
    phones.add_bot("Helper", "helper_bot", TOKEN).await;
    phones.refuse_any("auth.importBotAuthorization", 400, "ACCESS_TOKEN_EXPIRED", 1).await;
    let provide = format!("/accounts/{}/provide", account.id);
    let sends = async |value: &str| {
        let token = token(&visitor, &format!("/accounts/{}", account.id)).await;
        let answer = visitor.post(&provide, &[("token", &token), ("bot-token", value)]).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, said) = sends(OLD).await;
    assert_eq!(status, 422, "{said}");
    assert!(said.contains("This token was revoked"), "{said}");
    // It is another bot's: Telegram is not asked.
    phones.add_bot("Other", "other_bot", OTHER).await;
    let asked = phones.calls_in_all("auth.importBotAuthorization").await;
    let (status, said) = sends(OTHER).await;
    assert_eq!(status, 422, "{said}");
    assert!(said.contains("the token of another bot"), "{said}");
    assert_eq!(phones.calls_in_all("auth.importBotAuthorization").await, asked);
    // The right one.
    give(&visitor, &account, "bot-token", TOKEN).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    // The same bot again.
    let form = [("login-with", "token"), ("bot-token", TOKEN)];
    let answer = visitor.post("/accounts/add", &form).await;
    assert_eq!(answer.status(), 422);
    let said = answer.text().await.unwrap();
    assert!(said.contains("already an account of this bot"), "{said}");
    assert_eq!(visitor.rows().await.len(), 1);
    assert_eq!(phones.calls_in_all("auth.sendCode").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_logged_in_again_with_a_typed_or_a_stored_token() {
    let mut stack = Stack::start_with_settings(&[("LOG", "trace,sqlx=debug,hyper=info")]).await;
    let phones = stack.phones();
    phones.add_bot("Helper", "helper_bot", TOKEN).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = add(&visitor, TOKEN, false).await;
    let path = |part: &str| format!("/accounts/{}{part}", account.id);
    let mut pages = vec![page(&visitor, &account).await];
    visitor.until_stage(&account.id, "ready", STEP).await;

    // A restart needs no token.
    assert!(stack.stop().await.success());
    stack.start_again().await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert_eq!(phones.calls_in_all("auth.importBotAuthorization").await, 1);

    visitor.does(&path("/log-out"), &[]).await;
    visitor.until_stage(&account.id, "logged-out", STEP).await;
    let shown = page(&visitor, &account).await;
    assert!(!shown.contains("use-token") && shown.contains("Log it in again with its token"), "{shown}");
    pages.push(shown);
    let step = token(&visitor, &path("")).await;
    let form = [("token", step.as_str()), ("bot-token", TOKEN), ("keep", "true")];
    visitor.does(&path("/provide"), &form).await;
    visitor.until_stage(&account.id, "ready", STEP).await;

    assert!(stack.stop().await.success());
    stack.start_again().await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    visitor.does(&path("/log-out"), &[]).await;
    visitor.until_stage(&account.id, "logged-out", STEP).await;
    assert_eq!(phones.calls_in_all("auth.importBotAuthorization").await, 2, "only people use it");
    let shown = page(&visitor, &account).await;
    assert!(shown.contains("use-token") && shown.contains("Stored at"), "{shown}");
    pages.push(shown);
    let step = token(&visitor, &path("")).await;
    visitor.does(&path("/token/use"), &[("token", &step)]).await;
    visitor.until_stage(&account.id, "ready", STEP).await;

    // A stored token that Telegram rejects is not tried again.
    phones.end_sessions_of_bot(ID).await;
    visitor.until_stage(&account.id, "ended", STEP).await;
    phones.refuse_any("auth.importBotAuthorization", 400, "ACCESS_TOKEN_EXPIRED", 1).await;
    let step = token(&visitor, &path("")).await;
    let answer = visitor.post(&path("/token/use"), &[("token", &step)]).await;
    assert_eq!(answer.status(), 422);
    pages.push(answer.text().await.unwrap());
    until_true("the token is rejected", STEP, async || {
        page(&visitor, &account).await.contains("Rejected by Telegram")
    })
    .await;
    let step = token(&visitor, &path("")).await;
    assert_eq!(visitor.post(&path("/token/use"), &[("token", &step)]).await.status(), 409);
    give(&visitor, &account, "bot-token", TOKEN).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    visitor.does(&path("/token/remove"), &[]).await;

    let log = visitor.get(&format!("/audit?account={}", account.id)).await.text().await.unwrap();
    for code in ["bot.token.stored", "bot.token.used", "bot.token.removed", "login.input.provided"] {
        assert!(log.contains(code), "{code}: {log}");
    }
    pages.extend([log, page(&visitor, &account).await]);
    pages.push(visitor.get(&path("/provide")).await.text().await.unwrap());
    pages.push(visitor.post("/audit/export", &[("format", "jsonl")]).await.text().await.unwrap());
    assert!(stack.stop().await.success());
    for secret in SECRETS {
        assert!(!pages.iter().any(|page| page.contains(secret)), "{secret} is on a page");
        assert!(!stack.log().contains(secret), "{secret} is in the log");
        for file in stack.files() {
            let bytes = std::fs::read(&file).unwrap();
            let holds = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!holds, "{secret} is in {}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_removed_like_any_account() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    phones.add_bot("Helper", "helper_bot", TOKEN).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = add(&visitor, TOKEN, true).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    let path = |part: &str| format!("/accounts/{}{part}", account.id);
    visitor.does(&path("/disconnect"), &[]).await;
    visitor.until_stage(&account.id, "disconnected", STEP).await;
    visitor.does(&path("/connect"), &[]).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert_eq!(visitor.post(&path("/remove"), &[("digits", "4711")]).await.status(), 422);
    visitor.does(&path("/remove"), &[("digits", "0042")]).await;
    until_true("the bot is removed", STEP, async || visitor.rows().await.is_empty()).await;
    assert_eq!(phones.calls_in_all("auth.importBotAuthorization").await, 1);
    let again = add(&visitor, TOKEN, false).await;
    visitor.until_stage(&again.id, "ready", STEP).await;
    let shown = page(&visitor, &again).await;
    assert!(shown.contains("Not stored"), "{shown}");
}
