//! Administration of people: it takes effect at once, is logged, and always leaves an administrator.

use std::time::Duration;

use axum::body::BodyDataStream;
use axum::http::StatusCode;
use telescope::domain::access::{Policy, Principal, decide_system};
use telescope::domain::error::ErrorCode;
use telescope::domain::privilege::can;
use telescope::domain::{Email, Identity, RequestInfo, Stage};
use telescope::ops::users::{UserChange, UserRef};
use telescope::ops::{OpError, sign_in, users};
use telescope::store;

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::live::next;

const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";
/// How long an open page may take to close under load. Without a notification it checks every 15 seconds.
const CLOSED: Duration = Duration::from_secs(12);

async fn does(test: &TestApp, who: &Visitor, what: &str, whom: &str) -> Answer {
    let path = format!("/users/{}/{what}", test.user(whom).await.id);
    who.post(&path, &[]).await
}

async fn done(test: &TestApp, who: &Visitor, what: &str, whom: &str) {
    let answer = does(test, who, what, whom).await;
    let page = format!("/users/{}?done=", test.user(whom).await.id);
    assert_eq!(
        (answer.status, answer.header("location").starts_with(&page)),
        (StatusCode::SEE_OTHER, true),
        "{}",
        answer.body
    );
}

async fn refused(test: &TestApp, who: &Visitor, what: &str, whom: &str) -> String {
    let before = test.user(whom).await;
    let answer = does(test, who, what, whom).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{what}: {}", answer.body);
    assert_eq!(test.user(whom).await, before);
    answer.texts("main p").join(" ")
}

async fn is_signed_in(who: &Visitor) -> bool {
    who.get("/accounts").await.status == StatusCode::OK
}

async fn ends(stream: &mut BodyDataStream) {
    let ended = async { while !next(stream).await.contains("event: signed-out") {} };
    tokio::time::timeout(CLOSED, ended).await.expect("the open page is closed");
}

/// Code, person and details of the newest audit entry.
async fn newest(test: &TestApp) -> (String, String, Option<String>) {
    let conn = &mut test.app.db.read().await.unwrap();
    let entry = store::audit::page(conn, &store::audit::Filter::default(), 1).await.unwrap().remove(0);
    (entry.code, entry.actor, entry.details)
}

#[tokio::test]
async fn a_blocked_person_is_signed_out_everywhere_at_once() {
    for (what, code) in [
        ("end-sessions", "person.sessions.ended"),
        ("disable", "person.disabled"),
        ("grant-admin", "person.admin.granted"),
        ("forget-identity", "person.identity.forgotten"),
    ] {
        let test = TestApp::new().await;
        let account = test.account(1, Some(ADA)).await;
        test.set_stage(account, Stage::Ready);
        let (root, bob) = (test.signed_in(ADMIN).await, test.signed_in(BOB).await);
        let (desk, phone) = (test.signed_in(ADA).await, test.signed_in(ADA).await);
        let mut streams = Vec::new();
        for (browser, path) in [
            (&desk, "/accounts/events".to_owned()),
            (&phone, format!("/accounts/{account}/events")),
            (&phone, "/jobs/events".into()),
        ] {
            let mut stream = browser.stream(&path).await;
            next(&mut stream).await;
            streams.push(stream);
        }
        let asleep = test.signed_in(ADA).await;
        assert!(is_signed_in(&asleep).await);
        let mut others = bob.stream("/accounts/events").await;
        next(&mut others).await;
        done(&test, &root, what, ADA).await;
        for mut stream in streams {
            ends(&mut stream).await;
        }
        assert!(!is_signed_in(&desk).await && !is_signed_in(&phone).await, "{what}");
        assert!(is_signed_in(&bob).await && is_signed_in(&root).await, "{what}: others stay signed in");
        let details = Some(format!("{{\"person\":\"{ADA}\"}}"));
        assert_eq!(newest(&test).await, (code.into(), ADMIN.into(), details));
        // Sessions that are cached for times without a database are dropped, too, also of browsers without a request since.
        test.app.set_database_away(true);
        assert_eq!(asleep.get("/accounts").await.status, StatusCode::SERVICE_UNAVAILABLE, "{what}");
        assert_eq!(desk.get("/accounts").await.status, StatusCode::SERVICE_UNAVAILABLE, "{what}");
        assert!(is_signed_in(&bob).await, "{what}: others are still cached");
    }
}

#[tokio::test]
async fn a_blocked_person_stays_blocked_until_unblocked() {
    let test = TestApp::new().await;
    let (root, _) = (test.signed_in(ADMIN).await, test.signed_in(ADA).await);
    done(&test, &root, "disable", ADA).await;
    let again = test.anonymous().post("/sign-in", &[("email", ADA)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.texts("main p").join(" ").contains("has been blocked"));
    let words = refused(&test, &root, "grant-admin", ADA).await;
    assert!(words.contains("Unblock them first"), "{words}");
    done(&test, &root, "enable", ADA).await;
    assert_eq!(newest(&test).await.0, "person.enabled");
    assert!(is_signed_in(&test.signed_in(ADA).await).await);
}

#[tokio::test]
async fn granting_and_revoking_administration_ends_the_sessions() {
    let test = TestApp::new().await;
    let (root, ada) = (test.signed_in(ADMIN).await, test.signed_in(ADA).await);
    assert_eq!(ada.get("/users").await.status, StatusCode::FORBIDDEN);
    done(&test, &root, "grant-admin", ADA).await;
    assert!(!is_signed_in(&ada).await, "the former session has ended");
    let ada = test.signed_in(ADA).await;
    assert_eq!(ada.get("/users").await.status, StatusCode::OK);
    done(&test, &root, "revoke-admin", ADA).await;
    assert!(!is_signed_in(&ada).await);
    assert_eq!(test.signed_in(ADA).await.get("/users").await.status, StatusCode::FORBIDDEN);
    let before = newest(&test).await;
    done(&test, &root, "revoke-admin", ADA).await;
    assert_eq!(newest(&test).await, before, "no change, no entry");
}

#[tokio::test]
async fn an_administrator_always_remains() {
    let test = TestApp::new().await;
    let (root, _) = (test.signed_in(ADMIN).await, test.signed_in(ADA).await);
    for what in ["disable", "revoke-admin"] {
        let words = refused(&test, &root, what, ADMIN).await;
        assert!(words.contains("to yourself"), "{words}");
    }
    done(&test, &root, "grant-admin", ADA).await;
    let ada = test.signed_in(ADA).await;
    let words = refused(&test, &ada, "revoke-admin", ADMIN).await;
    assert!(words.contains("ADMIN_EMAILS"), "{words}");
    done(&test, &ada, "disable", ADMIN).await;
    // The command line must not remove the last administrator either.
    let permit = decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli).unwrap();
    let whom = Email::parse(ADA).unwrap();
    for change in [UserChange::RevokeAdmin, UserChange::Disable] {
        let last = users::change(&test.app.context, permit.grant(), UserRef::Email(&whom), change).await;
        assert!(matches!(last, Err(OpError::Refused(ErrorCode::LastAdministrator))));
    }
    assert!(is_signed_in(&ada).await);
}

#[tokio::test]
async fn two_administrators_can_not_remove_each_other_at_once() {
    let test = TestApp::with(&[("ADMIN_EMAILS", "")]).await;
    let permit = decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli).unwrap();
    let both = [ADA, BOB].map(|address| Email::parse(address).unwrap());
    for email in &both {
        users::change(&*test.app, permit.grant(), UserRef::Email(email), UserChange::GrantAdmin)
            .await
            .unwrap();
    }
    // Both requests are admitted before either is executed.
    let (ada, bob) = (test.user(ADA).await, test.user(BOB).await);
    let permits = [&ada, &bob].map(|user| {
        decide_system::<can::ManageAccess>(&Policy::default(), &Principal::User(sign_in::person(user, true)))
            .unwrap()
    });
    let first =
        users::change(&*test.app, permits[0].grant(), UserRef::Id(bob.id), UserChange::RevokeAdmin).await;
    assert!(first.is_ok());
    let second =
        users::change(&*test.app, permits[1].grant(), UserRef::Id(ada.id), UserChange::RevokeAdmin).await;
    // The second is checked against the current state.
    assert!(
        matches!(second, Err(OpError::Refused(ErrorCode::MissingPrivilege { privilege })) if privilege == "manage_access")
    );
    assert!(test.user(ADA).await.admin && !test.user(BOB).await.admin);
}

#[tokio::test]
async fn a_forgotten_identity_lets_another_be_bound() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let email = Email::parse(ADA).unwrap();
    let named = |subject: &str| Identity {
        subject: subject.into(),
        issuer: "https://id.example.org".into(),
        ..Identity::claimed(email.clone())
    };
    let ada = sign_in::sign_in(&test.app, &named("1"), &RequestInfo::default()).await.unwrap();
    let stranger = sign_in::sign_in(&test.app, &named("2"), &RequestInfo::default()).await;
    assert!(matches!(stranger, Err(OpError::Refused(ErrorCode::OtherIdentity))));
    done(&test, &root, "forget-identity", ADA).await;
    assert_eq!(
        sign_in::sign_in(&test.app, &named("2"), &RequestInfo::default()).await.unwrap().person.id,
        ada.person.id
    );
    assert!(
        sign_in::sign_in(&test.app, &named("1"), &RequestInfo::default()).await.is_err(),
        "the former subject is now refused"
    );
}

#[tokio::test]
async fn the_list_shows_people_and_possible_actions() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    test.signed_in(ADA).await;
    test.signed_in(ADA).await;
    let line = async |email: &str| {
        let id = test.user(email).await.id;
        let cells = root.get("/users").await.texts(&format!("#user-{id} th, #user-{id} td"));
        let page = root.get(&format!("/users/{id}")).await;
        assert_eq!(page.texts("h1"), [email]);
        let forms = page.attributes(".actions form", "action").into_iter();
        let forms: Vec<String> = forms.map(|it| it.rsplit('/').next().unwrap().to_owned()).collect();
        (cells, forms, page.texts("dl dd"))
    };
    let (cells, forms, facts) = line(ADA).await;
    assert_eq!((cells[0].as_str(), cells[1].as_str(), cells[4].as_str()), (ADA, "Member", "2"));
    assert!(cells[3].ends_with("UTC") && facts[1].ends_with("UTC"), "{cells:?} {facts:?}");
    assert_eq!((facts[0].as_str(), facts[3].as_str()), ("Member", "2"));
    assert_eq!(forms, ["end-sessions", "disable", "grant-admin", "forget-identity", "off-boarding"]);
    let (cells, forms, _) = line(ADMIN).await;
    assert_eq!((cells[0].as_str(), cells[1].as_str()), ("root@example.org (you)", "Admin"));
    assert_eq!(forms, ["end-sessions"], "nothing that would be refused");
    done(&test, &root, "disable", ADA).await;
    let (cells, forms, _) = line(ADA).await;
    assert_eq!((cells[1].as_str(), cells[4].as_str()), ("Blocked", "0"));
    assert_eq!(forms, ["enable", "forget-identity", "off-boarding"]);
    let found = root.get("/users?q=ADA").await;
    assert_eq!(found.texts("tbody th"), [ADA]);
    assert!(root.get("/users?q=%3Cscript%3E").await.texts("main").join(" ").contains("No matching people"));
    assert_eq!(root.get("/users/none").await.status, StatusCode::NOT_FOUND);
    for path in ["/users/none/disable", "/users/0190aaaa-0000-7000-8000-000000000000/disable"] {
        assert_eq!(root.post(path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn one_is_asked_with_what_will_happen_and_told_what_was_done() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    test.signed_in(ADA).await;
    test.signed_in(ADA).await;
    let user = test.user(ADA).await;
    for (what, effect, told) in [
        ("end-sessions", "signed out of 2 browsers", "Signed out everywhere."),
        ("grant-admin", "every account", "is an admin now"),
        ("revoke-admin", "They have no roles.", "no longer an admin"),
        ("forget-identity", "takes over this user", "Unlinked."),
        ("disable", "can't sign in until", "Blocked."),
        ("enable", "can sign in again", "Unblocked."),
    ] {
        let before = test.user(ADA).await;
        let path = format!("/users/{}/{what}", user.id);
        let page = root.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert!(page.texts(".effects li").join(" ").contains(effect), "{what}: {}", page.body);
        assert_eq!(page.attributes("main form", "action"), [path.as_str()]);
        assert_eq!(test.user(ADA).await, before, "nothing is done yet");
        let answer = root.post(&path, &[]).await;
        let page = root.get(answer.header("location")).await;
        assert!(page.texts("[role=status]").join(" ").contains(told), "{what}: {}", page.body);
    }
    // Of oneself it is said, and what would be refused is not offered.
    let own = test.user(ADMIN).await.id;
    let page = root.get(&format!("/users/{own}/end-sessions")).await;
    assert!(page.texts(".effects li").join(" ").contains("This is you"));
    let page = root.get(&format!("/users/{own}/disable")).await;
    assert!(page.has("main [role=alert]") && !page.has("main form"), "{}", page.body);
    test.role("Readers", &[], telescope::domain::privilege::SystemPrivileges::NONE).await;
    let page = root.get(&format!("/users/{own}")).await;
    assert!(!page.has("select[name=role]") && !page.body.contains("Unlink identity"), "{}", page.body);
}

#[tokio::test]
async fn pages_without_a_stream_of_their_own_close_with_the_session_and_with_lost_permissions() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let manage = telescope::domain::privilege::SystemPrivileges::of(&[
        telescope::domain::privilege::SystemPrivilege::ManageAccess,
    ]);
    let role = test.role("Managers", &[], manage).await;
    test.give(ADA, role).await;
    let ada = test.signed_in(ADA).await;
    let group = test.group("Sales", &[]).await;
    let id = test.user(ADA).await.id;
    for page in [
        "/users",
        "/access",
        "/roles",
        "/groups",
        "/access/explain",
        &format!("/groups/{group}"),
        &format!("/users/{id}"),
    ] {
        let live = ada.get(page).await.attributes("[hx-sse\\:connect]", "hx-sse:connect");
        assert_eq!(live, ["/events"], "{page}");
    }
    for page in ["/accounts", "/jobs"] {
        let live = ada.get(page).await.attributes("[hx-sse\\:connect]", "hx-sse:connect");
        assert!(live.len() == 1 && live[0] != "/events", "{page}: {live:?}");
    }
    let mut stream = ada.stream("/events").await;
    root.post(
        &format!("/users/{id}/roles"),
        &[("what", "take"), ("role", &role.to_string()), ("step", "save")],
    )
    .await;
    let lost = async { while !next(&mut stream).await.contains("event: permissions-lost") {} };
    tokio::time::timeout(CLOSED, lost).await.expect("the page is told");
    let mut stream = ada.stream("/events").await;
    done(&test, &root, "disable", ADA).await;
    ends(&mut stream).await;
}

#[tokio::test]
async fn text_that_can_not_be_stored_is_refused() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let role = test.role("Readers", &[], telescope::domain::privilege::SystemPrivileges::NONE).await;
    for path in ["/users?q=a%00", "/users?after=%00", &format!("/roles/{role}?after=%00")] {
        assert_eq!(root.get(path).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
}
