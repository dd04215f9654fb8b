//! The forms about proxies: what is refused, what they keep, and who sees them. `stories::proxies` connects through real
//! ones.

mod choices;
mod foreign;
mod live;

use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::domain::proxy::KnownProxy;

use super::app::{ADMIN, Answer, TestApp, Visitor};

const CANARY: &str = "canary-proxy-Zaunkoenig";
const MTPROTO: &str = "dd00112233445566778899aabbccddeeff";

type Fields<'a> = [(&'a str, &'a str); 7];

/// What is entered to store a proxy without a test.
fn form(name: &str) -> Fields<'_> {
    [
        ("name", name),
        ("kind", "socks5"),
        ("host", "10.0.0.1"),
        ("port", "1080"),
        ("username", "ada"),
        ("secret", CANARY),
        ("step", "anyway"),
    ]
}

fn with<'a>(mut form: Fields<'a>, changes: &[(&'a str, &'a str)]) -> Fields<'a> {
    for (name, value) in changes {
        form.iter_mut().find(|(field, _)| field == name).expect("the form has this field").1 = value;
    }
    form
}

/// Stores a proxy, and returns it.
async fn added(test: &TestApp, root: &Visitor, name: &str) -> KnownProxy {
    let answer = root.post("/proxies/add", &form(name)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    named(test, name)
}

fn named(test: &TestApp, name: &str) -> KnownProxy {
    let plan = test.app.live.proxies.plan();
    plan.proxies.iter().find(|proxy| proxy.name == name).expect("it is listed").clone()
}

/// The codes, outcomes and details of the audit entries about proxies, the oldest first.
async fn entries(test: &TestApp) -> Vec<String> {
    test.rows(
        "select code || ' ' || outcome || ' ' || coalesce(details, '') from audit_log
         where code like 'proxy.%' order by seq",
    )
    .await
}

fn of_mtproto(secret: &str) -> Vec<(&str, &str)> {
    vec![("kind", "mtproto"), ("secret", secret)]
}

fn value(page: &Answer, field: &str) -> String {
    page.attributes(&format!("#{field}"), "value").concat()
}

#[tokio::test]
async fn wrong_input_has_its_own_sentence_and_the_form_keeps_what_was_typed() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let long = "a".repeat(128);
    let domain = format!("ee00112233445566778899aabbccddeeff{}", "61".repeat(183));
    let table = [
        ("name", vec![("name", "")], "A name has 1 to"),
        ("name", vec![("name", "a,b")], "without commas"),
        ("kind", vec![("kind", "")], "Select the kind of proxy."),
        ("kind", vec![("kind", "ftp")], "Select the kind of proxy."),
        ("host", vec![("host", "")], "Enter an IP address or a host name"),
        ("host", vec![("host", "http://a.example")], "without a protocol"),
        ("host", vec![("host", "10.0.0.1:1080")], "without a port"),
        ("port", vec![("port", "")], "A port is a number from 1 to 65535."),
        ("port", vec![("port", "0")], "A port is a number from 1 to 65535."),
        ("port", vec![("port", "70000")], "A port is a number from 1 to 65535."),
        ("port", vec![("port", "<b>")], "A port is a number from 1 to 65535."),
        ("username", vec![("username", "")], "Enter the user name that belongs to the password."),
        ("username", vec![("username", "a:b")], "can't have a colon"),
        ("username", vec![("username", long.as_str())], "at most 127 bytes"),
        ("secret", of_mtproto(""), "an MTProto proxy always has one"),
        ("secret", of_mtproto(CANARY), "isn't the secret of an MTProto proxy"),
        ("secret", of_mtproto(&MTPROTO[2..20]), "isn't the secret of an MTProto proxy"),
        ("secret", of_mtproto(&domain), "isn't the secret of an MTProto proxy"),
    ];
    for (field, changes, sentence) in &table {
        let sent = with(form("Berlin"), changes);
        let page = root.post("/proxies/add", &sent).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{changes:?}");
        let error = page.texts(&format!("#{field}-error")).concat();
        assert!(error.contains(sentence), "{changes:?}: {error}\n{}", page.body);
        assert_eq!(page.texts(".error").len(), 1, "{changes:?}");
        assert_eq!(page.attributes("[aria-invalid]", "name"), [*field], "{changes:?}");
        for (name, typed) in &sent[..5] {
            if *name != "kind" {
                assert_eq!(value(&page, name), *typed, "{changes:?}: {name} is kept");
            }
        }
        assert!(!page.body.contains(CANARY) && value(&page, "secret").is_empty(), "{changes:?}");
        let again = page.texts("#secret-hint").concat().starts_with("Enter it again");
        assert_eq!(again, !sent[5].1.is_empty(), "{changes:?}: {}", page.body);
    }
    // A form that was sent without the password that had been entered stores none.
    let mut again = with(form("Berlin"), &[("secret", "")]).to_vec();
    again.push(("entered", "yes"));
    let page = root.post("/proxies/add", &again).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.texts("#secret-error").concat().contains("Enter the password again"), "{}", page.body);
    assert_eq!(test.rows("select id from proxies").await, Vec::<String>::new());
    assert_eq!(entries(&test).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_proxy_that_does_not_answer_is_stored_only_if_a_person_says_so() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let dead = |step| with(form("Berlin"), &[("host", "127.0.0.1"), ("port", "1"), ("step", step)]);
    for step in ["test", "save"] {
        let page = root.post("/proxies/add", &dead(step)).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{step}");
        assert!(page.body.contains("The test failed. Nothing accepts connections at its address."), "{step}");
        assert!(page.has("button[value=anyway]") && !page.body.contains(CANARY), "{step}");
        assert_eq!((value(&page, "name"), value(&page, "port")), ("Berlin".into(), "1".into()));
    }
    assert_eq!(test.rows("select id from proxies").await, Vec::<String>::new());
    let page = root.post("/proxies/add", &dead("anyway")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let details = r#"{"proxy":"Berlin","protocol":"socks5","address":"127.0.0.1:1"}"#;
    let expected = [
        "proxy.tested intent",
        "proxy.tested failed",
        "proxy.tested intent",
        "proxy.tested failed",
        "proxy.added done",
    ];
    assert_eq!(entries(&test).await, expected.map(|event| format!("{event} {details}")));

    // The name counts once, however it is written.
    let page = root.post("/proxies/add", &form("BERLIN ")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.texts("#name-error").concat().contains("already a proxy with this name"), "{}", page.body);
    let proxy = named(&test, "Berlin");
    let page = root.post(&format!("/proxies/{}/test", proxy.id), &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.texts("[role=alert]").concat().contains("Nothing accepts connections"), "{}", page.body);
    let row = page.texts(&format!("#proxy-{}", proxy.id)).concat();
    assert!(row.contains("Nothing accepts connections at its address") && row.contains("Tested"), "{row}");
}

#[tokio::test]
async fn tests_by_a_person_are_limited_and_recorded_before_they_connect() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let sent = with(form("Berlin"), &[("host", "127.0.0.1"), ("port", &port), ("step", "test")]);
    let (answer, entries_then) = tokio::join!(root.post("/proxies/add", &sent), async {
        let (stream, _) = listener.accept().await.unwrap();
        drop(stream);
        entries(&test).await
    });
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(
        entries_then.len() <= 2 && entries_then[0].starts_with("proxy.tested intent"),
        "{entries_then:?}"
    );
    let dead = with(sent, &[("port", "1")]);
    for number in 2..=60 {
        assert_eq!(root.post("/proxies/add", &dead).await.status, StatusCode::CONFLICT, "{number}");
    }
    let recorded = entries(&test).await.len();
    for step in ["test", "save"] {
        let page = root.post("/proxies/add", &with(dead, &[("step", step)])).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{step}");
        assert!(page.body.contains("60 times within an hour"), "{}", page.body);
    }
    assert_eq!(entries(&test).await.len(), recorded, "nothing was tested");
}

#[tokio::test]
async fn an_edit_overwrites_nothing_silently_and_keeps_the_stored_password() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let proxy = added(&test, &root, "Berlin").await;
    let path = format!("/proxies/{}", proxy.id);
    let stored = || named(&test, "Berlin").config.expect("it can be read");
    let page = root.get(&path).await;
    assert!(page.texts("#secret-hint").concat().starts_with("One is stored."), "{}", page.body);
    assert!(!page.body.contains(CANARY));
    let version = page.attributes("[name=version]", "value").concat();
    let save = async |version: &str, more: &[(&str, &str)], changes: &[(&str, &str)]| {
        let mut sent = with(with(form("Berlin"), &[("secret", "")]), changes).to_vec();
        sent.push(("version", version));
        sent.extend(more);
        root.post(&path, &sent).await
    };

    // An empty field keeps the password, unless it would be sent to another place.
    assert_eq!(save(&version, &[], &[("username", "bob")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!((stored().username.as_str(), stored().secret.expose()), ("bob", CANARY));
    // Another person's form is older than that.
    let page = save(&version, &[], &[("host", "10.0.0.2"), ("secret", "other")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("Another person changed this proxy"), "{}", page.body);
    assert_eq!(stored().host, "10.0.0.1");
    assert_eq!(value(&page, "host"), "10.0.0.2", "what was typed is kept");
    let version = page.attributes("[name=version]", "value").concat();
    let page = save(&version, &[], &[("host", "10.0.0.2")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.texts("#secret-error").concat().contains("Enter the password again"), "{}", page.body);
    let page = save(&version, &[], &[("host", "10.0.0.2"), ("secret", "other")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!((stored().host.as_str(), stored().secret.expose()), ("10.0.0.2", "other"));

    let version = root.get(&path).await.attributes("[name=version]", "value").concat();
    let page = save(&version, &[("forget", "yes")], &[("host", "10.0.0.2"), ("username", "")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    assert!(stored().secret.is_empty());
    let changes = entries(&test).await;
    assert_eq!(changes.len(), 4, "{changes:?}");
    for (entry, secret) in changes.iter().skip(1).zip([false, true, true]) {
        assert!(entry.starts_with("proxy.changed done") && entry.contains(&format!("\"secret\":{secret}")));
    }
    assert!(!changes.concat().contains(CANARY));
}

#[tokio::test]
async fn the_password_is_sealed_and_shown_nowhere() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let proxy = added(&test, &root, "Berlin").await;
    let id = proxy.id;
    for path in
        ["/proxies".into(), format!("/proxies/{id}"), format!("/proxies/{id}/remove"), "/audit".to_owned()]
    {
        let page = root.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("Berlin") && !page.body.contains(CANARY), "{path}");
    }
    let sealed = test.rows("select sealed from sealed_secrets where purpose = 'proxy'").await;
    assert!(sealed.len() == 1 && !sealed[0].contains(CANARY));
    let clear = test.rows("select name || coalesce(default_proof, '') from proxies").await;
    assert_eq!(clear, ["Berlin"], "the address is sealed, too");
    // What was changed with SQL is not used, and says so.
    test.sql("update sealed_secrets set version = version + 1 where purpose = 'proxy'").await;
    telescope::ops::proxies::reload(&test.app).await.unwrap();
    assert_eq!(named(&test, "Berlin").config, None);
    let row = root.get("/proxies").await.texts(&format!("#proxy-{id}")).concat();
    assert!(row.contains("Can't be read"), "{row}");
}

#[tokio::test]
async fn people_without_the_permission_neither_see_nor_select_proxies() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let proxy = added(&test, &root, "Berlin").await;
    let (account, id) = (test.account(1, None).await, proxy.id.to_string());
    let group = test.group("Sales", &[account]).await;
    let role = test.role("Desk", &[(group, AccountPrivileges::ALL)], SystemPrivileges::NONE).await;
    test.give("ada@example.org", role).await;
    let ada = test.signed_in("ada@example.org").await;
    for path in
        ["/proxies".into(), "/proxies/add".into(), format!("/proxies/{id}"), format!("/proxies/{id}/remove")]
    {
        let page = ada.get(&path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!page.body.contains("Berlin") && !page.body.contains("10.0.0.1"), "{path}");
    }
    let select = [("proxy", id.as_str()), ("was", "")];
    for (path, form) in [
        ("/proxies/add".into(), &form("Bonn")[..]),
        (format!("/proxies/{id}"), &form("Bonn")[..]),
        (format!("/proxies/{id}/test"), &[][..]),
        (format!("/proxies/{id}/remove"), &[][..]),
        ("/proxies/default".into(), &select[..]),
        (format!("/groups/{group}/proxy"), &select[..]),
        (format!("/accounts/{account}/proxy"), &select[..]),
    ] {
        assert_eq!(ada.post(&path, form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(test.app.live.proxies.plan().choices, Default::default());
    assert_eq!(entries(&test).await.len(), 1, "only that it was added");
    let mut stream = ada.stream("/proxies/events").await;
    let message = super::live::next(&mut stream).await;
    assert!(!message.contains("Berlin") && !message.contains("10.0.0.1"), "{message}");
    assert!(!ada.get(&format!("/accounts/{account}")).await.has("#select-proxy"));
    assert!(root.get(&format!("/accounts/{account}")).await.has("#select-proxy"));
    assert!(AccountPrivileges::ALL.has(AccountPrivilege::ManageConnectionState));
}
