//! Approvers who have their permission from the person who asks, and approvals whose approver lost it.

use axum::http::StatusCode;
use telescope::domain::RoleId;
use telescope::domain::access;
use telescope::domain::privilege::{SystemPrivilege, SystemPrivileges, can};
use telescope::domain::reveal::RequestState;
use telescope::ops::access::{Edit, UserRef, save};

use super::super::app::ADMIN;
use super::*;

impl Told {
    /// Edits the access rules as this person.
    async fn edits(&self, person: &str, edits: &[Edit]) {
        let actor = self.actor(person).await;
        let permit =
            access::decide_system::<can::ManageAccess>(&self.test.app.live.policy.current(), &actor).unwrap();
        let report = save(&*self.test.app, permit.grant(), edits, None).await.unwrap();
        assert_eq!(report.failed.len(), 0, "{:?}", report.failed);
    }

    fn gives(&self, email: &str, role: RoleId) -> Edit {
        Edit::Give(UserRef::Email(Email::parse(email).unwrap()), role)
    }

    fn takes(&self, email: &str, role: RoleId) -> Edit {
        Edit::Take(UserRef::Email(Email::parse(email).unwrap()), role)
    }
}

fn approve() -> SystemPrivileges {
    SystemPrivileges::of(&[SystemPrivilege::ApproveReveal])
}

#[tokio::test]
async fn an_approver_whom_the_requester_made_does_not_count_for_a_day() {
    for by_role in [false, true] {
        let told = Told::with(ADMIN).await;
        let third = told.test.signed_in(THIRD).await;
        // The membership or the privilege of the role: one of both is the requester's gift.
        let role = if by_role {
            let role = told.test.role("Witnesses", &[], SystemPrivileges::NONE).await;
            told.test.give(THIRD, role).await;
            told.edits(ADMIN, &[Edit::System(role, approve())]).await;
            role
        } else {
            let role = told.test.role("Witnesses", &[], approve()).await;
            told.edits(ADMIN, &[told.gives(THIRD, role)]).await;
            role
        };
        told.edits(ADMIN, &[Edit::RenameRole(role, "Observers".into())]).await;
        let page = told.root.get(&told.password()).await;
        assert!(page.texts("#approval")[0].contains("no one who can approve this"), "{}", page.body);
        let answer = told.root.post(&format!("{}/request", told.password()), &[("reason", WHY)]).await;
        refused(answer, "no one who can approve this").await;

        // Another person's request can be approved by them.
        let ada = told.test.signed_in(ADA).await;
        let hers = told.asks(&ada, &told.code()).await;
        told.approves(&third, hers).await;

        // With another approver the request is made, and the dependent one still can't approve it.
        let other = told.test.role("Auditors", &[], approve()).await;
        told.test.give(SECOND, other).await;
        let second = told.test.signed_in(SECOND).await;
        let id = told.asks(&told.root, &told.password()).await;
        let list = third.get("/reveals").await;
        assert!(list.texts(&format!("#reveal-{id}"))[0].contains("gave you the permission to approve"));
        assert!(!list.has(&format!("#reveal-{id} form")) && !list.has("nav .count"), "{}", list.body);
        refused(told.decides(&third, "approve", id).await, "gave you the permission to approve").await;
        assert_eq!(told.state(id).await, RequestState::Waiting);
        told.approves(&second, id).await;

        told.test.app.clock.advance(24 * 60 * 60 + 1);
        told.test.in_force().await;
        let id = told.asks(&told.test.signed_in(ADMIN).await, &told.password()).await;
        told.approves(&told.test.signed_in(THIRD).await, id).await;
    }
}

#[tokio::test]
async fn an_approval_stays_dead_if_its_approver_gets_the_permission_back() {
    let (told, _) = Told::new().await;
    let role = told.test.role("Witnesses", &[], approve()).await;
    told.test.give(THIRD, role).await;
    let third = told.test.signed_in(THIRD).await;
    let id = told.asks(&told.root, &told.password()).await;
    told.approves(&third, id).await;
    told.edits(SECOND, &[told.takes(THIRD, role)]).await;
    told.edits(SECOND, &[told.gives(THIRD, role)]).await;
    refused(told.root.post(&told.password(), &[]).await, "third@example.org approved your request").await;
    assert_eq!(told.state(id).await, RequestState::Voided);
    let (code, actor, _, details) = told.trail().await.pop().unwrap();
    assert_eq!((code.as_str(), actor.as_str()), ("reveal.voided", "system:reveals"));
    let details = details.unwrap();
    assert!(details.contains(THIRD) && details.contains(ADMIN), "{details}");

    // An approver who keeps the permission by another way keeps the approval alive.
    let other = told.test.role("Auditors", &[], approve()).await;
    told.test.give(THIRD, other).await;
    let id = told.asks(&told.root, &told.password()).await;
    told.approves(&third, id).await;
    told.edits(SECOND, &[told.takes(THIRD, role)]).await;
    assert_eq!(told.root.post(&told.password(), &[]).await.status, StatusCode::OK);
    assert_eq!(told.state(id).await, RequestState::Used);
}

#[tokio::test]
async fn the_time_to_use_an_approval_runs_from_the_decision() {
    let (told, second) = Told::new().await;
    let id = told.asks(&told.root, &told.password()).await;
    told.test.app.clock.advance(9 * 60);
    told.approves(&second, id).await;
    told.test.app.clock.advance(9 * 60);
    assert_eq!(told.root.post(&told.password(), &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn people_see_and_withdraw_their_own_requests() {
    let (told, second) = Told::new().await;
    let ada = told.test.signed_in(ADA).await;
    assert!(ada.get("/reveals/mine").await.has("#no-requests"));
    assert!(!ada.get("/accounts").await.has("nav a[href='/reveals/mine']"));
    let mut list = ada.stream("/reveals/mine/events").await;
    let id = told.asks(&ada, &told.code()).await;
    super::open_pages::until(&mut list, &["#my-requests", WHY, "Pending"]).await;
    assert!(ada.get("/accounts").await.has("nav a[href='/reveals/mine']"));
    let withdraw = format!("/reveals/{id}/withdraw");
    assert_eq!(second.post(&withdraw, &[]).await.status, StatusCode::NOT_FOUND, "only one's own");
    let answer = ada.post(&withdraw, &[]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/reveals/mine"));
    assert_eq!(told.state(id).await, RequestState::Withdrawn);
    let mine = ada.get("/reveals/mine").await;
    assert!(mine.texts(&format!("#request-{id}"))[0].contains("Withdrawn"), "{}", mine.body);
    refused(told.decides(&second, "approve", id).await, "was withdrawn").await;
    assert!(
        second.get("/reveals").await.texts(&format!("#reveal-{id}"))[0].contains("Withdrawn by the person")
    );
    refused(ada.post(&told.code(), &[]).await, "was withdrawn").await;
    let again = ada.post(&withdraw, &[]).await;
    assert!(again.status == StatusCode::CONFLICT && again.body.contains("was withdrawn"), "{}", again.body);

    // An approval can be taken back, too, and another request made.
    let id = told.asks(&ada, &told.code()).await;
    told.approves(&second, id).await;
    assert!(ada.get("/reveals/mine").await.texts(&format!("#request-{id}"))[0].contains("Continue"));
    let withdrawn = ada.post(&format!("/reveals/{id}/withdraw"), &[]).await;
    assert_eq!(withdrawn.status, StatusCode::SEE_OTHER);
    assert_eq!(told.trail().await.pop().unwrap().0, "reveal.withdrawn");
    told.asks(&ada, &told.code()).await;
}

#[tokio::test]
async fn approvers_see_what_they_judge_and_land_there() {
    let told = Told::with(ADMIN).await;
    let role = told.test.role("Witnesses", &[], approve()).await;
    told.test.give(THIRD, role).await;
    let third = told.test.signed_in(THIRD).await;
    let home = third.get("/").await;
    assert_eq!(home.header("location"), "/reveals");
    assert_eq!(told.root.get("/").await.header("location"), "/accounts");
    let empty = third.get("/accounts").await;
    assert!(empty.texts("#rows")[0].contains("You can approve"), "{}", empty.body);

    let profile = telescope::domain::account::Profile {
        telegram_id: 1,
        name: "Front <Desk>".into(),
        username: Some("desk".into()),
    };
    let snapshot =
        telescope::domain::Snapshot { profile: Some(profile), ..telescope::domain::Snapshot::off() };
    told.test.app.live.accounts.put_snapshot(told.account, snapshot);
    let ada = told.test.signed_in(ADA).await;
    let first = told.asks(&ada, &told.code()).await;
    told.decides(&third, "refuse", first).await;
    told.test.app.clock.advance(60);
    let id = told.asks(&ada, &told.code()).await;
    let card = third.get("/reveals").await.texts(&format!("#reveal-{id}")).concat();
    for part in ["Front <Desk> (@desk)", ADA, "Board", "in the last 7 days: 1", "Declined"] {
        assert!(card.contains(part), "{part}: {card}");
    }
    // The answer names what was decided.
    let answer = third.post_fragment(&format!("/reveals/{id}/refuse"), &[("note", "")]).await;
    assert!(
        answer.body.contains("Declined: login code of +9996620001 for ada@example.org."),
        "{}",
        answer.body
    );
}
