//! `auth.importBotAuthorization`: signing in as a bot.

use grammers_tl_types::{enums, functions::auth};

use super::{Access, Call, Methods};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, import_bot_authorization);
}

fn import_bot_authorization(
    call: &mut Call<'_>,
    request: auth::ImportBotAuthorization,
) -> Result<enums::auth::Authorization, RpcError> {
    super::auth::check_app(request.api_id, &request.api_hash)?;
    call.check_bound()?;
    let number = call.backend.bot_with_token(&request.bot_auth_token).cloned();
    let exists = |number: &_| call.backend.phones.get(number).is_some_and(|phone| phone.account.is_usable());
    let number = number.filter(exists).ok_or_else(|| RpcError::bad("ACCESS_TOKEN_INVALID"))?;
    super::auth::complete_sign_in(call, &number, None)
}
