//! Lists of accounts by query. Viewers with the same permissions and the same query share one list,
//! and each of its states is rendered once for all of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;

use crate::domain::access::{Policy, Principal, RightsClass};
use crate::domain::privilege::SystemPrivileges;
use crate::live::accounts::{GroupNames, Listing};
use crate::web::fragment::partial;
use crate::web::pages::accounts::list;
use crate::web::pages::accounts::list_index::ListIndex;
use crate::web::pages::accounts::query::AccountsQuery;
use crate::web::pages::accounts::rows::{self, Choices, RowCache, View};
use crate::web::state::State;
use crate::web::stream::message::Message;
use crate::web::stream::position;

/// Cached messages per state. Most viewers are at the state before; some may be further behind.
const MESSAGES: usize = 8;

/// Lists that are kept beyond their last viewer: a page that is loaded again, or by the next viewer, finds them.
const RECENT: usize = 8;

/// The lists that are watched, or were just now.
#[derive(Debug, Default)]
pub struct SharedLists(Mutex<Lists>);

#[derive(Debug, Default)]
struct Lists {
    known: HashMap<Key, Weak<SharedList>>,
    /// The last used comes last.
    recent: VecDeque<Arc<SharedList>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    class: RightsClass,
    query: AccountsQuery,
}

/// One list. The first viewer that needs it updates it.
#[derive(Debug)]
pub struct SharedList {
    key: Key,
    current: Mutex<Option<Current>>,
}

#[derive(Debug)]
struct Current {
    policy: Arc<Policy>,
    index: ListIndex,
    state: Arc<ListState>,
    /// What may be filtered by, with what it was computed from.
    choices: Option<(u64, Arc<GroupNames>, Arc<Choices>)>,
}

impl SharedLists {
    /// This viewer's list and its current state.
    pub fn current(
        &self,
        state: &State,
        principal: &Principal,
        query: &AccountsQuery,
    ) -> (Arc<SharedList>, Arc<ListState>) {
        loop {
            let (policy, listing) = state.live.policy_and_accounts();
            let class = RightsClass::of(&policy, principal, |email| state.live.accounts.has_owner(email));
            let list = self.get(Key { class, query: query.clone() });
            // The class is that of one policy, so the list has to be of the same one.
            if let Some(current) = list.current(state, &policy, listing) {
                return (list, current);
            }
        }
    }

    fn get(&self, key: Key) -> Arc<SharedList> {
        let mut lists = self.0.lock();
        let list = match lists.known.get(&key).and_then(Weak::upgrade) {
            Some(list) => list,
            None => {
                lists.known.retain(|_, list| list.strong_count() > 0);
                let list = Arc::new(SharedList { key: key.clone(), current: Mutex::default() });
                lists.known.insert(key, Arc::downgrade(&list));
                list
            }
        };
        lists.recent.retain(|other| !Arc::ptr_eq(other, &list));
        if lists.recent.len() >= RECENT {
            lists.recent.pop_front();
        }
        lists.recent.push_back(Arc::clone(&list));
        list
    }
}

impl SharedList {
    /// The present state under this policy and with these accounts, which are of one moment; None if another policy is in
    /// force by now.
    fn current(&self, state: &State, policy: &Arc<Policy>, listing: Arc<Listing>) -> Option<Arc<ListState>> {
        let mut current = self.current.lock();
        // Not by its version, which can be lower after a restored backup.
        if !Arc::ptr_eq(policy, &state.live.policy.current()) {
            return None;
        }
        let accounts = &state.live.accounts;
        let Key { class, query } = &self.key;
        match current.as_mut().filter(|current| Arc::ptr_eq(&current.policy, policy)) {
            Some(current) => {
                if current.index.update(accounts, listing, query) {
                    current.state = current.state.replaced_by(current.index.view(query), query);
                }
                Some(Arc::clone(&current.state))
            }
            None => {
                let index = ListIndex::new(class.resolve(policy), accounts, listing, query);
                let fresh = ListState::new(index.view(query), query);
                let state = match current.take() {
                    Some(former) if former.state.position == fresh.position => former.state,
                    _ => Arc::new(fresh),
                };
                let new = Current { policy: Arc::clone(policy), index, state, choices: None };
                Some(Arc::clone(&current.insert(new).state))
            }
        }
    }
}

impl SharedList {
    /// What the viewers of this list may filter by.
    pub fn choices(&self, names: &Arc<GroupNames>) -> Arc<Choices> {
        let mut current = self.current.lock();
        let Some(current) = current.as_mut() else { return Arc::default() };
        let version = current.index.choices_version();
        if let Some((known, of, choices)) = &current.choices
            && *known == version
            && Arc::ptr_eq(of, names)
        {
            return Arc::clone(choices);
        }
        let choices = Arc::new(current.index.choices(names, &self.key.query));
        current.choices = Some((version, Arc::clone(names), Arc::clone(&choices)));
        choices
    }
}

/// What a viewer sees of a list at one moment.
#[derive(Debug)]
pub struct ListState {
    /// A hash of everything that is visible of it.
    pub position: u64,
    pub view: View,
    pub summary: String,
    pub pager: String,
    body: OnceLock<String>,
    whole: OnceLock<Message>,
    /// By their starting position.
    messages: Mutex<Vec<(u64, Option<Message>)>>,
}

impl ListState {
    fn new(view: View, query: &AccountsQuery) -> Self {
        let summary = list::summary(&view, query).unwrap_or_default();
        let pager = list::pager(&view, query).unwrap_or_default();
        let rows = view.rows.iter().map(|(entry, may)| (entry.account.id, entry.version, *may));
        let rows = rows.collect::<Vec<_>>();
        let position = position::hash(&(rows, empty_table(&view), summary.as_str(), pager.as_str()));
        Self {
            position,
            view,
            summary,
            pager,
            body: OnceLock::new(),
            whole: OnceLock::new(),
            messages: Mutex::default(),
        }
    }

    /// The state with this view; the same state if nothing visible differs.
    fn replaced_by(self: &Arc<Self>, view: View, query: &AccountsQuery) -> Arc<Self> {
        let new = Self::new(view, query);
        if new.position == self.position { Arc::clone(self) } else { Arc::new(new) }
    }

    /// The body of the table.
    pub fn body(&self, cache: &RowCache) -> &str {
        self.body.get_or_init(|| rows::body(cache, &self.view))
    }

    /// The message that brings any browser to this state.
    pub(super) fn whole(&self, state: &State) -> Message {
        let render = || {
            let html = partial("#rows", "innerMorph", self.body(&state.rows))
                + &partial("#summary", "innerMorph", &self.summary)
                + &partial("#pager", "innerMorph", &self.pager);
            Message::new(&position::id(state, self.position), &html)
        };
        self.whole.get_or_init(render).clone()
    }

    /// The message that brings a browser from `before` to this state; None if it is there already.
    pub(super) fn changes_from(&self, state: &State, before: &Self) -> Option<Message> {
        if before.position == self.position {
            return None;
        }
        // Rendered under the lock, because most viewers need it at the same moment.
        let mut messages = self.messages.lock();
        if let Some((_, message)) = messages.iter().find(|(from, _)| *from == before.position) {
            return message.clone();
        }
        let html = self.changed_html(state, before);
        let message = (!html.is_empty()).then(|| Message::new(&position::id(state, self.position), &html));
        if messages.len() >= MESSAGES {
            messages.remove(0);
        }
        messages.push((before.position, message.clone()));
        message
    }

    fn changed_html(&self, state: &State, before: &Self) -> String {
        let mut html = if self.has_same_accounts(before) {
            self.changed_rows(state, before)
        } else {
            partial("#rows", "innerMorph", self.body(&state.rows))
        };
        for (target, was, is) in
            [("#summary", &before.summary, &self.summary), ("#pager", &before.pager, &self.pager)]
        {
            if was != is {
                html.push_str(&partial(target, "innerMorph", is));
            }
        }
        html
    }

    fn has_same_accounts(&self, other: &Self) -> bool {
        let ids = |it: &Self| it.view.rows.iter().map(|(entry, _)| entry.account.id).collect::<Vec<_>>();
        empty_table(&self.view) == empty_table(&other.view) && ids(self) == ids(other)
    }

    fn changed_rows(&self, state: &State, before: &Self) -> String {
        let mut html = String::new();
        for ((entry, may), (was, could)) in self.view.rows.iter().zip(&before.view.rows) {
            if (entry.version, may) != (was.version, could)
                && let Ok(row) = state.rows.row(entry, *may, self.view.selects(*may))
            {
                html.push_str(&partial(&format!("#account-{}", entry.account.id), "outerMorph", &row));
            }
        }
        html
    }
}

/// What an empty table says: how many accounts do not fit, and what else the viewer may do. None if it has rows.
fn empty_table(view: &View) -> Option<(usize, SystemPrivileges, bool)> {
    view.rows.is_empty().then_some((view.visible, view.system, view.has_groups))
}
