//! What a group can require before secrets of its accounts are shown, and the page that asks before that is changed.

use askama::Template;

use crate::domain::GroupId;
use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::AccountPrivilege;
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::State;

#[derive(Template)]
#[template(path = "pages/groups/requirement.html")]
pub(super) struct RequirementPage {
    pub(super) layout: Layout,
    pub(super) id: GroupId,
    pub(super) question: String,
    pub(super) effects: Vec<String>,
    /// Where the answer is posted to, and the field that says whether the setting is switched on.
    pub(super) action: String,
    pub(super) field: &'static str,
    pub(super) on: bool,
    pub(super) button: &'static str,
    /// Whether secrets become easier to see.
    pub(super) danger: bool,
    /// Why it can't be done.
    pub(super) refused: Option<String>,
}

/// The group's accounts that the reader can see.
pub(super) fn visible_accounts(app: &State, reader: &Principal, id: GroupId) -> usize {
    let policy = app.live.policy.current();
    let accounts = app.live.accounts.listing();
    let sees = |account| privileges(&policy, reader, account).has(AccountPrivilege::View);
    accounts.iter().filter(|it| it.account.groups.contains(&id) && sees(&it.account)).count()
}
