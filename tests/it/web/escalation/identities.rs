//! Roles by name, address and identity, which other people could take over.

use axum::http::StatusCode;
use telescope::domain::access;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::domain::{Email, Identity, ProviderGroups, RequestInfo, RoleId};
use telescope::ops::access::Edit;
use telescope::ops::{OpError, sign_in};

use super::super::app::ADMIN;
use super::{ADA, DESK, ENTER, HELPER, Scene, VIEW};

#[tokio::test]
async fn a_role_named_like_a_providers_group_gives_no_more_than_its_creator_has() {
    let scene = Scene::new().await;
    let role = RoleId::generate();
    let edits = [
        Edit::AddRole(role, "Everybody".into()),
        Edit::Cell(scene.lobby, role, ENTER),
        Edit::System(role, SystemPrivileges::ALL),
        Edit::Cell(scene.lobby, role, VIEW),
    ];
    let report = scene.tries(&edits).await;
    assert_eq!((report.done, report.failed.len()), (2, 2), "{:?}", report.failed);
    let groups = ProviderGroups::Listed(vec!["EVERYBODY".to_owned(), "keepers of the vault".to_owned()]);
    let identity = Identity { groups, ..Identity::claimed(Email::parse(DESK).unwrap()) };
    sign_in::sign_in(&scene.test.app, &identity, &RequestInfo::default()).await.unwrap();
    assert_eq!(scene.test.app.live.policy.current().roles_of(scene.test.user(DESK).await.id).len(), 2);
    assert_eq!(scene.may(DESK, scene.seen).await, VIEW);
    // The desk now has this role itself, so it can't add to it.
    let report = scene.tries(&[Edit::Cell(scene.lobby, role, AccountPrivileges::NONE)]).await;
    assert_eq!(report.done, 0, "{:?}", report.failed);
}

/// The identity provider gives a role by its name, so with another name people lose it at their next sign-in.
#[tokio::test]
async fn a_role_keeps_its_name_while_people_with_more_permissions_have_it_by_that() {
    let scene = Scene::new().await;
    let guests = scene.test.role("Guests", &[(scene.lobby, VIEW)], SystemPrivileges::NONE).await;
    scene.test.give(HELPER, scene.keepers).await;
    let groups = ProviderGroups::Listed(vec!["guests".to_owned()]);
    let identity = Identity { groups, ..Identity::claimed(Email::parse(HELPER).unwrap()) };
    sign_in::sign_in(&scene.test.app, &identity, &RequestInfo::default()).await.unwrap();
    let renames = async |name: &str| scene.tries(&[Edit::RenameRole(guests, name.into())]).await;
    let report = renames("Visitors").await;
    assert_eq!((report.done, report.failed.len()), (0, 1), "{:?}", report.failed);
    assert_eq!(renames("GUESTS").await.done, 1, "still the same group there");
    // People who were given it on a page, too, keep it.
    scene.test.give(HELPER, guests).await;
    assert_eq!(renames("Visitors").await.done, 1);
}

/// A role given to an address before its first sign-in is for the person who proves the address, in any spelling.
#[tokio::test]
async fn a_role_for_an_address_is_for_the_person_who_proves_it() {
    let scene = Scene::new().await;
    scene.test.give(HELPER, scene.keepers).await;
    let claimed = Identity { verified: false, ..Identity::claimed(Email::parse(HELPER).unwrap()) };
    let refused = sign_in::sign_in(&scene.test.app, &claimed, &RequestInfo::default()).await;
    assert!(matches!(refused, Err(OpError::Refused(_))), "{refused:?}");
    let proven = Identity::claimed(Email::parse(" Helper@EXAMPLE.org").unwrap());
    let person = sign_in::sign_in(&scene.test.app, &proven, &RequestInfo::default()).await.unwrap();
    assert_eq!(person.person.id, scene.test.user(HELPER).await.id);
    assert!(scene.may(HELPER, scene.hidden).await.has(AccountPrivilege::Login));
}

/// An owner has permissions without a role. Unblocking them restores these, and forgetting their identity gives them to
/// the next person who proves the address; both require these permissions.
#[tokio::test]
async fn unblocking_and_forgetting_an_identity_require_the_owners_permissions() {
    let scene = Scene::new().await;
    let (root, ada) = (scene.test.signed_in(ADMIN).await, scene.test.signed_in(ADA).await);
    let desk = scene.test.signed_in(DESK).await;
    assert_eq!(scene.does(&desk, "forget-identity", ADA).await, StatusCode::CONFLICT);
    assert_eq!(ada.get("/accounts").await.status, StatusCode::OK);
    assert_eq!(scene.does(&root, "disable", ADA).await, StatusCode::SEE_OTHER);
    assert_eq!(scene.does(&desk, "enable", ADA).await, StatusCode::CONFLICT);
    assert!(scene.test.user(ADA).await.disabled, "still blocked");

    // With an owner's permissions on all of their accounts it is permitted.
    let all = scene.test.role("Heirs", &[(scene.vault, access::OWNER)], SystemPrivileges::NONE).await;
    scene.test.give(DESK, all).await;
    assert_eq!(scene.does(&desk, "enable", ADA).await, StatusCode::SEE_OTHER);
    assert_eq!(scene.does(&desk, "forget-identity", ADA).await, StatusCode::SEE_OTHER);
    scene.test.account(3, Some(ADA)).await;
    assert_eq!(scene.does(&desk, "disable", ADA).await, StatusCode::CONFLICT, "she owns more now");
    assert_eq!(scene.does(&root, "disable", ADA).await, StatusCode::SEE_OTHER);
    assert_eq!(scene.does(&desk, "enable", ADA).await, StatusCode::CONFLICT);
    assert_eq!(scene.does(&root, "enable", ADA).await, StatusCode::SEE_OTHER);
}

/// By forgetting their own identity a person could sign in with a second address and approve their own requests.
#[tokio::test]
async fn nobody_can_forget_their_own_identity() {
    let scene = Scene::new().await;
    let (root, desk) = (scene.test.signed_in(ADMIN).await, scene.test.signed_in(DESK).await);
    for (who, email) in [(&root, ADMIN), (&desk, DESK)] {
        assert_eq!(scene.does(who, "forget-identity", email).await, StatusCode::CONFLICT, "{email}");
        assert_eq!(who.get("/accounts").await.status, StatusCode::OK, "{email} is still signed in");
    }
}
