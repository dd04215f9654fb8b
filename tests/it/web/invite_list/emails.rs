//! The links of a list are sent by e-mail, and a list is stopped.

use std::time::Duration;

use axum::http::StatusCode;
use telescope::domain::job::StepOutcome;
use telescope::ops::invites::list;
use telescope::store;

use super::{BOB, TWO, begun_with, confirm_with, invited, job_of, links, running, step, until_done};
use crate::support::mail_server::{Encryption, MailServer};
use crate::support::waiting::until;
use crate::web::app::{ADMIN, TestApp};
use crate::web::invites::{adder, recorded};
use crate::web::live::next;

/// Telescope with a mail server at this port.
async fn telescope(port: u16) -> TestApp {
    let url = format!("smtp://localhost:{port}?tls=none");
    TestApp::with(&[("SMTP_URL", &url), ("SMTP_FROM", "telescope@example.org")]).await
}

/// Sends the link of the next line.
async fn send(test: &TestApp, path: &str) -> StepOutcome {
    let row = store::jobs::get(&mut test.app.db.read().await.unwrap(), job_of(path)).await.unwrap().unwrap();
    list::send_next(&test.app, &row).await.unwrap()
}

async fn created(test: &TestApp, path: &str, lines: usize) {
    for _ in 0..lines {
        assert_eq!(step(test, path).await, StepOutcome::Committed);
    }
    assert_eq!(step(test, path).await, StepOutcome::Done);
}

async fn outcomes(test: &TestApp) -> Vec<String> {
    test.rows("select outcome from audit_log where code = 'invite.emailed' order by seq").await
}

#[tokio::test]
async fn each_link_is_sent_to_its_owner_and_what_the_server_refuses_is_named() {
    let server = MailServer::start(Encryption::None);
    let test = telescope(server.port).await;
    let bob = adder(&test, BOB).await;
    let three = "owner\nada@example.org\nunknown@example.org\ncy@example.org\n";
    let path = begun_with(&bob, three, &[("email", "yes")]).await;
    let mut stream = bob.stream(&format!("{path}/events")).await;
    assert!(next(&mut stream).await.contains("0 of 3 invites created, 0 of 3 e-mails sent"));
    let jobs = running(&test);
    let done = until_done(&bob, &path).await;
    let tasks = until("the tasks are read", Duration::from_secs(60), async || {
        Some(bob.get("/jobs").await).filter(|page| page.has(".jobs-done li"))
    })
    .await;
    jobs.stop().await;
    let said = done.texts("#invite-list").concat();
    assert!(said.contains("3 of 3 invites created, 2 of 3 e-mails sent"), "{said}");
    assert!(said.contains("1 e-mail was not sent"), "{said}");
    let file = links(&bob, &path).await;
    assert_eq!(server.count(), 2);
    for (number, line) in [(1, &file[1]), (2, &file[3])] {
        let email = server.email(number).replace("=\r\n", "").replace("=3D", "=").replace("\r\n", "\n");
        assert!(email.starts_with(&format!("X-Recipients: {}\n", line[0])), "{email}");
        assert!(email.contains(&line[2]), "{email}");
        assert_eq!(line[5], "Sent");
    }
    assert!(file[2][5].contains("refused the e-mail") && !file[2][2].is_empty(), "{file:?}");
    assert_eq!(outcomes(&test).await, ["intent", "done", "intent", "failed", "intent", "done"]);
    let own = bob.get("/invites").await;
    assert_eq!(own.body.matches("Link sent by e-mail").count(), 2);
    assert!(tasks.texts(".jobs-done li")[0].contains("2 of 3 e-mails sent"), "{}", tasks.body);
}

#[tokio::test]
async fn without_a_mail_server_nothing_is_offered_or_begun() {
    let test = TestApp::new().await;
    let bob = adder(&test, BOB).await;
    assert!(!bob.get("/invites/list").await.has("[name=email]"));
    let form = [("list", TWO), ("hours", "24"), ("action", "check"), ("email", "yes")];
    let page = bob.upload("/invites/list", &form, &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.body);
    assert!(page.texts("[role=alert]").concat().contains("sends no e-mails"), "{}", page.body);
    let answer = confirm_with(&bob, &page, TWO, &[("email", "yes")]).await;
    assert_ne!(answer.status, StatusCode::SEE_OTHER);
    assert!(invited(&test).await.is_empty());
}

#[tokio::test]
async fn emails_wait_for_a_server_that_is_unavailable_until_the_list_is_stopped() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let test = telescope(port).await;
    let bob = adder(&test, BOB).await;
    let path = begun_with(&bob, TWO, &[("email", "yes")]).await;
    created(&test, &path, 2).await;
    for _ in 0..2 {
        let StepOutcome::Later(why) = send(&test, &path).await else { panic!("it can't be sent") };
        assert!(why.contains("can't be reached"), "{why}");
    }
    assert_eq!(outcomes(&test).await, ["intent", "failed", "intent", "failed"]);
    assert_eq!(links(&bob, &path).await[1][5], "Not sent yet");
    let stopped = bob.post(&format!("{path}/stop"), &[]).await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.body);
    assert_eq!(send(&test, &path).await, StepOutcome::Committed);
    let page = bob.get(&path).await;
    assert_eq!(page.texts("#invite-list .badge"), ["Not all done"]);
    assert!(!page.has("#invite-list .danger"), "{}", page.body);
    let file = links(&bob, &path).await;
    assert!(
        file[1..].iter().all(|line| line[5] == "Not done: the list was stopped." && !line[2].is_empty()),
        "{file:?}"
    );
    assert_eq!(bob.post(&format!("{path}/stop"), &[]).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_list_that_is_stopped_creates_no_more_invites() {
    let test = TestApp::with(&[("INVITES_PER_PERSON_PER_DAY", "3")]).await;
    let (bob, root) = (adder(&test, BOB).await, test.signed_in(ADMIN).await);
    let path = begun_with(&bob, TWO, &[]).await;
    assert_eq!(step(&test, &path).await, StepOutcome::Committed);
    let foreign = root.post(&format!("{path}/stop"), &[]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "only the person who started it");
    assert!(bob.get(&path).await.has("#invite-list .danger"));
    assert_eq!(bob.post(&format!("{path}/stop"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(step(&test, &path).await, StepOutcome::Committed);
    assert_eq!(invited(&test).await, ["ada@example.org"]);
    let file = links(&bob, &path).await;
    assert!(!file[1][2].is_empty() && file[2][4] == "Not done: the list was stopped.", "{file:?}");
    let entries = recorded(&test).await;
    assert!(entries.iter().any(|(code, ..)| code == "invite.list.stopped"), "{entries:?}");
    // What was not created does not count for the limit of a day.
    begun_with(&bob, TWO, &[]).await;
}

/// The server may have taken it, so it must not be sent twice.
#[tokio::test]
async fn an_email_that_was_interrupted_is_not_sent_again() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let test = telescope(silent.local_addr().unwrap().port()).await;
    let bob = adder(&test, BOB).await;
    let path = begun_with(&bob, TWO, &[("email", "yes")]).await;
    created(&test, &path, 2).await;
    tokio::select! {
        outcome = send(&test, &path) => panic!("the server says nothing: {outcome:?}"),
        taken = silent.accept() => drop(taken.unwrap()),
    }
    assert!(links(&bob, &path).await[1][5].contains("may or may not arrive"));
    drop(silent);
    let StepOutcome::Later(_) = send(&test, &path).await else { panic!("the second can't be sent") };
    let file = links(&bob, &path).await;
    assert!(file[1][5].contains("may or may not arrive") && file[2][5] == "Not sent yet", "{file:?}");
}

#[tokio::test]
async fn the_link_of_an_invite_that_is_over_is_not_sent() {
    let server = MailServer::start(Encryption::None);
    let test = telescope(server.port).await;
    let bob = adder(&test, BOB).await;
    let path = begun_with(&bob, TWO, &[("email", "yes")]).await;
    created(&test, &path, 2).await;
    let id = test.rows("select id from invites where person = 'ada@example.org'").await.remove(0);
    bob.post(&format!("/invites/{id}/revoke"), &[]).await;
    for _ in 0..2 {
        assert_eq!(send(&test, &path).await, StepOutcome::Committed);
    }
    assert_eq!(send(&test, &path).await, StepOutcome::Done);
    assert_eq!(server.count(), 1);
    assert_eq!(outcomes(&test).await, ["not-sent", "intent", "done"]);
    let file = links(&bob, &path).await;
    assert!(file[1][5].contains("has ended") && file[2][5] == "Sent", "{file:?}");
}
