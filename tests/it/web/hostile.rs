//! Text that is empty, long, a script, or changes the direction of writing is inert, or refused beside its field.

use axum::http::StatusCode;
use telescope::domain::account::Profile;
use telescope::domain::direction::balanced;
use telescope::domain::{Network, Snapshot, Stage, StageToken};

use super::app::{ADMIN, TestApp};

const SCRIPT: &str = "\"'></bdi></textarea></title><script>alert(1)</script><img src=x onerror=alert(1)>";
const BIDI: &str = "\u{202e}evil\u{2066}\u{200f}";

#[tokio::test]
async fn text_from_others_is_inert() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for (number, text) in (1..).zip([SCRIPT, BIDI]) {
        let id = test.account(number, None).await;
        let page = format!("/accounts/{id}");
        let group = &text.replace(',', "").chars().take(60).collect::<String>();
        let form = [("owner", ""), ("comment", text), ("groups", group)];
        let saved = root.edit(id, &form).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
        let profile = Profile { telegram_id: 7, name: text.into(), username: Some(text.into()) };
        let stage = Stage::WaitPassword {
            hint: text.into(),
            recovery: telescope::domain::stage::Recovery::Impossible,
        };
        let snapshot = Snapshot {
            stage,
            token: StageToken(7),
            network: Network::Ready,
            profile: Some(profile),
            ..Snapshot::off()
        };
        test.app.live.accounts.put_snapshot(id, snapshot);
        let row = format!("#account-{id}");
        let closed = &*balanced(text);
        let group = &balanced(group).into_owned();
        let spaced = closed.split_whitespace().collect::<Vec<_>>().join(" ");
        let list = root.get("/accounts").await;
        assert_eq!(list.texts(&format!("{row} bdi")), [&spaced, &spaced, &spaced].map(String::as_str));
        let shown = root.get(&page).await;
        assert_eq!(shown.texts("#heading bdi, #facts bdi").len(), 5);
        assert!(shown.texts("bdi").contains(group), "{:?}", shown.texts("bdi"));
        assert_eq!(shown.texts("#password-hint bdi"), [spaced.as_str()]);
        let edit = root.get(&format!("{page}/edit")).await;
        assert_eq!(edit.attributes("#groups [checked]", "value").len(), 1);
        assert!(edit.texts("#groups bdi").contains(group), "{:?}", edit.texts("#groups bdi"));
        let search = root.get(&format!("/accounts?q={}", urlencoding(text))).await;
        assert_eq!(search.attributes("#q", "value"), [text]);
        for answer in [list, shown, edit, search, root.get("/audit").await] {
            assert!(!answer.has("main script") && !answer.has("main img"), "{}", answer.body);
            assert!(!answer.body.contains("<script>alert") && !answer.body.contains("<img src=x"));
        }
    }
}

fn urlencoding(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn invalid_text_is_refused_beside_its_field() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = test.account(1, None).await;
    let page = format!("/accounts/{id}");
    // Percent-encoding must not exceed the limit of the body: the field itself has to be what is too long.
    let long = "x".repeat(60 * 1024);
    for (path, field, wrong) in [
        ("edit", "comment", "nul\0"),
        ("edit", "comment", &long),
        ("edit", "new_group", "nul\0"),
        ("edit", "new_group", &long),
        ("edit", "owner", "nul\0@example.org"),
        ("edit", "owner", &long),
        ("edit", "owner", SCRIPT),
        ("edit", "owner", "\u{202e}ada@example.org"),
        ("password", "password", "nul\0"),
        ("password", "password", &long),
        ("password", "password", ""),
        ("code", "reason", "nul\0"),
        ("code", "reason", &long),
        ("code", "reason", ""),
    ] {
        test.set_stage(id, Stage::Ready);
        let mut form = vec![("owner", ""), ("comment", ""), ("groups", ""), ("password", ""), ("reason", "")];
        form.retain(|(name, _)| *name != field);
        form.push((field, wrong));
        let answer = match path {
            "edit" => root.edit(id, &form).await,
            _ => root.post(&format!("{page}/{path}"), &form).await,
        };
        let about = format!("{path} {field}: {:?}", wrong.chars().take(20).collect::<String>());
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{about}: {}", answer.body);
        assert_eq!(answer.texts(&format!("p#{field}-error.error")).len(), 1, "{about}: {}", answer.body);
        assert!(!answer.has("main script"), "{about}");
    }
    let before = test.app.live.accounts.get(id).unwrap();
    assert_eq!((before.account.comment.as_str(), before.account.groups.len()), ("", 0));

    let large = "x".repeat(64 * 1024 + 1);
    for (path, field) in
        [("edit", "comment"), ("password", "password"), ("code", "reason"), ("provide", "code")]
    {
        let answer = root.post(&format!("{page}/{path}"), &[(field, &large)]).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(answer.body.contains("64 KiB"), "{}", answer.body);
    }
}
