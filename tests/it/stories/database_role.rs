//! Telescope on Postgres as a careful organisation runs it: the tables belong to one role, the server is another one
//! that can add to the audit trail and can't change it. Old details leave by the owner's command.

use std::path::Path;
use std::process::Command;

use telescope::config::Dsn;
use telescope::crypto::{Keys, MasterKey};
use telescope::domain::Millis;
use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent};
use telescope::store::{Conn, Db, StoreError, audit};

use crate::support::login::{ADMIN, STEP, ready_account};
use crate::support::postgres;
use crate::support::roles::Roles;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const KEY: &str = "a key of exactly 32 letters here";

/// Runs a command of Telescope with another address of the database; whether it was done, and what it said.
async fn telescope(stack: &Stack, dsn: &str, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telescope"));
    command.args(words).env_clear().envs(stack.environment()).env("DB_DSN", dsn);
    command.env("TELEGRAM_ENVIRONMENT", "test").env("LOG", "error").current_dir(stack.folder());
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (ran.status.success(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
}

/// Writes entries of three years ago, and the checkpoint that names their end.
async fn old_entries(dsn: &str, folder: &Path) {
    let db = Db::connect(&Dsn::parse(dsn).unwrap()).await.unwrap();
    let keys = Keys::new(&MasterKey::parse(KEY).unwrap(), None);
    let written = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        for at in 0..7 {
            let event = AuditEvent::Started { version: "0.0.1".into() };
            let entry =
                AuditEntry::done(Millis(1_700_000_000_000 + at), &Principal::System("telescope"), event);
            audit::append(conn, &keys, &entry).await?;
        }
        Ok(())
    };
    db.maintain(written).await.unwrap();
    let head = audit::head(&mut db.read().await.unwrap()).await.unwrap();
    audit::HeadFile::in_folder(folder).write(&head, &keys).unwrap();
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_can_not_change_the_trail_does_everything_else() {
    let roles = Roles::new(postgres::cluster(), "careful").await;
    let settings = [
        ("DB_DSN", roles.server()),
        ("TWO_FACTOR_ENCRYPTION_KEY", KEY.to_owned()),
        ("AUDIT_DETAILS_DAYS", "365".to_owned()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let mut stack = Stack::prepare(settings);
    let (owner, server) = (roles.owner(), roles.server());

    let (done, said) = telescope(&stack, &owner, &["migrate"]).await;
    assert!(done && said.contains("The tables are up to date"), "{said}");
    roles.limit().await;
    old_entries(&owner, &stack.data("")).await;
    let (done, said) = telescope(&stack, &owner, &["migrate"]).await;
    assert!(done, "again, with nothing to do: {said}");

    stack.start_again().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    ready_account(&stack, &visitor, None).await;
    until_true("the log says why no details leave", STEP, async || {
        stack.log().contains("can't change the audit log, as it should be")
    })
    .await;

    let before = ["audit", "blank", "--before", "2024-01-01"];
    let (done, said) = telescope(&stack, &server, &before).await;
    assert!(done && said.starts_with("7 entries before 2024-01-01") && said.contains("--yes"), "{said}");
    let yes = [&before[..], &["--yes"]].concat();
    let (done, said) = telescope(&stack, &server, &yes).await;
    assert!(!done && said.contains("DB_DSN of the tables' owner"), "{said}");
    let (done, said) = telescope(&stack, &owner, &yes).await;
    assert!(done && said.contains("Removed the details of 7 entries"), "{said}");
    let (done, said) = telescope(&stack, &owner, &yes).await;
    assert!(done && said.starts_with("0 entries"), "{said}");
    for wrong in ["soon", "2999-01-01"] {
        let (done, said) = telescope(&stack, &owner, &["audit", "blank", "--before", wrong]).await;
        assert!(!done && said.contains("--before"), "{said}");
    }

    let trail = visitor.get("/audit?code=audit.blanked").await.text().await.unwrap();
    assert!(trail.contains("removed the details of 7 entries before 2024-01-01"), "{trail}");
    visitor.does("/accounts/add-test", &[]).await;
    let (done, said) = telescope(&stack, &owner, &["migrate"]).await;
    assert!(!done && said.contains("a Telescope server is active on this database"), "{said}");
    assert!(stack.stop().await.success(), "the server went on beside the command, and stops in order");
    let (done, said) = telescope(&stack, &server, &["audit", "verify"]).await;
    assert!(done && said.contains("The details of 7 entries were removed"), "{said}");
}
