//! Inviting many people with a list: what is wrong is shown before anything is created, and each line becomes one invite.

mod emails;
mod wrong_input;

use std::time::Duration;

use axum::http::StatusCode;
use telescope::clock::Clock;
use telescope::domain::JobId;
use telescope::domain::job::{JobState, StepOutcome};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::ops::invites::list;
use telescope::store;
use telescope::tasks;
use telescope::tasks::supervisor::Supervisor;

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::invites::{ADA, adder, recorded};
use super::live::next;
use crate::support::waiting::until;

const BOB: &str = "bob@example.org";
const EVE: &str = "eve@example.org";
const SOON: Duration = Duration::from_secs(60);
const TWO: &str = "owner;phone;comment\r\nada@example.org;+9996620001;\"=Desk; 7\"\r\ncy@example.org;;\r\n";

async fn check(by: &Visitor, list: &str) -> Answer {
    check_with(by, list, &[]).await
}

async fn check_with(by: &Visitor, list: &str, more: &[(&str, &str)]) -> Answer {
    let form = [("list", list), ("hours", "24"), ("action", "check")];
    by.upload("/invites/list", &[&form[..], more].concat(), &[]).await
}

/// Confirms what a page shows.
async fn confirm(by: &Visitor, page: &Answer, list: &str) -> Answer {
    confirm_with(by, page, list, &[]).await
}

async fn confirm_with(by: &Visitor, page: &Answer, list: &str, more: &[(&str, &str)]) -> Answer {
    let hidden = |name| page.attributes(&format!("[name={name}]"), "value").pop().unwrap_or_default();
    let (job, checked) = (hidden("job"), hidden("checked"));
    let form =
        [("list", list), ("hours", "24"), ("comment", "From a list"), ("job", &job), ("checked", &checked)];
    by.upload("/invites/list", &[&form[..], &[("action", "create")], more].concat(), &[]).await
}

/// Begins with a list that is right; returns the path of its job.
async fn begun(by: &Visitor, list: &str) -> String {
    begun_with(by, list, &[]).await
}

async fn begun_with(by: &Visitor, list: &str, more: &[(&str, &str)]) -> String {
    let page = check_with(by, list, more).await;
    assert_eq!((page.status, page.has("button[value=create]")), (StatusCode::OK, true), "{}", page.body);
    let answer = confirm_with(by, &page, list, more).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.header("location").to_owned()
}

fn job_of(path: &str) -> JobId {
    path.strip_prefix("/invites/list/").unwrap().parse().unwrap()
}

/// Does the next step of a job.
async fn step(test: &TestApp, path: &str) -> StepOutcome {
    let row = store::jobs::get(&mut test.app.db.read().await.unwrap(), job_of(path)).await.unwrap().unwrap();
    list::make_next(&test.app, &row).await.unwrap()
}

/// The owners of the invites, the oldest first.
async fn invited(test: &TestApp) -> Vec<String> {
    test.rows("select person from invites order by created, id").await
}

/// The lines of the file with the links.
async fn links(by: &Visitor, path: &str) -> Vec<Vec<String>> {
    let file = by.post(&format!("{path}/result"), &[]).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert_eq!(file.header("cache-control"), "no-store");
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"telescope-invites-"));
    let text = file.body.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn running(test: &TestApp) -> Supervisor {
    let jobs = tasks::all(&test.app).into_iter().filter(|task| task.name == "jobs");
    Supervisor::start(&test.app, jobs.collect::<Vec<_>>())
}

async fn until_done(by: &Visitor, path: &str) -> Answer {
    until("the list is done", SOON, async || {
        let page = by.get(path).await;
        matches!(page.texts("#invite-list .badge")[0].as_str(), "Done" | "Not all done").then_some(page)
    })
    .await
}

#[tokio::test]
async fn a_list_is_checked_confirmed_and_becomes_invites() {
    let test = TestApp::new().await;
    let (bob, eve) = (adder(&test, BOB).await, adder(&test, EVE).await);
    assert!(bob.get("/invites").await.attributes("a.button", "href").contains(&"/invites/list".to_owned()));
    let page = check(&bob, TWO).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.texts(".list-lines tbody th"), ["2", "3"]);
    assert_eq!(page.texts("#line-2 td"), [ADA, "+9996620001", "–", "=Desk; 7"]);
    assert!(page.texts("#list")[0].contains("=Desk; 7"), "the list can be corrected in place");
    assert!(invited(&test).await.is_empty() && recorded(&test).await.is_empty(), "nothing is created yet");

    let answer = confirm(&bob, &page, TWO).await;
    let path = answer.header("location").to_owned();
    let again = confirm(&bob, &page, TWO).await;
    assert_eq!(
        (answer.status, again.header("location")),
        (StatusCode::SEE_OTHER, path.as_str()),
        "sent twice"
    );
    let mut stream = bob.stream(&format!("{path}/events")).await;
    assert!(next(&mut stream).await.contains("0 of 2 invites created"));
    let jobs = running(&test);
    let done = until_done(&bob, &path).await;
    assert_eq!(invited(&test).await, [ADA, "cy@example.org"]);
    assert!(done.texts("#invite-list").concat().contains("2 of 2 invites created"), "{}", done.body);
    until("the page follows", SOON, async || next(&mut stream).await.contains("Done").then_some(())).await;
    let tasks = until("the tasks are read", SOON, async || {
        Some(bob.get("/jobs").await).filter(|page| page.has(".jobs-done li"))
    })
    .await;
    assert!(tasks.texts(".jobs-done li")[0].contains("2 of 2 invites created"), "{}", tasks.body);
    assert!(tasks.attributes(".jobs-done a", "href").contains(&path));
    jobs.stop().await;

    let lines = links(&bob, &path).await;
    assert_eq!(lines[0], ["owner", "phone", "link", "expires", "error", "email"]);
    assert_eq!([&lines[1][0], &lines[1][1], &lines[1][4]], [ADA, "9996620001", ""]);
    for line in &lines[1..] {
        let link = line[2].strip_prefix("http://localhost:8888").unwrap();
        assert_eq!(test.anonymous().get(link).await.status, StatusCode::OK, "the link works");
    }
    let list = bob.get("/invites").await;
    assert!(list.body.contains("From a list") && list.body.contains("=Desk; 7"), "{}", list.body);
    let codes: Vec<String> = recorded(&test).await.into_iter().map(|(code, ..)| code).collect();
    assert_eq!(codes, ["invite.list.started", "invite.created", "invite.created", "invite.list.downloaded"]);
    // Others may know at most that there is such a job.
    let root = test.signed_in(ADMIN).await;
    for other in [&eve, &root] {
        for (method, path) in
            [("GET", path.clone()), ("POST", format!("{path}/result")), ("POST", format!("{path}/retry"))]
        {
            let answer = if method == "GET" { other.get(&path).await } else { other.post(&path, &[]).await };
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
        let mut stream = other.stream(&format!("{path}/events")).await;
        assert!(!next(&mut stream).await.contains("invites created"));
    }
    assert!(!eve.get("/jobs").await.has(".jobs-done li"));
    assert!(root.get("/jobs").await.has(".jobs-done li"), "readers of the audit log see it");
    // A link that was used or revoked is not in the file any more.
    test.sql("update invites set state = 'done' where phone is null").await;
    assert_eq!(links(&bob, &path).await[2][2..], ["", "", "Done", ""]);
}

#[tokio::test]
async fn groups_are_those_that_the_person_may_manage() {
    let test = TestApp::new().await;
    let (sales, board) = (test.group("Sales", &[]).await, test.group("Board", &[]).await);
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let all = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    test.role("Desk", &[(sales, view), (board, all)], SystemPrivileges::NONE).await;
    let system = SystemPrivileges::of(&[SystemPrivilege::AddAccount, SystemPrivilege::ManageAccess]);
    let manager = test.role("Managers", &[(sales, view), (board, view)], system).await;
    test.give(BOB, manager).await;
    let bob = test.signed_in(BOB).await;
    let page = check(&bob, "owner,groups\nada@example.org,Board\ncy@example.org, sales | None\n").await;
    assert!(page.texts("#line-2 .error")[0].contains("login"), "{:?}", page.texts("#line-2 .error"));
    assert!(page.texts("#line-3 .error")[0].contains("no group"), "{:?}", page.texts("#line-3 .error"));
    let path = begun(&bob, "owner,groups\nada@example.org, sales | Sales |\ncy@example.org,Sales\n").await;
    assert_eq!(step(&test, &path).await, StepOutcome::Committed);
    assert_eq!(test.rows("select group_ids from invites").await, [sales.to_string()]);

    // They lose the permission for the group: the job stops, and goes on when they have it again.
    let lost = format!("delete from role_members where user_id = '{}'", test.user(BOB).await.id);
    test.sql(&lost).await;
    test.apply_policy().await;
    let StepOutcome::Stuck(why) = step(&test, &path).await else { panic!("it goes on") };
    assert!(why.contains("may no longer invite"), "{why}");
    test.give(BOB, manager).await;
    assert_eq!(step(&test, &path).await, StepOutcome::Committed);
    assert_eq!(step(&test, &path).await, StepOutcome::Done);
    assert_eq!(invited(&test).await, [ADA, "cy@example.org"]);
}

#[tokio::test]
async fn a_job_that_has_stopped_says_why_and_is_retried() {
    let test = TestApp::new().await;
    let bob = adder(&test, BOB).await;
    let path = begun(&bob, TWO).await;
    test.sql("update users set disabled = 1 where email = 'bob@example.org'").await;
    let jobs = running(&test);
    until("it has failed", SOON, async || {
        let row = store::jobs::get(&mut test.app.db.read().await.unwrap(), job_of(&path)).await.unwrap()?;
        (row.state == JobState::Failed).then_some(())
    })
    .await;
    assert!(invited(&test).await.is_empty());
    test.sql("update users set disabled = 0 where email = 'bob@example.org'").await;
    let page = bob.get(&path).await;
    assert!(page.texts("#invite-list .note").concat().contains("may no longer invite"), "{}", page.body);
    let file = links(&bob, &path).await;
    assert_eq!(file[1][2..], ["", "", "Not created yet", ""], "the file says what there is so far");
    assert_eq!(bob.post(&format!("{path}/retry"), &[]).await.status, StatusCode::SEE_OTHER);
    until_done(&bob, &path).await;
    assert_eq!(invited(&test).await.len(), 2);
    assert_eq!(bob.post(&format!("{path}/retry"), &[]).await.status, StatusCode::CONFLICT);
    jobs.stop().await;
    let codes: Vec<String> = recorded(&test).await.into_iter().map(|(code, ..)| code).collect();
    assert!(codes.contains(&"invite.list.retried".to_owned()), "{codes:?}");
}

#[tokio::test]
async fn a_line_whose_number_or_group_is_not_possible_any_more_is_left_out() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let sales = test.group("Sales", &[]).await;
    let path = begun(
        &root,
        "owner,phone,groups\na@example.org,+9996620007,\nb@example.org,,Sales\nc@example.org,,\n",
    )
    .await;
    test.account(7, None).await;
    test.app.db.maintain(async |conn| store::groups::delete(conn, sales).await.map(drop)).await.unwrap();
    for _ in 0..3 {
        assert_eq!(step(&test, &path).await, StepOutcome::Committed);
    }
    assert_eq!(step(&test, &path).await, StepOutcome::Done);
    assert_eq!(invited(&test).await, ["c@example.org"]);
    let file = links(&root, &path).await;
    assert!(file[1][4].contains("already an account") && file[2][4].contains("doesn't exist"), "{file:?}");
    assert!(!file[3][2].is_empty() && file[3][4].is_empty(), "{file:?}");
}

#[tokio::test]
async fn the_limit_of_a_day_counts_the_whole_list_before_it_begins() {
    let test = TestApp::with(&[("INVITES_PER_PERSON_PER_DAY", "3")]).await;
    let bob = adder(&test, BOB).await;
    let four = "owner\na@example.org\nb@example.org\nc@example.org\nd@example.org";
    let page = check(&bob, four).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.texts("#preview .note")[0].contains("only 3 more invites"), "{}", page.body);
    assert!(!page.has("button[value=create]"));
    let path = begun(&bob, TWO).await;
    let page = check(&bob, TWO).await;
    assert!(page.texts("#preview .note")[0].contains("only 1 more invite now"), "lines that wait count");
    assert_eq!(step(&test, &path).await, StepOutcome::Committed);
    let single = super::invites::invited(&bob, &[]).await;
    assert_eq!(single.status, StatusCode::OK);
    let refused = super::invites::invited(&bob, &[]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "the rest of the list counts too");
    assert_eq!(
        step(&test, &path).await,
        StepOutcome::Committed,
        "what was begun is not stopped by the limit"
    );
}

#[tokio::test]
async fn what_was_changed_in_the_database_is_no_invite() {
    let test = TestApp::new().await;
    let (bob, eve) = (adder(&test, BOB).await, adder(&test, EVE).await);
    let path = begun(&bob, TWO).await;
    assert!(
        test.rows("select sealed from invite_lines").await.iter().all(|sealed| !sealed.contains("example"))
    );
    // Lines in each other's place.
    test.sql("update invite_lines set line = line + 100; update invite_lines set line = 105 - line").await;
    assert!(matches!(step(&test, &path).await, StepOutcome::Stuck(why) if why.contains("can't be opened")));
    assert!(invited(&test).await.is_empty());
    test.sql("update invite_lines set line = 105 - line; update invite_lines set line = line - 100").await;
    // A line that is done again creates nothing.
    assert_eq!(step(&test, &path).await, StepOutcome::Committed);
    test.sql("update invite_lines set outcome = null").await;
    let row = store::jobs::get(&mut test.app.db.read().await.unwrap(), job_of(&path)).await.unwrap().unwrap();
    assert!(list::make_next(&test.app, &row).await.is_err(), "the invite is there already");
    assert_eq!(invited(&test).await, [ADA]);
    // Another person as the one who started it.
    let other = test.user(EVE).await.id;
    test.sql(&format!("update invite_lines set creator = '{other}'; update jobs set args = '{other}'")).await;
    assert_eq!(eve.post(&format!("{path}/result"), &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn old_lists_are_deleted() {
    let test = TestApp::with_clock(&[], Clock::manual(Clock::System.now())).await;
    let bob = adder(&test, BOB).await;
    let (done, stopped) = (begun(&bob, TWO).await, begun(&bob, TWO).await);
    for _ in 0..2 {
        assert_eq!(step(&test, &done).await, StepOutcome::Committed);
    }
    test.sql(&format!("update jobs set state = 'done' where id = '{}'", job_of(&done))).await;
    test.sql(&format!("update jobs set state = 'failed', error = 'x' where id = '{}'", job_of(&stopped)))
        .await;
    let waiting = begun(&bob, TWO).await;
    test.app.clock.advance(7 * 24 * 60 * 60 - 60);
    list::forget_old(&test.app).await.unwrap();
    assert_eq!(test.rows("select sealed from invite_lines").await.len(), 6);
    test.app.clock.advance(120);
    list::forget_old(&test.app).await.unwrap();
    assert_eq!(test.rows("select sealed from invite_lines").await.len(), 2, "only what is still worked on");
    assert_eq!(test.rows("select distinct job_id from invite_lines").await, [job_of(&waiting).to_string()]);
    assert_eq!(test.rows("select state from jobs where state = 'failed'").await.len(), 0);
    assert_eq!(invited(&test).await.len(), 2, "the invites stay");
}
