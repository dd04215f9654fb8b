//! A person as a row of the list and as the details of their page.

use crate::domain::access::Principal;
use crate::domain::{Millis, RoleId, UserId};
use crate::store::users::Listed;
use crate::web::state::State;
use crate::web::words::moments::{Moment, ago, moment};

pub struct UserRow {
    pub id: UserId,
    pub email: String,
    pub admin: bool,
    /// Whether the settings make them an administrator, which no page can change.
    pub by_settings: bool,
    /// Whether they are blocked.
    pub disabled: bool,
    pub first: Moment,
    pub last: Option<Moment>,
    pub sessions: i64,
    /// Whether an identity is linked to the address.
    pub bound: bool,
    /// Whether this is the reader.
    pub own: bool,
    pub roles: Vec<(RoleId, String)>,
}

impl UserRow {
    /// The row without roles.
    pub fn new(app: &State, reader: &Principal, listed: Listed) -> Self {
        let user = listed.user;
        Self {
            id: user.id,
            admin: user.admin,
            by_settings: app.config.sso.admin_emails.contains(&user.email),
            email: user.email.to_string(),
            disabled: user.disabled,
            first: moment(user.created),
            last: (user.seen != Millis(0)).then(|| ago(user.seen)),
            sessions: listed.sessions,
            bound: listed.identities > 0,
            own: matches!(reader, Principal::User(person) if person.id == user.id),
            roles: Vec::new(),
        }
    }
}
