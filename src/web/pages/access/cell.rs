//! `/access/{group}/{role}`: what one role may do with the accounts of one group.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::{Form, Query};

use super::confirm::{Confirmation, Outcome, confirm};
use super::fields::FormFields;
use super::notice::NoticeQuery;
use crate::domain::access::{Policy, Principal};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, can};
use crate::domain::{GroupId, RoleId};
use crate::ops::access::Edit;
use crate::store;
use crate::store::groups::Group;
use crate::store::roles::Role;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html_with};
use crate::web::state::{AppState, State};
use crate::web::words::privileges::{Choice, account_choices, account_labels};
use crate::web::{paths, words};

#[derive(Template)]
#[template(path = "pages/access/cell.html")]
struct CellPage {
    layout: Layout,
    done: Option<&'static str>,
    group: Group,
    role: Role,
    members: usize,
    /// Whether the reader has the role, so that they can't change it.
    own: bool,
    choices: Vec<Choice>,
    /// The permissions that the form was made from.
    was: AccountPrivileges,
    error: Option<String>,
}

impl CellPage {
    fn was(&self) -> String {
        names(self.was.iter().map(AccountPrivilege::name))
    }
}

/// Names of permissions as a form carries them.
pub fn names(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(" ")
}

/// Whether a form was made from other permissions than there are now. A form of ours says what it was made from.
pub fn is_stale(fields: &FormFields, now: &str) -> bool {
    fields.all("was").next().is_some_and(|was| was != now)
}

pub async fn form(
    app: AppState,
    may: May<can::ManageAccess>,
    Path((group, role)): Path<(GroupId, RoleId)>,
    Query(notice): Query<NoticeQuery>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, group, role).await?;
    html_with(StatusCode::OK, &CellPage { done: notice.message(), ..page })
}

pub async fn save(
    app: AppState,
    may: May<can::ManageAccess>,
    Path((group, role)): Path<(GroupId, RoleId)>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, group, role).await?;
    let set: AccountPrivileges = fields.known("privilege", AccountPrivilege::from_name)?;
    if set != page.was && is_stale(&fields, &page.was()) {
        let error = Some(words::access::changed_meanwhile(&account_labels(page.was)));
        let page = CellPage { choices: account_choices(set), error, ..page };
        return html_with(StatusCode::CONFLICT, &page);
    }
    let here = paths::access_cell(group, role);
    let title = words::access::permissions_in(&page.role.name, &page.group.name);
    let confirmation = Confirmation::new(here.clone(), here, title);
    match confirm(&app, &may, &fields, &[Edit::Cell(group, role, set)], &confirmation).await? {
        Outcome::Response(response) => Ok(response),
        Outcome::Invalid(failed) => {
            let page = CellPage { choices: account_choices(set), error: Some(failed.why()), ..page };
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

async fn page(app: &State, reader: &Principal, group: GroupId, id: RoleId) -> Result<CellPage, AppError> {
    let mut conn = app.db.read().await?;
    let group = store::groups::get(&mut conn, group).await?.ok_or(AppError::NotFound)?;
    let role = store::roles::get(&mut conn, id).await?.ok_or(AppError::NotFound)?;
    drop(conn);
    let policy = app.live.policy.current();
    Ok(CellPage {
        layout: Layout::of(app, reader),
        done: None,
        members: policy.holders().filter(|(_, roles)| roles.contains(&id)).count(),
        own: matches!(reader, Principal::User(person) if policy.roles_of(person.id).contains(&id)),
        choices: account_choices(granted(&policy, group.id, id)),
        was: granted(&policy, group.id, id),
        error: None,
        group,
        role,
    })
}

/// A link to the page with its summary. `name` is that of the group or of the role, whichever the page with
/// the link is not about.
pub struct GrantLink {
    pub url: String,
    pub name: String,
    pub labels: Vec<&'static str>,
}

impl GrantLink {
    pub fn new(policy: &Policy, group: GroupId, role: RoleId, name: String) -> Self {
        let labels = account_labels(granted(policy, group, role));
        Self { url: paths::access_cell(group, role), name, labels }
    }
}

fn granted(policy: &Policy, group: GroupId, role: RoleId) -> AccountPrivileges {
    policy.role(role).map_or(AccountPrivileges::NONE, |rights| rights.in_group(group))
}
