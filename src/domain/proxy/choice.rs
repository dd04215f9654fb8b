//! Which proxy an account uses.

use std::collections::HashMap;

use super::KnownProxy;
use crate::domain::{AccountId, GroupId, ProxyId};

/// What was chosen for an account or a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyChoice {
    /// No proxy.
    Direct,
    Proxy(ProxyId),
}

/// Whose choice it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyScope {
    Account(AccountId),
    Group(GroupId),
    /// All accounts without another choice.
    Default,
}

/// A choice and whose it is. The default is always a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxySelection {
    Account(AccountId, ProxyChoice),
    Group(GroupId, ProxyChoice),
    Default(ProxyId),
}

impl ProxySelection {
    pub const fn scope(self) -> ProxyScope {
        match self {
            Self::Account(id, _) => ProxyScope::Account(id),
            Self::Group(id, _) => ProxyScope::Group(id),
            Self::Default(_) => ProxyScope::Default,
        }
    }

    pub const fn choice(self) -> ProxyChoice {
        match self {
            Self::Account(_, choice) | Self::Group(_, choice) => choice,
            Self::Default(id) => ProxyChoice::Proxy(id),
        }
    }
}

/// What was chosen, without which proxy, as in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Egress {
    /// No choice: that of the groups, the default or the setting counts.
    Inherited,
    Direct,
    Proxy,
}

impl Egress {
    pub const fn of(choice: Option<ProxyChoice>) -> Self {
        match choice {
            None => Self::Inherited,
            Some(ProxyChoice::Direct) => Self::Direct,
            Some(ProxyChoice::Proxy(_)) => Self::Proxy,
        }
    }
}

/// Everything that was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyChoices {
    pub accounts: HashMap<AccountId, ProxyChoice>,
    pub groups: HashMap<GroupId, ProxyChoice>,
    /// For all accounts without another choice.
    pub default: Option<ProxyId>,
}

/// Where the choice for an account comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenBy {
    Account,
    Group {
        id: GroupId,
        /// Whether another group of the account has another choice, which does not count.
        others_differ: bool,
    },
    Default,
    /// The setting TELEGRAM_PROXY, or none at all.
    Setting,
}

/// What an account uses; none is what the setting says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    pub choice: Option<ProxyChoice>,
    pub by: ChosenBy,
}

impl ProxyChoices {
    /// What this account uses: its own choice, else that of the first of its groups that has one, else the default, else
    /// the setting. The groups are in the order of their names.
    pub fn of(&self, account: AccountId, groups: &[GroupId]) -> Decided {
        if let Some(own) = self.accounts.get(&account) {
            return Decided { choice: Some(*own), by: ChosenBy::Account };
        }
        let mut chosen = groups.iter().filter_map(|id| Some((*id, *self.groups.get(id)?)));
        if let Some((id, choice)) = chosen.next() {
            let others_differ = chosen.any(|(_, other)| other != choice);
            return Decided { choice: Some(choice), by: ChosenBy::Group { id, others_differ } };
        }
        match self.default {
            Some(id) => Decided { choice: Some(ProxyChoice::Proxy(id)), by: ChosenBy::Default },
            None => Decided { choice: None, by: ChosenBy::Setting },
        }
    }
}

/// The proxies and choices at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyPlan {
    /// By name.
    pub proxies: Vec<KnownProxy>,
    pub choices: ProxyChoices,
}

impl ProxyPlan {
    pub fn get(&self, id: ProxyId) -> Option<&KnownProxy> {
        self.proxies.iter().find(|proxy| proxy.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_choice_counts() {
        use ProxyChoice::{Direct, Proxy};
        let account = AccountId::generate();
        let [one, two] = [ProxyId::generate(), ProxyId::generate()];
        let [sales, support] = [GroupId::generate(), GroupId::generate()];
        let group = |id, others_differ| ChosenBy::Group { id, others_differ };
        // The account's own choice, those of its two groups, the default; and what counts.
        let table = [
            (None, [None, None], None, None, ChosenBy::Setting),
            (None, [None, None], Some(one), Some(Proxy(one)), ChosenBy::Default),
            (None, [Some(Proxy(two)), None], Some(one), Some(Proxy(two)), group(sales, false)),
            (None, [None, Some(Direct)], Some(one), Some(Direct), group(support, false)),
            (None, [Some(Proxy(one)), Some(Proxy(one))], None, Some(Proxy(one)), group(sales, false)),
            (None, [Some(Proxy(one)), Some(Proxy(two))], None, Some(Proxy(one)), group(sales, true)),
            (None, [Some(Direct), Some(Proxy(two))], None, Some(Direct), group(sales, true)),
            (Some(Direct), [Some(Proxy(one)), None], Some(two), Some(Direct), ChosenBy::Account),
            (Some(Proxy(two)), [Some(Proxy(one)), None], None, Some(Proxy(two)), ChosenBy::Account),
        ];
        for (own, of_groups, default, choice, by) in table {
            let groups = [sales, support].into_iter().zip(of_groups);
            let choices = ProxyChoices {
                accounts: own.map(|own| (account, own)).into_iter().collect(),
                groups: groups.filter_map(|(id, choice)| Some((id, choice?))).collect(),
                default,
            };
            assert_eq!(choices.of(account, &[sales, support]), Decided { choice, by });
        }
    }
}
