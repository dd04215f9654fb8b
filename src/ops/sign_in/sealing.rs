//! What signing in leaves in places that others can read: sealed, so that a browser can't change what waits in its cookie,
//! and who reads the database can't use a token at the identity provider.

use crate::crypto::{KeyError, Purpose, SealContext, Sealed};
use crate::domain::{Secret, UserId};
use crate::ops::{Context, OpError};

const PENDING: SealContext<'_> = SealContext { purpose: Purpose::PendingSignIns, row: "browser", version: 1 };

/// Seals the sign-ins that wait for the identity provider's answer, for the browser to keep.
pub fn seal_pending(context: &Context, pending: String) -> Result<String, OpError> {
    context.keys.seal(&PENDING, &Secret::new(pending)).map(|it| it.to_string()).map_err(internal)
}

/// Opens what a browser kept; none if Telescope didn't seal it.
pub fn open_pending(context: &Context, sealed: &str) -> Option<Secret> {
    context.keys.open(&PENDING, &sealed.parse::<Sealed>().ok()?).ok()
}

/// Seals the token that begins a person's session.
pub fn seal_token(context: &Context, person: UserId, token: &Secret) -> Result<String, OpError> {
    context.keys.seal(&token_of(&person.to_string()), token).map(|it| it.to_string()).map_err(internal)
}

/// Opens such a token; none if it is another person's, or can't be opened any more.
pub fn open_token(context: &Context, person: UserId, sealed: &str) -> Option<Secret> {
    context.keys.open(&token_of(&person.to_string()), &sealed.parse::<Sealed>().ok()?).ok()
}

const fn token_of(person: &str) -> SealContext<'_> {
    SealContext { purpose: Purpose::IdToken, row: person, version: 1 }
}

fn internal(error: KeyError) -> OpError {
    OpError::Internal(error.into())
}
