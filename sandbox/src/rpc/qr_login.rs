//! `auth.*LoginToken`: signing in by scanning a QR code with a phone that is signed in.

use grammers_tl_types::{enums, functions::auth, types};

use super::{Access, Call, Methods, tl};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, export_login_token);
    methods.add(Access::Open, import_login_token);
    methods.add(Access::NotFrozen, accept_login_token);
}

/// Creates a token to show. Once one was accepted, the same call signs the caller in.
fn export_login_token(
    call: &mut Call<'_>,
    request: auth::ExportLoginToken,
) -> Result<enums::auth::LoginToken, RpcError> {
    super::auth::check_app(request.api_id, &request.api_hash)?;
    call.check_bound()?;
    if let Some(token) = call.backend.accepted_login_token(call.key) {
        return use_token(call, token);
    }
    let (token, expires) = call.backend.create_login_token(call.key, request.except_ids, call.now);
    Ok(enums::auth::LoginToken::Token(types::auth::LoginToken { expires: tl::date(expires), token }))
}

/// Signs the caller in with a token of another data centre, or of another key of the same app.
fn import_login_token(
    call: &mut Call<'_>,
    request: auth::ImportLoginToken,
) -> Result<enums::auth::LoginToken, RpcError> {
    call.check_bound()?;
    if call.backend.accepted_login(&request.token).is_some() {
        return use_token(call, request.token);
    }
    let expires = call.backend.login_token(&request.token, call.now)?.expires;
    Ok(enums::auth::LoginToken::Token(types::auth::LoginToken {
        expires: tl::date(expires),
        token: request.token,
    }))
}

/// Signs the caller in to the account that accepted the token, or sends it to the account's data centre.
fn use_token(call: &mut Call<'_>, token: Vec<u8>) -> Result<enums::auth::LoginToken, RpcError> {
    let login = call.backend.accepted_login(&token).cloned();
    let login = login.ok_or_else(|| RpcError::bad("AUTH_TOKEN_INVALID"))?;
    let dc = call.backend.phones.get(&login.number).and_then(|phone| phone.dc);
    if let Some(dc_id) = dc.filter(|dc| *dc != call.dc) {
        let migrate = types::auth::LoginTokenMigrateTo { dc_id, token };
        return Ok(enums::auth::LoginToken::MigrateTo(migrate));
    }
    call.backend.forget_login_token(&token);
    let authorization = super::auth::finish_sign_in(call, &login.number, Some(login.hash))?;
    Ok(enums::auth::LoginToken::Success(types::auth::LoginTokenSuccess { authorization }))
}

/// Accepts a token that the caller has scanned. Returns the session of the other app.
fn accept_login_token(
    call: &mut Call<'_>,
    request: auth::AcceptLoginToken,
) -> Result<enums::Authorization, RpcError> {
    let (number, me) = call.me()?;
    let password_pending = me.password.is_some();
    let (hash, app) = call.backend.accept_login_token(&request.token, &number, call.now)?;
    Ok(super::account::accepted_authorization(hash, app, password_pending, call.now))
}
