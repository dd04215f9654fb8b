//! Sending invite links by e-mail, over a real SMTP server.

use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::timeout;

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::invites::{ADA, invited, link, newest, recorded};
use crate::support::mail_server::{Encryption, MailServer, PASSWORD, USER};

const SENDER: (&str, &str) = ("SMTP_FROM", "Telescope <telescope@example.org>");

/// Telescope with this server for its e-mails.
async fn telescope(server: &MailServer, encryption: Encryption) -> TestApp {
    let (password, port) = (PASSWORD.replace('@', "%40").replace('/', "%2F"), server.port);
    let url = match encryption {
        Encryption::Implicit => format!("smtps://{USER}:{password}@localhost:{port}"),
        Encryption::StartTls => format!("smtp://{USER}:{password}@localhost:{port}"),
        Encryption::None => format!("smtp://localhost:{port}?tls=none"),
    };
    let authority = server.authority.to_str().unwrap();
    let about = [("ORGANISATION_NAME", "Example Ltd"), ("ONBOARDING_CONTACT", "it@example.org")];
    TestApp::with(&[&[("SMTP_URL", url.as_str()), ("SMTP_CA_FILE", authority), SENDER], &about[..]].concat())
        .await
}

/// Posts the button of the newest invite's row.
async fn send(by: &Visitor) -> Answer {
    by.post(&format!("/invites/{}/email", newest(by).await), &[]).await
}

/// The text of an e-mail, with its encoding undone as far as it is used here.
fn text(email: &str) -> String {
    let joined = email.replace("=\r\n", "").replace("=3D", "=");
    joined.replace("\r\n", "\n")
}

async fn codes(test: &TestApp) -> Vec<String> {
    recorded(test).await.into_iter().map(|(code, ..)| code).collect()
}

#[tokio::test]
async fn a_link_is_sent_encrypted_or_as_the_settings_say() {
    for encryption in [Encryption::Implicit, Encryption::StartTls, Encryption::None] {
        let server = MailServer::start(encryption);
        let test = telescope(&server, encryption).await;
        let root = test.signed_in(ADMIN).await;
        let answer = invited(&root, &[("email", "yes")]).await;
        assert_eq!(answer.texts("#email-sent"), [format!("The link was sent to {ADA} .")], "{encryption:?}");
        let email = text(&server.email(1));
        assert!(email.starts_with("X-Recipients: ada@example.org\n"), "{email}");
        assert!(email.contains("From: Telescope <telescope@example.org>"), "{email}");
        assert!(email.contains("Subject: Add your Telegram account for Example Ltd"), "{email}");
        assert!(email.contains("root@example.org or it@example.org"), "{email}");
        let path = link(&answer);
        assert!(email.contains(&format!("\nhttp://localhost:8888{path}\n")), "{email}");
        assert!(test.anonymous().get(&path).await.has("form"), "the link works");
        assert_eq!(codes(&test).await, ["invite.created", "invite.emailed", "invite.emailed"]);
        assert!(root.get("/invites").await.body.contains("Link sent by e-mail"));
    }
}

#[tokio::test]
async fn a_link_is_sent_again_three_times_an_hour_and_never_when_the_invite_is_over() {
    let server = MailServer::start(Encryption::None);
    let test = telescope(&server, Encryption::None).await;
    let root = test.signed_in(ADMIN).await;
    let path = link(&invited(&root, &[]).await);
    assert_eq!(server.count(), 0, "nothing is sent unless it is asked for");
    for _ in 0..3 {
        assert_eq!(send(&root).await.status, StatusCode::SEE_OTHER);
    }
    let refused = send(&root).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    assert!(
        refused.texts("[role=alert]").concat().contains("sent 3 times within an hour"),
        "{}",
        refused.body
    );
    assert!(text(&server.email(3)).contains(&path), "it is the same link");
    root.post(&format!("/invites/{}/revoke", newest(&root).await), &[]).await;
    assert_eq!(send(&root).await.status, StatusCode::CONFLICT);
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_new_link_was_not_sent() {
    let server = MailServer::start(Encryption::None);
    let test = telescope(&server, Encryption::None).await;
    let root = test.signed_in(ADMIN).await;
    invited(&root, &[("email", "yes")]).await;
    assert!(root.get("/invites").await.body.contains("Link sent by e-mail"));
    root.post(&format!("/invites/{}/renew", newest(&root).await), &[]).await;
    assert!(!root.get("/invites").await.body.contains("Link sent by e-mail"));
}

#[tokio::test]
async fn what_the_server_refuses_is_said_and_recorded_and_the_invite_stays() {
    let server = MailServer::start(Encryption::None);
    let test = telescope(&server, Encryption::None).await;
    let root = test.signed_in(ADMIN).await;
    let fields = [("person", "unknown@example.org"), ("email", "yes")];
    let answer = root.post("/invites/new", &fields).await;
    assert!(answer.texts("#email-failed").concat().contains("refused the e-mail"), "{}", answer.body);
    assert!(answer.has("#secret"), "the link is there to be copied");
    assert_eq!(codes(&test).await, ["invite.created", "invite.emailed", "invite.emailed"]);
    assert_eq!(
        test.rows("select outcome from audit_log where code = 'invite.emailed' order by seq").await,
        ["intent", "failed"]
    );
    let again = send(&root).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.texts("[role=alert]").concat().contains("refused the e-mail"), "{}", again.body);
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_that_is_not_trusted_or_takes_no_password() {
    let server = MailServer::start(Encryption::StartTls);
    let other = MailServer::start(Encryption::StartTls);
    let right = format!("smtp://{USER}:{}@localhost:{}", "p%40ss%2Fword", server.port);
    let wrong = format!("smtp://{USER}:guess@localhost:{}", server.port);
    let plain = format!("smtp://localhost:{}?tls=none", server.port);
    let closed = "smtp://localhost:9?tls=none".to_owned();
    for (url, authority) in [
        (&right, &other.authority),
        (&wrong, &server.authority),
        (&plain, &server.authority),
        (&closed, &server.authority),
    ] {
        let authority = authority.to_str().unwrap();
        let test = TestApp::with(&[("SMTP_URL", url), ("SMTP_CA_FILE", authority), SENDER]).await;
        let root = test.signed_in(ADMIN).await;
        let answer = invited(&root, &[("email", "yes")]).await;
        let said = answer.texts("#email-failed").concat();
        assert!(said.contains("mail server"), "{url}: {}", answer.body);
        assert!(!said.contains("guess") && answer.has("#secret"), "{said}");
    }
    assert_eq!(server.count(), 0);
}

/// A server that takes connections and says nothing.
#[tokio::test]
async fn a_server_that_does_not_answer_keeps_no_one_waiting_for_long() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://localhost:{}?tls=none", silent.local_addr().unwrap().port());
    let test = TestApp::with(&[("SMTP_URL", &url), SENDER]).await;
    let root = test.signed_in(ADMIN).await;
    let answer = timeout(Duration::from_secs(60), invited(&root, &[("email", "yes")])).await.unwrap();
    assert!(answer.texts("#email-failed").concat().contains("did not answer in time"), "{}", answer.body);
    assert_eq!(
        test.rows("select outcome from audit_log where code = 'invite.emailed' order by seq").await,
        ["intent", "unknown"]
    );
}

#[tokio::test]
async fn without_a_mail_server_nothing_offers_e_mails() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    assert!(!root.get("/invites/new").await.has("[name=email]"));
    assert!(!invited(&root, &[]).await.has("#email-link"));
    assert!(!root.get("/invites").await.body.contains("e-mail</"));
    let refused = send(&root).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.texts("[role=alert]").concat().contains("SMTP_URL"), "{}", refused.body);
}
