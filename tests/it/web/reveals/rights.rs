//! Rights that change on the way: it is decided anew when it is approved and when it is used.

use axum::http::StatusCode;
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

/// The rights of both are those that the database has at the moment, also for a request that was let in before.
#[tokio::test]
async fn rights_are_decided_anew_when_it_is_approved_and_when_it_is_shown() {
    let (told, second) = Told::new().await;
    let app = &told.test.app;
    let shows = async |actor: &Principal| {
        let entry = app.live.accounts.get(told.account).unwrap();
        let permit =
            access::decide::<can::ViewTwoFactorPassword>(&app.live.policy.current(), actor, &entry.account)
                .unwrap();
        password::show_password(app, permit.grant(), "").await
    };
    // Whoever approved lost the right.
    let (root, other) = (told.actor(ADMIN).await, told.actor(SECOND).await);
    let id = told.asks(&told.root, &told.password()).await;
    told.approves(&second, id).await;
    told.demote(SECOND).await;
    let Err(OpError::Refused(code)) = shows(&root).await else { panic!("it was shown") };
    assert_eq!(code, ErrorCode::ApproverRevoked { by: "second@example.org".into() });
    let page = told.root.get(&told.password()).await;
    assert!(said(&page).contains("may no longer approve") && !page.has(".good"), "{}", page.body);

    // Whoever would approve lost it after he was let in.
    let third = told.test.signed_in(THIRD).await;
    let promoted = told.test.user(THIRD).await.id;
    let promote = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        store::users::set_admin(conn, promoted, true).await
    };
    app.db.maintain(promote).await.unwrap();
    let id = told.asks(&told.root, &told.password()).await;
    let permit = access::decide_system::<can::ApproveReveal>(&app.live.policy.current(), &other).unwrap();
    let Err(OpError::Refused(code)) = approvals::decide(app, permit.grant(), id, Decision::Approve, "").await
    else {
        panic!("it was approved")
    };
    assert_eq!(code, ErrorCode::MissingPrivilege { privilege: "approve_reveal".into() });
    assert_eq!(told.state(id).await, RequestState::Waiting);

    // Whoever asked lost his right: nobody approves it, and what was approved is not shown.
    told.approves(&third, id).await;
    told.demote(ADMIN).await;
    assert!(matches!(shows(&root).await, Err(OpError::NotFound)), "as if there was no such account");
    assert_eq!(told.state(id).await, RequestState::Approved, "and nothing was used");
    let ada = told.test.signed_in(ADA).await;
    let hers = told.asks(&ada, &told.code()).await;
    let given_away = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        let bob = Email::parse("bob@example.org").unwrap();
        store::accounts::set_details(conn, told.account, Some(&bob), "", &[told.group]).await
    };
    app.db.maintain(given_away).await.unwrap();
    refused(told.decides(&third, "approve", hers).await, "ada@example.org no longer has access to this")
        .await;
    let answer = ada.post(&told.code(), &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
}

/// Somebody who has the privilege by a role approves as an administrator does, as long as he has the role.
#[tokio::test]
async fn a_role_lets_somebody_approve_and_its_end_ends_what_he_approved() {
    let told = Told::with(ADMIN).await;
    let approve = SystemPrivileges::of(&[SystemPrivilege::ApproveReveal]);
    let role = told.test.role("Witnesses", &[], approve).await;
    let third = told.test.signed_in(THIRD).await;
    assert_eq!(third.get("/reveals").await.status, StatusCode::FORBIDDEN);
    told.test.give(THIRD, role).await;
    let page = told.root.get(&told.password()).await;
    assert!(page.texts("#approval")[0].contains("third@example.org can approve it"), "{}", page.body);
    let id = told.asks(&told.root, &told.password()).await;
    let list = third.get("/reveals").await;
    assert_eq!(list.texts("nav .count"), ["1 pending"]);
    let line = format!("#reveal-{id}");
    assert!(
        list.texts(&line)[0].contains("+9996620001") && !list.has(&format!("{line} a")),
        "no way to the account"
    );
    told.approves(&third, id).await;

    let user = told.test.user(THIRD).await.id;
    let taken = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        store::roles::take(conn, role, user).await.map(drop)
    };
    // The rules in memory still have him: what counts is what the database says at the moment of showing.
    told.test.app.db.maintain(taken).await.unwrap();
    refused(told.root.post(&told.password(), &[]).await, "third@example.org approved your request").await;
    assert_eq!(told.state(id).await, RequestState::Approved, "and nothing was shown");
}

/// Whoever arranges access and is no administrator can't get round the second person.
#[tokio::test]
async fn only_administrators_can_say_that_none_has_to_approve() {
    let told = Told::with(ADMIN).await;
    let test = &told.test;
    let manage = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
    let role = test.role("Desk", &[(told.group, AccountPrivileges::ALL)], manage).await;
    test.give(THIRD, role).await;
    let third = test.signed_in(THIRD).await;
    let actor = told.actor(THIRD).await;
    let permit = access::decide_system::<can::ManageAccess>(&test.app.live.policy.current(), &actor).unwrap();

    let edits = [
        Edit::TakeOut(told.account, told.group),
        Edit::DeleteGroup(told.group),
        Edit::NeedApproval(told.group, false),
    ];
    let report = save(&*test.app, permit.grant(), &edits, None).await.unwrap();
    assert_eq!((report.done, report.failed.len()), (0, 3), "{:?}", report.failed);
    assert!(
        report.failed.iter().all(|failed| failed.why().contains("administrators")),
        "{:?}",
        report.failed
    );
    let switched = third.post(&format!("/groups/{}/approval", told.group), &[("needed", "no")]).await;
    assert_eq!(switched.status, StatusCode::CONFLICT, "{}", switched.body);
    let form = [("groups", "Sales"), ("owner", ADA), ("comment", "")];
    let answer = third.edit(told.account, &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    refused(third.post(&told.password(), &[("reason", WHY)]).await, "Another person has to approve").await;

    let root = told.actor(ADMIN).await;
    let permit = access::decide_system::<can::ManageAccess>(&test.app.live.policy.current(), &root).unwrap();
    let report = save(&*test.app, permit.grant(), &edits[..1], None).await.unwrap();
    assert_eq!((report.done, report.failed.len()), (1, 0));
    assert_eq!(told.root.post(&told.password(), &[("reason", WHY)]).await.status, StatusCode::OK);
}
