//! `/sign-out`: ends the session here, and leads to the identity provider if that has a session of its own.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::session::publish_end;
use crate::ops::sign_in;
use crate::web::auth::invite_browser;
use crate::web::auth::session::{self, RequestSession};
use crate::web::error::AppError;
use crate::web::pages::sign_in::oidc;
use crate::web::paths;
use crate::web::state::AppState;

/// Ends the session, and its open pages with it. People that a proxy identifies are sent to sign out there, since otherwise
/// the next page would begin a session again.
pub async fn sign_out(
    app: AppState,
    caller: RequestSession,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let forgotten = invite_browser::forgotten(&app, &headers).await?;
    let mut answer = end(&app, caller).await?;
    if let Some(cookie) = forgotten {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}

async fn end(app: &AppState, caller: RequestSession) -> Result<Response, AppError> {
    let ended = caller.session.id();
    if let Some(principal) = session::current(app, &caller).await? {
        sign_in::sign_out(app, &principal).await?;
    }
    let session = caller.session;
    let id_token = oidc::stored_token(app, &session).await?;
    session.flush().await?;
    publish_end(app, ended);
    if let Some(provider) = &app.sso.oidc
        && let Some(page) = oidc::signed_out(app, provider, id_token).await
    {
        return page;
    }
    let proxy = app.sso.proxy.as_ref().and_then(|proxy| proxy.format().log_out);
    Ok(Redirect::to(proxy.unwrap_or(paths::SIGN_IN)).into_response())
}
