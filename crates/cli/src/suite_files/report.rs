//! What is wrong with suites, for people and editors: `file:line:column: pointer: message`, with the line itself on a terminal.

use std::sync::Arc;

use super::{Source, yaml::Mark};
use crate::{failure::Failure, output::printable};

/// How much of a long line is shown, in characters.
const MAX_LINE_CHARS: usize = 200;
/// How many problems are shown.
const MAX_SHOWN: usize = 100;

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    source: Arc<Source>,
    mark: Mark,
    pointer: String,
    message: String,
}

/// Everything that is wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report(Vec<Problem>);

impl Problem {
    pub(super) fn new(source: &Arc<Source>, mark: Mark, pointer: &str, message: impl Into<String>) -> Self {
        Self {
            source: Arc::clone(source),
            mark,
            pointer: pointer.to_owned(),
            message: message.into(),
        }
    }

    /// `file:line:column`.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}:{}", self.source.name(), self.mark.line, self.mark.column)
    }

    /// `file:line:column: pointer: message`.
    pub(crate) fn line(&self) -> String {
        let pointer = if self.pointer.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.pointer)
        };
        printable(&format!("{}: {pointer}{}", self.place(), self.message)).into_owned()
    }

    /// The line it is about, with what is meant underlined; none if the text has no such line.
    fn snippet(&self) -> Option<String> {
        let line = self.source.text().lines().nth(self.mark.line.checked_sub(1)?)?;
        let shown = |part: String| printable(&part.replace('\t', " ")).into_owned();
        let before: String = line.chars().take(self.mark.column.saturating_sub(1)).collect();
        let meant: String = line.get(before.len()..).map_or_else(String::new, |rest| {
            rest.char_indices()
                .take_while(|(index, _)| *index < self.mark.len)
                .map(|(_, char)| char)
                .collect()
        });
        let after: String = line
            .chars()
            .skip(before.chars().count() + meant.chars().count())
            .collect();
        if before.chars().count() > MAX_LINE_CHARS {
            return None;
        }
        let (before, meant, after) = (shown(before), shown(meant), shown(after));
        let text: String = format!("{before}{meant}{after}")
            .chars()
            .take(MAX_LINE_CHARS)
            .collect();
        let room = MAX_LINE_CHARS.saturating_sub(before.chars().count()).max(1);
        let underline = "^".repeat(meant.chars().count().clamp(1, room));
        let indent = " ".repeat(before.chars().count());
        let number = self.mark.line.to_string();
        let gutter = " ".repeat(number.len());
        Some(format!(
            "{gutter} |\n{number} | {text}\n{gutter} | {indent}{underline}"
        ))
    }
}

impl Report {
    /// Adds a problem.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Whether nothing is wrong.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Brings the problems into the order of the files; those of one file stand as in the file.
    pub(super) fn sort(&mut self) {
        let mut order: Vec<Arc<Source>> = Vec::new();
        for problem in &self.0 {
            if !order.iter().any(|source| Arc::ptr_eq(source, &problem.source)) {
                order.push(Arc::clone(&problem.source));
            }
        }
        self.0.sort_by_key(|problem| {
            let file = order
                .iter()
                .position(|source| Arc::ptr_eq(source, &problem.source));
            (file, problem.mark.line, problem.mark.column)
        });
    }

    /// The problems, one after the other. With `snippets` each is followed by the line it is about.
    pub(crate) fn lines(&self, snippets: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for problem in self.0.iter().take(MAX_SHOWN) {
            lines.push(problem.line());
            if snippets && let Some(snippet) = problem.snippet() {
                lines.push(snippet);
            }
        }
        if self.0.len() > MAX_SHOWN {
            lines.push(format!("… and {} more", self.0.len() - MAX_SHOWN));
        }
        lines
    }

    /// The failure that sums the problems up.
    pub(crate) fn failure(&self) -> Failure {
        let problems = if self.0.len() == 1 {
            "1 error".to_owned()
        } else {
            format!("{} errors", self.0.len())
        };
        Failure::configuration(format!("the suite has {problems}; nothing was changed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str, line: usize, column: usize, len: usize) -> Problem {
        let source = Arc::new(Source::new("suites/a.yaml", text));
        Problem::new(
            &source,
            Mark { line, column, len },
            "/spec/metric",
            "there is none of this name",
        )
    }

    #[test]
    fn a_problem_says_where_it_is() {
        let problem = problem("a: 1\nspec:\n  metric: größe # odd\n", 3, 3, 15);
        assert_eq!(
            problem.line(),
            "suites/a.yaml:3:3: /spec/metric: there is none of this name"
        );
        insta::assert_snapshot!(problem.snippet().expect("the line exists"), @r"
          |
        3 |   metric: größe # odd
          |   ^^^^^^^^^^^^^
        ");
    }

    #[test]
    fn places_beyond_the_text_have_no_snippet() {
        assert_eq!(problem("a: 1\n", 7, 1, 1).snippet(), None);
        let far = problem(&"x".repeat(100_000), 1, 50_000, 10);
        assert_eq!(far.snippet(), None);
        let long = problem(&"x".repeat(100_000), 1, 1, 100_000)
            .snippet()
            .expect("the line exists");
        assert!(long.len() < 1_000);
    }

    #[test]
    fn controls_are_shown() {
        let snippet = problem("a: \u{1b}[2J\n", 1, 1, 3)
            .snippet()
            .expect("the line exists");
        assert!(snippet.contains("\\u{1b}[2J"), "{snippet}");
    }
}
