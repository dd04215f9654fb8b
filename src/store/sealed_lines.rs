//! Lines of jobs are sealed together with their place: what was put in or changed with SQL, or moved to another place,
//! can't be opened, so it is not done.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::crypto::{Keys, Purpose, SealContext, Sealed};
use crate::domain::{JobId, Secret};

pub(super) fn seal(
    keys: &Keys,
    purpose: Purpose,
    (job, number): (JobId, i64),
    planned: &impl Serialize,
) -> Result<Sealed, StoreError> {
    let text = serde_json::to_string(planned).map_err(|error| corrupt(&error))?;
    let row = job.to_string();
    Ok(keys.seal(&SealContext { purpose, row: &row, version: number }, &Secret::new(text))?)
}

pub(super) fn open<T: DeserializeOwned>(
    keys: &Keys,
    purpose: Purpose,
    (job, number): (JobId, i64),
    sealed: &str,
) -> Result<T, StoreError> {
    let sealed: Sealed = sealed.parse()?;
    let row = job.to_string();
    let text = keys.open(&SealContext { purpose, row: &row, version: number }, &sealed)?;
    serde_json::from_str(text.expose()).map_err(|error| corrupt(&error))
}

fn corrupt(error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt(format!("a line of a job: {error}"))
}
