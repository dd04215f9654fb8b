//! What the list of devices shows, as written in the page's URL.

use serde::{Deserialize, Serialize};

use crate::domain::Device;
use crate::web::paths::{self, with_query};

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct DevicesQuery {
    /// Words that the device, its place or address, or its account has, in any order.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// The name of a [`Kind`]; anything else: all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The name of a [`Column`], with `-` before it the other way round; anything else: the newest sign-in first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
    /// From 1.
    #[serde(skip_serializing_if = "is_first")]
    pub page: Option<usize>,
}

fn is_first(page: &Option<usize>) -> bool {
    page.is_none_or(|page| page <= 1)
}

/// Devices that are looked for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Unconfirmed,
    Unofficial,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Unconfirmed, Self::Unofficial];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Unofficial => "unofficial",
        }
    }

    pub const fn includes(self, device: &Device) -> bool {
        match self {
            Self::Unconfirmed => device.is_unconfirmed,
            Self::Unofficial => !device.is_official,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Account,
    Device,
    Place,
    SignedIn,
    LastActive,
}

impl Column {
    pub const ALL: [Self; 5] = [Self::Device, Self::Account, Self::Place, Self::SignedIn, Self::LastActive];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Device => "device",
            Self::Place => "place",
            Self::SignedIn => "signed-in",
            Self::LastActive => "last-active",
        }
    }
}

impl DevicesQuery {
    pub fn kind(&self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == self.kind)
    }

    /// The column that the list is sorted by, and whether in descending order.
    pub fn order(&self) -> (Column, bool) {
        let (name, is_descending) = match self.sort.strip_prefix('-') {
            Some(name) => (name, true),
            None => (self.sort.as_str(), false),
        };
        let column = Column::ALL.into_iter().find(|column| column.name() == name);
        column.map_or((Column::SignedIn, true), |column| (column, is_descending))
    }

    pub fn url(&self, page: usize) -> String {
        with_query(paths::DEVICES, Self { page: Some(page), ..self.clone() })
    }

    pub fn with_kind(&self, kind: &str) -> String {
        Self { kind: kind.to_owned(), ..self.clone() }.url(1)
    }

    /// The same list by this column; again the other way round.
    pub fn with_sort(&self, column: Column) -> String {
        let sort = match self.order() {
            (sorted, false) if sorted == column => format!("-{}", column.name()),
            _ => column.name().to_owned(),
        };
        Self { sort, ..self.clone() }.url(1)
    }

    /// The value of `aria-sort`.
    pub fn sorted(&self, column: Column) -> &'static str {
        match self.order() {
            (sorted, true) if sorted == column => "descending",
            (sorted, false) if sorted == column => "ascending",
            _ => "none",
        }
    }

    pub fn narrows(&self) -> bool {
        !self.q.trim().is_empty() || self.kind().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_sorted_by_and_then_the_other_way_round() {
        let query = |sort: &str| DevicesQuery { sort: sort.into(), ..DevicesQuery::default() };
        assert_eq!(query("").order(), (Column::SignedIn, true));
        assert_eq!(query("nonsense").order(), (Column::SignedIn, true));
        for column in Column::ALL {
            let once = query(column.name());
            assert_eq!((once.order(), once.sorted(column)), ((column, false), "ascending"));
            let again = query(&format!("-{}", column.name()));
            assert_eq!((again.order(), again.sorted(column)), ((column, true), "descending"));
            let address = |sort: &str| format!("{}?sort={sort}{}", paths::DEVICES, column.name());
            assert_eq!((once.with_sort(column), again.with_sort(column)), (address("-"), address("")));
        }
    }
}
