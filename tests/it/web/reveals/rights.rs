//! Permissions that change after a request: they are checked again when it is approved and when it is used.

use axum::http::StatusCode;
use telescope::domain::Email;
use telescope::domain::access;
use telescope::domain::error::ErrorCode;
use telescope::domain::privilege::{AccountPrivileges, SystemPrivilege, SystemPrivileges, can};
use telescope::domain::reveal::RequestState;
use telescope::ops::OpError;
use telescope::ops::access::{Edit, save};
use telescope::ops::approvals::{self, Decision};
use telescope::ops::reveals::password;
use telescope::store::{self, Conn, StoreError};

use super::super::app::ADMIN;
use super::*;

/// The permissions of both people are read from the database at that moment, also for a request that was already admitted.
#[tokio::test]
async fn permissions_are_checked_again_when_approving_and_showing() {
    let (scene, second) = Scene::new().await;
    let app = &scene.test.app;
    let shows = async |actor: &Principal| {
        let entry = app.live.accounts.get(scene.account).unwrap();
        let permit =
            access::decide::<can::ViewTwoFactorPassword>(&app.live.policy.current(), actor, &entry.account)
                .unwrap();
        password::show_password(app, permit.grant(), "").await
    };
    // The approver lost the privilege.
    let (root, other) = (scene.actor(ADMIN).await, scene.actor(SECOND).await);
    let id = scene.asks(&scene.root, &scene.password()).await;
    scene.approves(&second, id).await;
    scene.demote(SECOND).await;
    let Err(OpError::Refused(code)) = shows(&root).await else { panic!("it was shown") };
    assert_eq!(code, ErrorCode::ApproverRevoked { by: "second@example.org".into() });
    let page = scene.root.get(&scene.password()).await;
    assert!(said(&page).contains("may no longer approve") && !page.has(".good"), "{}", page.body);

    // The approver loses the privilege after the request was admitted.
    let third = scene.test.signed_in(THIRD).await;
    let promoted = scene.test.user(THIRD).await.id;
    let promote = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        store::users::set_admin(conn, promoted, true).await
    };
    app.db.maintain(promote).await.unwrap();
    let id = scene.asks(&scene.root, &scene.password()).await;
    let permit = access::decide_system::<can::ApproveReveal>(&app.live.policy.current(), &other).unwrap();
    let Err(OpError::Refused(code)) = approvals::decide(app, permit.grant(), id, Decision::Approve, "").await
    else {
        panic!("it was approved")
    };
    assert_eq!(code, ErrorCode::MissingPrivilege { privilege: "approve_reveal".into() });
    assert_eq!(scene.state(id).await, RequestState::Waiting);

    // The requester lost the privilege: no one can approve it, and an approved secret is not shown.
    scene.approves(&third, id).await;
    scene.demote(ADMIN).await;
    assert!(matches!(shows(&root).await, Err(OpError::NotFound)), "as if the account did not exist");
    assert_eq!(scene.state(id).await, RequestState::Approved, "the approval was not used");
    let ada = scene.test.signed_in(ADA).await;
    let hers = scene.asks(&ada, &scene.code()).await;
    let given_away = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        let bob = Email::parse("bob@example.org").unwrap();
        store::accounts::set_details(conn, scene.account, Some(&bob), "", &[scene.group]).await
    };
    app.db.maintain(given_away).await.unwrap();
    refused(scene.decides(&third, "approve", hers).await, "ada@example.org no longer has access to this")
        .await;
    let answer = ada.post(&scene.code(), &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
}

/// A person with the privilege by a role can approve like an administrator, as long as the role lasts.
#[tokio::test]
async fn a_role_can_give_approval_and_its_end_voids_the_approvals() {
    let scene = Scene::with(ADMIN).await;
    let approve = SystemPrivileges::of(&[SystemPrivilege::ApproveReveal]);
    let role = scene.test.role("Witnesses", &[], approve).await;
    let third = scene.test.signed_in(THIRD).await;
    assert_eq!(third.get("/reveals").await.status, StatusCode::FORBIDDEN);
    scene.test.give(THIRD, role).await;
    let page = scene.root.get(&scene.password()).await;
    assert!(page.texts("#approval")[0].contains("third@example.org can approve it"), "{}", page.body);
    let id = scene.asks(&scene.root, &scene.password()).await;
    let list = third.get("/reveals").await;
    assert_eq!(list.texts("nav .count"), ["1 pending"]);
    let line = format!("#reveal-{id}");
    assert!(
        list.texts(&line)[0].contains("+9996620001") && !list.has(&format!("{line} a")),
        "no link to the account"
    );
    scene.approves(&third, id).await;

    let user = scene.test.user(THIRD).await.id;
    let taken = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        store::roles::take(conn, role, user).await.map(drop)
    };
    // The rules in memory still have the role; the database decides at the moment of showing.
    scene.test.app.db.maintain(taken).await.unwrap();
    refused(scene.root.post(&scene.password(), &[]).await, "third@example.org approved your request").await;
    assert_eq!(scene.state(id).await, RequestState::Approved, "nothing was shown");
}

/// An access manager who is not an administrator can't bypass the second person.
#[tokio::test]
async fn only_administrators_can_switch_approvals_off() {
    let scene = Scene::with(ADMIN).await;
    let test = &scene.test;
    let manage = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
    let role = test.role("Desk", &[(scene.group, AccountPrivileges::ALL)], manage).await;
    test.give(THIRD, role).await;
    let third = test.signed_in(THIRD).await;
    let actor = scene.actor(THIRD).await;
    let permit = access::decide_system::<can::ManageAccess>(&test.app.live.policy.current(), &actor).unwrap();

    let edits = [
        Edit::TakeOut(scene.account, scene.group),
        Edit::DeleteGroup(scene.group),
        Edit::NeedApproval(scene.group, false),
    ];
    let report = save(&*test.app, permit.grant(), &edits, None).await.unwrap();
    assert_eq!((report.done, report.failed.len()), (0, 3), "{:?}", report.failed);
    assert!(
        report.failed.iter().all(|failed| failed.why().contains("administrators")),
        "{:?}",
        report.failed
    );
    let switched = third.post(&format!("/groups/{}/approval", scene.group), &[("needed", "no")]).await;
    assert_eq!(switched.status, StatusCode::CONFLICT, "{}", switched.body);
    let form = [("groups", "Sales"), ("owner", ADA), ("comment", "")];
    let answer = third.edit(scene.account, &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    refused(third.post(&scene.password(), &[("reason", WHY)]).await, "Another person has to approve").await;

    let root = scene.actor(ADMIN).await;
    let permit = access::decide_system::<can::ManageAccess>(&test.app.live.policy.current(), &root).unwrap();
    let report = save(&*test.app, permit.grant(), &edits[..1], None).await.unwrap();
    assert_eq!((report.done, report.failed.len()), (1, 0));
    assert_eq!(scene.root.post(&scene.password(), &[("reason", WHY)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn emergency_access_is_asked_about_before_it_is_switched() {
    let scene = Scene::with(ADMIN).await;
    let (test, root) = (&scene.test, &scene.root);
    let manage = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
    let role = test.role("Desk", &[(scene.group, AccountPrivileges::ALL)], manage).await;
    test.give(THIRD, role).await;
    let third = test.signed_in(THIRD).await;
    let path = format!("/groups/{}/emergency", scene.group);
    let is_allowed = async || {
        let conn = &mut test.app.db.read().await.unwrap();
        store::groups::allowing_emergency(conn).await.unwrap().contains(&scene.group)
    };
    for (allowed, before, button) in
        [("yes", false, "Allow emergency access"), ("no", true, "Stop allowing emergency access")]
    {
        let group = root.get(&format!("/groups/{}", scene.group)).await;
        assert_eq!(group.attributes(&format!("form[action='{path}']"), "method"), ["get"]);
        assert_eq!(group.texts(&format!("form[action='{path}'] button")), [format!("{button}…")]);
        let asked = root.get(&format!("{path}?allowed={allowed}")).await;
        assert_eq!(asked.texts("h1"), [format!("{button} to the accounts in “Board”?")]);
        assert!(asked.texts(".effects li").len() == 3 && asked.body.contains("1 account that you can see"));
        assert_eq!(asked.attributes("main form [name=allowed]", "value"), [allowed]);
        assert_eq!(is_allowed().await, before, "a question changes nothing");
        // Who may not, is told so instead.
        let told = third.get(&format!("{path}?allowed={allowed}")).await;
        assert_eq!(told.has("main form"), allowed == "no", "{}", told.body);
        let answer = root.post(&path, &[("allowed", allowed)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(is_allowed().await, !before);
        assert!(root.get(answer.header("location")).await.texts(".done").concat().contains("Saved"));
    }
}
