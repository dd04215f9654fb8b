//! What changes of accounts, their owners and groups give and take.

use axum::http::StatusCode;
use telescope::domain::audit::Outcome;
use telescope::domain::error::ErrorCode;
use telescope::domain::privilege::{AccountPrivileges, SystemPrivileges};
use telescope::ops::access::Edit;
use telescope::store;

use super::super::app::{ADMIN, Visitor};
use super::{ADA, DESK, ENTER, HELPER, Scene, VIEW, whom};

#[tokio::test]
async fn group_changes_on_the_account_page_are_logged() {
    let scene = Scene::new().await;
    let root = scene.test.signed_in(ADMIN).await;
    for groups in ["lobby, Board", "Board", "Board, New, new"] {
        let saved = root.edit(scene.seen, &[("owner", ""), ("comment", ""), ("groups", groups)]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    }
    let conn = &mut scene.test.app.db.read().await.unwrap();
    let filter = store::audit::Filter { account: Some(scene.seen), ..Default::default() };
    let mut entries = store::audit::page(conn, &filter, 100).await.unwrap();
    entries.reverse();
    let about_groups = entries.iter().filter(|entry| entry.code.starts_with("group"));
    let written: Vec<(&str, &str)> =
        about_groups.map(|entry| (entry.code.as_str(), entry.details.as_deref().unwrap())).collect();
    let group = |name: &str| format!("{{\"group\":\"{name}\"}}");
    let (board, lobby, new) = (group("Board"), group("Lobby"), group("New"));
    assert_eq!(
        written,
        [
            ("group.added", board.as_str()),
            ("group.account.joined", &board),
            ("group.account.left", &lobby),
            ("group.added", &new),
            ("group.account.joined", &new),
        ]
    );
    assert!(entries.iter().all(|entry| entry.outcome == Outcome::Done && entry.actor == ADMIN));
}

/// Permissions by roles end with the roles; an owner's would not.
#[tokio::test]
async fn access_managers_can_not_make_themselves_owners() {
    let scene = Scene::new().await;
    let all = scene.test.role("All", &[(scene.lobby, AccountPrivileges::ALL)], SystemPrivileges::NONE).await;
    scene.test.give(DESK, all).await;
    let desk = scene.test.signed_in(DESK).await;
    let to = async |owner: &str| {
        desk.edit(scene.seen, &[("owner", owner), ("comment", ""), ("groups", "Lobby")]).await
    };
    let refused = to(DESK).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert!(refused.texts("#owner-error")[0].contains("make yourself the owner"), "{}", refused.body);
    assert_eq!(to(HELPER).await.status, StatusCode::SEE_OTHER, "another owner is permitted");
    telescope::ops::audit::queue::flush(&scene.test.app).await.unwrap();
    let conn = &mut scene.test.app.db.read().await.unwrap();
    let entries = store::audit::page(conn, &store::audit::Filter::default(), 100).await.unwrap();
    let edits = entries.iter().filter(|entry| entry.code == "account.edited");
    let (failed, done): (Vec<_>, Vec<_>) = edits.partition(|entry| entry.outcome == Outcome::Failed);
    assert_eq!((failed.len(), done.len()), (1, 1), "the attempt is logged");
    assert!(failed[0].reason.as_deref().unwrap().contains("make yourself the owner"), "and why it failed");
}

/// People lose what roles give them in a group with the group, or with the accounts that leave it.
#[tokio::test]
async fn what_a_group_gives_is_taken_only_from_people_with_no_more_permissions() {
    let scene = Scene::new().await;
    let guests = scene.test.role("Guests", &[(scene.lobby, VIEW)], SystemPrivileges::NONE).await;
    scene.test.give(HELPER, guests).await;
    scene.test.give(HELPER, scene.keepers).await;
    let desk = scene.test.signed_in(DESK).await;
    let tries = [
        vec![Edit::DeleteGroup(scene.lobby)],
        vec![Edit::DeleteGroup(scene.vault)],
        vec![Edit::TakeOut(scene.seen, scene.lobby)],
        // Nor in several steps of one batch.
        vec![
            Edit::Cell(scene.lobby, guests, AccountPrivileges::NONE),
            Edit::Take(whom(HELPER), guests),
            Edit::DeleteRole(guests),
            Edit::TakeOut(scene.seen, scene.lobby),
            Edit::DeleteGroup(scene.lobby),
        ],
    ];
    for edits in &tries {
        let report = scene.tries(edits).await;
        assert_eq!((report.done, report.failed.len()), (0, edits.len()), "{edits:?}: {:?}", report.failed);
        assert!(
            report.failed.iter().all(|failed| failed.error == ErrorCode::AboveYou),
            "{:?}",
            report.failed
        );
    }
    for groups in ["", "New"] {
        let form = [("owner", ""), ("comment", ""), ("groups", groups)];
        let refused = desk.edit(scene.seen, &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{groups:?}: {}", refused.body);
        assert!(refused.texts("#groups-error")[0].contains("more permissions than you"), "{}", refused.body);
    }
    assert_eq!(scene.may(HELPER, scene.seen).await, VIEW);
    assert_eq!(scene.may(HELPER, scene.hidden).await, ENTER);
    let conn = &mut scene.test.app.db.read().await.unwrap();
    let entries = store::audit::page(conn, &store::audit::Filter::default(), 100).await.unwrap();
    let attempts = entries.iter().filter(|entry| entry.code == "group.deleted");
    assert_eq!(attempts.filter(|entry| entry.outcome == Outcome::Failed).count(), 3, "attempts are recorded");

    // An administrator with a role there is above everyone else.
    let root = scene.test.signed_in(ADMIN).await;
    let id = scene.test.user(HELPER).await.id.to_string();
    let keepers = scene.keepers;
    let taken = root.post(&format!("/roles/{keepers}/take"), &[("person", &id), ("step", "save")]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    scene.test.give(ADMIN, guests).await;
    assert_eq!(scene.tries(&tries[2]).await.done, 0);
    scene
        .test
        .sql("delete from role_members where user_id = (select id from users where admin = true)")
        .await;
    // Helper has no more than the desk now, so the desk decides.
    assert_eq!(scene.tries(&tries[2]).await.done, 1);
    assert_eq!(scene.tries(&tries[0]).await.done, 1);
    assert_eq!(scene.may(HELPER, scene.seen).await, AccountPrivileges::NONE);
}

#[tokio::test]
async fn an_account_is_taken_only_from_owners_with_no_more_permissions() {
    let scene = Scene::new().await;
    let (root, desk) = (scene.test.signed_in(ADMIN).await, scene.test.signed_in(DESK).await);
    let to = async |who: &Visitor, owner: &str| {
        who.edit(scene.seen, &[("owner", owner), ("comment", "note"), ("groups", "Lobby")]).await
    };
    let refused = async |owner: &str| {
        let answer = to(&desk, owner).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{owner:?}: {}", answer.body);
        assert!(answer.texts("#owner-error")[0].contains("more permissions than you"), "{}", answer.body);
    };
    assert_eq!(to(&root, HELPER).await.status, StatusCode::SEE_OTHER);
    refused("").await;
    refused(ADA).await;
    assert_eq!(to(&desk, HELPER).await.status, StatusCode::SEE_OTHER, "the comment is the desk's to change");
    // With what an owner may do it is the desk's to decide, unless the owner has more.
    let all = scene.test.role("All", &[(scene.lobby, AccountPrivileges::ALL)], SystemPrivileges::NONE).await;
    scene.test.give(DESK, all).await;
    assert_eq!(to(&desk, "").await.status, StatusCode::SEE_OTHER);
    scene.test.give(HELPER, scene.keepers).await;
    for owner in [HELPER, ADMIN] {
        assert_eq!(to(&root, owner).await.status, StatusCode::SEE_OTHER);
        refused("").await;
        refused(ADA).await;
    }
}
