//! The task that takes it back, and its report.

use super::*;

#[tokio::test]
async fn the_steps_are_done_once_and_the_report_says_what_is_open() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    let other = test.account(2, Some(ADA)).await;
    test.set_stage(account, Stage::SignedOut);
    test.set_stage(other, Stage::SignedOut);
    let (sales, support) = (test.group("Sales", &[account]).await, test.group("Support", &[]).await);
    let add = SystemPrivileges::of(&[SystemPrivilege::AddAccount]);
    let desk = test.role("Desk", &[], add).await;
    test.give(ADA, desk).await;
    let (ada, root) = (test.signed_in(ADA).await, test.signed_in(ADMIN).await);
    invited(&ada, &[]).await;
    let page = review(&root, ADA).await;
    let (leave, join) = (sales.to_string(), support.to_string());
    let chosen = [("owner", "person"), ("email", BOB), ("leave", leave.as_str()), ("join", &join)];
    let plan = send(&root, &page, "review", &chosen).await;
    let path = begun(&root, &plan).await;
    assert_eq!(begun(&root, &plan).await, path, "sent twice, it is begun once");
    work(&test, &path).await;
    assert_eq!(begun(&root, &plan).await, path, "also after it has ended");

    // What is about Telescope is done.
    assert_eq!(ada.get("/accounts").await.status, StatusCode::SEE_OTHER, "signed out");
    assert!(test.user(ADA).await.disabled);
    let conn = &mut test.app.db.read().await.unwrap();
    let present = store::accounts::get(conn, account).await.unwrap().unwrap();
    assert_eq!((present.owner.unwrap().to_string(), present.groups), (BOB.to_owned(), vec![support]));
    assert!(store::roles::of_user(conn, test.user(ADA).await.id).await.unwrap().is_empty());
    assert_eq!(test.rows("select state from invites").await, ["revoked"]);
    let log = codes(&test).await;
    for code in [
        "job.started",
        "person.disabled",
        "role.taken",
        "invite.revoked",
        "account.edited",
        "group.account.left",
    ] {
        assert!(log.contains(&(code.to_owned(), ADMIN.to_owned())), "{code}: {log:?}");
    }
    let at = |code: &str| log.iter().position(|(found, _)| found == code).unwrap();
    assert!(at("person.disabled") < at("account.edited"), "{log:?}");

    // What takes Telegram is open, and says why.
    let shown = root.get(&path).await;
    assert_eq!(shown.texts("h1"), [format!("Off-board {ADA}")]);
    assert!(shown.texts("#failed-lines").concat().contains("4 failed"), "{}", shown.body);
    let report_path = format!("{PAGE}/{}", path.strip_prefix("/jobs/").unwrap());
    assert!(shown.attributes("a.button", "href").contains(&report_path));
    let report = root.get(&report_path).await;
    let open = report.texts("#open li");
    assert_eq!(open.len(), 4, "{open:?}");
    assert!(open.iter().all(|line| line.contains("+9996620001") || line.contains("+9996620002")), "{open:?}");
    assert!(open[2].contains("End all other devices") && open[2].contains("is disconnected"), "{open:?}");
    let now = report.texts("#present li").join(" ");
    for says in
        ["are blocked", "have no roles", "no open invites", "own no account", "no record that they know"]
    {
        assert!(now.contains(says), "{says}: {now}");
    }
    assert_eq!(report.texts("#accounts tbody tr").len(), 2);
    assert!(report.texts("main").concat().contains(&format!("Started by {ADMIN}")));

    let file = root.get(&format!("{report_path}/csv")).await;
    assert!(file.header("content-disposition").contains("telescope-off-boarding-"));
    let mut lines =
        csv::ReaderBuilder::new().from_reader(file.body.trim_start_matches('\u{feff}').as_bytes());
    let records: Vec<csv::StringRecord> = lines.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 13, "{}", file.body);
    assert!(records.iter().all(|it| &it[0] == ADA && &it[1] == ADMIN));
    assert_eq!(records.iter().filter(|it| &it[5] == "failed").count(), 4);

    // Others see it if they may read the audit log and manage access.
    test.give(BOB, test.role("Readers", &[], SystemPrivileges::of(&[SystemPrivilege::ManageAccess])).await)
        .await;
    let bob = test.signed_in(BOB).await;
    assert_eq!(bob.get(&report_path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bob.post(&format!("{path}/retry"), &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_plan_that_is_not_the_one_that_was_shown_is_shown_again() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    let root = test.signed_in(ADMIN).await;
    let page = review(&root, ADA).await;
    let plan = send(&root, &page, "review", &[("owner", "none"), ("email", "")]).await;
    // Meanwhile another account is given to the person, who also gets a role.
    let late = test.account(2, Some(ADA)).await;
    let mut chosen = vec![("devices", account.to_string()), ("devices", late.to_string())];
    chosen.push(("hand-over", account.to_string()));
    let chosen: Vec<(&str, &str)> = chosen.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = send(&root, &plan, "begin", &chosen).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(answer.texts("[role=alert]").concat().contains("Something changed"), "{}", answer.body);
    assert_eq!(answer.texts("#preview li").len(), 4, "{:?}", answer.texts("#preview li"));
    assert!(store::jobs::newest(&mut test.app.db.read().await.unwrap(), 1).await.unwrap().jobs.is_empty());
    // What is shown now can be confirmed.
    begun(&root, &answer).await;
}

/// A step that the person may not do stays open until the permission is given; then a retry does it.
#[tokio::test]
async fn a_refused_step_is_done_by_a_retry_once_it_is_permitted() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    test.set_stage(account, Stage::SignedOut);
    let group = test.group("Sales", &[account]).await;
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let manager = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
    let role = test.role("Managers", &[(group, view)], manager).await;
    test.give(EVE, role).await;
    let (_ada, eve) = (test.signed_in(ADA).await, test.signed_in(EVE).await);
    let page = review(&eve, ADA).await;
    assert!(!page.has("[name=disable]"), "the owner may do more with the account than the manager");
    let plan = send(&eve, &page, "review", &[("owner", "none"), ("email", "")]).await;
    assert!(!plan.has("button[value=begin]"), "nothing at all can be done: {:?}", plan.texts("#preview li"));

    let some = test.role("Owners", &[(group, OWNER)], SystemPrivileges::NONE).await;
    test.give(EVE, some).await;
    let page = review(&eve, ADA).await;
    let plan = send(&eve, &page, "review", &[("owner", "none"), ("email", "")]).await;
    let path = begun(&eve, &plan).await;
    work(&test, &path).await;
    assert!(test.user(ADA).await.disabled);
    let lines = eve.get(&path).await.texts("#lines tr").join("\n");
    assert!(lines.contains("Manage sessions") || lines.contains("manage_sessions"), "{lines}");
    let sessions = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::ManageSessions]);
    test.give(EVE, test.role("Sessions", &[(group, sessions)], SystemPrivileges::NONE).await).await;
    assert_eq!(eve.post(&format!("{path}/retry"), &[]).await.status, StatusCode::SEE_OTHER);
    work(&test, &path).await;
    let lines = eve.get(&path).await.texts("#lines tr").join("\n");
    assert!(!lines.contains("manage_sessions") && lines.contains("is disconnected"), "{lines}");
}

#[tokio::test]
async fn an_account_that_was_given_to_another_owner_meanwhile_keeps_them() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    let root = test.signed_in(ADMIN).await;
    let page = review(&root, ADA).await;
    let plan = send(&root, &page, "review", &[("owner", "person"), ("email", BOB)]).await;
    let path = begun(&root, &plan).await;
    let (ada, eve) = (Email::parse(ADA).unwrap(), Email::parse(EVE).unwrap());
    let given = async |conn: &mut store::Conn<'_>| store::accounts::change_owner(conn, &ada, &eve).await;
    test.app.db.maintain(given).await.unwrap();
    work(&test, &path).await;
    let stored =
        store::accounts::get(&mut test.app.db.read().await.unwrap(), account).await.unwrap().unwrap();
    assert_eq!(stored.owner, Some(eve));
    let shown = root.get(&path).await;
    assert!(shown.texts("#lines").concat().contains("another owner meanwhile"), "{}", shown.body);
}
