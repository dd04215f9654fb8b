//! Approvers who have their permission from the person who asks, and approvals whose approver lost it.

use axum::http::StatusCode;
use telescope::domain::Email;
use telescope::domain::RoleId;
use telescope::domain::access;
use telescope::domain::privilege::{SystemPrivilege, SystemPrivileges, can};
use telescope::domain::reveal::RequestState;
use telescope::ops::access::{Edit, UserRef, save};

use super::super::app::ADMIN;
use super::*;

impl Scene {
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
        let scene = Scene::with(ADMIN).await;
        let third = scene.test.signed_in(THIRD).await;
        // The membership or the privilege of the role: one of both is the requester's gift.
        let role = if by_role {
            let role = scene.test.role("Witnesses", &[], SystemPrivileges::NONE).await;
            scene.test.give(THIRD, role).await;
            scene.edits(ADMIN, &[Edit::System(role, approve())]).await;
            role
        } else {
            let role = scene.test.role("Witnesses", &[], approve()).await;
            scene.edits(ADMIN, &[scene.gives(THIRD, role)]).await;
            role
        };
        scene.edits(ADMIN, &[Edit::RenameRole(role, "Observers".into())]).await;
        let page = scene.root.get(&scene.password()).await;
        assert!(page.texts("#approval")[0].contains("no one who can approve this"), "{}", page.body);
        let answer = scene.root.post(&format!("{}/request", scene.password()), &[("reason", WHY)]).await;
        refused(answer, "no one who can approve this").await;

        // Another person's request can be approved by them.
        let ada = scene.test.signed_in(ADA).await;
        let hers = scene.asks(&ada, &scene.code()).await;
        scene.approves(&third, hers).await;

        // With another approver the request is made, and the dependent one still can't approve it.
        let other = scene.test.role("Auditors", &[], approve()).await;
        scene.test.give(SECOND, other).await;
        let second = scene.test.signed_in(SECOND).await;
        let id = scene.asks(&scene.root, &scene.password()).await;
        let list = third.get("/reveals").await;
        assert!(list.texts(&format!("#reveal-{id}"))[0].contains("gave you the permission to approve"));
        assert!(!list.has(&format!("#reveal-{id} form")) && !list.has("nav .count"), "{}", list.body);
        refused(scene.decides(&third, "approve", id).await, "gave you the permission to approve").await;
        assert_eq!(scene.state(id).await, RequestState::Waiting);
        scene.approves(&second, id).await;

        scene.test.app.clock.advance(24 * 60 * 60 + 1);
        scene.test.apply_policy().await;
        let id = scene.asks(&scene.test.signed_in(ADMIN).await, &scene.password()).await;
        scene.approves(&scene.test.signed_in(THIRD).await, id).await;
    }
}

#[tokio::test]
async fn an_approval_stays_dead_if_its_approver_gets_the_permission_back() {
    let (scene, _) = Scene::new().await;
    let role = scene.test.role("Witnesses", &[], approve()).await;
    scene.test.give(THIRD, role).await;
    let third = scene.test.signed_in(THIRD).await;
    let id = scene.asks(&scene.root, &scene.password()).await;
    scene.approves(&third, id).await;
    scene.edits(SECOND, &[scene.takes(THIRD, role)]).await;
    scene.edits(SECOND, &[scene.gives(THIRD, role)]).await;
    refused(scene.root.post(&scene.password(), &[]).await, "third@example.org approved your request").await;
    assert_eq!(scene.state(id).await, RequestState::Voided);
    let (code, actor, _, details) = scene.entries().await.pop().unwrap();
    assert_eq!((code.as_str(), actor.as_str()), ("reveal.voided", "system:reveals"));
    let details = details.unwrap();
    assert!(details.contains(THIRD) && details.contains(ADMIN), "{details}");

    // An approver who keeps the permission by another way keeps the approval alive.
    let other = scene.test.role("Auditors", &[], approve()).await;
    scene.test.give(THIRD, other).await;
    let id = scene.asks(&scene.root, &scene.password()).await;
    scene.approves(&third, id).await;
    scene.edits(SECOND, &[scene.takes(THIRD, role)]).await;
    assert_eq!(scene.root.post(&scene.password(), &[]).await.status, StatusCode::OK);
    assert_eq!(scene.state(id).await, RequestState::Used);
}

#[tokio::test]
async fn the_time_to_use_an_approval_runs_from_the_decision() {
    let (scene, second) = Scene::new().await;
    let id = scene.asks(&scene.root, &scene.password()).await;
    scene.test.app.clock.advance(9 * 60);
    scene.approves(&second, id).await;
    scene.test.app.clock.advance(9 * 60);
    assert_eq!(scene.root.post(&scene.password(), &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn people_see_and_withdraw_their_own_requests() {
    let (scene, second) = Scene::new().await;
    let ada = scene.test.signed_in(ADA).await;
    assert!(ada.get("/reveals/mine").await.has("#no-requests"));
    assert!(!ada.get("/accounts").await.has("nav a[href='/reveals/mine']"));
    let mut list = ada.stream("/reveals/mine/events").await;
    let id = scene.asks(&ada, &scene.code()).await;
    super::open_pages::until(&mut list, &["#my-requests", WHY, "Pending"]).await;
    assert!(ada.get("/accounts").await.has("nav a[href='/reveals/mine']"));
    let withdraw = format!("/reveals/{id}/withdraw");
    assert_eq!(second.post(&withdraw, &[]).await.status, StatusCode::NOT_FOUND, "only one's own");
    let answer = ada.post(&withdraw, &[]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/reveals/mine"));
    assert_eq!(scene.state(id).await, RequestState::Withdrawn);
    let mine = ada.get("/reveals/mine").await;
    assert!(mine.texts(&format!("#request-{id}"))[0].contains("Withdrawn"), "{}", mine.body);
    refused(scene.decides(&second, "approve", id).await, "was withdrawn").await;
    assert!(
        second.get("/reveals").await.texts(&format!("#reveal-{id}"))[0].contains("Withdrawn by the person")
    );
    refused(ada.post(&scene.code(), &[]).await, "was withdrawn").await;
    let again = ada.post(&withdraw, &[]).await;
    assert!(again.status == StatusCode::CONFLICT && again.body.contains("was withdrawn"), "{}", again.body);

    // An approval can be taken back, too, and another request made.
    let id = scene.asks(&ada, &scene.code()).await;
    scene.approves(&second, id).await;
    assert!(ada.get("/reveals/mine").await.texts(&format!("#request-{id}"))[0].contains("Continue"));
    let withdrawn = ada.post(&format!("/reveals/{id}/withdraw"), &[]).await;
    assert_eq!(withdrawn.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.entries().await.pop().unwrap().0, "reveal.withdrawn");
    scene.asks(&ada, &scene.code()).await;
}

#[tokio::test]
async fn approvers_see_what_they_judge_and_land_there() {
    let scene = Scene::with(ADMIN).await;
    let role = scene.test.role("Witnesses", &[], approve()).await;
    scene.test.give(THIRD, role).await;
    let third = scene.test.signed_in(THIRD).await;
    let home = third.get("/").await;
    assert_eq!(home.header("location"), "/reveals");
    assert_eq!(scene.root.get("/").await.header("location"), "/accounts");
    let empty = third.get("/accounts").await;
    assert!(empty.texts("#rows")[0].contains("You can approve"), "{}", empty.body);

    let profile = telescope::domain::account::Profile {
        telegram_id: 1,
        name: "Front <Desk>".into(),
        username: Some("desk".into()),
    };
    let snapshot =
        telescope::domain::Snapshot { profile: Some(profile), ..telescope::domain::Snapshot::off() };
    scene.test.app.live.accounts.put_snapshot(scene.account, snapshot);
    let ada = scene.test.signed_in(ADA).await;
    let first = scene.asks(&ada, &scene.code()).await;
    scene.decides(&third, "refuse", first).await;
    scene.test.app.clock.advance(60);
    let id = scene.asks(&ada, &scene.code()).await;
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
