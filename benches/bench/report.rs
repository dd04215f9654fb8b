//! The results and their table.

use crate::common::table::Table;

#[derive(Clone, Copy)]
pub enum Goal {
    /// The maximum.
    AtMost(f64),
    /// The minimum.
    AtLeast(f64),
    /// No goal; only reported.
    None,
}

/// All results, in order.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 5]>,
}

impl Report {
    /// Adds a figure of Telescope with that of the bare program.
    pub fn beside(&mut self, what: &str, unit: &str, ours: f64, bare: f64, goal: Goal) {
        let ratio = ours / bare;
        println!("{what}: {ratio:.2} ({ours:.4} {unit} compared with {bare:.4} {unit})");
        let cells = [number(ratio), format!("{} {unit}", number(ours)), format!("{} {unit}", number(bare))];
        self.put(what, cells, &verdict(goal, ratio, ""));
    }

    /// Adds a figure of Telescope alone.
    pub fn alone(&mut self, what: &str, unit: &str, figure: f64, goal: Goal) {
        println!("{what}: {figure:.4} {unit}");
        let cells = [String::new(), format!("{} {unit}", number(figure)), String::new()];
        self.put(what, cells, &verdict(goal, figure, unit));
    }

    fn put(&mut self, what: &str, [ratio, ours, bare]: [String; 3], verdict: &str) {
        self.rows.push([what.to_owned(), ratio, ours, bare, verdict.to_owned()]);
    }

    pub fn print(&self) {
        let mut table = Table::new(&["measure", "ratio", "Telescope", "bare", "goal"]);
        for row in &self.rows {
            table.row(&row.each_ref().map(String::as_str));
        }
        println!();
        table.print();
    }
}

fn verdict(goal: Goal, value: f64, unit: &str) -> String {
    let (words, limit, met) = match goal {
        Goal::AtMost(limit) => ("at most", limit, value <= limit),
        Goal::AtLeast(limit) => ("at least", limit, value >= limit),
        Goal::None => return String::new(),
    };
    format!("{words} {limit} {unit}{}", if met { ": met" } else { ": MISSED" }).replace(" :", ":")
}

/// Three significant digits.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        it if it >= 100.0 => 0,
        it if it >= 10.0 => 1,
        it if it >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}
