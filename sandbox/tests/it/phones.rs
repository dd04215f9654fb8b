//! The page with the test phones: its content, its forms, and which requests it refuses.

use std::net::{SocketAddr, TcpListener};

use serde_json::Value;
use telescope_sandbox::tl::{enums, functions};
use telescope_sandbox::{Options, Sandbox};

use crate::common::login::{ada, client, error_text, send_code, sign_in_with_code, signed_in};
use crate::launch::http;

pub async fn sandbox_with_page() -> (Sandbox, SocketAddr) {
    let options = Options { phones: Some(TcpListener::bind("127.0.0.1:0").unwrap()), ..Options::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let address = sandbox.phones_address().unwrap();
    (sandbox, address)
}

pub async fn get(address: SocketAddr, path: &str) -> String {
    let (status, body) = http(address, "GET", path, &[], "").await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

pub async fn post(address: SocketAddr, path: &str, form: &str) -> u16 {
    http(address, "POST", path, &[], form).await.0
}

pub async fn state(address: SocketAddr) -> Value {
    serde_json::from_str(&get(address, "/state.json").await).unwrap()
}

#[tokio::test]
async fn a_phone_shows_what_it_received() {
    let (sandbox, address) = sandbox_with_page().await;
    assert!(get(address, "/").await.contains("No phones yet"));
    let mut client = client(&sandbox).await;
    let sent = send_code(&mut client, "9996621234").await.unwrap();
    let page = get(address, "/").await;
    assert!(page.contains("SMS") && page.contains(r#"<strong class="code">22222</strong>"#), "{page}");
    assert!(page.contains("None. Codes are sent by SMS."));
    let code = state(address).await["phones"][0]["messages"][0]["code"].clone();
    assert_eq!(code, "22222");
    sign_in_with_code(&mut client, "9996621234", &sent.phone_code_hash, "22222").await.unwrap();
    let page = get(address, "/").await;
    assert!(page.contains("Test desk"));
    sandbox.push_message(&ada(), "<script>alert(1)</script>").await.unwrap();
    let page = get(address, "/").await;
    assert!(page.contains("&#60;script&#62;alert(1)") && !page.contains("<script>alert"), "{page}");
    let requests: Value = serde_json::from_str(&get(address, "/requests.json").await).unwrap();
    assert_eq!(requests["auth.sendCode"]["total"], 1);
    assert_eq!(requests["auth.sendCode"]["by_number"]["9996621234"], 1);
}

#[tokio::test]
async fn a_message_may_be_older_than_its_arrival() {
    let (_sandbox, address) = sandbox_with_page().await;
    assert_eq!(post(address, "/phones", "number=9996621234").await, 303);
    for form in ["text=new", "text=old&age=400"] {
        assert_eq!(post(address, "/phones/9996621234/message", form).await, 303);
    }
    let messages = state(address).await["phones"][0]["messages"].clone();
    let date = |text: &str| {
        let message = messages.as_array().unwrap().iter().find(|message| message["text"] == text);
        message.unwrap()["date"].as_i64().unwrap()
    };
    assert!((390..=400).contains(&(date("new") - date("old"))), "{messages}");
    for age in ["86401", "-1", "soon"] {
        assert_eq!(post(address, "/phones/9996621234/message", &format!("text=old&age={age}")).await, 422);
    }
}

#[tokio::test]
async fn every_form_has_its_effect() {
    let (sandbox, address) = sandbox_with_page().await;
    assert_eq!(post(address, "/phones", "number=99966+2+1234").await, 303);
    assert_eq!(post(address, "/phones/9996621234/sign-in", "").await, 303);
    assert_eq!(post(address, "/phones/9996621234/message", "text=Hello+%C3%A9").await, 303);
    assert_eq!(post(address, "/phones/9996621234/password", "password=secret&hint=none").await, 303);
    let now = state(address).await["phones"][0].clone();
    assert_eq!(now["messages"][0]["text"], "Hello é");
    assert_eq!(
        (now["password"].clone(), now["sessions"][0]["pretended"].clone()),
        (true.into(), true.into())
    );
    let hash = now["sessions"][0]["hash"].as_str().unwrap().to_owned();
    assert_eq!(post(address, &format!("/phones/9996621234/sessions/{hash}/end"), "").await, 303);
    assert_eq!(post(address, &format!("/phones/9996621234/sessions/{hash}/end"), "").await, 422);
    assert_eq!(post(address, "/phones/9996621234/password", "password=").await, 303);
    assert_eq!(post(address, "/phones/9996621234/account", "account=banned").await, 303);
    let now = state(address).await["phones"][0].clone();
    assert_eq!((now["password"].clone(), now["account"].clone()), (false.into(), "banned".into()));
    assert_eq!(now["sessions"].as_array().unwrap().len(), 0);
    assert!(get(address, "/").await.contains("Banned"));
    assert_eq!(post(address, "/phones/9996621234/account", "account=registered").await, 303);

    let mut client = signed_in(&sandbox, &ada()).await;
    assert_eq!(post(address, "/phones/9996621234/revoke", "").await, 303);
    let state = telescope_sandbox::tl::functions::updates::GetState {};
    assert_eq!(error_text(client.invoke(&state).await), "401 SESSION_REVOKED");
    let order = "method=auth.sendCode&number=&code=420&name=FLOOD_WAIT_9&times=1";
    assert_eq!(post(address, "/refusals", order).await, 303);
    assert!(get(address, "/").await.contains("420 FLOOD_WAIT_9, 1"));
    assert_eq!(error_text(send_code(&mut client, "9996621234").await), "420 FLOOD_WAIT_9");
    assert!(!get(address, "/").await.contains("FLOOD_WAIT_9"));
}

#[tokio::test]
async fn a_user_can_be_renamed() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    let name = "/phones/9996621234/name";
    assert_eq!(post(address, name, "first_name=Zo%C3%AB").await, 303);
    assert_eq!(state(address).await["phones"][0]["first_name"], "Zoë");
    assert!(get(address, "/?q=zo%C3%AB").await.contains("Zoë Almond"));
    let me = functions::users::GetUsers { id: vec![enums::InputUser::UserSelf] };
    let Some(enums::User::User(me)) = client.invoke(&me).await.unwrap().pop() else { panic!("nobody") };
    assert_eq!(me.first_name.as_deref(), Some("Zoë"), "clients get the new name");
    for form in ["first_name=", "", &format!("first_name={}", "x".repeat(65))] {
        assert_eq!(post(address, name, form).await, 422, "{form}");
    }
    assert_eq!(post(address, "/phones/9996639999/name", "first_name=Zo").await, 422, "no such phone");
    assert_eq!(post(address, name, &format!("first_name={}", "%C3%A9".repeat(64))).await, 303);
}

#[tokio::test]
async fn invalid_forms_are_refused_with_an_explanation() {
    let (_sandbox, address) = sandbox_with_page().await;
    for (path, form) in [
        ("/phones", "number=12"),
        ("/phones", "number=9996691234"),
        ("/phones", ""),
        ("/phones/9996621234/message", "text=hello"),
        ("/phones/x/sign-in", ""),
        ("/refusals", "method=a&code=420&name=lower"),
        ("/refusals", "method=a&code=x&name=UPPER"),
        ("/refusals", "method=a&code=1&name=UPPER&times=0"),
    ] {
        assert_eq!(post(address, path, form).await, 422, "{path} {form}");
    }
    post(address, "/phones", "number=9996621234").await;
    for (path, form) in [
        ("sign-in", "hours=-1"),
        ("sign-in", "hours=9000"),
        ("sign-in", "count=0"),
        ("sign-in", "count=1001"),
        ("sign-in", "api_id=x"),
        ("sign-in", &format!("device={}", "x".repeat(201))),
        ("age", ""),
        ("age", "hours=-1"),
    ] {
        assert_eq!(post(address, &format!("/phones/9996621234/{path}"), form).await, 422, "{path} {form}");
    }
    let long = format!("text={}", "x".repeat(5000));
    for form in ["text=", "text=+", &long] {
        assert_eq!(post(address, "/phones/9996621234/message", form).await, 422);
    }
    assert_eq!(post(address, "/phones/9996621234/account", "account=other").await, 422);
}

#[tokio::test]
async fn requests_of_other_sites_are_refused() {
    let (sandbox, address) = sandbox_with_page().await;
    let own = format!("http://{address}");
    for (headers, status) in [
        (vec![("Origin", own.as_str())], 303),
        (vec![("Origin", "https://evil.example")], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Sec-Fetch-Site", "cross-site")], 403),
        (vec![("Host", "evil.example")], 421),
    ] {
        let (got, _) = http(address, "POST", "/phones", &headers, "number=9996621234").await;
        assert_eq!(got, status, "{headers:?}");
    }
    let (status, _) = http(address, "GET", "/state.json", &[("Host", "evil.example:80")], "").await;
    assert_eq!(status, 421);
    assert_eq!(sandbox.inspect(|backend| backend.phones.len()), 1);
}

#[tokio::test]
async fn the_page_is_told_of_changes() {
    let (sandbox, address) = sandbox_with_page().await;
    let before: u64 = get(address, "/news?after=999").await.parse().unwrap();
    let waiting = tokio::spawn(async move { get(address, &format!("/news?after={before}")).await });
    sandbox.add_phone(&ada()).await;
    assert_ne!(waiting.await.unwrap(), before.to_string());
    for (path, part) in [("/phones.css", "light dark"), ("/phones.js", "/news"), ("/?q=ada", "Ada Almond")] {
        assert!(get(address, path).await.contains(part), "{path}");
    }
    assert!(get(address, "/?q=nobody").await.contains("No phone matches"));
}
