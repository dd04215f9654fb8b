//! What a person has and knows, and the plan of what is taken back.

use super::*;

#[tokio::test]
async fn a_review_says_what_a_person_has_and_knows_and_changes_nothing() {
    let test = TestApp::new().await;
    let owned = test.account(1, Some(ADA)).await;
    let seen = test.account(2, Some(BOB)).await;
    let rotated = test.account(3, None).await;
    let foreign = test.account(4, None).await;
    test.set_stage(owned, Stage::Ready);
    let sales = test.group("Sales", &[owned, seen]).await;
    let login = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    let desk =
        test.role("Desk", &[(sales, login)], SystemPrivileges::of(&[SystemPrivilege::AddAccount])).await;
    test.give(ADA, desk).await;
    let (ada, root) = (test.signed_in(ADA).await, test.signed_in(ADMIN).await);
    assert_eq!(invited(&ada, &[]).await.status, StatusCode::OK);
    stored_password(&test, seen).await;
    for (account, event) in [
        (seen, AuditEvent::TwoStepPasswordShown { approved_by: None }),
        (seen, AuditEvent::LoginCodeShown { approved_by: None }),
        (seen, AuditEvent::LoginCodeShown { approved_by: None }),
        (rotated, AuditEvent::TwoStepPasswordShown { approved_by: None }),
    ] {
        record(&test, ADA, account, event).await;
    }
    record(&test, ADMIN, rotated, AuditEvent::TwoStepPasswordChanged).await;
    let before = present(&test).await;

    let link = root.get(&format!("/users/{}", test.user(ADA).await.id)).await;
    assert_eq!(link.attributes("form[action='/users/off-boarding'] input", "value"), [ADA]);
    let page = review(&root, ADA).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let row = |account: AccountId, part: &str| page.texts(&format!("#account-{account} {part}")).join(" ");
    assert!(row(owned, "th").contains("Their account") && row(owned, "th").contains("Ready"));
    assert!(row(seen, "td").contains("Knows the current two-step password"), "{}", row(seen, "td"));
    assert!(row(seen, "td").contains("Viewed a login code, 2 times"), "{}", row(seen, "td"));
    assert!(row(seen, "td").contains("One of its devices may be theirs"));
    let changed = row(rotated, "td");
    assert!(changed.contains("Viewed the two-step password") && !changed.contains("Knows"), "{changed}");
    assert!(!page.has(&format!("#account-{foreign}")));
    let reach = page.texts("main table").join(" ");
    assert!(reach.contains("Role “Desk” in group “Sales”"), "{reach}");
    assert!(reach.contains("Log in") && reach.contains("Add accounts"), "{reach}");

    // What is suggested: everything of theirs, and the password that they know.
    let ticked = |name: &str| page.attributes(&format!("[name='{name}'][checked]"), "value");
    assert_eq!(
        (ticked("disable").len(), ticked("sessions").len(), ticked("role")),
        (1, 1, vec![desk.to_string()])
    );
    assert_eq!((ticked("invite").len(), ticked("admin").len()), (1, 0));
    assert_eq!(ticked("devices"), [owned.to_string()]);
    assert_eq!(ticked("password"), [owned.to_string(), seen.to_string()]);
    assert_eq!(ticked("hand-over"), [owned.to_string()]);

    let plan =
        send(&root, &page, "review", &[("owner", "person"), ("email", BOB), ("leave", &sales.to_string())])
            .await;
    assert_eq!(plan.status, StatusCode::OK, "{}", plan.body);
    assert_eq!(
        plan.texts("#preview h3"),
        ["Access to Telescope", "Two-step passwords", "Devices", "Owner", "Groups to leave"]
    );
    let steps = plan.texts("#preview li");
    assert!(steps[0].starts_with("Block") && steps.len() == 9, "{steps:?}");
    let all = steps.join("\n");
    for step in [
        "Remove role",
        "Revoke the invite for ada@example.org",
        "Change owner to bob@example.org",
        "Remove from group",
    ] {
        assert!(all.contains(step), "{step}: {all}");
    }
    assert!(plan.has("#preview button[value=begin]"));
    assert_eq!(present(&test).await, before, "nothing was changed or recorded");
}

#[tokio::test]
async fn an_address_that_never_signed_in_is_reviewed_by_its_accounts() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    let root = test.signed_in(ADMIN).await;
    let list = root.get("/users").await;
    assert!(list.attributes("main a", "href").contains(&PAGE.to_owned()));
    let page = review(&root, ADA).await;
    assert!(page.texts("main").concat().contains("They have never signed in"), "{}", page.body);
    assert!(page.has(&format!("#account-{account}")));
    let plan = send(&root, &page, "review", &[("owner", "none"), ("email", "")]).await;
    assert_eq!(plan.texts("#preview h3"), ["Two-step passwords", "Devices", "Owner"]);
    // With an open invite their browser could log an account in.
    assert_eq!(invited(&root, &[]).await.status, StatusCode::OK);
    let page = review(&root, ADA).await;
    assert_eq!(page.texts(".ticks > li"), ["Revoke the invite for ada@example.org"]);
    let plan = send(&root, &page, "review", &[("owner", "none"), ("email", "")]).await;
    let path = begun(&root, &plan).await;
    work(&test, &path).await;
    assert_eq!(test.rows("select state from invites").await, ["revoked"]);
    let lines = root.get(&path).await.texts("#lines tr").join("\n");
    assert!(lines.contains("ada@example.org Revoke the invite for ada@example.org Done"), "{lines}");

    for (person, says) in [
        (EVE, "it owns no account that you can see"),
        ("eve@", "isn't an e-mail address"),
        ("e\u{e9}@example.org", "unaccented"),
    ] {
        let page = review(&root, person).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.attributes("#person", "value"), [person], "the value is kept");
        assert!(page.texts("#person-error")[0].contains(says), "{:?}", page.texts("#person-error"));
        assert_eq!(root.post(PAGE, &[("person", person)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn wrong_input_is_shown_beside_its_field_with_what_was_chosen() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    let root = test.signed_in(ADMIN).await;
    let page = review(&root, ADA).await;
    for (owner, says) in
        [("", "Enter an e-mail address"), ("bob@", "isn't an e-mail address"), (ADA, "already")]
    {
        let answer = send(&root, &page, "review", &[("email", owner), ("password", "")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{owner}");
        assert!(
            answer.texts("#email-error").concat().contains(says),
            "{owner}: {:?}",
            answer.texts("#email-error")
        );
        assert_eq!(answer.attributes("#email", "value"), [owner]);
        assert_eq!(answer.attributes("[name=devices][checked]", "value"), [account.to_string()]);
        assert!(!answer.has("[name=password][checked]") && !answer.has("#preview"));
    }
    let nothing: Vec<(&str, &str)> =
        vec![("devices", ""), ("password", ""), ("hand-over", ""), ("email", "")];
    let answer = send(&root, &page, "review", &nothing).await;
    assert!(answer.texts("#preview").concat().contains("Nothing is selected"), "{}", answer.body);
    assert!(!answer.has("button[value=begin]"));
}

/// What an access manager may not do is said before, and is listed as a step that stays open.
#[tokio::test]
async fn what_a_manager_may_not_do_is_refused_beforehand() {
    let test = TestApp::new().await;
    let (sales, hidden) = (test.account(1, Some(ADA)).await, test.account(2, Some(ADA)).await);
    let group = test.group("Sales", &[sales]).await;
    let view = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::ManageSessions]);
    let manager = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
    let role = test.role("Managers", &[(group, view)], manager).await;
    test.give(EVE, role).await;
    let strong = test.role("Strong", &[(group, AccountPrivileges::ALL)], SystemPrivileges::NONE).await;
    test.give(ADA, strong).await;
    let eve = test.signed_in(EVE).await;
    let page = review(&eve, ADA).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.texts("main").concat().contains("own accounts that you can't see"));
    assert!(!page.has(&format!("#account-{hidden}")) && !page.body.contains("9996620002"));
    let ticks = page.texts(&format!("#account-{sales} .takes li"));
    assert!(!ticks[0].contains("Not allowed"), "{ticks:?}");
    assert!(ticks[1].contains("Not allowed") && ticks[1].contains("two-step password"), "{ticks:?}");
    let access = page.texts(".ticks > li").join("\n");
    assert!(access.contains("Not allowed"), "{access}");
    assert!(!page.has("[name=disable]") && !page.has("[name=role]"), "they have more permissions");

    let plan = send(&eve, &page, "review", &[("owner", "unchanged")]).await;
    let refused = plan.texts("#preview li.refused");
    assert!(refused.iter().any(|step| step.contains("Block")), "{refused:?}");
    assert!(refused.iter().any(|step| step.contains("New two-step password")), "{refused:?}");
    assert!(plan.texts("#preview .note")[0].contains("aren't allowed"));
    assert!(plan.has("button[value=begin]"), "the rest can be done");
}

#[tokio::test]
async fn people_do_not_off_board_themselves_nor_the_last_administrator() {
    let test = TestApp::new().await;
    test.account(1, Some(ADMIN)).await;
    let root = test.signed_in(ADMIN).await;
    let own = review(&root, ADMIN).await;
    let plan = send(&root, &own, "review", &[("owner", "none"), ("email", "")]).await;
    assert!(
        plan.texts("#preview .bad").concat().contains("to yourself"),
        "{:?}",
        plan.texts("#preview .note")
    );
    assert!(!plan.has("button[value=begin]"));

    let manager = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
    let role = test.role("Managers", &[], manager).await;
    test.give(EVE, role).await;
    let eve = test.signed_in(EVE).await;
    let page = review(&eve, ADMIN).await;
    let plan = send(&eve, &page, "review", &[("owner", "none"), ("email", "")]).await;
    assert!(
        plan.texts("#preview .bad").concat().contains("last administrator"),
        "{:?}",
        plan.texts("#preview .note")
    );
    assert!(!plan.has("button[value=begin]"));
}

#[tokio::test]
async fn a_choice_that_the_form_does_not_have_is_refused() {
    let test = TestApp::new().await;
    test.account(1, Some(ADA)).await;
    let root = test.signed_in(ADMIN).await;
    let page = review(&root, ADA).await;
    let before = present(&test).await;
    for action in ["review", "begin"] {
        let answer = send(&root, &page, action, &[("owner", "everyone"), ("email", BOB)]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{action}: {}", answer.body);
    }
    assert_eq!(present(&test).await, before);
}
