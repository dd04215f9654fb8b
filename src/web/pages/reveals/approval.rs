//! Another person's approval: the form that requests it, the status of the request, and the buttons that use the
//! approval. The part is on the pages of all secrets, and is live.

use askama::Template;

use super::secret::ReasonForm;
use super::urls::SecretUrls;
use crate::domain::access::Principal;
use crate::domain::device_login::{MAX_MEGABYTES, TOKEN_LIFE};
use crate::domain::error::ErrorCode;
use crate::domain::reveal::RevealKind;
use crate::domain::{AccountId, Email, Millis};
use crate::ops::OpError;
use crate::ops::approvals::{self, ApprovalStatus};
use crate::web::form::FormState;
use crate::web::paths;
use crate::web::state::State;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::reveals::{self as words, SecretWords};
use crate::words::sentence;

/// The part, with the live connection around it.
#[derive(Template)]
#[template(path = "parts/approval_live.html")]
pub(super) struct Approval {
    part: Part,
}

impl Approval {
    /// The part for this person, after `form` was sent; none if no approval is needed.
    pub(super) async fn read(
        app: &State,
        principal: &Principal,
        account: AccountId,
        kind: RevealKind,
        form: &FormState<ReasonForm>,
        confirm: Option<&str>,
    ) -> Result<Option<Self>, OpError> {
        let mut status = approvals::from_database(app, principal, account, kind).await?;
        if status == ApprovalStatus::Free {
            return Ok(None);
        }
        if let ApprovalStatus::Needed { reason: last, .. } = &mut status
            && !form.values.reason.is_empty()
        {
            last.clone_from(&form.values.reason);
        }
        let error = form.error("reason").map(str::to_owned);
        let qr_error = form.error("qr").map(str::to_owned);
        let emergency = approvals::allows_emergency(app, account, kind).await?;
        let part = Part {
            error,
            qr_error,
            ..Part::new(account, kind, status, emergency, confirm.map(str::to_owned))
        };
        Ok(Some(Self { part }))
    }

    /// Whether it can change while the page is open.
    fn is_open(&self) -> bool {
        matches!(self.part.status, ApprovalStatus::Waiting { .. } | ApprovalStatus::Approved(_))
    }
}

/// The part itself, which the events send.
#[derive(Template)]
#[template(path = "parts/approval.html")]
pub(super) struct Part {
    urls: SecretUrls,
    words: &'static SecretWords,
    status: ApprovalStatus,
    /// What is wrong with the reason.
    error: Option<String>,
    /// What is wrong with the QR code that was sent.
    qr_error: Option<String>,
    /// Whether it can be seen without approval in an emergency.
    emergency: bool,
    /// Where the person confirms their identity, if they have to before the secret is shown.
    confirm: Option<String>,
}

impl Part {
    pub(super) fn new(
        account: AccountId,
        kind: RevealKind,
        status: ApprovalStatus,
        emergency: bool,
        confirm: Option<String>,
    ) -> Self {
        let (urls, words) = (SecretUrls::of(kind, account), words::secret(kind));
        Self { urls, words, status, error: None, qr_error: None, emergency, confirm }
    }

    /// Whether there is no approval that could be used.
    fn is_undecided(&self) -> bool {
        match self.status {
            ApprovalStatus::Needed { .. } | ApprovalStatus::Waiting { .. } => true,
            ApprovalStatus::Free | ApprovalStatus::Approved(_) => false,
        }
    }

    fn approvers(&self, approvers: &[Email]) -> String {
        words::approvers(approvers)
    }

    fn sentence(&self, error: &ErrorCode) -> String {
        sentence(error)
    }

    fn moment(&self, at: &Millis) -> Moment {
        moment(*at)
    }
}
