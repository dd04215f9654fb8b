//! What accounts connect through: their own choice, that of their groups, and the default.

use axum::http::StatusCode;
use telescope::domain::proxy::{KnownProxy, ProxyChoice};
use telescope::domain::{AccountId, ProxyKind};
use telescope::ops;
use telescope::telegram::ProxyUse;

use super::{added, entries, named};
use crate::web::app::{ADMIN, Answer, TestApp, Visitor};

/// The port of the proxy through which the account's client connects.
fn port(test: &TestApp, account: AccountId) -> Option<u16> {
    let entry = test.app.live.accounts.get(account).unwrap();
    match ops::proxies::use_of(&test.app, &entry.account) {
        ProxyUse::Direct => None,
        ProxyUse::Through(proxy) => Some(proxy.address.port()),
        ProxyUse::Blocked => panic!("the account is blocked"),
    }
}

async fn proxy(test: &TestApp, root: &Visitor, name: &str, port: &str) -> KnownProxy {
    let form = super::with(super::form(name), &[("port", port)]);
    let answer = root.post("/proxies/add", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    named(test, name)
}

async fn select(root: &Visitor, path: &str, was: &str, proxy: &str) -> Answer {
    root.post(path, &[("was", was), ("proxy", proxy)]).await
}

#[tokio::test]
async fn the_nearest_choice_counts_and_each_is_recorded() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let account = test.account(1, None).await;
    let group = test.group("Sales", &[account]).await;
    let ids: Vec<String> = [
        proxy(&test, &root, "All", "1001").await.id.to_string(),
        proxy(&test, &root, "Group", "1002").await.id.to_string(),
        proxy(&test, &root, "Own", "1003").await.id.to_string(),
    ]
    .to_vec();
    let [all, of_group, own] = ids.as_slice() else { unreachable!() };
    let (default, group, own_page) = (
        "/proxies/default".to_owned(),
        format!("/groups/{group}/proxy"),
        format!("/accounts/{account}/proxy"),
    );
    let fact = format!("/accounts/{account}");
    assert_eq!(port(&test, account), None);
    for (path, was, chosen, port_then, shown, why) in [
        (&default, "", all.as_str(), Some(1001), "“All”", "the default."),
        (&group, "", of_group, Some(1002), "“Group”", "which is selected for its group “Sales”."),
        (&own_page, "", own, Some(1003), "“Own”", "selected for this account."),
        (&own_page, own, "direct", None, "None: direct connection", "selected for this account."),
        (&own_page, "direct", "", Some(1002), "“Group”", "which is selected for its group “Sales”."),
        (
            &group,
            of_group,
            "direct",
            None,
            "None: direct connection",
            "which is selected for its group “Sales”.",
        ),
        (&group, "direct", "", Some(1001), "“All”", "the default."),
        (&default, all, "", None, "", "none is selected."),
    ] {
        let form = root.get(if *path == default { "/proxies" } else { path }).await;
        assert_eq!(form.attributes("[name=was]", "value"), [was], "{path}");
        assert_eq!(form.attributes("#proxy option[selected]", "value").concat(), was, "{path}");
        let saved = select(&root, path, was, chosen).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{path} {chosen}: {}", saved.body);
        assert_eq!(port(&test, account), port_then, "{path} {chosen}");
        let facts = root.get(&fact).await.texts("#facts dd").join(" / ");
        assert!(facts.contains(shown), "{path} {chosen}: {facts}");
        let now = root.get(&own_page).await.texts("form p").concat();
        assert!(now.contains(why), "{path} {chosen}: {now}");
    }
    let recorded = entries(&test).await;
    let recorded: Vec<_> = recorded.iter().skip(3).map(String::as_str).collect();
    assert_eq!(
        recorded,
        [
            r#"proxy.default done {"proxy":"All"}"#,
            r#"proxy.group done {"group":"Sales","through":"proxy","proxy":"Group"}"#,
            r#"proxy.account done {"through":"proxy","proxy":"Own"}"#,
            r#"proxy.account done {"through":"direct","proxy":null}"#,
            r#"proxy.account done {"through":"inherited","proxy":null}"#,
            r#"proxy.group done {"group":"Sales","through":"direct","proxy":null}"#,
            r#"proxy.group done {"group":"Sales","through":"inherited","proxy":null}"#,
            r#"proxy.default done {"proxy":null}"#,
        ]
    );
    let page = root.get("/audit").await.texts("main").concat();
    for sentence in [
        "made “All” the default proxy",
        "made the accounts in “Sales” connect through the proxy “Group”",
        "made the account connect without a proxy",
        "made the account connect as otherwise selected",
    ] {
        assert!(page.contains(sentence), "{sentence}: {page}");
    }
}

#[tokio::test]
async fn a_choice_that_another_person_made_meanwhile_is_not_overwritten() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let account = test.account(1, None).await;
    let group = test.group("Sales", &[account]).await;
    let [berlin, bonn] = [
        added(&test, &root, "Berlin").await.id.to_string(),
        added(&test, &root, "Bonn").await.id.to_string(),
    ];
    let gone = "0190aaaa-0000-7000-8000-000000000000";
    for path in
        ["/proxies/default".into(), format!("/groups/{group}/proxy"), format!("/accounts/{account}/proxy")]
    {
        assert_eq!(select(&root, &path, "", &berlin).await.status, StatusCode::SEE_OTHER, "{path}");
        let late = select(&root, &path, "", &bonn).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "{path}");
        assert!(late.body.contains("Another person selected something else"), "{path}: {}", late.body);
        assert_eq!(late.attributes("[name=was]", "value"), [berlin.as_str()], "{path}");
        let none = select(&root, &path, &berlin, gone).await;
        assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(none.body.contains("This proxy was removed."), "{path}: {}", none.body);
    }
    let berlin = named(&test, "Berlin").id;
    let choices = &test.app.live.proxies.plan().choices;
    assert_eq!(choices.accounts, [(account, ProxyChoice::Proxy(berlin))].into());
    assert_eq!(choices.groups, [(group, ProxyChoice::Proxy(berlin))].into());
    assert_eq!(choices.default, Some(berlin));
}

#[tokio::test]
async fn a_proxy_that_is_selected_is_not_removed_and_its_accounts_keep_it() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let account = test.account(1, None).await;
    let group = test.group("Sales", &[account]).await;
    let berlin = proxy(&test, &root, "Berlin", "1001").await.id.to_string();
    let uses = [
        ("/proxies/default".to_owned(), "the default"),
        (format!("/groups/{group}/proxy"), "one group"),
        (format!("/accounts/{account}/proxy"), "one account"),
    ];
    for (path, _) in &uses {
        assert_eq!(select(&root, path, "", &berlin).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    let path = format!("/proxies/{berlin}/remove");
    for (number, (used_by, says)) in uses.iter().enumerate() {
        let ask = root.get(&path).await;
        let refused = root.post(&path, &[]).await;
        assert_eq!((ask.status, refused.status), (StatusCode::OK, StatusCode::CONFLICT));
        for page in [ask, refused] {
            let note = page.texts("[role=alert]").concat();
            assert!(note.contains(says) && note.contains("Select another proxy there first."), "{note}");
            assert!(!page.has("form button.danger") && page.texts("main li").len() == uses.len() - number);
            assert!(page.body.contains("or the default"), "what applies then: {}", page.body);
        }
        assert_eq!(port(&test, account), Some(1001), "it is still used");
        assert_eq!(select(&root, used_by, &berlin, "").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(port(&test, account), None);
    assert!(root.get(&path).await.has("form button.danger"));
    let removed = root.post(&path, &[]).await;
    assert_eq!(
        (removed.status, removed.header("location")),
        (StatusCode::SEE_OTHER, "/proxies?done=deleted")
    );
    assert_eq!(test.rows("select purpose from sealed_secrets").await, Vec::<String>::new());
    assert_eq!(entries(&test).await.last().unwrap(), r#"proxy.removed done {"proxy":"Berlin"}"#);
    assert_eq!(root.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_proxy_that_can_not_be_used_blocks_its_accounts() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let account = test.account(1, None).await;
    let berlin = added(&test, &root, "Berlin").await;
    assert_eq!(berlin.config.map(|config| config.kind), Some(ProxyKind::Socks5));
    let path = format!("/accounts/{account}/proxy");
    select(&root, &path, "", &berlin.id.to_string()).await;
    test.sql("update sealed_secrets set sealed = replace(sealed, substr(sealed, 20, 4), 'AAAA')").await;
    ops::proxies::reload(&test.app).await.unwrap();
    let entry = test.app.live.accounts.get(account).unwrap();
    assert_eq!(ops::proxies::use_of(&test.app, &entry.account), ProxyUse::Blocked, "never another way");
}
