//! What happened, and which promises were kept.

use crate::common::table::Table;
use crate::common::{median, percentile};

/// Everything that was seen, in order.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 3]>,
    broken: bool,
}

impl Report {
    /// A promise, and whether it was kept.
    pub fn promise(&mut self, what: &str, seen: &str, kept: bool) {
        println!("{what}: {seen}{}", if kept { "" } else { " BROKEN" });
        self.broken |= !kept;
        self.put(what, seen, if kept { "kept" } else { "BROKEN" });
    }

    /// A figure that is only told.
    pub fn figure(&mut self, what: &str, seen: &str) {
        println!("{what}: {seen}");
        self.put(what, seen, "");
    }

    /// How long recoveries took, in seconds.
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

    /// Whether every promise was kept.
    pub const fn is_kept(&self) -> bool {
        !self.broken
    }

    /// Prints the table.
    pub fn print(&self) {
        let mut table = Table::new(&["what", "seen", "promise"]);
        for row in &self.rows {
            table.row(&row.each_ref().map(String::as_str));
        }
        println!();
        table.print();
    }
}
