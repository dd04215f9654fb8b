//! A second person's approval: who may give it, how long it is valid, and what the people involved see.

mod dependence;
mod foreign;
mod open_pages;
mod rights;

use axum::http::StatusCode;
use telescope::domain::access::{self, Principal};
use telescope::domain::privilege::can;
use telescope::domain::reveal::RequestState;
use telescope::domain::{AccountId, GroupId, RevealId};
use telescope::ops::access::{Edit, save};
use telescope::ops::approvals::view;
use telescope::ops::sign_in;
use telescope::store::audit::Filter;
use telescope::store::{self, Conn, StoreError};

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::guarded::{Guarded, PASSWORD};

const ADA: &str = "ada@example.org";
const SECOND: &str = "second@example.org";
const THIRD: &str = "third@example.org";
const WHY: &str = "Ada is on leave";

/// An application with an account of Ada's that has a stored password and requires approvals.
struct Scene {
    test: TestApp,
    account: AccountId,
    group: GroupId,
    root: Visitor,
}

impl Scene {
    async fn with(admins: &str) -> Self {
        let Guarded { test, account, group, root } = Guarded::new(admins, Some(ADA), "approval").await;
        Self { test, account, group, root }
    }

    /// With two administrators, of whom the second is signed in.
    async fn new() -> (Self, Visitor) {
        let scene = Self::with(&format!("{ADMIN},{SECOND}")).await;
        let second = scene.test.signed_in(SECOND).await;
        (scene, second)
    }

    async fn needs(&self, needed: bool) {
        let root = self.actor(ADMIN).await;
        let permit =
            access::decide_system::<can::ManageAccess>(&self.test.app.live.policy.current(), &root).unwrap();
        let report = save(&*self.test.app, permit.grant(), &[Edit::NeedApproval(self.group, needed)], None)
            .await
            .unwrap();
        assert_eq!(report.failed.len(), 0);
    }

    /// A person as loaded for a request.
    async fn actor(&self, email: &str) -> Principal {
        Principal::User(sign_in::person(&self.test.user(email).await, true))
    }

    fn password(&self) -> String {
        format!("/accounts/{}/password/reveal", self.account)
    }

    fn code(&self) -> String {
        format!("/accounts/{}/code", self.account)
    }

    /// Requests an approval; returns the request's id.
    async fn asks(&self, who: &Visitor, page: &str) -> RevealId {
        let answer = who.post(&format!("{page}/request"), &[("reason", WHY)]).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, page),
            "{}",
            answer.body
        );
        self.test.app.live.approvals.load().recent[0].id
    }

    async fn decides(&self, who: &Visitor, what: &str, id: RevealId) -> Answer {
        who.post(&format!("/reveals/{id}/{what}"), &[("note", "")]).await
    }

    async fn approves(&self, who: &Visitor, id: RevealId) {
        let answer = self.decides(who, "approve", id).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/reveals"));
    }

    async fn state(&self, id: RevealId) -> RequestState {
        let conn = &mut self.test.app.db.read().await.unwrap();
        store::reveal_requests::get(conn, id).await.unwrap().unwrap().state
    }

    /// Code, actor, reason and details of the audit entries about reveals, the oldest first.
    async fn entries(&self) -> Vec<(String, String, Option<String>, Option<String>)> {
        let conn = &mut self.test.app.db.read().await.unwrap();
        let filter = Filter { account: Some(self.account), ..Filter::default() };
        let mut entries = store::audit::page(conn, &filter, 100).await.unwrap();
        entries.reverse();
        let about = entries.into_iter().filter(|entry| entry.code != "password.stored");
        about.map(|entry| (entry.code, entry.actor, entry.reason, entry.details)).collect()
    }

    async fn demote(&self, email: &str) {
        let id = self.test.user(email).await.id;
        let demoted = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
            store::users::set_admin(conn, id, false).await
        };
        self.test.app.db.maintain(demoted).await.unwrap();
    }
}

fn said(answer: &Answer) -> String {
    answer.texts("[role=alert], #approval .note").join(" ")
}

async fn refused(answer: Answer, words: &str) {
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(said(&answer).contains(words), "{words}: {}", said(&answer));
    assert!(!answer.body.contains(PASSWORD));
}

#[tokio::test]
async fn a_secret_is_shown_once_after_another_person_approved() {
    let (scene, second) = Scene::new().await;
    let page = scene.password();
    let form = scene.root.get(&page).await;
    assert!(!form.has(&format!("form[action='{page}']")), "no button to show it");
    assert!(form.texts("#approval")[0].contains("second@example.org can approve it"), "{}", form.body);
    refused(scene.root.post(&page, &[("reason", WHY)]).await, "Another person has to approve this first")
        .await;
    refused(scene.root.post(&scene.code(), &[("reason", WHY)]).await, "Another person has to approve").await;
    let wait = format!("{}/wait", scene.code());
    refused(scene.root.post(&wait, &[("reason", WHY)]).await, "Another person has to approve").await;

    let id = scene.asks(&scene.root, &page).await;
    assert!(said(&scene.root.get(&page).await).contains("Waiting for approval"));
    refused(scene.root.post(&page, &[]).await, "This has not been approved yet").await;
    refused(scene.root.post(&format!("{page}/request"), &[("reason", WHY)]).await, "already requested this")
        .await;
    let list = second.get("/reveals").await;
    assert_eq!(list.texts("nav .count"), ["1 pending"]);
    let line = &list.texts(&format!("#reveal-{id}"))[0];
    for part in ["Two-step password of +9996620001", WHY, ADMIN] {
        assert!(line.contains(part), "{part}: {line}");
    }
    scene.approves(&second, id).await;
    assert!(!second.get("/reveals").await.has("nav .count"));
    assert!(said(&scene.root.get(&page).await).contains("Approved by second@example.org"));

    // The approval is for this secret and this person, not for the code nor for another person.
    refused(scene.root.post(&scene.code(), &[("reason", WHY)]).await, "Another person has to approve").await;
    refused(second.post(&page, &[("reason", WHY)]).await, "Another person has to approve").await;
    let shown = scene.root.post(&page, &[]).await;
    assert_eq!((shown.status, shown.texts("output.secret")), (StatusCode::OK, vec![PASSWORD.to_owned()]));
    assert_eq!(shown.header("cache-control"), "no-store");
    refused(scene.root.post(&page, &[("reason", WHY)]).await, "it was valid once").await;
    let entry = |code: &str, actor: &str, details: &str| {
        let reason = (code != "reveal.approved").then(|| WHY.to_owned());
        (code.to_owned(), actor.to_owned(), reason, Some(details.to_owned()))
    };
    assert_eq!(
        scene.entries().await,
        [
            entry("reveal.requested", ADMIN, r#"{"kind":"two-step-password"}"#),
            entry("reveal.approved", SECOND, r#"{"kind":"two-step-password","person":"root@example.org"}"#),
            entry("password.shown", ADMIN, r#"{"approved_by":"second@example.org"}"#),
        ]
    );
    let history = scene.root.get(&format!("/accounts/{}", scene.account)).await;
    assert!(history.texts(".history")[0].contains("approved by second@example.org"), "{}", history.body);

    // Once the group requires no approval, a reason is enough.
    scene.needs(false).await;
    assert_eq!(scene.root.post(&page, &[("reason", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(scene.root.post(&page, &[("reason", WHY)]).await.status, StatusCode::OK);
    refused(
        scene.root.post(&format!("{page}/request"), &[("reason", WHY)]).await,
        "no longer needs approval",
    )
    .await;
}

#[tokio::test]
async fn a_missing_code_does_not_use_the_approval() {
    let (scene, second) = Scene::new().await;
    let ada = scene.test.signed_in(ADA).await;
    let id = scene.asks(&ada, &scene.code()).await;
    scene.approves(&second, id).await;
    let page = ada.get(&scene.code()).await;
    assert_eq!(page.texts("#approval button"), ["Show login code", "Wait for the next code"]);
    refused(ada.post(&scene.code(), &[]).await, "account is disconnected").await;
    assert_eq!(scene.state(id).await, RequestState::Approved);
    refused(ada.post(&format!("{}/wait", scene.code()), &[]).await, "account is disconnected").await;
    assert_eq!(scene.state(id).await, RequestState::Approved);
}

#[tokio::test]
async fn nobody_decides_their_own_request() {
    let (scene, _) = Scene::new().await;
    let id = scene.asks(&scene.root, &scene.password()).await;
    let again = scene.test.signed_in(ADMIN).await;
    for who in [&scene.root, &again] {
        let list = who.get("/reveals").await;
        assert!(list.texts(&format!("#reveal-{id}"))[0].contains("your own request"));
        assert!(!list.has(&format!("#reveal-{id} form")) && !list.has("nav .count"));
        for what in ["approve", "refuse"] {
            refused(scene.decides(who, what, id).await, "decide your own request").await;
        }
    }
    assert_eq!(scene.state(id).await, RequestState::Waiting);
    assert_eq!(scene.entries().await.len(), 1, "only the request");
}

#[tokio::test]
async fn a_missing_approver_is_reported() {
    let scene = Scene::with(ADMIN).await;
    scene.test.signed_in(SECOND).await;
    let page = scene.root.get(&scene.password()).await;
    assert!(page.texts("#approval")[0].contains("no one who can approve this"), "{}", page.body);
    assert!(!page.has("#approval form"));
    let answer = scene.root.post(&format!("{}/request", scene.password()), &[("reason", WHY)]).await;
    refused(answer, "no one who can approve this").await;
    // A blocked person can't approve.
    let second = scene.test.user(SECOND).await.id;
    let there = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        store::users::set_admin(conn, second, true).await?;
        store::users::set_disabled(conn, second, true).await
    };
    scene.test.app.db.maintain(there).await.unwrap();
    assert!(
        scene.root.get(&scene.password()).await.texts("#approval")[0].contains("no one who can approve this")
    );
    assert!(scene.entries().await.is_empty());
}

#[tokio::test]
async fn a_refused_request_stays_refused_and_shows_the_reason() {
    let (scene, second) = Scene::new().await;
    let page = scene.password();
    let id = scene.asks(&scene.root, &page).await;
    let note = "Ada is <b>back</b>\r\nsince Monday";
    let answer = second.post(&format!("/reveals/{id}/refuse"), &[("note", note)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let form = scene.root.get(&page).await;
    let words = "second@example.org declined your request: “Ada is <b>back</b> since Monday”.";
    assert!(said(&form).contains(words), "{}", said(&form));
    assert_eq!(form.attributes("#reason", "value"), [WHY], "it can be requested again");
    refused(scene.root.post(&page, &[]).await, "declined your request").await;
    refused(scene.decides(&second, "approve", id).await, "second@example.org has already declined this")
        .await;
    let (code, actor, reason, details) = scene.entries().await.pop().unwrap();
    assert_eq!((code.as_str(), actor.as_str()), ("reveal.refused", SECOND));
    assert_eq!(reason.as_deref(), Some("Ada is <b>back</b> since Monday"));
    assert!(details.unwrap().contains(ADMIN));
    assert_eq!(scene.asks(&scene.root, &page).await, scene.test.app.live.approvals.load().recent[0].id);
}

#[tokio::test]
async fn of_two_simultaneous_decisions_one_succeeds_and_the_other_is_refused() {
    let scene = Scene::with(&format!("{ADMIN},{SECOND},{THIRD}")).await;
    let (second, third) = (scene.test.signed_in(SECOND).await, scene.test.signed_in(THIRD).await);
    let id = scene.asks(&scene.root, &scene.password()).await;
    let (one, other) =
        tokio::join!(scene.decides(&second, "approve", id), scene.decides(&third, "refuse", id));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    let late = if one.status == 409 { one } else { other };
    assert!(said(&late).contains("already"), "{}", late.body);
    assert_eq!(scene.entries().await.len(), 2, "one request, one decision");
}

#[tokio::test]
async fn requests_and_approvals_expire_after_ten_minutes() {
    let (scene, second) = Scene::new().await;
    let (page, clock) = (scene.password(), scene.test.app.clock.clone());
    let late = scene.asks(&scene.root, &page).await;
    let unused = scene.asks(&scene.test.signed_in(ADA).await, &scene.code()).await;
    scene.approves(&second, unused).await;
    clock.advance(10 * 60 - 1);
    assert!(second.get("/reveals").await.has("nav .count"));
    clock.advance(1);
    let list = second.get("/reveals").await;
    assert!(!list.has("nav .count") && !list.has("#reveals form"), "{}", list.body);
    refused(scene.decides(&second, "approve", late).await, "expired after ten minutes").await;
    let ada = scene.test.signed_in(ADA).await;
    refused(ada.post(&scene.code(), &[]).await, "within ten minutes of the decision").await;
    assert!(said(&scene.root.get(&page).await).contains("decided within ten minutes"));

    view::tidy(&scene.test.app).await.unwrap();
    assert_eq!(
        (scene.state(late).await, scene.state(unused).await),
        (RequestState::Expired, RequestState::Expired)
    );
    let expired: Vec<_> =
        scene.entries().await.into_iter().filter(|entry| entry.0 == "reveal.expired").collect();
    assert_eq!(expired.len(), 2);
    assert!(expired.iter().all(|entry| entry.1 == "system:reveals"), "{expired:?}");
    assert!(expired[0].3.as_ref().unwrap().contains(ADMIN) && expired[1].3.as_ref().unwrap().contains(ADA));
    clock.advance(8 * 24 * 60 * 60);
    view::tidy(&scene.test.app).await.unwrap();
    let conn = &mut scene.test.app.db.read().await.unwrap();
    assert!(store::reveal_requests::get(conn, late).await.unwrap().is_none(), "old rows are deleted");
}

#[tokio::test]
async fn wrong_input_is_reported_beside_its_field() {
    let (scene, second) = Scene::new().await;
    let page = scene.password();
    for reason in ["", "ab", "a\u{7}b", &"x".repeat(501)] {
        let answer = scene.root.post(&format!("{page}/request"), &[("reason", reason)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.attributes("#approval #reason", "value"), [reason]);
        assert!(answer.has("#reason-error"));
    }
    let reason = "</script><b>bold</b> \u{202e}";
    scene.root.post(&format!("{page}/request"), &[("reason", reason)]).await;
    let id = scene.test.app.live.approvals.load().recent[0].id;
    let list = second.get("/reveals").await;
    assert!(!list.has("#reveals b") && list.texts(".reason bdi")[0].contains("</script><b>bold</b>"));
    for (note, words) in [("x".repeat(501), "500 characters"), ("a\u{7}b".into(), "control characters")] {
        for what in ["approve", "refuse"] {
            let answer = second.post(&format!("/reveals/{id}/{what}"), &[("note", &note)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.texts(&format!("#note-error-{id}"))[0].contains(words));
            assert_eq!(answer.texts(&format!("#note-{id}")), [note.as_str()], "input is kept");
        }
    }
    for path in ["/reveals/nonsense/approve", "/reveals/0190aaaa-0000-7000-8000-000000000000/refuse"] {
        assert_eq!(second.post(path, &[]).await.status, StatusCode::NOT_FOUND);
    }
    let ada = scene.test.signed_in(ADA).await;
    assert_eq!(scene.decides(&ada, "approve", id).await.status, StatusCode::FORBIDDEN);
    assert!(!ada.get("/accounts").await.has("nav [href='/reveals']"));
    assert_eq!(scene.state(id).await, RequestState::Waiting);
}
