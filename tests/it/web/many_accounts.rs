//! Doing something with many accounts: what can be done is shown before, and each account becomes a line of a task.

mod access;
mod lines;
mod selecting;

use std::time::Duration;

use axum::http::StatusCode;
use telescope::domain::job::JobRecord;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{AccountId, GroupId, Identifier, JobId, Stage};
use telescope::ops::audit::queue;
use telescope::ops::lines as ops;
use telescope::store;
use telescope::tasks;
use telescope::tasks::supervisor::Supervisor;

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::live::next;
use crate::support::waiting::until;

const BOB: &str = "bob@example.org";
const SOON: Duration = Duration::from_secs(60);
const CHANGE: &str = "/accounts/change";

/// Asks for the page about an action upon these accounts.
async fn asked(by: &Visitor, action: &str, accounts: &[AccountId], more: &[(&str, &str)]) -> Answer {
    let ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let mut form: Vec<(&str, &str)> = ids.iter().map(|id| ("account", id.as_str())).collect();
    form.push(("action", action));
    form.extend(more);
    by.post(CHANGE, &form).await
}

/// Sends the form of a page as its button does.
async fn confirmed(by: &Visitor, page: &Answer) -> Answer {
    let fields = |attribute| page.attributes(&format!("form[action='{CHANGE}'] input"), attribute);
    let (names, values) = (fields("name"), fields("value"));
    let mut form: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
    form.push(("step", "start"));
    by.post(CHANGE, &form).await
}

/// Begins a task; returns its path.
async fn begun(by: &Visitor, action: &str, accounts: &[AccountId], more: &[(&str, &str)]) -> String {
    let page = asked(by, action, accounts, more).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let answer = confirmed(by, &page).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.header("location").to_owned()
}

fn job_of(path: &str) -> JobId {
    path.strip_prefix("/jobs/").unwrap().parse().unwrap()
}

async fn row(test: &TestApp, path: &str) -> JobRecord {
    store::jobs::get(&mut test.app.db.read().await.unwrap(), job_of(path)).await.unwrap().unwrap()
}

/// Works on a task once.
async fn step(test: &TestApp, path: &str) {
    let row = row(test, path).await;
    ops::work(&test.app, &row).await.unwrap();
}

fn running(test: &TestApp) -> Supervisor {
    let jobs = tasks::all(&test.app).into_iter().filter(|task| task.name == "jobs");
    Supervisor::start(&test.app, jobs.collect::<Vec<_>>())
}

async fn until_done(by: &Visitor, path: &str) -> Answer {
    until("the task is done", SOON, async || {
        let page = by.get(path).await;
        matches!(page.texts("#job .job-head .badge")[0].as_str(), "Done" | "Not all done").then_some(page)
    })
    .await
}

/// The account, state and reason of each line, as the file has them.
async fn lines_of(by: &Visitor, path: &str) -> Vec<[String; 3]> {
    let file = by.get(&format!("{path}/report.csv")).await;
    assert_eq!(file.status, StatusCode::OK, "{} {}", file.header("location"), file.body);
    assert_eq!(file.header("cache-control"), "no-store");
    let text = file.body.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>(),
        ["account", "action", "state", "reason", "changed", "next attempt"]
    );
    let records = reader.records().map(|record| record.unwrap());
    records.map(|record| [0, 2, 3].map(|column| record[column].to_owned())).collect()
}

async fn states(by: &Visitor, path: &str) -> Vec<String> {
    lines_of(by, path).await.into_iter().map(|[_, state, _]| state).collect()
}

/// The desired states of the accounts, in the order of their numbers.
async fn wanted(test: &TestApp) -> Vec<String> {
    test.rows("select wanted from accounts order by phone").await
}

/// The codes, outcomes and actors of the audit entries about tasks and accounts, the oldest first.
async fn recorded(test: &TestApp) -> Vec<String> {
    queue::flush(&test.app).await.unwrap();
    test.rows(
        "select code || ' ' || outcome || ' ' || actor from audit_log
         where code like 'job.%' or code like 'account.%' or code like 'group.account.%' or code like 'password.%'
         order by seq",
    )
    .await
}

/// A person with a role that gives this on the accounts of a group.
async fn person(
    test: &TestApp,
    email: &str,
    groups: &[(GroupId, &[AccountPrivilege])],
    system: &[SystemPrivilege],
) -> Visitor {
    let cells: Vec<_> = groups.iter().map(|(group, set)| (*group, AccountPrivileges::of(set))).collect();
    let role = test.role(email, &cells, SystemPrivileges::of(system)).await;
    test.give(email, role).await;
    test.signed_in(email).await
}

#[tokio::test]
async fn accounts_are_disconnected_by_a_task() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let ids = [test.account(1, None).await, test.account(2, None).await, test.account(3, None).await];
    assert_eq!(
        root.post(&format!("/accounts/{}/disconnect", ids[2]), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    let page = asked(&root, "disconnect", &ids, &[]).await;
    assert_eq!(page.texts("h1"), ["Disconnect"]);
    assert_eq!(page.texts("#ready li"), ["+9996620001", "+9996620002"]);
    assert_eq!(page.texts("#unchanged li"), ["+9996620003"]);
    assert_eq!(page.texts("button[value=start]"), ["Start for 2 accounts"]);
    assert_eq!(wanted(&test).await, ["connected", "connected", "disconnected"], "nothing is done yet");

    let answer = confirmed(&root, &page).await;
    let again = confirmed(&root, &page).await;
    let path = answer.header("location").to_owned();
    assert_eq!(
        (again.status, again.header("location")),
        (StatusCode::SEE_OTHER, path.as_str()),
        "sent twice"
    );
    let mut stream = root.stream(&format!("{path}/events")).await;
    assert!(next(&mut stream).await.contains("0 of 2 done"));
    let jobs = running(&test);
    let done = until_done(&root, &path).await;
    until("the page follows", SOON, async || next(&mut stream).await.contains("2 of 2 done").then_some(()))
        .await;
    let tasks = until("the tasks are read", SOON, async || {
        Some(root.get("/jobs").await).filter(|page| page.has(".jobs-done li"))
    })
    .await;
    assert!(tasks.texts(".jobs-done li")[0].contains("2 of 2 done"), "{}", tasks.body);
    assert!(tasks.attributes(".jobs-done a", "href").contains(&path));
    jobs.stop().await;
    assert_eq!(wanted(&test).await, ["disconnected"; 3]);
    assert_eq!(done.texts("#lines .badge"), ["Done", "Done"]);
    assert!(!done.has("#retry") && !done.has("#stop"), "{}", done.body);
    let entries = recorded(&test).await;
    let deed = format!("account.wanted done {ADMIN}");
    assert_eq!(entries, [deed.as_str(), &format!("job.started done {ADMIN}"), &deed, &deed]);
    let log = root.get("/audit").await;
    assert!(log.body.contains("started a bulk task with 2 steps: disconnect"), "{}", log.body);

    let report = root.get(&format!("{path}/report")).await;
    assert_eq!(report.texts("#lines th"), ["+9996620001", "+9996620002"]);
    assert_eq!(lines_of(&root, &path).await, [["'+9996620001", "done", ""], ["'+9996620002", "done", ""]]);
    // It is for the person who started it, and for readers of the audit log.
    let reader = person(&test, "reader@example.org", &[], &[SystemPrivilege::ReadAudit]).await;
    assert_eq!(reader.get(&path).await.texts("#lines .badge"), ["Done", "Done"]);
    assert!(!reader.get(&path).await.has("#lines a"), "without links to what the reader can't see");
    for act in ["retry", "stop"] {
        let path = format!("{path}/{act}");
        assert_eq!(reader.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(root.post(&path, &[]).await.status, StatusCode::CONFLICT, "nothing is left to {act}");
    }
    let bob = test.signed_in(BOB).await;
    for path in [path.clone(), format!("{path}/report"), format!("{path}/report.csv")] {
        assert_eq!(bob.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let mut stream = bob.stream(&format!("{path}/events")).await;
    assert!(!next(&mut stream).await.contains("of 2 done"));
}

#[tokio::test]
async fn each_account_says_before_what_would_be_refused() {
    let test = TestApp::new().await;
    let (own, seen, hidden) =
        (test.account(1, None).await, test.account(2, None).await, test.account(3, None).await);
    let (sales, board) = (test.group("Sales", &[own]).await, test.group("Board", &[seen]).await);
    use AccountPrivilege::{EditTwoFactorPassword, ManageConnectionState, ManageSessions, View};
    let all: &[_] = &[View, ManageConnectionState, ManageSessions, EditTwoFactorPassword];
    let bob = person(&test, BOB, &[(sales, all), (board, &[View])], &[]).await;
    let page = asked(&bob, "disconnect", &[own, seen, hidden], &[]).await;
    assert_eq!(page.texts("#ready li"), ["+9996620001"]);
    assert_eq!(page.texts("#refused li").len(), 1, "{}", page.body);
    assert!(page.texts("#refused li")[0].starts_with("+9996620002"));
    assert!(page.texts("#refused li")[0].contains("manage_connection_state"), "{}", page.body);
    assert!(!page.body.contains("+9996620003") && !page.body.contains(&hidden.to_string()));

    // What may fail says why, and is part of the task.
    for (action, why) in [
        ("end-other-devices", "isn't logged in at the moment"),
        ("new-two-step-password", "isn't connected and logged in"),
    ] {
        let page = asked(&bob, action, &[own, seen], &[]).await;
        assert!(page.texts("#may-fail li")[0].contains(why), "{action}: {}", page.body);
        assert!(page.has(".note.waiting") && page.texts("#refused li").len() == 1, "{}", page.body);
        assert_eq!(page.texts("button[value=start]"), ["Start for one account"]);
    }
    test.set_stage(own, Stage::Ready);
    let page = asked(&bob, "new-two-step-password", &[own], &[]).await;
    assert!(page.texts("#may-fail li")[0].contains("No two-step password is stored"), "{}", page.body);
    let root = test.signed_in(ADMIN).await;
    let bot = test.account_of(Identifier::parse("Bot 7000000042").unwrap(), None).await;
    for action in ["end-other-devices", "new-two-step-password"] {
        let page = asked(&root, action, &[bot], &[]).await;
        assert!(page.texts("#refused li")[0].contains("bot"), "{action}: {}", page.body);
        assert!(!page.has("button[value=start]") && page.has(".note.bad"), "{}", page.body);
    }
    // Without anything to do there is no task, however the form was made.
    let start = [("step", "start"), ("job", "0190aaaa-0000-7000-8000-000000000000")];
    let answer = asked(&bob, "disconnect", &[seen], &start).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(answer.texts(".error, .note.bad").concat().contains("Nothing to do"), "{}", answer.body);
    assert!(test.rows("select id from jobs").await.is_empty());
    for action in ["change-owner", "add-group", "remove-group"] {
        let answer = asked(&bob, action, &[own], &[]).await;
        assert!(
            answer.status == StatusCode::FORBIDDEN || answer.status == StatusCode::CONFLICT,
            "{}",
            answer.status
        );
        assert!(!answer.has("#owner") && !answer.body.contains("Board"), "{}", answer.body);
    }
}

#[tokio::test]
async fn wrong_input_is_said_and_nothing_is_begun() {
    let test = TestApp::new().await;
    let (root, id) = (test.signed_in(ADMIN).await, test.account(1, None).await);
    let many: Vec<AccountId> = (0..900).map(|_| AccountId::generate()).collect();
    let gone = test.group("Gone", &[]).await;
    test.app.db.maintain(async |conn| store::groups::delete(conn, gone).await.map(drop)).await.unwrap();
    let gone = gone.to_string();
    let preview = ("step", "preview");
    for (action, accounts, more, why) in [
        ("", &[id][..], &[][..], "Choose what to do"),
        ("fly", &[id], &[], "Choose what to do"),
        ("disconnect", &[], &[], "Select at least one account"),
        ("disconnect", &many, &[], "Select at least one account"),
        ("change-owner", &[id], &[preview, ("owner", "ada")], "isn't an e-mail address"),
        ("add-group", &[id], &[preview, ("group", "")], "Choose a group"),
        ("add-group", &[id], &[preview, ("group", "x")], "Choose a group"),
        ("remove-group", &[id], &[preview, ("group", &gone)], "exist"),
    ] {
        let answer = asked(&root, action, accounts, more).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{action}: {}", answer.body);
        assert!(answer.texts(".error, .note.bad").concat().contains(why), "{action} {why}: {}", answer.body);
    }
    let kept = asked(&root, "change-owner", &[id], &[preview, ("owner", "ada@")]).await;
    assert_eq!(kept.attributes("#owner", "value"), ["ada@"], "what was entered is kept");
    assert_eq!(kept.attributes("[name=account]", "value"), [id.to_string()]);
    assert!(test.rows("select id from jobs").await.is_empty());
    // A page that is older than another job of its id, or from the future.
    let path = begun(&root, "disconnect", &[id], &[]).await;
    let bob = person(
        &test,
        BOB,
        &[(
            test.group("Desk", &[id]).await,
            &[AccountPrivilege::View, AccountPrivilege::ManageConnectionState],
        )],
        &[],
    )
    .await;
    let taken = job_of(&path).to_string();
    for job in [taken.as_str(), "ffffffff-ffff-7fff-bfff-ffffffffffff"] {
        let answer = asked(&bob, "disconnect", &[id], &[("step", "start"), ("job", job)]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{job}: {}", answer.body);
    }
    assert_eq!(test.rows("select id from jobs").await.len(), 1);
}
