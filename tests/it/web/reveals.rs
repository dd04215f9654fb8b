//! A second person's approval: who may give it, for how long it holds, and what everybody is told.

mod dependence;
mod foreign;
mod open_pages;
mod rights;

use axum::http::StatusCode;
use telescope::clock::Clock;
use telescope::domain::access::{self, Principal};
use telescope::domain::privilege::can;
use telescope::domain::reveal::RequestState;
use telescope::domain::{AccountId, Email, GroupId, RevealId};
use telescope::ops::access::{Edit, save};
use telescope::ops::approvals::view;
use telescope::ops::sign_in;
use telescope::store::audit::Filter;
use telescope::store::{self, Conn, StoreError};

use super::app::{ADMIN, Answer, TestApp, Visitor};

const ADA: &str = "ada@example.org";
const SECOND: &str = "second@example.org";
const THIRD: &str = "third@example.org";
const PASSWORD: &str = "Blaukehlchen 5";
const WHY: &str = "Ada is on leave";

/// An application with these administrators, an account of Ada's that needs approvals, and a password for it.
struct Told {
    test: TestApp,
    account: AccountId,
    group: GroupId,
    root: Visitor,
}

impl Told {
    async fn with(admins: &str) -> Self {
        let clock = Clock::manual(Clock::System.now());
        let test = TestApp::with_clock(&[("ADMIN_EMAILS", admins)], clock).await;
        let account = test.account(1, Some(ADA)).await;
        let group = GroupId::generate();
        let root = test.signed_in(ADMIN).await;
        let told = Self { test, account, group, root };
        let groups = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
            store::groups::insert(conn, group, "Board").await?;
            store::accounts::set_details(conn, account, Some(&Email::parse(ADA).unwrap()), "", &[group]).await
        };
        told.test.app.db.maintain(groups).await.unwrap();
        told.root.post(&format!("/accounts/{account}/password"), &[("password", PASSWORD)]).await;
        told.needs(true).await;
        told
    }

    /// Two administrators.
    async fn new() -> (Self, Visitor) {
        let told = Self::with(&format!("{ADMIN},{SECOND}")).await;
        let second = told.test.signed_in(SECOND).await;
        (told, second)
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

    /// Somebody as a request of his would have him.
    async fn actor(&self, email: &str) -> Principal {
        Principal::User(sign_in::person(&self.test.user(email).await, true))
    }

    fn password(&self) -> String {
        format!("/accounts/{}/password/reveal", self.account)
    }

    fn code(&self) -> String {
        format!("/accounts/{}/code", self.account)
    }

    /// Asks for an approval and says which request that is.
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

    /// Code, actor, reason and details of what was written down about reveals, the oldest first.
    async fn trail(&self) -> Vec<(String, String, Option<String>, Option<String>)> {
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
    let (told, second) = Told::new().await;
    let page = told.password();
    let form = told.root.get(&page).await;
    assert!(!form.has(&format!("form[action='{page}']")), "no button that shows it");
    assert!(form.texts("#approval")[0].contains("second@example.org can approve it"), "{}", form.body);
    refused(told.root.post(&page, &[("reason", WHY)]).await, "Another person has to approve this first")
        .await;
    refused(told.root.post(&told.code(), &[("reason", WHY)]).await, "Another person has to approve").await;
    let wait = format!("{}/wait", told.code());
    refused(told.root.post(&wait, &[("reason", WHY)]).await, "Another person has to approve").await;

    let id = told.asks(&told.root, &page).await;
    assert!(said(&told.root.get(&page).await).contains("Waiting for approval"));
    refused(told.root.post(&page, &[]).await, "This has not been approved yet").await;
    refused(told.root.post(&format!("{page}/request"), &[("reason", WHY)]).await, "already requested this")
        .await;
    let list = second.get("/reveals").await;
    assert_eq!(list.texts("nav .count"), ["1 pending"]);
    let line = &list.texts(&format!("#reveal-{id}"))[0];
    for part in ["Two-step password of +9996620001", WHY, ADMIN] {
        assert!(line.contains(part), "{part}: {line}");
    }
    told.approves(&second, id).await;
    assert!(!second.get("/reveals").await.has("nav .count"));
    assert!(said(&told.root.get(&page).await).contains("Approved by second@example.org"));

    // What was approved is this, for him, and not the code, nor for somebody else.
    refused(told.root.post(&told.code(), &[("reason", WHY)]).await, "Another person has to approve").await;
    refused(second.post(&page, &[("reason", WHY)]).await, "Another person has to approve").await;
    let shown = told.root.post(&page, &[]).await;
    assert_eq!((shown.status, shown.texts("output.secret")), (StatusCode::OK, vec![PASSWORD.to_owned()]));
    assert_eq!(shown.header("cache-control"), "no-store");
    refused(told.root.post(&page, &[("reason", WHY)]).await, "it was valid once").await;
    let entry = |code: &str, actor: &str, details: &str| {
        let reason = (code != "reveal.approved").then(|| WHY.to_owned());
        (code.to_owned(), actor.to_owned(), reason, Some(details.to_owned()))
    };
    assert_eq!(
        told.trail().await,
        [
            entry("reveal.requested", ADMIN, r#"{"kind":"two-step-password"}"#),
            entry("reveal.approved", SECOND, r#"{"kind":"two-step-password","person":"root@example.org"}"#),
            entry("password.shown", ADMIN, r#"{"approved_by":"second@example.org"}"#),
        ]
    );
    let history = told.root.get(&format!("/accounts/{}", told.account)).await;
    assert!(history.texts(".history")[0].contains("approved by second@example.org"), "{}", history.body);

    // Once the group needs none, a reason is enough.
    told.needs(false).await;
    assert_eq!(told.root.post(&page, &[("reason", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(told.root.post(&page, &[("reason", WHY)]).await.status, StatusCode::OK);
    refused(told.root.post(&format!("{page}/request"), &[("reason", WHY)]).await, "no longer needs approval")
        .await;
}

#[tokio::test]
async fn a_code_that_is_not_there_does_not_use_the_approval() {
    let (told, second) = Told::new().await;
    let ada = told.test.signed_in(ADA).await;
    let id = told.asks(&ada, &told.code()).await;
    told.approves(&second, id).await;
    let page = ada.get(&told.code()).await;
    assert_eq!(page.texts("#approval button"), ["Show login code", "Wait for the next code"]);
    refused(ada.post(&told.code(), &[]).await, "account is disconnected").await;
    assert_eq!(told.state(id).await, RequestState::Approved);
    refused(ada.post(&format!("{}/wait", told.code()), &[]).await, "account is disconnected").await;
    assert_eq!(told.state(id).await, RequestState::Approved);
}

#[tokio::test]
async fn nobody_decides_his_own_request() {
    let (told, _) = Told::new().await;
    let id = told.asks(&told.root, &told.password()).await;
    let again = told.test.signed_in(ADMIN).await;
    for who in [&told.root, &again] {
        let list = who.get("/reveals").await;
        assert!(list.texts(&format!("#reveal-{id}"))[0].contains("your own request"));
        assert!(!list.has(&format!("#reveal-{id} form")) && !list.has("nav .count"));
        for what in ["approve", "refuse"] {
            refused(told.decides(who, what, id).await, "decide your own request").await;
        }
    }
    assert_eq!(told.state(id).await, RequestState::Waiting);
    assert_eq!(told.trail().await.len(), 1, "only that it was asked for");
}

#[tokio::test]
async fn where_nobody_could_approve_it_is_said() {
    let told = Told::with(ADMIN).await;
    told.test.signed_in(SECOND).await;
    let page = told.root.get(&told.password()).await;
    assert!(page.texts("#approval")[0].contains("no one who can approve this"), "{}", page.body);
    assert!(!page.has("#approval form"));
    let answer = told.root.post(&format!("{}/request", told.password()), &[("reason", WHY)]).await;
    refused(answer, "no one who can approve this").await;
    // Somebody who is shut out counts for nobody.
    let second = told.test.user(SECOND).await.id;
    let there = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        store::users::set_admin(conn, second, true).await?;
        store::users::set_disabled(conn, second, true).await
    };
    told.test.app.db.maintain(there).await.unwrap();
    assert!(
        told.root.get(&told.password()).await.texts("#approval")[0].contains("no one who can approve this")
    );
    assert!(told.trail().await.is_empty());
}

#[tokio::test]
async fn what_was_refused_stays_refused_and_says_why() {
    let (told, second) = Told::new().await;
    let page = told.password();
    let id = told.asks(&told.root, &page).await;
    let note = "Ada is <b>back</b>\r\nsince Monday";
    let answer = second.post(&format!("/reveals/{id}/refuse"), &[("note", note)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let form = told.root.get(&page).await;
    let words = "second@example.org declined your request: “Ada is <b>back</b> since Monday”.";
    assert!(said(&form).contains(words), "{}", said(&form));
    assert_eq!(form.attributes("#reason", "value"), [WHY], "it can be asked again");
    refused(told.root.post(&page, &[]).await, "declined your request").await;
    refused(told.decides(&second, "approve", id).await, "second@example.org has already declined this").await;
    let (code, actor, reason, details) = told.trail().await.pop().unwrap();
    assert_eq!((code.as_str(), actor.as_str()), ("reveal.refused", SECOND));
    assert_eq!(reason.as_deref(), Some("Ada is <b>back</b> since Monday"));
    assert!(details.unwrap().contains(ADMIN));
    assert_eq!(told.asks(&told.root, &page).await, told.test.app.live.approvals.load().recent[0].id);
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_does_and_the_other_is_told() {
    let told = Told::with(&format!("{ADMIN},{SECOND},{THIRD}")).await;
    let (second, third) = (told.test.signed_in(SECOND).await, told.test.signed_in(THIRD).await);
    let id = told.asks(&told.root, &told.password()).await;
    let (one, other) = tokio::join!(told.decides(&second, "approve", id), told.decides(&third, "refuse", id));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    let late = if one.status == 409 { one } else { other };
    assert!(said(&late).contains("already"), "{}", late.body);
    assert_eq!(told.trail().await.len(), 2, "one request, one decision");
}

#[tokio::test]
async fn everything_is_over_after_ten_minutes() {
    let (told, second) = Told::new().await;
    let (page, clock) = (told.password(), told.test.app.clock.clone());
    let late = told.asks(&told.root, &page).await;
    let unused = told.asks(&told.test.signed_in(ADA).await, &told.code()).await;
    told.approves(&second, unused).await;
    clock.advance(10 * 60 - 1);
    assert!(second.get("/reveals").await.has("nav .count"));
    clock.advance(1);
    let list = second.get("/reveals").await;
    assert!(!list.has("nav .count") && !list.has("#reveals form"), "{}", list.body);
    refused(told.decides(&second, "approve", late).await, "expired after ten minutes").await;
    let ada = told.test.signed_in(ADA).await;
    refused(ada.post(&told.code(), &[]).await, "within ten minutes of the decision").await;
    assert!(said(&told.root.get(&page).await).contains("decided within ten minutes"));

    view::tidy(&told.test.app).await.unwrap();
    assert_eq!(
        (told.state(late).await, told.state(unused).await),
        (RequestState::Expired, RequestState::Expired)
    );
    let expired: Vec<_> =
        told.trail().await.into_iter().filter(|entry| entry.0 == "reveal.expired").collect();
    assert_eq!(expired.len(), 2);
    assert!(expired.iter().all(|entry| entry.1 == "system:reveals"), "{expired:?}");
    assert!(expired[0].3.as_ref().unwrap().contains(ADMIN) && expired[1].3.as_ref().unwrap().contains(ADA));
    clock.advance(8 * 24 * 60 * 60);
    view::tidy(&told.test.app).await.unwrap();
    let conn = &mut told.test.app.db.read().await.unwrap();
    assert!(store::reveal_requests::get(conn, late).await.unwrap().is_none(), "rows are tidied");
}

#[tokio::test]
async fn wrong_input_is_said_where_it_was_typed() {
    let (told, second) = Told::new().await;
    let page = told.password();
    for reason in ["", "ab", "a\u{7}b", &"x".repeat(501)] {
        let answer = told.root.post(&format!("{page}/request"), &[("reason", reason)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.attributes("#approval #reason", "value"), [reason]);
        assert!(answer.has("#reason-error"));
    }
    let reason = "</script><b>bold</b> \u{202e}";
    told.root.post(&format!("{page}/request"), &[("reason", reason)]).await;
    let id = told.test.app.live.approvals.load().recent[0].id;
    let list = second.get("/reveals").await;
    assert!(!list.has("#reveals b") && list.texts(".reason bdi")[0].contains("</script><b>bold</b>"));
    for (note, words) in [("x".repeat(501), "500 characters"), ("a\u{7}b".into(), "control characters")] {
        for what in ["approve", "refuse"] {
            let answer = second.post(&format!("/reveals/{id}/{what}"), &[("note", &note)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.texts(&format!("#note-error-{id}"))[0].contains(words));
            assert_eq!(answer.texts(&format!("#note-{id}")), [note.as_str()], "what was typed is kept");
        }
    }
    for path in ["/reveals/nonsense/approve", "/reveals/0190aaaa-0000-7000-8000-000000000000/refuse"] {
        assert_eq!(second.post(path, &[]).await.status, StatusCode::NOT_FOUND);
    }
    let ada = told.test.signed_in(ADA).await;
    assert_eq!(told.decides(&ada, "approve", id).await.status, StatusCode::FORBIDDEN);
    assert!(!ada.get("/accounts").await.has("nav [href='/reveals']"));
    assert_eq!(told.state(id).await, RequestState::Waiting);
}
