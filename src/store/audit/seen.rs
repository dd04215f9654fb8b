//! Which secrets a person has seen or entered, according to the audit log.

use std::collections::HashMap;

use crate::domain::audit::{AuditEvent, AuditKind, Outcome};
use crate::domain::offboarding::SecretKind;
use crate::domain::two_step::OpeningPassword;
use crate::domain::{AccountId, Email, Input, Millis};
use crate::store::conn::{Built, Value, all, all_built};
use crate::store::{Conn, StoreError};

/// How often a person saw or entered a secret of an account, and when last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretAccess {
    pub account: AccountId,
    pub kind: SecretKind,
    pub times: u64,
    /// The number of the last entry.
    pub seq: i64,
    pub at: Millis,
}

/// The entries that say that their actor knows a secret.
const KINDS: [(AuditKind, SecretKind); 9] = [
    (AuditKind::LoginCodeShown, SecretKind::LoginCode),
    (AuditKind::EmergencyCodeShown, SecretKind::LoginCode),
    (AuditKind::DeviceLoggedIn, SecretKind::DeviceLogin),
    (AuditKind::EmergencyDeviceLoggedIn, SecretKind::DeviceLogin),
    (AuditKind::TwoStepPasswordShown, SecretKind::PasswordViewed),
    (AuditKind::TwoStepPasswordStored, SecretKind::PasswordEntered),
    (AuditKind::TwoStepPasswordChanged, SecretKind::PasswordEntered),
    (AuditKind::InputSubmitted, SecretKind::PasswordEntered),
    (AuditKind::BotTokenStored, SecretKind::BotToken),
];

/// The secrets that the person with this address has seen or entered, also under former addresses and with invites; the
/// newest first. Of inputs of logins only passwords count; of an input whose details were removed it is not known what it
/// was, so it counts.
pub async fn secret_accesses(conn: &mut Conn<'_>, person: &Email) -> Result<Vec<SecretAccess>, StoreError> {
    let mut found: HashMap<(AccountId, SecretKind), SecretAccess> = HashMap::new();
    for (name, until) in names(conn, person).await? {
        for (account, code, times, seq, at) in of_name(conn, &name, until).await? {
            let Some((_, kind)) = KINDS.iter().find(|(kind, _)| kind.code() == code) else { continue };
            let times = u64::try_from(times).unwrap_or_default().max(1);
            let new = SecretAccess { account, kind: *kind, times: 0, seq, at };
            let known = found.entry((account, *kind)).or_insert(new);
            known.times += times;
            (known.seq, known.at) = (known.seq.max(seq), known.at.max(at));
        }
    }
    let mut found: Vec<SecretAccess> = found.into_values().collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.seq));
    Ok(found)
}

/// An account, a code, how many such entries there are, the number of the last and its time.
type Counted = (AccountId, String, i64, i64, Millis);

async fn of_name(conn: &mut Conn<'_>, name: &str, until: i64) -> Result<Vec<Counted>, StoreError> {
    let password = AuditEvent::InputSubmitted { input: Input::Password }.details().unwrap_or_default();
    let codes: Vec<String> = KINDS.iter().map(|(kind, _)| kind.code().to_owned()).collect();
    let outcomes = [Outcome::Done, Outcome::Unknown].map(|outcome| outcome.name().to_owned());
    let mut built = Built::new("select account, code, count(case when outcome in ");
    built.list(&outcomes).text(" then 1 end), max(seq), max(at) from audit_log where actor = ");
    built.value(Value::Text(name.to_owned())).text(" and code in ").list(&codes);
    // The server may have ended during a change, which is settled later without its actor.
    built.text(" and (outcome in ").list(&outcomes).text(" or code = ");
    built.value(Value::Text(AuditKind::TwoStepPasswordChanged.code().to_owned())).text(" and outcome = ");
    built.value(Value::Text(Outcome::Intent.name().to_owned())).text(")");
    built.text(" and seq < ").value(Value::Number(until)).text(" and account is not null and (code <> ");
    built.value(Value::Text(AuditKind::InputSubmitted.code().to_owned()));
    built.text(" or details is null or details = ").value(Value::Text(password));
    built.text(") group by account, code");
    all_built!(conn, Counted, built)
}

/// The names under which a person acted, each with the number of the entry before which that was.
async fn names(conn: &mut Conn<'_>, person: &Email) -> Result<Vec<(String, i64)>, StoreError> {
    let moves = all!(
        conn,
        (i64, Option<String>),
        "select seq, details from audit_log where code = $1 and outcome = $2 order by seq desc",
        AuditKind::UserMoved.code(),
        Outcome::Done
    )?;
    let mut addresses = vec![(person.clone(), i64::MAX)];
    let mut present = person.clone();
    for (seq, details) in moves {
        let event = AuditEvent::read(AuditKind::UserMoved.code(), details.as_deref());
        if let AuditEvent::UserMoved { person: before, to, .. } = event
            && to == present
        {
            addresses.push((before.clone(), seq));
            present = before;
        }
    }
    let with_invites = addresses.iter().map(|(address, until)| (format!("invite for {address}"), *until));
    let own = addresses.iter().map(|(address, until)| (address.to_string(), *until));
    Ok(own.chain(with_invites).collect())
}

/// The number of the entry with which the last change of the two-step password of each account at Telegram began.
pub async fn password_changes(conn: &mut Conn<'_>) -> Result<HashMap<AccountId, i64>, StoreError> {
    let rows = all!(
        conn,
        (AccountId, i64, String, Outcome, Option<String>),
        "select account, seq, code, outcome, details from audit_log
         where code in ($1, $2) and account is not null order by seq",
        AuditKind::TwoStepPasswordChanged.code(),
        AuditKind::TwoStepPasswordSettled.code()
    )?;
    let mut changes = HashMap::new();
    let mut begun = HashMap::new();
    for (account, seq, code, outcome, details) in rows {
        if is_change(&code, outcome, details.as_deref()) {
            changes.insert(account, begun.get(&account).copied().unwrap_or(seq));
        } else if outcome == Outcome::Intent {
            begun.insert(account, seq);
        }
    }
    Ok(changes)
}

/// The number of the entry that last says that the two-step password of an account was changed at Telegram.
pub async fn password_change_of(conn: &mut Conn<'_>, account: AccountId) -> Result<Option<i64>, StoreError> {
    let rows = all!(
        conn,
        (i64, String, Outcome, Option<String>),
        "select seq, code, outcome, details from audit_log where account = $1 and code in ($2, $3) order by seq desc",
        account,
        AuditKind::TwoStepPasswordChanged.code(),
        AuditKind::TwoStepPasswordSettled.code()
    )?;
    let mut rows = rows.into_iter();
    let change = rows.find(|(_, code, outcome, details)| is_change(code, *outcome, details.as_deref()));
    Ok(change.map(|(seq, ..)| seq))
}

fn is_change(code: &str, outcome: Outcome, details: Option<&str>) -> bool {
    let after = AuditEvent::TwoStepPasswordSettled { valid: OpeningPassword::After }.details();
    let is_settled = code == AuditKind::TwoStepPasswordSettled.code();
    outcome == Outcome::Done && (!is_settled || details == after.as_deref())
}
