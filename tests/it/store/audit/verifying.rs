//! Verification of the log: what detects tampering, and what does not count as such.

use telescope::crypto::Keys;
use telescope::domain::Millis;
use telescope::domain::audit::{AuditEntry, AuditEvent, Fault, MismatchReason};
use telescope::store::audit;

use super::{ADA, added, append, append_with, head, keys, master, six, verify};
use crate::support::db::TestDb;

crate::store::on_both!(
    an_intact_log_verifies,
    details_can_be_removed_and_the_chain_still_verifies,
    every_change_is_detected,
    a_truncated_end_is_detected_with_the_checkpoint,
    a_forgery_without_the_key_is_detected,
    the_chain_continues_after_a_key_change,
    a_rewritten_log_is_detected,
    a_value_that_can_not_be_read_is_named_and_the_rest_verified,
    a_mismatch_is_a_fault_until_it_is_acknowledged,
);

async fn an_intact_log_verifies(test: TestDb) {
    let empty = verify(&test, None).await;
    assert_eq!((empty.entries, empty.faults), (0, vec![]));
    let nothing = head(&test).await;
    six(&test).await;
    let known = head(&test).await;
    append(&test, &added(70)).await;
    for known in [None, Some(&nothing), Some(&known), Some(&head(&test).await)] {
        let found = verify(&test, known).await;
        assert_eq!((found.entries, found.blanked, found.under_other_keys), (7, 0, 0));
        assert_eq!(found.faults, []);
    }
}

async fn details_can_be_removed_and_the_chain_still_verifies(test: TestDb) {
    six(&test).await;
    test.tamper("update audit_log set details = null, details_salt = null where seq = 2").await;
    assert_eq!(verify(&test, None).await.faults, [Fault::Blanked(2)], "no entry records it");
    let second = audit::get(&mut test.db.read().await.unwrap(), 2).await.unwrap().unwrap().at;
    for (before, faults) in [(second, vec![Fault::Blanked(2)]), (Millis(second.0 + 1), vec![])] {
        let said = AuditEvent::DetailsBlanked { entries: 1, before: before.rfc3339() };
        append(&test, &AuditEntry::intent(Millis(1000), &ADA, said)).await;
        assert_eq!(
            verify(&test, None).await.faults,
            faults,
            "details before {before:?} were removed on record"
        );
    }
    let blanked = audit::get(&mut test.db.read().await.unwrap(), 2).await.unwrap().unwrap();
    assert!(blanked.is_blanked() && blanked.details.is_none());
    let found = verify(&test, Some(&head(&test).await)).await;
    assert_eq!((found.blanked, found.faults), (1, vec![]));
    test.tamper("update audit_log set actor = 'system:eve' where seq = 2").await;
    assert_eq!(
        verify(&test, None).await.faults,
        [Fault::Changed(2)],
        "the remaining fields are still verified"
    );
}

async fn every_change_is_detected(test: TestDb) {
    six(&test).await;
    test.tamper("create table kept as select * from audit_log").await;
    test.tamper("create table kept_head as select * from audit_head").await;
    for (tampering, faults) in [
        ("update audit_log set at = at + 1 where seq = 3", vec![Fault::Changed(3)]),
        ("update audit_log set code = 'web.sign-in' where seq = 3", vec![Fault::Changed(3)]),
        ("update audit_log set outcome = 'failed' where seq = 4", vec![Fault::Changed(4)]),
        ("update audit_log set intent = 1 where seq = 4", vec![Fault::Changed(4)]),
        ("update audit_log set actor = 'system:eve' where seq = 3", vec![Fault::Changed(3)]),
        ("update audit_log set account = null where seq = 3", vec![Fault::Changed(3)]),
        ("update audit_log set reason = 'she stayed' where seq = 3", vec![Fault::Changed(3)]),
        ("update audit_log set reason = null where seq = 3", vec![Fault::Changed(3)]),
        ("update audit_log set reason = '' where seq = 6", vec![Fault::Changed(6)]),
        ("update audit_log set address = '10.0.0.1' where seq = 1", vec![Fault::Changed(1)]),
        ("update audit_log set reason = null, address = reason where seq = 3", vec![Fault::Changed(3)]),
        ("update audit_log set request_id = 'x' where seq = 1", vec![Fault::Changed(1)]),
        ("update audit_log set details = '{}' where seq = 2", vec![Fault::Changed(2)]),
        ("update audit_log set details = '{}' where seq = 1", vec![Fault::Changed(1)]),
        ("update audit_log set details_salt = '00' where seq = 2", vec![Fault::Changed(2)]),
        ("update audit_log set details_digest = '00' where seq = 2", vec![Fault::Changed(2)]),
        (
            "update audit_log set digest = (select digest from kept where seq = 2) where seq = 3",
            vec![Fault::Changed(3), Fault::Unlinked(3)],
        ),
        ("update audit_log set mac = 'x' where seq = 3", vec![Fault::Unlinked(3), Fault::Unlinked(4)]),
        ("delete from audit_log where seq = 3", vec![Fault::Missing(3, 3)]),
        ("delete from audit_log where seq in (1, 2)", vec![Fault::Missing(1, 2)]),
        ("delete from audit_log where seq > 4", vec![Fault::Missing(5, 6)]),
        ("delete from audit_log", vec![Fault::Missing(1, 6)]),
        ("update audit_head set seq = 5", vec![Fault::Surplus(6)]),
        ("update audit_head set mac = 'x'", vec![Fault::Head]),
        (
            "update audit_log set seq = 7 where seq = 6",
            vec![Fault::Missing(6, 6), Fault::Changed(7), Fault::Surplus(7)],
        ),
    ] {
        test.tamper(tampering).await;
        assert_eq!(verify(&test, None).await.faults, faults, "{tampering}");
        test.tamper("delete from audit_log; insert into audit_log select * from kept").await;
        test.tamper("delete from audit_head; insert into audit_head select * from kept_head").await;
        assert_eq!(verify(&test, None).await.faults, [], "restored");
    }
}

async fn a_truncated_end_is_detected_with_the_checkpoint(test: TestDb) {
    six(&test).await;
    let known = head(&test).await;
    test.tamper("delete from audit_log where seq > 4").await;
    test.tamper("update audit_head set seq = 4, mac = (select mac from audit_log where seq = 4)").await;
    assert_eq!(verify(&test, None).await.faults, [], "not detected without the checkpoint");
    assert_eq!(verify(&test, Some(&known)).await.faults, [Fault::Cut(6)]);
    append(&test, &added(70)).await;
    append(&test, &added(80)).await;
    append(&test, &added(90)).await;
    assert_eq!(verify(&test, Some(&known)).await.faults, [Fault::Cut(6)], "new entries don't hide it");
}

/// An attacker writes a consistent entry with the complete program, but without the key.
async fn a_forgery_without_the_key_is_detected(test: TestDb) {
    six(&test).await;
    let eve = keys("eve");
    append_with(&test, &eve, &added(70)).await;
    assert_eq!(verify(&test, None).await.faults, [Fault::Unlinked(7)]);
    let (theirs, ours) = (eve.id(), keys("one").id().to_owned());
    test.tamper(&format!("update audit_log set mac = replace(mac, '{theirs}.', '{ours}.') where seq = 7"))
        .await;
    let faults = verify(&test, None).await.faults;
    assert_eq!(faults, [Fault::Unlinked(7), Fault::Head]);
}

async fn the_chain_continues_after_a_key_change(test: TestDb) {
    six(&test).await;
    let both = Keys::new(&master("two"), Some(&master("one")));
    append_with(&test, &both, &added(70)).await;
    let verify = async |keys: &Keys| {
        let found = audit::verify(&mut test.db.read().await.unwrap(), keys, None).await.unwrap();
        (found.under_other_keys, found.faults)
    };
    assert_eq!(verify(&both).await, (0, vec![]));
    assert_eq!(verify(&keys("two")).await, (6, vec![Fault::Unchecked(6)]), "the former key is not available");
    assert_eq!(verify(&keys("three")).await, (7, vec![Fault::Unchecked(7)]));

    let found = audit::verify(&mut test.db.read().await.unwrap(), &both, None).await.unwrap();
    assert_eq!((found.under_former_key, found.sealed), (6, 0));
    let seal = AuditEntry::done(Millis(80), &ADA, AuditEvent::AuditSealed { seal: found.seal });
    append_with(&test, &both, &seal).await;
    append_with(&test, &keys("two"), &added(90)).await;
    assert_eq!(verify(&keys("two")).await, (6, vec![]), "the seal covers the entries of the former key");
    test.tamper("create table kept as select * from audit_log").await;
    for tampering in [
        "update audit_log set digest = 'x' where seq = 3",
        "update audit_log set digest = 'x' where seq = 7",
        "delete from audit_log where seq = 3",
        "update audit_log set details = null, details_salt = null where seq = 8",
    ] {
        test.tamper(tampering).await;
        let (_, faults) = verify(&keys("two")).await;
        assert!(faults.contains(&Fault::Unchecked(6)), "{tampering}: {faults:?}");
        test.tamper("delete from audit_log; insert into audit_log select * from kept").await;
    }
}

/// An attacker with write access to the database but without the key rewrites the whole log under a key of their own; the
/// server continues from its end.
async fn a_rewritten_log_is_detected(test: TestDb) {
    for at in 1..=4 {
        append_with(&test, &keys("eve"), &added(at)).await;
    }
    let seal = AuditEvent::AuditSealed { seal: "made up".into() };
    append_with(&test, &keys("eve"), &AuditEntry::done(Millis(5), &ADA, seal)).await;
    append(&test, &added(70)).await;
    assert_eq!(verify(&test, None).await.faults, [Fault::Unchecked(5)]);
}

async fn a_value_that_can_not_be_read_is_named_and_the_rest_verified(test: TestDb) {
    six(&test).await;
    test.tamper(
        "update audit_log set outcome = 'what', account = 'nobody' where seq = 3;
         update audit_log set actor = 'eve' where seq = 5",
    )
    .await;
    let found = verify(&test, None).await;
    let [Fault::Unreadable(3, why), Fault::Changed(5)] = found.faults.as_slice() else {
        panic!("{:?}", found.faults)
    };
    assert!(!why.is_empty() && !why.contains("nobody"), "{why}");
    assert_eq!(found.entries, 6);
}

async fn a_mismatch_is_a_fault_until_it_is_acknowledged(test: TestDb) {
    six(&test).await;
    let mismatch = || AuditEvent::AuditMismatch { reason: MismatchReason::Missing, known: None, found: 6 };
    let seven = append(&test, &AuditEntry::done(Millis(70), &ADA, mismatch())).await;
    assert_eq!(verify(&test, None).await.faults, [Fault::Unacknowledged(seven)]);
    let eight = append(&test, &AuditEntry::done(Millis(80), &ADA, mismatch())).await;
    let seen = |entry| AuditEntry::done(Millis(90), &ADA, AuditEvent::MismatchAcknowledged { entry });
    append(&test, &seen(seven)).await;
    assert_eq!(verify(&test, None).await.faults, [Fault::Unacknowledged(eight)], "of the earlier one only");
    append(&test, &seen(eight)).await;
    assert_eq!(verify(&test, None).await.faults, []);
}
