//! `/accounts/{account}/edit`: owner, comment and groups.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::{Deserialize, Deserializer};

use crate::domain::access::Principal;
use crate::domain::account::DetailsVersion;
use crate::domain::direction::isolated;
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{Account, Email, GroupId};
use crate::ops::accounts::Details;
use crate::ops::{self, OpError};
use crate::store;
use crate::store::groups::Group;
use crate::web::error::AppError;
use crate::web::extract::{Allowed, May};
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::pages::accounts::is_visible;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::accounts as words;

/// What a request changes. A missing field stays unchanged: an incomplete form must not remove an owner.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EditRequest {
    #[serde(deserialize_with = "even_if_empty")]
    owner: Option<String>,
    #[serde(deserialize_with = "even_if_empty")]
    comment: Option<String>,
    /// The ids of the ticked groups, after an empty value that is always sent.
    group: Vec<String>,
    new_group: String,
    /// What the form was made from.
    version: String,
}

impl EditRequest {
    fn is_empty(&self) -> bool {
        self.owner.is_none() && self.comment.is_none() && self.group.is_empty() && self.new_group.is_empty()
    }

    /// What its author saw of an account that is so now. Without it nothing may be overwritten.
    fn version(&self, account: &Account) -> Result<DetailsVersion, OpError> {
        match self.version.parse() {
            Ok(version) => Ok(version),
            Err(_) if self.is_empty() => Ok(DetailsVersion::of_account(account)),
            Err(_) => Err(OpError::Refused(ErrorCode::FormStale)),
        }
    }
}

/// An empty field is present, and clears the value.
fn even_if_empty<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    String::deserialize(field).map(Some)
}

#[derive(Debug)]
struct EditForm {
    owner: String,
    comment: String,
    groups: Vec<GroupId>,
    new_group: String,
    version: DetailsVersion,
}

impl Fields for EditForm {
    const NAMES: &'static [&'static str] = &["owner", "comment", "groups", "new_group"];
}

impl EditForm {
    fn of(account: &Account) -> Self {
        Self {
            owner: account.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
            comment: account.comment.clone(),
            groups: account.groups.clone(),
            new_group: String::new(),
            version: DetailsVersion::of_account(account),
        }
    }

    /// What a request asks for, of an account that is so now.
    fn requested(account: &Account, request: EditRequest) -> Self {
        let now = Self::of(account);
        let ids = request.group.iter().filter_map(|id| id.parse().ok());
        Self {
            owner: request.owner.unwrap_or(now.owner),
            comment: request.comment.unwrap_or(now.comment),
            groups: if request.group.is_empty() { now.groups } else { ids.collect() },
            new_group: request.new_group,
            version: now.version,
        }
    }

    /// The form again after others have changed the account: with what its author entered, and else as the account is
    /// now, so that saving it undoes nothing that its author has not touched.
    fn rebased(self, account: &Account, seen: DetailsVersion) -> Self {
        let owner = Email::parse(self.owner.trim()).ok();
        let is_wrong = owner.is_none() && !self.owner.trim().is_empty();
        let entered = DetailsVersion::of(owner.as_ref(), &self.comment, &self.groups);
        let touched = entered.since(seen);
        let now = Self::of(account);
        Self {
            owner: if touched.owner || is_wrong { self.owner } else { now.owner },
            comment: if touched.comment { self.comment } else { now.comment },
            groups: if touched.groups { self.groups } else { now.groups },
            new_group: self.new_group,
            version: now.version,
        }
    }
}

/// A group that can be ticked.
struct GroupChoice {
    group: Group,
    ticked: bool,
    /// Whether the account is in it now.
    member: bool,
}

#[derive(Template)]
#[template(path = "pages/accounts/edit.html", blocks = ["dialog"])]
struct EditPage {
    layout: Layout,
    /// What people call it.
    label: String,
    account: Account,
    form: FormState<EditForm>,
    choices: Vec<GroupChoice>,
    /// Whether the form was made from another state of the account than it is in now.
    stale: bool,
}

impl EditPage {
    async fn new(
        app: &State,
        reader: &Principal,
        account: Account,
        form: FormState<EditForm>,
    ) -> Result<Self, AppError> {
        let groups = store::groups::all(&mut app.db.read().await?).await?;
        let choice = |group: Group| GroupChoice {
            ticked: form.values.groups.contains(&group.id),
            member: account.groups.contains(&group.id),
            group,
        };
        let choices = groups.into_iter().map(choice).collect();
        let entry = app.live.accounts.get(account.id);
        let label = entry.map_or_else(|| account.identifier.grouped(), |entry| entry.label());
        Ok(Self { layout: Layout::of(app, reader), label, account, form, choices, stale: false })
    }

    fn owner_now(&self) -> &str {
        self.account.owner.as_ref().map_or("none", Email::as_str)
    }

    /// The names of the groups that the account is in now.
    fn groups_now(&self) -> String {
        let names: Vec<_> =
            self.choices.iter().filter(|choice| choice.member).map(|it| isolated(&it.group.name)).collect();
        if names.is_empty() { "none".into() } else { names.join(", ") }
    }
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
    _may: May<can::ManageAccess>,
) -> Result<Response, AppError> {
    let account = current(&app, &allowed).await?;
    let form = FormState::new(EditForm::of(&account));
    let page = EditPage::new(&app, &allowed.actor, account, form).await?;
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// The account as the database has it: the version of a form must be that of what is saved over.
async fn current(app: &State, allowed: &Allowed<can::View>) -> Result<Account, AppError> {
    let id = allowed.entry.account.id;
    store::accounts::get(&mut app.db.read().await?, id).await?.ok_or(AppError::NotFound)
}

/// Saves the form. Then comes the account's page, or the list if the editor has no access to the account any more.
pub async fn save(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
    may: May<can::ManageAccess>,
    Form(request): Form<EditRequest>,
) -> Result<Response, AppError> {
    let account = current(&app, &allowed).await?;
    let seen = request.version(&account);
    let form = EditForm::requested(&account, request);
    let saved = match (&seen, parse(&form)) {
        (Ok(seen), Ok(details)) => {
            ops::accounts::edit(&app, allowed.grant(), may.grant(), details, *seen).await
        }
        (_, Err(error)) => Err(error),
        (Err(_), Ok(_)) => Err(OpError::Refused(ErrorCode::FormStale)),
    };
    if let Err(error) = saved {
        let stale = matches!(error, OpError::Refused(_));
        let account = current(&app, &allowed).await?;
        let form = match seen {
            Ok(seen) => form.rebased(&account, seen),
            Err(_) => form,
        };
        let (status, form) = FormState::rejected(form, error)?;
        let page = EditPage { stale, ..EditPage::new(&app, &allowed.actor, account, form).await? };
        return request_type.dialog(status, &page.as_dialog(), &page);
    }
    let id = allowed.entry.account.id;
    let visible = is_visible(&app, &allowed.actor, id);
    let next = if visible { paths::account(id) } else { paths::ACCOUNTS.to_owned() };
    Ok(request_type.dialog_done(words::SAVED, &next))
}

fn parse(form: &EditForm) -> Result<Details, OpError> {
    let owner = match form.owner.trim() {
        "" => None,
        owner => Some(Email::parse(owner).map_err(|error| OpError::invalid("owner", error))?),
    };
    let new_group = Some(form.new_group.trim().to_owned()).filter(|name| !name.is_empty());
    Ok(Details { owner, comment: form.comment.trim().to_owned(), groups: form.groups.clone(), new_group })
}
