//! Checks that the configured master key is the one that this database was used with.
//!
//! For each key that was ever used, the database has a sealed empty value. If a key can't open it, the server refuses to
//! start before it changes anything: otherwise some secrets would be sealed with a wrong key.
//!
//! The version of the sealed empty value also says whether the rows of this database that give access carry proofs, see
//! [`access_seals`](super::access_seals): without the key it can't be changed.

use super::conn::{first, one};
use super::{Conn, StoreError, meta};
use crate::crypto::{KeyError, Keys, Purpose, SealContext, Sealed};
use crate::domain::Secret;
use crate::domain::audit::AuditKind;

/// The `meta` key with the ids of all known master keys, separated by spaces.
const KNOWN: &str = "key_ids";

/// Which rows carry proofs. The number of the variant is the version of the sealed empty value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proven {
    Nothing = 1,
    /// Administrators, linked identities, roles and their permissions.
    Rights = 2,
    /// Also owners, the groups of accounts, and what groups say about approvals.
    Accounts = 3,
    /// Also that groups require no identity confirmation.
    Confirmations = 4,
}

/// From the latest to the first.
const PROVEN: [Proven; 4] = [Proven::Confirmations, Proven::Accounts, Proven::Rights, Proven::Nothing];

/// What the keys mean for the proofs in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proofs {
    /// The database is new, so it has no rows that need proofs.
    New,
    /// Every row has its proof.
    Made,
    /// The database is from a version that proved less. The key may be new.
    Only(Proven),
    /// The key is new, and the proofs were made with the former one.
    OfFormerKey,
}

/// Checks the configured keys, and registers a new one. [`StoreError::Open`] tells the operator what is wrong with them.
/// To be called inside a change, at startup.
pub async fn check(conn: &mut Conn<'_>, keys: &Keys) -> Result<Proofs, StoreError> {
    let known = meta::get(conn, KNOWN).await?.unwrap_or_default();
    let known: Vec<&str> = known.split(' ').filter(|id| !id.is_empty()).collect();
    let mut given = vec![keys.id()];
    given.extend(keys.old_id());
    let mut sealed = Proven::Nothing;
    for id in &given {
        if known.contains(id) {
            sealed = sealed.max(try_key(conn, keys, id).await?);
        }
    }
    if !known.is_empty() {
        if keys.old_id().is_some_and(|old| !known.contains(&old)) {
            return Err(refuse(
                "TWO_FACTOR_ENCRYPTION_KEY_OLD is not a key that this database was used with.",
            ));
        }
        if !given.iter().any(|id| known.contains(id)) {
            return Err(refuse(
                "TWO_FACTOR_ENCRYPTION_KEY is not the key that this database was used with. Put that one back; \
                 if you want to change it, put the former one into TWO_FACTOR_ENCRYPTION_KEY_OLD.",
            ));
        }
    }
    refuse_lost_secrets(conn, keys).await?;
    let proven = sealed.max(recorded(conn).await?);
    let proofs = match (known.is_empty(), known.contains(&keys.id())) {
        (true, _) => Proofs::New,
        _ if proven < Proven::Confirmations => Proofs::Only(proven),
        (false, true) => Proofs::Made,
        (false, false) => Proofs::OfFormerKey,
    };
    let new: Vec<&str> = given.iter().copied().filter(|id| !known.contains(id)).collect();
    let unsealed = if sealed < Proven::Confirmations { &given } else { &new };
    for id in unsealed {
        let empty = keys.seal_with(id, &place(id, Proven::Confirmations), &Secret::default())?;
        meta::set(conn, &name(id), &empty.to_string()).await?;
    }
    if !new.is_empty() {
        meta::set(conn, KNOWN, &[known, new].concat().join(" ")).await?;
    }
    Ok(proofs)
}

/// Whether a version of Telescope that makes proofs has used this database, as far as these keys can tell.
pub async fn has_proofs(conn: &mut Conn<'_>, keys: &Keys) -> Result<bool, StoreError> {
    for id in [Some(keys.id()), keys.old_id()].into_iter().flatten() {
        if meta::get(conn, &name(id)).await?.is_some() && try_key(conn, keys, id).await? >= Proven::Rights {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether this database was not used with the current key before.
pub(super) async fn is_new(conn: &mut Conn<'_>, keys: &Keys) -> Result<bool, StoreError> {
    Ok(!meta::get(conn, KNOWN).await?.unwrap_or_default().split(' ').any(|id| id == keys.id()))
}

/// What was proven here according to the audit log. If that is more than the sealed value says, an older one was put back.
async fn recorded(conn: &mut Conn<'_>) -> Result<Proven, StoreError> {
    for (kind, proven) in [
        (AuditKind::ConfirmationsSealed, Proven::Confirmations),
        (AuditKind::OwnersSealed, Proven::Accounts),
        (AuditKind::AccessSealed, Proven::Rights),
    ] {
        let code = kind.code();
        if first!(conn, (i64,), "select seq from audit_log where code = $1 limit 1", code)?.is_some() {
            return Ok(proven);
        }
    }
    Ok(Proven::Nothing)
}

/// A key with a known id has to open what was sealed with it: an id has only 32 bits, and a row may be damaged. Returns
/// what was proven when it was sealed.
async fn try_key(conn: &mut Conn<'_>, keys: &Keys, id: &str) -> Result<Proven, StoreError> {
    let sealed = meta::get(conn, &name(id)).await?.ok_or(KeyError::Form)?;
    let open = |proven| sealed.parse().and_then(|sealed: Sealed| keys.open(&place(id, proven), &sealed));
    let mut tried = Err(KeyError::Form);
    for proven in PROVEN {
        tried = tried.or_else(|_| open(proven).map(|_| proven));
    }
    tried.map_err(|error| {
        refuse(&format!("The master key {id} does not open what it sealed in this database: {error}."))
    })
}

/// Refuses to start if a secret is sealed with a key that is not configured.
async fn refuse_lost_secrets(conn: &mut Conn<'_>, keys: &Keys) -> Result<(), StoreError> {
    let (lost,) = one!(
        conn,
        (i64,),
        "select count(*) from sealed_secrets where key_id <> $1 and key_id <> $2",
        keys.id(),
        keys.old_id().unwrap_or_default()
    )?;
    if lost == 0 {
        return Ok(());
    }
    Err(refuse(&format!(
        "{lost} stored secrets are sealed with a key that is not in the settings. \
         Put it into TWO_FACTOR_ENCRYPTION_KEY_OLD."
    )))
}

fn place(id: &str, proven: Proven) -> SealContext<'_> {
    SealContext { purpose: Purpose::KeyCheck, row: id, version: proven as i64 }
}

fn name(id: &str) -> String {
    format!("key_check.{id}")
}

fn refuse(sentence: &str) -> StoreError {
    StoreError::Open(sentence.to_owned())
}
