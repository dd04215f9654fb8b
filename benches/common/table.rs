//! The table printed at the end of a run.

/// A table of text.
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|&it| it.to_owned()).collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: &[&str]) {
        self.rows.push(cells.iter().map(|&it| it.to_owned()).collect());
    }

    /// Prints it as Markdown with aligned columns.
    pub fn print(&self) {
        let all = || std::iter::once(&self.head).chain(&self.rows);
        let width =
            |at: usize| all().filter_map(|row| row.get(at)).map(|it| it.chars().count()).max().unwrap();
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        for (number, row) in all().enumerate() {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            println!("| {} |", cells.collect::<Vec<_>>().join(" | "));
            if number == 0 {
                let lines = widths.iter().map(|width| "-".repeat(*width));
                println!("| {} |", lines.collect::<Vec<_>>().join(" | "));
            }
        }
    }
}
