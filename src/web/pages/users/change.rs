//! Changes of a person, after the question of [`question`](super::question).

use axum::response::Redirect;

use crate::domain::UserId;
use crate::domain::privilege::can;
use crate::ops::users::{self, UserChange, UserRef};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::pages::access::notice;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::users as words;

macro_rules! handlers {
    ($($name:ident: $change:ident;)+) => { $(
        pub async fn $name(
            app: AppState,
            may: May<can::ManageAccess>,
            Path(id): Path<UserId>,
        ) -> Result<Redirect, AppError> {
            users::change(&*app.app, may.grant(), UserRef::Id(id), UserChange::$change).await?;
            Ok(Redirect::to(&notice::url(&paths::user(id), words::done(UserChange::$change))))
        }
    )+ };
}

handlers! {
    end_sessions: EndSessions;
    disable: Disable;
    enable: Enable;
    grant_admin: GrantAdmin;
    revoke_admin: RevokeAdmin;
    forget_identity: ForgetIdentity;
}
