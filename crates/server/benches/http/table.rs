//! The table of figures, each beside its limit.

use std::{
    error::Error,
    io::{self, Write as _},
};

/// Figures and whether they hold.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<[String; 5]>,
    n_missed: usize,
}

impl Table {
    /// A figure that is to keep to a limit.
    pub(crate) fn row(&mut self, what: &str, ours: f64, limit: f64, ratio: f64, wanted: &str, holds: bool) {
        let verdict = if holds { "holds" } else { "MISSED" };
        self.n_missed += usize::from(!holds);
        self.push(what, ours, limit, ratio, format!("{verdict}: {wanted}"));
    }

    /// A figure for information.
    pub(crate) fn note(&mut self, what: &str, ours: f64, limit: f64, ratio: f64) {
        self.push(what, ours, limit, ratio, String::new());
    }

    fn push(&mut self, what: &str, ours: f64, limit: f64, ratio: f64, verdict: String) {
        let number = |value: f64| {
            if value >= 100.0 {
                format!("{value:.0}")
            } else {
                format!("{value:.3}")
            }
        };
        self.rows.push([
            what.to_owned(),
            number(ours),
            number(limit),
            format!("{ratio:.2}"),
            verdict,
        ]);
    }

    /// Prints the table.
    ///
    /// # Errors
    /// A figure does not keep to its limit.
    pub(crate) fn print(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let head = ["what", "ours", "limit", "ratio", "verdict"].map(str::to_owned);
        let width = |column: usize| {
            let rows = self.rows.iter().chain([&head]);
            rows.map(|row| row[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..5).map(width).collect();
        let mut out = io::stdout().lock();
        for row in [&head].into_iter().chain(&self.rows) {
            let [what, ours, limit, ratio, verdict] = row;
            writeln!(
                out,
                "{what:<0$}  {ours:>1$}  {limit:>2$}  {ratio:>3$}  {verdict}",
                widths[0], widths[1], widths[2], widths[3]
            )?;
        }
        if self.n_missed > 0 {
            return Err(format!("{} figures do not keep to their limits", self.n_missed).into());
        }
        Ok(())
    }
}
