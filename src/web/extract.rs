//! Permissions as arguments: a handler that takes [`Allowed<can::Login>`] is only reached by those who may.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::AppError;
use crate::domain::AccountId;
use crate::domain::access::{self, Grant, Permit, Principal, SystemGrant, SystemPermit};
use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::web::auth::session::{self, CurrentUser, RequestSession};
use crate::web::state::{AppState, State};

/// The account in the path, and the decision that this person may use the privilege `P` on it.
#[derive(Debug)]
pub struct Allowed<P> {
    /// Who asks.
    pub actor: Principal,
    /// The account, as it stands now.
    pub entry: Arc<Entry>,
    permit: Permit<P>,
}

impl<P> Allowed<P> {
    /// The proof for an operation.
    pub fn grant(&self) -> Grant<'_, P> {
        self.permit.grant()
    }
}

/// The account that a path names, which need not exist.
#[derive(Debug, Deserialize)]
pub struct AccountPath {
    /// Its id.
    pub account: AccountId,
}

/// What is no id is no account either.
impl<S: Send + Sync> FromRequestParts<S> for AccountPath {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let Path(path) = Path::from_request_parts(parts, state).await.map_err(|_| AppError::NotFound)?;
        Ok(path)
    }
}

/// What a path names by an id, or by several: it need not exist. What is no id is nothing that exists.
#[derive(Debug)]
pub struct Named<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let Path(named) = Path::from_request_parts(parts, state).await.map_err(|_| AppError::NotFound)?;
        Ok(Self(named))
    }
}

impl<P: can::OnAccount> FromRequestParts<AppState> for Allowed<P> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let CurrentUser(actor) = CurrentUser::from_request_parts(parts, app).await?;
        let path = AccountPath::from_request_parts(parts, app).await?;
        Self::decided(app, actor, &path)
    }
}

impl<P: can::OnAccount> Allowed<P> {
    /// The decision for whoever calls, where the refusal is no answer yet.
    pub async fn of(app: &State, caller: &RequestSession, path: &AccountPath) -> Result<Self, AppError> {
        let actor = session::current(app, &caller.session, &caller.origin).await?;
        Self::decided(app, actor.ok_or(AppError::SignedOut)?, path)
    }

    fn decided(app: &State, actor: Principal, path: &AccountPath) -> Result<Self, AppError> {
        let entry = app.live.accounts.get(path.account).ok_or(AppError::NotFound)?;
        let permit = access::decide::<P>(&app.live.policy.current(), &actor, &entry.account)?;
        Ok(Self { actor, entry, permit })
    }
}

/// The decision that this person may use the privilege `P` on the system.
#[derive(Debug)]
pub struct May<P> {
    /// Who asks.
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
