//! What happens when the identity of a person changes at the identity provider: another subject, or another address.

use axum::http::StatusCode;
use serde_json::json;
use telescope::domain::access::{Policy, Principal, SystemPermit, decide_system};
use telescope::domain::privilege::{
    AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges, can,
};
use telescope::domain::{Email, Identity, RequestInfo, Stage};
use telescope::ops::users::{UserChange, UserRef};
use telescope::ops::{OpError, sign_in, users};
use telescope::store;

use super::app::{ADMIN, TestApp};
use super::behind::{ADA, Behind};

const NEW: &str = "ada@example.com";

fn named(subject: &str, email: &str) -> Identity {
    let claimed = Identity::claimed(Email::parse(email).unwrap());
    Identity { subject: subject.into(), issuer: "https://id.example.org".into(), ..claimed }
}

async fn comes(test: &TestApp, identity: &Identity) -> Result<sign_in::SignedIn, OpError> {
    sign_in::sign_in(&test.app, identity, &RequestInfo::default()).await
}

/// How many entries of a code the audit log has.
async fn entries(test: &TestApp, code: &str) -> usize {
    let filter = store::audit::Filter { code: Some(code.into()), ..store::audit::Filter::default() };
    store::audit::page(&mut test.app.db.read().await.unwrap(), &filter, 100).await.unwrap().len()
}

/// The permit of the machine's commands.
fn machine() -> SystemPermit<can::ManageAccess> {
    decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli).unwrap()
}

#[tokio::test]
async fn behind_cloudflare_a_new_subject_takes_the_place_of_the_former() {
    let behind = Behind::new().await;
    let account = behind.test.account(1, Some(ADA)).await;
    behind.test.set_stage(account, Stage::Ready);
    let page = format!("/accounts/{account}");
    assert_eq!(behind.at_home(ADA).await.get(&page).await.status, StatusCode::OK);
    let known = behind.test.user(ADA).await.id;
    for subject in ["seat-2", "seat-3"] {
        let token = behind.key.sign(&behind.claims(ADA, json!({ "sub": subject })));
        assert_eq!(behind.browser(&token).get(&page).await.status, StatusCode::OK, "{subject}");
    }
    assert_eq!(behind.test.user(ADA).await.id, known);
    assert_eq!(entries(&behind.test, "person.identity.replaced").await, 2);
    let conn = &mut behind.test.app.db.read().await.unwrap();
    let bound = store::identities::subjects(conn, &behind.issuer.name(), known).await.unwrap();
    assert_eq!(bound, ["seat-3"]);
    // An address that isn't verified takes nobody's place.
    let claims = behind.claims(ADA, json!({"sub": "seat-4", "email_verified": false}));
    let refused = behind.browser(&behind.key.sign(&claims)).get(&page).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_only_administrator_is_let_in_from_the_machine() {
    let test = TestApp::new().await;
    comes(&test, &named("1", ADMIN)).await.unwrap();
    assert!(comes(&test, &named("2", ADMIN)).await.is_err());
    let root = Email::parse(ADMIN).unwrap();
    let unlinks = async |email: &str| {
        let email = Email::parse(email).unwrap();
        users::change(&*test.app, machine().grant(), UserRef::Email(&email), UserChange::ForgetIdentity).await
    };
    unlinks(ADMIN).await.unwrap();
    assert!(comes(&test, &named("2", ADMIN)).await.unwrap().person.admin);
    assert_eq!(entries(&test, "person.identity.forgotten").await, 1);
    assert!(unlinks("nobody@example.org").await.is_err());

    // Renamed at the provider: the same subject has another address.
    let renamed = named("2", "boss@example.com");
    assert!(!comes(&test, &renamed).await.unwrap().person.admin);
    let to = Email::parse("boss@example.com").unwrap();
    let moved = users::move_to(&*test.app, machine().grant(), UserRef::Email(&root), &to).await.unwrap();
    assert_eq!((moved.user.email, moved.accounts), (root, 0));
    assert!(comes(&test, &renamed).await.unwrap().person.admin);
}

#[tokio::test]
async fn a_person_moves_to_another_address_with_roles_and_accounts() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let (own, other) = (test.account(1, Some(ADA)).await, test.account(2, Some("bob@example.org")).await);
    let group = test.group("Sales", &[other]).await;
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let role = test.role("Sales", &[(group, view)], SystemPrivileges::NONE).await;
    test.give(ADA, role).await;
    comes(&test, &named("1", ADA)).await.unwrap();
    let user = test.user(ADA).await;
    // Married: the provider has another address for the same person.
    let person = comes(&test, &named("1", NEW)).await.unwrap().person;
    assert!(!person.verified && person.id == user.id);

    let path = format!("/users/{}/move", user.id);
    for (email, said) in [
        ("nonsense", "isn't an e-mail address"),
        (ADA, "has that address already"),
        (ADMIN, "Another person has signed in"),
    ] {
        let refused = root.post(&path, &[("email", email)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        assert!(refused.texts("#email-error").concat().contains(said), "{}", refused.body);
        assert_eq!(refused.attributes("#email", "value"), [email]);
    }
    // Somebody has given a role to the new address beforehand.
    let early = test.role("Early", &[], SystemPrivileges::NONE).await;
    test.give(NEW, early).await;
    // The form asks first, and nothing has happened then.
    let show = root.get(&format!("/users/{}", user.id)).await;
    assert_eq!(show.attributes("form:has(#email)", "method"), ["get"]);
    for (email, said) in [("nonsense", "isn't an e-mail address"), (ADMIN, "Another person has signed in")] {
        let refused = root.get(&format!("{path}?email={email}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        assert!(refused.texts("#email-error").concat().contains(said), "{}", refused.body);
    }
    let asked = root.get(&format!("{path}?email=+Ada@Example.com")).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert_eq!(asked.texts("h1"), [format!("Change the address of {ADA} to {NEW}?")]);
    let effects = asked.texts(".effects").concat();
    for part in [
        "The account that they own",
        "They keep their roles: “Sales”",
        "before its first sign-in: “Early”",
        "They are not signed in anywhere",
    ] {
        assert!(effects.contains(part), "{part}: {effects}");
    }
    assert_eq!(asked.attributes("main form [name=email]", "value"), [NEW]);
    assert_eq!(test.user(ADA).await.id, user.id);
    assert_eq!(entries(&test, "person.moved").await, 0);

    let moved = root.post(&path, &[("email", " Ada@Example.com")]).await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER, "{}", moved.body);
    let now = test.user(NEW).await;
    assert_eq!((now.id, now.admin), (user.id, false));
    assert_eq!(test.app.live.accounts.get(own).unwrap().account.owner.as_ref().map(Email::as_str), Some(NEW));
    assert_eq!(
        test.app.live.accounts.get(other).unwrap().account.owner.as_ref().map(Email::as_str),
        Some("bob@example.org")
    );
    let mut roles = test.app.live.policy.current().roles_of(user.id).to_vec();
    roles.sort_unstable();
    let mut expected = vec![role, early];
    expected.sort_unstable();
    assert_eq!(roles, expected);
    assert_eq!(entries(&test, "person.moved").await, 1);
    assert!(
        comes(&test, &named("1", NEW)).await.unwrap().person.verified,
        "and the proof is of that address"
    );
    let conn = &mut test.app.db.read().await.unwrap();
    assert!(store::users::by_email(conn, &Email::parse(ADA).unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn only_administrators_move_people_and_nobody_themselves() {
    let test = TestApp::new().await;
    let manages = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
    let manager = test.role("Managers", &[], manages).await;
    test.give("bob@example.org", manager).await;
    let (bob, root) = (test.signed_in("bob@example.org").await, test.signed_in(ADMIN).await);
    test.signed_in(ADA).await;
    let (ada, own) = (test.user(ADA).await.id, test.user(ADMIN).await.id);
    assert!(!bob.get(&format!("/users/{ada}")).await.has("#move-title"));
    let refused = bob.post(&format!("/users/{ada}/move"), &[("email", NEW)]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    let asked = bob.get(&format!("/users/{ada}/move?email={NEW}")).await;
    assert_eq!(asked.status, StatusCode::CONFLICT, "{}", asked.body);
    assert!(!root.get(&format!("/users/{own}")).await.has("#move-title"));
    let refused = root.post(&format!("/users/{own}/move"), &[("email", NEW)]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert!(root.get(&format!("/users/{ada}")).await.has("#move-title"));
}

#[tokio::test]
async fn a_person_has_so_many_sessions_and_the_oldest_ends() {
    let test = TestApp::with(&[("SESSIONS_PER_USER", "3")]).await;
    let mut browsers = Vec::new();
    for _ in 0..5 {
        browsers.push(test.signed_in(ADA).await);
        // Their order is that of the milliseconds in which they began.
        let began = test.app.clock.now();
        crate::support::waiting::until_true("a moment passes", crate::support::browser::SOON, async || {
            test.app.clock.now() > began
        })
        .await;
    }
    let others = test.signed_in("bob@example.org").await;
    let mut is_in = Vec::new();
    for browser in &browsers {
        is_in.push(browser.get("/accounts").await.status == StatusCode::OK);
    }
    assert_eq!(is_in, [false, false, true, true, true]);
    assert_eq!(others.get("/accounts").await.status, StatusCode::OK);
}
