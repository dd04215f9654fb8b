//! `/invites`: a person's invites and what became of them; administrators see all.

use askama::Template;
use axum::response::Response;

use crate::domain::access::{Principal, decide, decide_system};
use crate::domain::invite::{Invite, InviteKind, InviteState};
use crate::domain::privilege::can;
use crate::domain::stage::Severity;
use crate::domain::{AccountId, Millis};
use crate::ops::invites::manages;
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::moments::{Moment, ago, moment};
use crate::web::words::onboarding as words;

/// How many are listed.
const LISTED: u32 = 200;

#[derive(Template)]
#[template(path = "pages/invites/list.html")]
struct InvitesPage {
    layout: Layout,
    invites: String,
}

/// The list, which is live too.
#[derive(Template)]
#[template(path = "parts/invites.html")]
struct InvitesPart {
    rows: Vec<Row>,
}

struct Row {
    invite: Invite,
    label: &'static str,
    severity: Severity,
    created: Moment,
    expires: Moment,
    /// Whether its link can be shown, replaced and revoked.
    has_link: bool,
    /// Whether its link can be sent by e-mail.
    can_email: bool,
    /// When it was last sent by e-mail.
    emailed: Option<Moment>,
    can_renew: bool,
    is_open: bool,
    /// The account, if the reader may see it.
    account: Option<(AccountId, String)>,
}

impl Row {
    /// Whether it is a person's login of their own account, which needs no link.
    fn is_own(&self) -> bool {
        self.invite.kind == InviteKind::Own
    }
}

pub async fn list(app: AppState, may: May<can::AddAccount>) -> Result<Response, AppError> {
    let (invites, _) = rendered(&app, &may.actor).await?;
    html(&InvitesPage { layout: Layout::of(&app, &may.actor), invites })
}

/// The list as this reader may see it, and when it looks different although nothing has happened.
pub(super) async fn rendered(app: &State, reader: &Principal) -> Result<(String, Option<Millis>), AppError> {
    let policy = app.live.policy.current();
    decide_system::<can::AddAccount>(&policy, reader)?;
    let creator = match reader {
        Principal::User(person) => (!person.admin).then_some(person.id),
        Principal::Invite(_) | Principal::Cli | Principal::System(_) => return Err(AppError::NotFound),
    };
    let invites = store::invites::newest(&mut app.db.read().await?, creator, LISTED).await?;
    let now = app.clock.now();
    let open = invites.iter().filter(|invite| invite.state_at(now).is_open());
    let changes_at = open.map(|invite| invite.expires).min();
    let seen = invites.into_iter().filter(|invite| manages(&policy, reader, invite));
    let rows = seen.map(|invite| row(app, reader, invite, now)).collect();
    Ok((InvitesPart { rows }.render()?, changes_at))
}

fn row(app: &State, reader: &Principal, invite: Invite, now: Millis) -> Row {
    let state = invite.state_at(now);
    let is_link = invite.kind == InviteKind::Link;
    let account = invite.account.and_then(|id| {
        let entry = app.live.accounts.get(id)?;
        let policy = app.live.policy.current();
        let seen = decide::<can::View>(&policy, reader, &entry.account);
        seen.is_ok().then(|| (id, entry.account.identifier.to_string()))
    });
    Row {
        label: words::label(state),
        severity: words::severity(state),
        created: moment(invite.created),
        expires: moment(invite.expires),
        has_link: is_link && state.is_open(),
        can_email: is_link && state == InviteState::Created && app.mailer.is_some(),
        emailed: invite.emailed.map(ago),
        can_renew: is_link && (state.is_open() || state == InviteState::Expired),
        is_open: state.is_open(),
        account,
        invite: Invite { state, ..invite },
    }
}
