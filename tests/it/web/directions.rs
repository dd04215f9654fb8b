//! Text with direction marks turns around nothing on a page: what people and Telegram wrote is isolated wherever it
//! stands, and what it opens is closed within it.

use axum::http::StatusCode;
use scraper::{ElementRef, Html, Node};
use telescope::domain::account::Profile;
use telescope::domain::direction::{balanced, isolated};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::stage::Recovery;
use telescope::domain::{Network, Snapshot, Stage, StageToken};

use super::app::{ADMIN, Answer, TestApp};
use super::walk::TABLE;

const ADA: &str = "ada@example.org";
const SECOND: &str = "second@example.org";
/// Turns around what follows, closes isolations that others have opened, and opens more. The word is in all of it.
const NAME: &str = "\u{202e}kram\u{2069}\u{2069}\u{202d}\u{2067}";
/// What is allowed in texts, but not in names: the end of a paragraph closes isolations, too.
const TEXT: &str = "kram\u{2029}\u{202e}kram\u{2069}\u{202e}";
const WORD: &str = "kram";

/// What on a page could turn around other text.
fn wrong(answer: &Answer, place: &str) -> (Vec<String>, usize) {
    let page = Html::parse_document(&answer.body);
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for node in page.tree.nodes() {
        match node.value() {
            Node::Text(text) if text.contains(WORD) => {
                seen += 1;
                let text = text.trim();
                let within = |names: &[&str]| {
                    let mut around = node.ancestors().filter_map(ElementRef::wrap);
                    around.any(|element| names.contains(&element.value().name()))
                };
                let is_alone = [NAME, TEXT].iter().any(|it| text == balanced(it).trim());
                let is_isolated =
                    [NAME, TEXT].iter().any(|it| text.replace(&*isolated(it), "").find(WORD).is_none());
                // Titles, fields and options hold nothing else; other text has to be isolated within its sentence.
                let is_apart =
                    within(&["title", "textarea", "option"]) || (is_alone && within(&["bdi"])) || is_isolated;
                // A field is sent as it is.
                let is_closed = balanced(text) == text || within(&["textarea"]);
                if !is_closed || !is_apart {
                    wrong.push(format!("{place}: {text:?}"));
                }
            }
            Node::Element(element) => {
                for (name, value) in element.attrs().filter(|(_, value)| value.contains(WORD)) {
                    let is_field = element.name() == "input" && name == "value";
                    if balanced(value) != value && !is_field {
                        wrong.push(format!("{place}: {name}={value:?}"));
                    }
                }
            }
            _ => {}
        }
    }
    (wrong, seen)
}

#[tokio::test]
async fn text_with_direction_marks_turns_around_nothing_else() {
    let test = TestApp::with(&[("ADMIN_EMAILS", &format!("{ADMIN},{SECOND}"))]).await;
    let (root, second) = (test.signed_in(ADMIN).await, test.signed_in(SECOND).await);
    let account = test.account(1, Some(ADA)).await;
    test.signed_in(ADA).await;
    let saved = root.edit(account, &[("owner", ADA), ("comment", TEXT), ("groups", NAME)]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let group = test.app.live.accounts.get(account).unwrap().account.groups[0];
    let view = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    let system = SystemPrivileges::of(&[SystemPrivilege::AddAccount]);
    let role = test.role(NAME, &[(group, view)], system).await;
    test.give("bob@example.org", role).await;
    let profile = Profile { telegram_id: 7, name: TEXT.into(), username: Some("desk".into()) };
    let stage = Stage::WaitPassword { hint: TEXT.into(), recovery: Recovery::Impossible };
    let stands = |stage: Stage| {
        let profile = Some(profile.clone());
        let snapshot =
            Snapshot { stage, token: StageToken(7), network: Network::Ready, profile, ..Snapshot::off() };
        test.app.live.accounts.put_snapshot(account, snapshot);
    };
    stands(Stage::Ready);
    root.post(&format!("/accounts/{account}/password"), &[("password", "Blaukehlchen 5")]).await;
    root.post(&format!("/groups/{group}/approval"), &[("needed", "yes")]).await;
    let reason = [("reason", TEXT)];
    root.post(&format!("/accounts/{account}/password/reveal/request"), &reason).await;
    let declined = test.app.live.approvals.load().recent[0].id;
    let answer = second.post(&format!("/reveals/{declined}/refuse"), &[("note", NAME)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    root.post(&format!("/accounts/{account}/code/request"), &reason).await;
    root.post(&format!("/roles/{role}/rename"), &[("name", "Another"), ("was", NAME)]).await;
    root.post(&format!("/roles/{role}/rename"), &[("name", NAME), ("was", "Another")]).await;

    let user = test.user("bob@example.org").await.id;
    let fill = |pattern: &str| {
        let path = pattern.replace("{account}", &account.to_string()).replace("{user}", &user.to_string());
        path.replace("{group}", &group.to_string()).replace("{role}", &role.to_string())
    };
    let mut found = Vec::new();
    let mut seen = Vec::new();
    let mut look = |answer: &Answer, place: &str| {
        let (wrong, count) = wrong(answer, place);
        found.extend(wrong);
        if count > 0 {
            seen.push(place.to_owned());
        }
    };
    for asked in [Stage::Ready, stage] {
        stands(asked);
        for (method, pattern, _) in TABLE {
            let is_page = *method == "GET" && !pattern.contains("events") && !pattern.contains("{reveal}");
            if is_page && !pattern.contains("{file}") {
                let path = fill(pattern);
                look(&root.get(&path).await, pattern);
            }
        }
    }
    for path in [
        "/access/explain?person=bob@example.org&account=%2B9996620001",
        "/access/explain?account=%2B9996620001",
        "/accounts?q=%E2%80%AEkram%E2%81%A9%E2%81%A9%E2%80%AD%E2%81%A7",
        "/users/{user}/disable",
        "/users/{user}/move?email=bert@example.org",
        "/groups/{group}/approval?needed=no",
        "/groups/{group}/emergency?allowed=yes",
        "/audit?code=reveal.refused",
    ] {
        look(&root.get(&fill(path)).await, path);
    }
    for (path, form) in [
        ("/roles/{role}/delete", vec![]),
        ("/groups/{group}/delete", vec![]),
        ("/roles/{role}/give", vec![("people", "eve@example.org")]),
        ("/users/{user}/roles", vec![("what", "take"), ("role", &*role.to_string())]),
        ("/groups/{group}/take-out", vec![("account", &*account.to_string())]),
        ("/access/{group}/{role}", vec![("privilege", "view")]),
        ("/roles/{role}/rename", vec![("name", "New"), ("was", "Old")]),
        ("/groups", vec![("name", NAME)]),
        ("/roles", vec![("name", NAME)]),
        ("/accounts/{account}/edit", vec![("owner", "x"), ("comment", TEXT), ("group", &*group.to_string())]),
    ] {
        let form: Vec<_> = form.into_iter().chain([("step", "preview")]).collect();
        look(&root.post(&fill(path), &form).await, path);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    for place in [
        "/accounts",
        "/accounts/{account}",
        "/audit",
        "/access",
        "/roles",
        "/groups",
        "/reveals",
        "/groups/{group}/delete",
    ] {
        assert!(seen.iter().any(|it| it == place), "{place} shows no such text: {seen:?}");
    }
}
