//! Accounts connect through real proxy programs. What happens to a proxy affects only its accounts.

use crate::support::login::{ADMIN, STEP, account_that_waits_for_a_code, give_code};
use crate::support::proxy::{Program, Proxy};
use crate::support::stack::{Stack, TELEGRAM_ADDRESSES};
use crate::support::visitor::{Row, Visitor, attribute};
use crate::support::waiting::until_true;

const CANARY: &str = "canary-proxy-Rotkehlchen";
const WRONG: &str = "canary-wrong-Nachtigall";
const OTHER: &str = "canary-other-Goldammer";

async fn stack() -> (Stack, Visitor) {
    let stack =
        Stack::start_with_settings(&[(TELEGRAM_ADDRESSES, ""), ("LOG", "trace,sqlx=debug,hyper=info")]);
    let stack = stack.await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    (stack, visitor)
}

async fn page(visitor: &Visitor, path: &str) -> String {
    visitor.get(path).await.text().await.unwrap()
}

/// The id of a proxy, from the list.
async fn id_of(visitor: &Visitor, name: &str) -> String {
    let list = page(visitor, "/proxies").await;
    let row = list.split("<tr ").find(|row| row.contains(&format!("<bdi>{name}</bdi>")));
    let id = attribute(row.expect("the proxy is listed"), "id").expect("the row has an id");
    id.strip_prefix("proxy-").unwrap().to_owned()
}

/// Adds a proxy, which is tested, and returns its id.
async fn added(visitor: &Visitor, proxy: &Proxy, name: &str, port: &str) -> String {
    visitor.does("/proxies/add", &proxy.form(name, port)).await;
    id_of(visitor, name).await
}

async fn select(visitor: &Visitor, account: &Row, was: &str, proxy: &str) {
    let path = format!("/accounts/{}/proxy", account.id);
    visitor.does(&path, &[("was", was), ("proxy", proxy)]).await;
}

/// Waits until the account's page has this text.
async fn until_shown(visitor: &Visitor, account: &Row, text: &str) {
    let path = format!("/accounts/{}", account.id);
    until_true(&format!("{path} shows {text}"), STEP, async || page(visitor, &path).await.contains(text))
        .await;
}

const CONNECTED: &str = "<dt>Connection</dt><dd>Connected";
const CONNECTING: &str = "<dt>Connection</dt><dd>Connecting to proxy…";

#[tokio::test(flavor = "multi_thread")]
async fn an_account_logs_in_through_its_proxy() {
    let (stack, visitor) = stack().await;
    let socks = Proxy::start(&stack, Program::Microsocks, 1081, CANARY).await;
    let berlin = added(&visitor, &socks, "Berlin", "1081").await;
    let before = socks.connections();
    let account = account_that_waits_for_a_code(&visitor).await;
    assert_eq!(socks.connections(), before, "nothing was selected");
    select(&visitor, &account, "", &berlin).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    until_true("it connected through the proxy", STEP, async || socks.connections() > before).await;
    until_shown(&visitor, &account, CONNECTED).await;
    assert!(page(&visitor, "/proxies").await.contains("SOCKS5, <span class=\"breaks\">127.0.0.1:1081"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_proxy_affects_only_its_accounts() {
    let (stack, visitor) = stack().await;
    let mut socks = Proxy::start(&stack, Program::Microsocks, 1081, CANARY).await;
    let http = Proxy::start(&stack, Program::Squid, 3128, OTHER).await;
    let berlin = added(&visitor, &socks, "Berlin", "1081").await;
    let paris = added(&visitor, &http, "Paris", "3128").await;
    let mut accounts = Vec::new();
    for proxy in [&berlin, &paris] {
        let account = account_that_waits_for_a_code(&visitor).await;
        select(&visitor, &account, "", proxy).await;
        give_code(&stack, &visitor, &account).await;
        visitor.until_stage(&account.id, "ready", STEP).await;
        until_shown(&visitor, &account, CONNECTED).await;
        accounts.push(account);
    }
    assert!(http.connections() > 0);

    socks.kill();
    until_shown(&visitor, &accounts[0], CONNECTING).await;
    until_shown(&visitor, &accounts[0], "Nothing accepts connections at its address").await;
    assert!(page(&visitor, &format!("/accounts/{}", accounts[1].id)).await.contains(CONNECTED));
    let list = page(&visitor, "/proxies").await;
    assert_eq!(list.matches("No connection since").count(), 1, "{list}");

    socks.start_again().await;
    until_shown(&visitor, &accounts[0], CONNECTED).await;
    for account in &accounts {
        assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1, "no new login");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_of_a_group_is_changed_while_its_accounts_run() {
    let (stack, visitor) = stack().await;
    let socks = Proxy::start(&stack, Program::Microsocks, 1081, CANARY).await;
    let http = Proxy::start(&stack, Program::Squid, 3128, OTHER).await;
    let berlin = added(&visitor, &socks, "Berlin", "1081").await;
    let paris = added(&visitor, &http, "Paris", "3128").await;
    let account = account_that_waits_for_a_code(&visitor).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    let made = visitor.does("/groups", &[("name", "Sales")]).await;
    let group = made.split('?').next().unwrap().to_owned();
    let edit = format!("/accounts/{}/edit", account.id);
    let form = page(&visitor, &edit).await;
    let version = form.split("<input ").find(|tag| tag.contains("name=\"version\"")).unwrap();
    let version = attribute(version, "value").unwrap();
    let id = group.rsplit('/').next().unwrap();
    visitor.does(&edit, &[("version", &version), ("group", id)]).await;

    let (before, path) = (socks.connections(), format!("{group}/proxy"));
    visitor.does(&path, &[("was", ""), ("proxy", &berlin)]).await;
    until_true("through the first", STEP, async || socks.connections() > before).await;
    until_shown(&visitor, &account, CONNECTED).await;
    let before = http.connections();
    visitor.does(&path, &[("was", &berlin), ("proxy", &paris)]).await;
    until_true("through the second", STEP, async || http.connections() > before).await;
    until_shown(&visitor, &account, CONNECTED).await;
    stack.phones().send_message(&account.phone, "Login code: 730519. Do not give this code to anyone.").await;
    until_shown(&visitor, &account, "login code received").await;

    // A proxy that is selected stays.
    let refused = visitor.post(&format!("/proxies/{paris}/remove"), &[]).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("It is selected for one group."));
    visitor.does(&format!("/proxies/{berlin}/remove"), &[]).await;
    visitor.does(&path, &[("was", &paris), ("proxy", "direct")]).await;
    until_shown(&visitor, &account, "None: direct connection").await;
    until_shown(&visitor, &account, CONNECTED).await;
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_changes_in_quick_succession_the_last_one_stays() {
    let (stack, visitor) = stack().await;
    let mut socks = Proxy::start(&stack, Program::Microsocks, 1081, CANARY).await;
    let http = Proxy::start(&stack, Program::Squid, 3128, OTHER).await;
    let berlin = added(&visitor, &socks, "Berlin", "1081").await;
    let paris = added(&visitor, &http, "Paris", "3128").await;
    let account = account_that_waits_for_a_code(&visitor).await;
    select(&visitor, &account, "", &berlin).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    until_shown(&visitor, &account, CONNECTED).await;
    for _ in 0..10 {
        select(&visitor, &account, &berlin, &paris).await;
        select(&visitor, &account, &paris, "direct").await;
        select(&visitor, &account, "direct", &berlin).await;
    }
    until_shown(&visitor, &account, CONNECTED).await;
    // Without its proxy it is not connected: it uses no other way.
    socks.kill();
    until_shown(&visitor, &account, CONNECTING).await;
    socks.start_again().await;
    until_shown(&visitor, &account, CONNECTED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_tested_before_it_is_stored_and_its_password_appears_nowhere() {
    let (mut stack, visitor) = stack().await;
    let socks = Proxy::start(&stack, Program::Microsocks, 1081, CANARY).await;
    let http = Proxy::start(&stack, Program::Squid, 3128, OTHER).await;
    let mut pages = Vec::new();
    for (proxy, port, says) in [(&socks, "1081", "Berlin"), (&http, "3128", "Paris")] {
        let form = proxy.form(says, port);
        let with = |name: &str, value: &'static str| {
            let mut form = form;
            form.iter_mut().filter(|(field, _)| *field == name).for_each(|(_, old)| *old = value);
            form
        };
        for (name, value, message) in [
            ("secret", WRONG, "refused the user name and the password"),
            ("username", "", "Enter the user name"),
            ("port", "1", "Nothing accepts connections"),
            ("kind", if port == "1081" { "http" } else { "socks5" }, "Check the kind"),
        ] {
            let refused = visitor.post("/proxies/add", &with(name, value)).await;
            let status = refused.status();
            let text = refused.text().await.unwrap();
            assert!(status.is_client_error() && text.contains(message), "{says}, {name}: {status} {text}");
            pages.push(text);
        }
        let tested = visitor.post("/proxies/add", &with("step", "test")).await;
        let text = tested.text().await.unwrap();
        assert!(text.contains("Works: Telegram answered through it"), "{text}");
        pages.push(text);
        visitor.does("/proxies/add", &form).await;
    }
    let berlin = id_of(&visitor, "Berlin").await;
    let paths = [
        "/proxies",
        "/proxies/add",
        &format!("/proxies/{berlin}"),
        "/audit",
        &format!("/proxies/{berlin}/remove"),
    ];
    for path in paths {
        pages.push(page(&visitor, path).await);
    }
    let account = account_that_waits_for_a_code(&visitor).await;
    select(&visitor, &account, "", &berlin).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    select(&visitor, &account, &berlin, "").await;
    until_shown(&visitor, &account, CONNECTED).await;
    let export = visitor.post("/audit/export", &[("format", "jsonl")]).await.text().await.unwrap();
    assert!(export.contains("proxy.tested") && export.contains("127.0.0.1:1081"), "{export}");
    pages.push(export);
    for secret in [CANARY, WRONG, OTHER] {
        assert!(!pages.iter().any(|page| page.contains(secret)), "{secret} is on a page");
    }
    assert!(stack.stop().await.success());
    let log = stack.log();
    let files: Vec<_> =
        stack.files().iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect();
    for secret in [CANARY, WRONG, OTHER] {
        assert!(!log.contains(secret), "{secret} is in the log");
        for (file, bytes) in &files {
            let holds = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!holds, "{secret} is in {}", file.display());
        }
    }
}
