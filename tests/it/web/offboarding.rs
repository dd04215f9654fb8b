//! Off-boarding: the review says what a person has and knows and changes nothing; the plan says what is done, in which
//! order, and what the reader may not do.

use axum::http::StatusCode;
use telescope::domain::access::{OWNER, Person, Principal};
use telescope::domain::audit::{AuditEntry, AuditEvent};
use telescope::domain::job::{JobState, StepOutcome};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{AccountId, Email, JobId, Millis, RequestInfo, Stage, UserId};
use telescope::ops::audit::queue;
use telescope::ops::lines;
use telescope::store::{self, StoreError};

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::invites::invited;

const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";
const EVE: &str = "eve@example.org";
const PAGE: &str = "/users/off-boarding";

/// The page about a person.
async fn review(who: &Visitor, person: &str) -> Answer {
    who.get(&format!("{PAGE}?person={}", person.replace('@', "%40"))).await
}

/// The fields of the form as it is shown, with the ticks that are set.
fn fields(page: &Answer) -> Vec<(String, String)> {
    let form = |selector: &str| {
        let names = page.attributes(selector, "name");
        names.into_iter().zip(page.attributes(selector, "value")).collect::<Vec<_>>()
    };
    let mut fields = form("#plan input[type=hidden]");
    fields.extend(form("#plan input[checked]"));
    fields.extend(form("#plan [name=email]"));
    let group = page.attributes("#join option[selected]", "value");
    fields.extend(group.into_iter().map(|group| ("join".to_owned(), group)));
    fields
}

/// Sends the form as it is shown, with these changes: a value takes the place of the field's.
async fn send(who: &Visitor, page: &Answer, action: &str, changes: &[(&str, &str)]) -> Answer {
    let mut fields = fields(page);
    fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let kept = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let form: Vec<(&str, &str)> =
        kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty())).collect();
    who.post(PAGE, &[&form[..], &[("action", action)]].concat()).await
}

fn as_person(address: &str) -> Principal {
    let (id, email) = (UserId::generate(), Email::parse(address).unwrap());
    let origin = RequestInfo::default();
    Principal::User(Person { id, email, verified: true, admin: false, confirmed: None, origin })
}

/// Records what a person did with an account.
async fn record(test: &TestApp, who: &str, account: AccountId, event: AuditEvent) {
    let entry = AuditEntry::done(test.app.clock.now(), &as_person(who), event).about(account);
    let recorded = async |_: &mut store::Tx<'_>| -> Result<(), StoreError> { Ok(()) };
    test.app.write(&entry, recorded).await.unwrap();
}

async fn stored_password(test: &TestApp, account: AccountId) {
    let root = test.signed_in(ADMIN).await;
    let answer = root.post(&format!("/accounts/{account}/password"), &[("password", "a secret")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

/// Everything that a review could change.
async fn present(test: &TestApp) -> impl PartialEq + std::fmt::Debug + use<> {
    queue::flush(&test.app).await.unwrap();
    let conn = &mut test.app.db.read().await.unwrap();
    let audit = store::audit::page(conn, &store::audit::Filter::default(), 200).await.unwrap();
    let accounts = store::accounts::all(conn).await.unwrap();
    let people = store::users::page(conn, "", "", Millis(i64::MAX / 2), 100).await.unwrap();
    let invites = store::invites::newest(conn, None, 100).await.unwrap();
    let jobs = store::jobs::newest(conn, 10).await.unwrap().jobs;
    (audit, accounts, people, invites, jobs)
}

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
    let plan = send(&root, &page, "review", &[("owner", "nobody"), ("email", "")]).await;
    assert_eq!(plan.texts("#preview h3"), ["Two-step passwords", "Devices", "Owner"]);
    // With an open invite their browser could log an account in.
    assert_eq!(invited(&root, &[]).await.status, StatusCode::OK);
    let page = review(&root, ADA).await;
    assert_eq!(page.texts(".ticks > li"), ["Revoke the invite for ada@example.org"]);
    let plan = send(&root, &page, "review", &[("owner", "nobody"), ("email", "")]).await;
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
    let plan = send(&root, &own, "review", &[("owner", "nobody"), ("email", "")]).await;
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
    let plan = send(&eve, &page, "review", &[("owner", "nobody"), ("email", "")]).await;
    assert!(
        plan.texts("#preview .bad").concat().contains("last administrator"),
        "{:?}",
        plan.texts("#preview .note")
    );
    assert!(!plan.has("button[value=begin]"));
}

/// Begins what a page shows; returns the job's page.
async fn begun(who: &Visitor, plan: &Answer) -> String {
    let answer = send(who, plan, "begin", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.texts("main").join(" "));
    answer.header("location").to_owned()
}

/// Works on a job until nothing can be done at once.
async fn work(test: &TestApp, page: &str) {
    let job: JobId = page.strip_prefix("/jobs/").unwrap().parse().unwrap();
    loop {
        let row = store::jobs::get(&mut test.app.db.read().await.unwrap(), job).await.unwrap().unwrap();
        if row.state != JobState::Waiting || row.not_before > test.app.clock.now() {
            break;
        }
        assert_eq!(lines::work(&test.app, &row).await.unwrap(), StepOutcome::Committed);
    }
}

async fn codes(test: &TestApp) -> Vec<(String, String)> {
    queue::flush(&test.app).await.unwrap();
    let conn = &mut test.app.db.read().await.unwrap();
    let mut entries = store::audit::page(conn, &store::audit::Filter::default(), 200).await.unwrap();
    entries.reverse();
    entries.into_iter().map(|entry| (entry.code, entry.actor)).collect()
}

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
    for says in ["is blocked", "have no roles", "No invite", "own no account", "know no current"] {
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
    let plan = send(&root, &page, "review", &[("owner", "nobody"), ("email", "")]).await;
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
    let plan = send(&eve, &page, "review", &[("owner", "nobody"), ("email", "")]).await;
    assert!(!plan.has("button[value=begin]"), "nothing at all can be done: {:?}", plan.texts("#preview li"));

    let some = test.role("Owners", &[(group, OWNER)], SystemPrivileges::NONE).await;
    test.give(EVE, some).await;
    let page = review(&eve, ADA).await;
    let plan = send(&eve, &page, "review", &[("owner", "nobody"), ("email", "")]).await;
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
