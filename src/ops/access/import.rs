//! Replacing the rules in the database with those of a file. The necessary edits are authorized and recorded like those
//! made on a page, but all of them are made or none.

mod plan;

use serde::{Deserialize, Serialize};

use super::file::RulesFile;
use super::{Edit, Failed, make};
use crate::domain::access::{Principal, SystemGrant};
use crate::domain::error::{ErrorCode, RejectedEdit};
use crate::domain::privilege::can;
use crate::live::events::Change;
use crate::ops::publisher::Publisher;
use crate::ops::{Context, OpError};
use crate::store::tx::Recorded;
use crate::store::{Tx, Written};
use plan::plan;

/// One step of an import, by names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportStep {
    AddGroup { group: String },
    RenameGroup { group: String, to: String },
    DeleteGroup { group: String, needs_approval: bool },
    RequireApproval { group: String, required: bool },
    AllowEmergency { group: String, allowed: bool },
    RequireConfirmation { group: String, required: bool },
    AddAccount { account: String, group: String },
    RemoveAccount { account: String, group: String },
    AddRole { role: String },
    RenameRole { role: String, to: String },
    DeleteRole { role: String },
    SetSystemPrivileges { role: String, privileges: Vec<String> },
    SetGroupPrivileges { role: String, group: String, privileges: Vec<String> },
    GiveRole { role: String, person: String },
    TakeRole { role: String, person: String },
}

/// Makes the rules in the database equal to those of the file, and returns the steps. Without `apply` nothing is
/// changed. If one step is refused, none is made.
pub async fn import(
    publisher: &impl Publisher,
    grant: SystemGrant<'_, can::ManageAccess>,
    wanted: &RulesFile,
    apply: bool,
) -> Result<Vec<ImportStep>, OpError> {
    let context = publisher.context();
    if !apply {
        let dry = async |tx: &mut Tx<'_>| Ok(make_all(context, tx, grant.actor(), wanted).await?.0);
        return context.db.dry_run(&context.keys, dry).await;
    }
    let steps = context
        .write_with(async |tx| {
            let (steps, recorded) = make_all(context, tx, grant.actor(), wanted).await?;
            Ok::<_, OpError>(Written::of(recorded, steps))
        })
        .await?;
    publisher.publish(Change::Policy).await;
    Ok(steps)
}

async fn make_all(
    context: &Context,
    tx: &mut Tx<'_>,
    actor: &Principal,
    wanted: &RulesFile,
) -> Result<(Vec<ImportStep>, Option<Recorded>), OpError> {
    let (edits, steps): (Vec<Edit>, Vec<ImportStep>) = plan(tx, wanted).await?.into_iter().unzip();
    let made = make(context, tx, actor, &edits, None).await?;
    if made.report.failed.is_empty() {
        return Ok((steps, made.recorded));
    }
    let rejected = |failed: Failed| RejectedEdit { what: failed.what, error: failed.error };
    let edits = made.report.failed.into_iter().map(rejected).collect();
    Err(OpError::Refused(ErrorCode::ImportRejected { edits }))
}
