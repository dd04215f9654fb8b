//! The results, and which checks passed.

use crate::common::table::Table;
use crate::common::{median, percentile};

/// All results, in order.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 3]>,
    broken: bool,
}

impl Report {
    /// Adds a check, and whether it passed.
    pub fn promise(&mut self, what: &str, seen: &str, kept: bool) {
        println!("{what}: {seen}{}", if kept { "" } else { " BROKEN" });
        self.broken |= !kept;
        self.put(what, seen, if kept { "kept" } else { "BROKEN" });
    }

    /// Adds a figure without a check.
    pub fn figure(&mut self, what: &str, seen: &str) {
        println!("{what}: {seen}");
        self.put(what, seen, "");
    }

    /// Adds the durations of recoveries, in seconds.
    pub fn times(&mut self, what: &str, all: &[f64]) {
        if all.is_empty() {
            return self.figure(what, "none");
        }
        let (middle, longest) = (median(all.to_vec()), percentile(all.to_vec(), 100));
        self.figure(what, &format!("median {middle:.2} s, longest {longest:.2} s, of {}", all.len()));
    }

    fn put(&mut self, what: &str, seen: &str, verdict: &str) {
        self.rows.push([what, seen, verdict].map(str::to_owned));
    }

    /// Whether every check passed.
    pub const fn is_kept(&self) -> bool {
        !self.broken
    }

    pub fn print(&self) {
        let mut table = Table::new(&["what", "seen", "promise"]);
        for row in &self.rows {
            table.row(&row.each_ref().map(String::as_str));
        }
        println!();
        table.print();
    }
}
