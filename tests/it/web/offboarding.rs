//! Off-boarding: the review says what a person has and knows and changes nothing; the plan says what is done, in which
//! order, and what the reader may not do.

mod plan;
mod task;

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
