//! `/access/explain`: why somebody may do something with an account, or may not; and who may.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;
use serde::Deserialize;

use crate::domain::access::{
    DenyReason, Explained, Person, Policy, Principal, Source, explain, explain_system, holders, is_leaving,
    privileges,
};
use crate::domain::privilege::{AccountPrivilege, SystemPrivilege, can};
use crate::domain::{Email, Phone, RequestInfo, RoleId, UserId};
use crate::live::accounts::{Entry, GroupNames};
use crate::store::users::User;
use crate::store::{self, Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::privileges::{on_account, on_system};

/// People that are named for a privilege; more are counted.
const NAMED: usize = 50;

/// What to explain, from the URL.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    person: String,
    account: String,
}

/// A field that means nothing, and why.
type Fault = (&'static str, String);

#[derive(Template)]
#[template(path = "pages/access/explain.html")]
struct ExplainPage {
    layout: Layout,
    asked: Asked,
    fault: Option<Fault>,
    person: Option<About>,
    account: Option<Arc<Entry>>,
    lines: Vec<Line>,
    system: Vec<Line>,
    holders: Vec<Holders>,
}

impl ExplainPage {
    fn fault_of(&self, field: &str) -> Option<&str> {
        self.fault.as_ref().filter(|(at, _)| *at == field).map(|(_, words)| words.as_str())
    }
}

/// The person in question.
struct About {
    email: Email,
    disabled: bool,
    roles: Vec<String>,
}

/// One privilege of the person.
struct Line {
    name: &'static str,
    label: &'static str,
    given: bool,
    why: Vec<String>,
}

/// Who has one privilege on the account.
struct Holders {
    name: &'static str,
    label: &'static str,
    people: Vec<(String, String)>,
    more: usize,
}

/// The page: for a person and an account the reasons; for an account alone everybody who may; for nothing the form.
pub async fn explained(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let layout = Layout::of(&app, &may.actor);
    let rules = app.live.policy.current();
    let conn = &mut app.db.read().await?;
    let (account, account_fault) = match account(&app, &rules, &may.actor, asked.account.trim()) {
        Ok(found) => (found, None),
        Err(fault) => (None, Some(fault)),
    };
    let (user, person_fault) = match person(conn, asked.person.trim()).await? {
        Ok(found) => (found, None),
        Err(fault) => (None, Some(fault)),
    };
    let fault = person_fault.or(account_fault);
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut page = ExplainPage {
        layout,
        asked,
        fault,
        person: None,
        account: None,
        lines: Vec::new(),
        system: Vec::new(),
        holders: Vec::new(),
    };
    if page.fault.is_some() {
        return html_with(status, &page);
    }
    let names = Names::read(&app, conn).await?;
    if let Some(user) = user {
        let roles = rules.roles_of(user.id).iter().map(|role| names.role(*role)).collect();
        let person = as_person(&user);
        page.system = explain_system(&rules, &person).iter().map(|one| names.system_line(one)).collect();
        if let Some(entry) = &account {
            let lines = explain(&rules, &person, &entry.account);
            page.lines = lines.iter().map(|one| names.line(one)).collect();
        }
        page.person = Some(About { email: user.email, disabled: user.disabled, roles });
    } else if let Some(entry) = &account {
        page.holders = who(conn, &rules, &names, entry).await?;
    }
    page.account = account;
    html_with(status, &page)
}

/// The account of a number or an id; one that the reader may not see is none.
fn account(app: &State, rules: &Policy, actor: &Principal, text: &str) -> Result<Option<Arc<Entry>>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    let listing = app.live.accounts.listing();
    let found = match (text.parse(), Phone::parse(text)) {
        (Ok(id), _) => listing.get(id),
        (Err(_), Ok(phone)) => listing.entries.iter().find(|entry| entry.account.phone == phone),
        (Err(_), Err(fault)) => return Err(("account", fault.to_string())),
    };
    let visible = found.filter(|entry| privileges(rules, actor, &entry.account).has(AccountPrivilege::View));
    visible.cloned().map(Some).ok_or(("account", "There is no account with this number.".into()))
}

/// The person of an address or an id.
async fn person(conn: &mut Conn<'_>, text: &str) -> Result<Result<Option<User>, Fault>, StoreError> {
    if text.is_empty() {
        return Ok(Ok(None));
    }
    let found = match (text.parse::<UserId>(), Email::parse(text)) {
        (Ok(id), _) => store::users::by_id(conn, id).await?,
        (Err(_), Ok(email)) => store::users::by_email(conn, &email).await?,
        (Err(_), Err(fault)) => return Ok(Err(("person", fault.to_string()))),
    };
    Ok(found.map(Some).ok_or(("person", "Nobody with this address has been here.".into())))
}

/// The user as if he had signed in with a proven address.
fn as_person(user: &User) -> Person {
    let email = user.email.clone();
    Person { id: user.id, email, verified: true, admin: user.admin, origin: RequestInfo::default() }
}

/// Names for what rules name by ids.
struct Names {
    roles: HashMap<RoleId, String>,
    groups: Arc<GroupNames>,
}

impl Names {
    async fn read(app: &State, conn: &mut Conn<'_>) -> Result<Self, StoreError> {
        let roles = store::roles::all(conn).await?;
        Ok(Self {
            roles: roles.into_iter().map(|role| (role.id, role.name)).collect(),
            groups: app.live.accounts.groups(),
        })
    }

    fn role(&self, role: RoleId) -> String {
        self.roles.get(&role).cloned().unwrap_or_default()
    }

    fn source(&self, source: &Source) -> String {
        match source {
            Source::Administrator => "Administrators may do everything.".into(),
            Source::Owner => "The owner may, while the identity provider vouches for the address.".into(),
            Source::Role { role, group } => {
                let group = self.groups.get(group).map(AsRef::as_ref).unwrap_or_default();
                format!("The role {} may, in the group {group}.", self.role(*role))
            }
            Source::System { role } => format!("The role {} may.", self.role(*role)),
        }
    }

    fn line(&self, one: &Explained<AccountPrivilege>) -> Line {
        self.worded((one.privilege.name(), on_account(one.privilege).0), &one.sources, one.withheld)
    }

    fn system_line(&self, one: &Explained<SystemPrivilege>) -> Line {
        self.worded((one.privilege.name(), on_system(one.privilege).0), &one.sources, one.withheld)
    }

    fn worded(
        &self,
        (name, label): (&'static str, &'static str),
        sources: &[Source],
        withheld: Option<DenyReason>,
    ) -> Line {
        let why = match withheld {
            None => sources.iter().map(|source| self.source(source)).collect(),
            Some(DenyReason::NoRule) => vec!["No rule gives it.".into()],
            Some(DenyReason::Unverified) => {
                vec!["The owner may, but the identity provider has not verified the address.".into()]
            }
            Some(DenyReason::Leaving) => vec!["The account is being removed.".into()],
        };
        Line { name, label, given: withheld.is_none(), why }
    }
}

/// Everybody who has anything on an account, by privilege.
async fn who(
    conn: &mut Conn<'_>,
    rules: &Policy,
    names: &Names,
    entry: &Entry,
) -> Result<Vec<Holders>, StoreError> {
    let administrators = store::users::administrators(conn).await?;
    let active_emails = store::users::active_emails(conn).await?;
    let account = &entry.account;
    let owner = match &account.owner {
        Some(email) if !store::users::is_disabled(conn, email).await? => Some(email),
        _ => None,
    };
    let mut all = Vec::new();
    for privilege in AccountPrivilege::ALL {
        let mut people: Vec<(String, String)> = administrators
            .iter()
            .map(|(_, email)| (email.to_string(), names.source(&Source::Administrator)))
            .collect();
        let owner = owner.filter(|_| rules.owner().has(*privilege));
        people.extend(owner.map(|email| (email.to_string(), names.source(&Source::Owner))));
        if is_leaving(account, *privilege) {
            people.clear();
        }
        let mut by_roles: Vec<(String, String)> = holders(rules, account, *privilege)
            .into_iter()
            .filter_map(|(person, sources)| {
                let why: Vec<String> = sources.iter().map(|source| names.source(source)).collect();
                Some((active_emails.get(&person)?.to_string(), why.join(" ")))
            })
            .collect();
        by_roles.sort();
        people.extend(by_roles);
        let more = people.len().saturating_sub(NAMED);
        people.truncate(NAMED);
        all.push(Holders { name: privilege.name(), label: on_account(*privilege).0, people, more });
    }
    Ok(all)
}
