//! Which secrets a person has seen or entered, according to the audit log.

use std::time::{Duration, Instant};

use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent, Outcome};
use telescope::domain::offboarding::SecretKind;
use telescope::domain::two_step::OpeningPassword;
use telescope::domain::{AccountId, Email, Input, Millis};
use telescope::store::audit::{password_change_of, password_changes, secret_accesses};

use super::accounts::added as account;
use super::audit_entries::{person, write};
use crate::support::db::TestDb;

super::on_both!(
    what_a_person_saw_or_entered_is_counted,
    former_addresses_count_until_the_move,
    the_last_change_of_a_password_is_found,
    a_long_audit_log_is_no_obstacle,
);

const ADA: &str = "ada@example.org";
/// Generous, since the machine may be busy and the build is not optimised.
const QUICK: Duration = Duration::from_secs(3);

fn email(address: &str) -> Email {
    Email::parse(address).unwrap()
}

/// Account, kind, times and the time of the last; the newest first.
async fn seen(test: &TestDb, address: &str) -> Vec<(AccountId, SecretKind, u64, i64)> {
    let conn = &mut test.db.read().await.unwrap();
    let found = secret_accesses(conn, &email(address)).await.unwrap();
    found.into_iter().map(|one| (one.account, one.kind, one.times, one.at.0)).collect()
}

async fn what_a_person_saw_or_entered_is_counted(test: TestDb) {
    let (ada, bob) = (person(ADA), person("bob@example.org"));
    let (one, other) = (account(&test, 1).await, account(&test, 2).await);
    let code = || AuditEvent::LoginCodeShown { approved_by: None };
    let entry = |at, who: &Principal, event| AuditEntry::done(Millis(at), who, event).about(one);
    let input = |input| AuditEvent::InputSubmitted { input };
    let logged_in = AuditEvent::DeviceLoggedIn { approved_by: None, new: None };
    let device = AuditEntry::intent(Millis(50), &ada, logged_in).about(other);
    let wrong = AuditEntry { outcome: Outcome::Failed, ..entry(60, &ada, input(Input::Password)) };
    write(
        &test,
        &[
            entry(10, &ada, code()),
            entry(20, &ada, AuditEvent::EmergencyCodeShown),
            entry(30, &bob, AuditEvent::TwoStepPasswordShown { approved_by: None }),
            entry(40, &ada, input(Input::Code)),
            device.clone(),
            device.outcome(5, Millis(55), Outcome::Unknown),
            wrong,
            entry(70, &ada, AuditEvent::TwoStepPasswordStored),
            AuditEntry { actor: format!("invite for {ADA}"), ..entry(80, &ada, input(Input::Password)) },
        ],
    )
    .await;
    let expected = [
        (one, SecretKind::PasswordEntered, 2, 80),
        (other, SecretKind::DeviceLogin, 1, 55),
        (one, SecretKind::LoginCode, 2, 20),
    ];
    assert_eq!(seen(&test, ADA).await, expected);
    assert_eq!(seen(&test, "bob@example.org").await, [(one, SecretKind::PasswordViewed, 1, 30)]);
    assert!(seen(&test, "cy@example.org").await.is_empty());
    // Of an input without its details it is not known that it was no password.
    test.tamper("update audit_log set details = null, details_salt = null").await;
    assert_eq!(seen(&test, ADA).await[0], (one, SecretKind::PasswordEntered, 3, 80));
}

async fn former_addresses_count_until_the_move(test: TestDb) {
    let id = account(&test, 1).await;
    let shown = |at, who: &str| {
        let event = AuditEvent::TwoStepPasswordShown { approved_by: None };
        AuditEntry::done(Millis(at), &person(who), event).about(id)
    };
    let moved = |at, from: &str, to: &str| {
        let event = AuditEvent::UserMoved { person: email(from), to: email(to), accounts: 0 };
        AuditEntry::done(Millis(at), &Principal::Cli, event)
    };
    let (first, second) = ("ada.young@example.org", "ada.old@example.org");
    write(
        &test,
        &[
            shown(10, first),
            moved(20, first, second),
            shown(30, second),
            moved(40, second, ADA),
            shown(50, ADA),
            // Another person has these addresses now.
            shown(60, first),
            shown(70, second),
        ],
    )
    .await;
    assert_eq!(seen(&test, ADA).await, [(id, SecretKind::PasswordViewed, 3, 50)]);
    assert_eq!(seen(&test, first).await, [(id, SecretKind::PasswordViewed, 2, 60)]);
}

async fn the_last_change_of_a_password_is_found(test: TestDb) {
    let root = person("root@example.org");
    let (one, other) = (account(&test, 1).await, account(&test, 2).await);
    let change = |at, id| AuditEntry::intent(Millis(at), &root, AuditEvent::TwoStepPasswordChanged).about(id);
    let settled =
        |valid| AuditEntry::done(Millis(9), &root, AuditEvent::TwoStepPasswordSettled { valid }).about(other);
    let (first, second, third) = (change(1, one), change(3, one), change(5, other));
    write(
        &test,
        &[
            first.clone(),
            first.outcome(1, Millis(2), Outcome::Done),
            second.clone(),
            second.outcome(3, Millis(4), Outcome::Failed),
            third.clone(),
            third.outcome(5, Millis(6), Outcome::Unknown),
            settled(OpeningPassword::After),
            settled(OpeningPassword::Before),
        ],
    )
    .await;
    let conn = &mut test.db.read().await.unwrap();
    let changes = password_changes(conn).await.unwrap();
    assert_eq!((changes.get(&one), changes.get(&other)), (Some(&1), Some(&5)), "when they began");
    let ended =
        [password_change_of(conn, one).await.unwrap(), password_change_of(conn, other).await.unwrap()];
    assert_eq!(ended, [Some(2), Some(7)]);
}

/// A hundred thousand entries, nearly all of one person.
async fn a_long_audit_log_is_no_obstacle(test: TestDb) {
    let (one, other) = (account(&test, 1).await, account(&test, 2).await);
    test.tamper(&format!(
        "insert into audit_log (seq, at, code, outcome, actor, account, digest, mac)
         with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 100000)
         select n, n, case n % 10 when 0 then 'login.code.shown' when 1 then 'password.changed'
         when 2 then 'password.shown' else 'account.wanted' end, 'done',
         case n % 100 when 0 then 'bob@example.org' else '{ADA}' end,
         case n % 3 when 0 then '{one}' else '{other}' end, '', '' from numbers"
    ))
    .await;
    let begun = Instant::now();
    let found = seen(&test, ADA).await;
    let changes = password_changes(&mut test.db.read().await.unwrap()).await.unwrap();
    let took = begun.elapsed();
    assert_eq!((found.len(), changes.len()), (6, 2), "{found:?}");
    let codes: u64 = found.iter().filter(|one| one.1 == SecretKind::LoginCode).map(|one| one.2).sum();
    assert_eq!(codes, 9_000);
    assert!(took < QUICK, "{took:?}");
}
