//! The page that asks before a person is changed, with what will happen.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::row::UserRow;
use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::{AccountPrivilege, can};
use crate::domain::{Email, UserId};
use crate::ops::OpError;
use crate::ops::users::{self, MovePreview, UserChange, UserRef};
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::access::list;
use crate::web::words::users::{self as words, Facts};
use crate::words::{quoted, sentence};

#[derive(Template)]
#[template(path = "pages/users/question.html")]
struct QuestionPage {
    layout: Layout,
    id: UserId,
    question: String,
    effects: Vec<String>,
    /// Where the answer is posted to.
    action: String,
    /// The new address of a person who is moved.
    email: Option<Email>,
    button: &'static str,
    danger: bool,
    /// The person, if off-boarding them is offered.
    leaver: Option<String>,
    /// Why it can't be done.
    refused: Option<String>,
}

macro_rules! questions {
    ($($name:ident: $change:ident, $action:path;)+) => { $(
        pub async fn $name(
            app: AppState,
            may: May<can::ManageAccess>,
            Path(id): Path<UserId>,
        ) -> Result<Response, AppError> {
            ask(&app, &may, id, UserChange::$change, $action(id)).await
        }
    )+ };
}

questions! {
    end_sessions: EndSessions, paths::user_end_sessions;
    disable: Disable, paths::user_disable;
    enable: Enable, paths::user_enable;
    grant_admin: GrantAdmin, paths::user_grant_admin;
    revoke_admin: RevokeAdmin, paths::user_revoke_admin;
    forget_identity: ForgetIdentity, paths::user_forget_identity;
}

async fn ask(
    app: &State,
    may: &May<can::ManageAccess>,
    id: UserId,
    change: UserChange,
    action: String,
) -> Result<Response, AppError> {
    let asked = Asked::about(app, &may.actor, id).await?;
    let refused = match users::preview(&app.context, may.grant(), UserRef::Id(id), change).await {
        Ok(()) => None,
        Err(OpError::Refused(why)) => Some(sentence(&why)),
        Err(error) => return Err(error.into()),
    };
    let page = QuestionPage {
        layout: Layout::of(app, &may.actor),
        id,
        question: words::question(change, &asked.row.email),
        effects: words::effects(change, asked.facts()),
        action,
        email: None,
        button: words::button(change),
        danger: matches!(change, UserChange::Disable | UserChange::RevokeAdmin | UserChange::ForgetIdentity),
        leaver: (change == UserChange::Disable).then(|| asked.row.email.clone()),
        refused,
    };
    html_with(StatusCode::OK, &page)
}

/// Asks before a person gets another address.
pub(super) async fn ask_move(
    app: &State,
    may: &May<can::ManageAccess>,
    id: UserId,
    to: Email,
    preview: MovePreview,
) -> Result<Response, AppError> {
    let asked = Asked::about(app, &may.actor, id).await?;
    let early = list(preview.early_roles.iter().map(|role| quoted(role)).collect(), 0);
    let page = QuestionPage {
        layout: Layout::of(app, &may.actor),
        id,
        question: words::move_question(&asked.row.email, &to),
        effects: words::move_effects(&asked.row.email, &to, &early, asked.facts()),
        action: paths::user_move(id),
        email: Some(to),
        button: "Change address",
        danger: false,
        leaver: None,
        refused: None,
    };
    html_with(StatusCode::OK, &page)
}

/// The person whom a question is about, and what its effects depend on.
struct Asked {
    row: UserRow,
    roles: String,
    accounts: usize,
}

impl Asked {
    async fn about(app: &State, reader: &Principal, id: UserId) -> Result<Self, AppError> {
        let mut conn = app.db.read().await?;
        let listed = store::users::listed(&mut conn, id, app.clock.now()).await?.ok_or(AppError::NotFound)?;
        let roles = store::roles::of_person(&mut conn, id).await?;
        drop(conn);
        let accounts = owned(app, reader, &listed.user.email);
        Ok(Self {
            row: UserRow::new(app, reader, listed),
            roles: list(roles.iter().map(|role| quoted(role)).collect(), 0),
            accounts,
        })
    }

    fn facts(&self) -> Facts<'_> {
        Facts { sessions: self.row.sessions, roles: &self.roles, accounts: self.accounts, own: self.row.own }
    }
}

/// How many accounts a person owns, of those that the reader can see.
fn owned(app: &State, reader: &Principal, email: &Email) -> usize {
    let policy = app.live.policy.current();
    let sees = |account| privileges(&policy, reader, account).has(AccountPrivilege::View);
    let accounts = app.live.accounts.listing();
    accounts.iter().filter(|it| it.account.owner.as_ref() == Some(email) && sees(&it.account)).count()
}
