//! Tables for people.

use comfy_table::{CellAlignment, ContentArrangement, presets};

use super::printable;

/// A table under construction. Cells are made [`printable()`] here.
#[derive(Debug)]
pub(crate) struct Table {
    table: comfy_table::Table,
    numbers: Vec<usize>,
}

impl Table {
    /// A table with these column titles.
    pub(crate) fn new(titles: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(
            titles
                .iter()
                .map(|title| title.to_uppercase())
                .collect::<Vec<_>>(),
        );
        Self {
            table,
            numbers: Vec::new(),
        }
    }

    /// These columns, counted from 0, hold numbers.
    #[must_use]
    pub(crate) fn numbers(mut self, columns: &[usize]) -> Self {
        self.numbers = columns.to_vec();
        self
    }

    /// Adds a row.
    pub(crate) fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let cells: Vec<String> = cells
            .into_iter()
            .map(|cell| printable(cell.as_ref()).into_owned())
            .collect();
        self.table.add_row(cells);
    }

    /// The table as lines without blanks at their ends. On a terminal it is as wide as that, else as wide as its content.
    pub(crate) fn render(mut self) -> String {
        for index in &self.numbers {
            if let Some(column) = self.table.column_mut(*index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        if let Some(first) = self.table.column_mut(0) {
            first.set_padding((0, 1));
        }
        let lines: Vec<String> = self
            .table
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_numbers_stand_right() {
        let mut table = Table::new(&["name", "runs", "note"]).numbers(&[1]);
        table.row(["greets", "5", "a"]);
        table.row(["says goodbye", "120", "\u{1b}[31mred"]);
        insta::assert_snapshot!(table.render(), @r"
        NAME          RUNS  NOTE
        greets           5  a
        says goodbye   120  \u{1b}[31mred
        ");
    }
}
