//! What handlers take as arguments: the ids in a path, and permissions. A handler that takes [`Allowed<can::Login>`] is only
//! reached by those who have that permission.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::AppError;
use crate::domain::access::{self, Grant, Permit, Principal, SystemGrant, SystemPermit};
use crate::domain::privilege::can;
use crate::domain::{AccountId, RequestInfo};
use crate::live::accounts::Entry;
use crate::web::auth::session::{self, CurrentUser, RequestSession};
use crate::web::state::{AppState, State};

/// The account in the path, and the decision that this person may use the privilege `P` on it.
#[derive(Debug)]
pub struct Allowed<P> {
    /// The sender.
    pub actor: Principal,
    /// The account at the moment.
    pub entry: Arc<Entry>,
    permit: Permit<P>,
}

impl<P> Allowed<P> {
    /// The proof for an operation.
    pub fn grant(&self) -> Grant<'_, P> {
        self.permit.grant()
    }
}

/// The id in a path, or a tuple of several. An invalid id is a page that doesn't exist, where axum's own extractor would
/// answer 400; that one is banned in `clippy.toml`.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = AppError;

    #[expect(clippy::disallowed_types, reason = "the one place that turns its rejection into 404")]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(ids)| Self(ids)).map_err(|_| AppError::NotFound)
    }
}

impl<P: can::OnAccount> FromRequestParts<AppState> for Allowed<P> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let CurrentUser(actor) = CurrentUser::from_request_parts(parts, app).await?;
        let Path(account) = Path::from_request_parts(parts, app).await?;
        Self::decided(app, actor, account)
    }
}

impl<P: can::OnAccount> Allowed<P> {
    /// The same decision, for handlers that answer a refusal themselves.
    pub async fn of(app: &State, caller: &RequestSession, account: AccountId) -> Result<Self, AppError> {
        let actor = session::current(app, caller).await?;
        Self::decided(app, actor.ok_or(AppError::SignedOut)?, account)
    }

    fn decided(app: &State, actor: Principal, account: AccountId) -> Result<Self, AppError> {
        let (policy, accounts) = app.live.policy_and_accounts();
        let entry = accounts.get(account).cloned().ok_or(AppError::NotFound)?;
        let permit = access::decide::<P>(&policy, &actor, &entry.account)?;
        Ok(Self { actor, entry, permit })
    }
}

/// The decision that this person may use the privilege `P` on the system.
#[derive(Debug)]
pub struct May<P> {
    /// The sender.
    pub actor: Principal,
    permit: SystemPermit<P>,
}

impl<P> May<P> {
    /// The proof for an operation.
    pub fn grant(&self) -> SystemGrant<'_, P> {
        self.permit.grant()
    }
}

impl<P: can::OnSystem> FromRequestParts<AppState> for May<P> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let CurrentUser(actor) = CurrentUser::from_request_parts(parts, app).await?;
        let permit = access::decide_system::<P>(&app.live.policy.current(), &actor)?;
        Ok(Self { actor, permit })
    }
}

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Origin(pub RequestInfo);

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<RequestInfo>().cloned().unwrap_or_default()))
    }
}
