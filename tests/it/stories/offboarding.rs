//! A person leaves who owns many accounts: one page takes them back, says what could not be done, and a retry finishes. On
//! the employee's side the devices are signed out, and only the new password opens the accounts.

use serde_json::json;
use telescope::domain::JobId;

use crate::support::axe::barriers;
use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, ask, give_code, ready_account, sign_in};
use crate::support::phones::Phones;
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::{until, until_true};

const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";
const PIXEL: &[(&str, &str)] = &[("device", "Pixel 9"), ("api_id", "4"), ("hours", "400")];

/// Logged-in accounts of a person, each with a phone that is signed in, too.
async fn accounts_of(stack: &Stack, visitor: &Visitor, owner: &str, count: usize) -> Vec<Row> {
    let mut accounts = Vec::new();
    for _ in 0..count {
        let row = ready_account(stack, visitor, None).await;
        stack.phones().age_sessions(&row.phone, 48).await;
        stack.phones().add_device(&row.phone, PIXEL).await;
        accounts.push(row);
    }
    let job = JobId::generate().to_string();
    let mut form = vec![("action", "change-owner"), ("owner", owner), ("step", "start"), ("job", &job)];
    form.extend(accounts.iter().map(|row| ("account", row.id.as_str())));
    visitor.does("/accounts/change", &form).await;
    for row in &accounts {
        let path = format!("/accounts/{}", row.id);
        until_true("the account has its owner", STEP, async || text(visitor, &path).await.contains(owner))
            .await;
    }
    accounts
}

async fn text(visitor: &Visitor, path: &str) -> String {
    visitor.get(path).await.text().await.unwrap()
}

/// Whether no device but Telescope is signed in.
async fn is_alone(phones: &Phones, row: &Row) -> bool {
    phones.devices(&row.phone).await.len() == 1
}

/// Whether the stored password opens the account.
async fn opens(visitor: &Visitor, row: &Row) -> bool {
    let path = format!("/accounts/{}/two-step", row.id);
    let next = until("Telegram is asked", STEP, async || {
        let answer = visitor.post(&path, &[("do", "check")]).await;
        Some(answer.headers().get("location")?.to_str().ok()?.to_owned())
    })
    .await;
    next.ends_with("?done=valid")
}

/// The lines of the report as a file: subject, step, state, reason, next attempt.
async fn records(visitor: &Visitor, report: &str) -> Vec<[String; 5]> {
    let file = text(visitor, &format!("{report}/csv")).await;
    let mut reader = csv::Reader::from_reader(file.trim_start_matches('\u{feff}').as_bytes());
    let record = |it: csv::StringRecord| [3, 4, 5, 6, 8].map(|at| it[at].to_owned());
    reader.records().map(|it| record(it.unwrap())).collect()
}

/// Opens the review, enters the new owner and begins; returns the addresses of the task and its report.
async fn off_board(stack: &Stack, browser: &Browser, name: &str) -> (String, String) {
    browser.goto(&stack.url("/users")).await;
    browser.press("Off-board a person", "main").await;
    browser.fill("#person", ADA).await;
    browser.press("Review", "main").await;
    browser.find("#plan").await;
    browser.pictures(&format!("off-boarding-1-review-{name}")).await;
    browser.press("Review the steps", "main").await;
    let error = browser.text("#email-error").await;
    assert!(error.contains("Enter an e-mail address"), "{error}");
    browser.fill("#email", BOB).await;
    browser.press("Review the steps", "main").await;
    browser.find("#preview").await;
    browser.pictures(&format!("off-boarding-2-steps-{name}")).await;
    if browser.scripts() == Scripts::On {
        assert_eq!(barriers(browser, "the review with its steps").await, [""; 0]);
    }
    browser.press(&format!("Off-board {ADA}"), "#preview").await;
    browser.find("#job").await;
    let job = browser.address().await.strip_prefix(&stack.url("")).unwrap().to_owned();
    let report = job.replace("/jobs/", "/users/off-boarding/");
    (job, report)
}

/// How the report looks on paper.
async fn print(browser: &Browser, name: &str) {
    browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    assert!(browser.text(".printed").await.contains(ADMIN));
    assert!(browser.is_true("!document.querySelector('.top nav').checkVisibility()").await);
    assert!(browser.pixels_too_wide().await <= 0);
    browser.picture(name).await;
    browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_said_and_a_retry_finishes() {
    const ACCOUNTS: usize = 30;
    let settings = [("CODES_PER_PERSON_PER_DAY", "200"), ("CODES_PER_HOUR", "200")];
    let stack = Stack::start_with_settings(&settings).await;
    let (visitor, ada) = (Visitor::sign_in(&stack, ADMIN).await, Visitor::sign_in(&stack, ADA).await);
    let phones = stack.phones();
    let accounts = accounts_of(&stack, &visitor, ADA, ACCOUNTS).await;
    let [banned, other_banned, offline, flooded, fresh] = [0, 1, 2, 3, 4].map(|at| &accounts[at]);
    for row in [banned, other_banned] {
        phones.set_account(&row.phone, "banned").await;
        visitor.until_stage(&row.id, "ended", STEP).await;
    }
    visitor.does(&format!("/accounts/{}/disconnect", offline.id), &[]).await;
    visitor.until_stage(&offline.id, "disconnected", STEP).await;
    phones.refuse_with("auth.resetAuthorizations", &flooded.phone, 420, "FLOOD_WAIT_3600", 1).await;
    phones
        .refuse_with("auth.resetAuthorizations", &fresh.phone, 406, "FRESH_RESET_AUTHORISATION_FORBIDDEN", 1)
        .await;

    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    let (job, report) = off_board(&stack, &browser, "on").await;
    let lines = async || records(&visitor, &report).await;
    let count = async |state: &str| lines().await.iter().filter(|line| line[2] == state).count();
    // On a busy machine, others may wait for their next attempt as well, but not for long.
    until_true("all but one is done or has failed", STEP * 3, async || {
        lines().await.iter().all(|line| {
            let waits_for_long = line[2] == "waiting" && line[0].ends_with(&flooded.phone);
            matches!(line[2].as_str(), "done" | "failed") || (waits_for_long && !line[4].is_empty())
        })
    })
    .await;
    browser.until_shown("#failed-lines", STEP).await;
    browser.pictures("off-boarding-3-task").await;
    // Two accounts and one that is disconnected have neither devices nor a new password, one is too young, one waits.
    let found = lines().await;
    let why = |row: &Row, step: &str| {
        let is_it = |line: &&[String; 5]| line[0].ends_with(&row.phone) && line[1].contains(step);
        found.iter().find(is_it).cloned().expect("the step is in the report")
    };
    for row in [banned, other_banned] {
        let [_, _, state, reason, _] = why(row, "devices");
        assert!(state == "failed" && reason.contains("isn't logged in"), "{state} {reason}");
        assert!(text(&visitor, &format!("{report}/csv")).await.contains("Session ended: "));
        assert_eq!(why(row, "password")[2], "failed");
        assert_eq!(why(row, "owner")[2], "done");
    }
    assert!(why(offline, "devices")[3].contains("disconnected"), "{:?}", why(offline, "devices"));
    assert!(why(fresh, "devices")[3].contains("24 hours old"), "{:?}", why(fresh, "devices"));
    let [_, _, state, reason, next] = why(flooded, "devices");
    assert!(
        state == "waiting" && reason.contains("60 minutes") && !next.is_empty(),
        "{state} {reason} {next}"
    );
    assert_eq!((count("failed").await, count("waiting").await), (7, 1), "{found:?}");

    // The person is out, and the other accounts are taken back at Telegram.
    assert_eq!(ada.get("/accounts").await.status(), 303);
    let taken: Vec<&Row> = accounts[5..].iter().collect();
    for row in &taken {
        assert!(is_alone(&phones, row).await, "{}", row.phone);
        assert_eq!(phones.phone(&row.phone).await.unwrap()["password"], true);
    }
    assert!(opens(&visitor, taken[0]).await && opens(&visitor, taken[ACCOUNTS - 6]).await);
    browser.goto(&stack.url(&report)).await;
    let open = browser.text("#open").await;
    assert!(open.contains("Next attempt at") && open.contains("24 hours old"), "{open}");
    assert!(open.contains("banned"), "{open}");
    assert!(browser.text("#present").await.contains("They own no account"));
    browser.pictures("off-boarding-4-report").await;
    assert_eq!(barriers(&browser, "the report").await, [""; 0]);
    print(&browser, "off-boarding-5-print").await;

    // What stood in the way is over; the wait that Telegram demanded is not waited for.
    visitor.does(&format!("/accounts/{}/connect", offline.id), &[]).await;
    visitor.until_stage(&offline.id, "ready", STEP).await;
    for row in [banned, other_banned] {
        phones.set_account(&row.phone, "registered").await;
        ask(&visitor, row).await;
        visitor.until_stage(&row.id, "wait-code", STEP).await;
        give_code(&stack, &visitor, row).await;
        visitor.until_stage(&row.id, "ready", STEP).await;
        phones.age_sessions(&row.phone, 48).await;
    }
    browser.goto(&stack.url(&job)).await;
    browser.click("#stop").await;
    until_true("it is stopped", STEP, async || count("stopped").await == 1).await;
    browser.click("#retry").await;
    until_true("all is done", STEP, async || lines().await.iter().all(|line| line[2] == "done")).await;
    browser.until_shown("#job .badge.good", STEP).await;
    for row in &accounts {
        assert!(is_alone(&phones, row).await, "{}", row.phone);
    }
    for row in [banned, offline, flooded, fresh] {
        assert!(opens(&visitor, row).await, "{}", row.phone);
    }
    browser.goto(&stack.url(&report)).await;
    assert!(browser.text("#open").await.contains("Every step was done"));
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|it| it.contains("status of 422")), "{complaints:?}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let accounts = accounts_of(&stack, &visitor, ADA, 2).await;
    let browser = Browser::open(Scripts::Off).await;
    sign_in(&browser, &stack).await;
    // She owns accounts and has never signed in.
    let (job, report) = off_board(&stack, &browser, "off").await;
    // What has begun goes on after a crash.
    stack.kill_telescope().await;
    stack.start_again().await;
    until_true("all is done", STEP * 2, async || {
        records(&visitor, &report).await.iter().all(|line| line[2] == "done")
    })
    .await;
    browser.goto(&stack.url(&job)).await;
    browser.find("#job .badge.good").await;
    browser.press("View report", "main").await;
    assert!(browser.text("#open").await.contains("Every step was done"));
    print(&browser, "off-boarding-6-print-plain").await;
    for row in &accounts {
        assert!(is_alone(&stack.phones(), row).await && opens(&visitor, row).await);
    }
    browser.close().await;
}
