//! `report.html`: the artifact for people. It opens alone and offline, loads nothing and runs no script.
//!
//! Everything that comes from outside is put into the page by a template that escapes it; the page's own content security policy
//! forbids whatever would still get through. The page is bounded whatever the size of the run: it shows the transcripts of the first
//! conversations that did not pass and of some that did, and says how many more are in `conversations.jsonl`.

mod cast;
mod conversation;
mod cost;
mod matrix;
mod overview;
mod shelf;
mod words;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use conversation::ConversationView;
use cost::{Columns, ConsumptionRow};
use matrix::{MatrixRow, Outcome};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use model::{ConversationResult, Digest, Run, Verdict};
use overview::{Fact, TestRow, TotalView};
use serde::Serialize;
use shelf::Shelf;
use words::Mark;
use zip::PreparedZipFile;

use super::{ArtifactError, Place, archive::Entry, manifest::Sealed};
use crate::fold::RunReport;

const NAME: &str = "report.html";
const TEMPLATE: &str = include_str!("report/report.html.jinja");
const STYLE: &str = include_str!("report/report.css");

/// The most conversations that did not pass whose transcripts are shown, and the most bytes of text they may have together.
const NOT_PASSED: (usize, usize) = (200, 6 * 1024 * 1024);
/// The same for conversations that passed.
const PASSED: (usize, usize) = (50, 1024 * 1024);
/// How many conversations that did not pass are unfolded from the start.
const UNFOLDED: usize = 3;

/// The page under way.
#[derive(Debug)]
pub(super) struct Report {
    /// How each conversation ended, by test and repetition.
    outcomes: Vec<Vec<Outcome>>,
    not_passed: Shelf,
    passed: Shelf,
}

/// What the template is given.
#[derive(Serialize)]
struct Page<'a> {
    policy: String,
    style: &'a str,
    set_name: &'a str,
    run: String,
    verdict: Mark,
    verdict_sentence: String,
    facts: Vec<Fact>,
    totals: Vec<TotalView>,
    consumption: Vec<ConsumptionRow>,
    columns: Columns,
    tests: Vec<TestRow>,
    matrix: Vec<MatrixRow>,
    legend: Vec<Mark>,
    not_passed: ShelfView<'a>,
    passed: ShelfView<'a>,
}

/// A group of conversations with their transcripts.
#[derive(Serialize)]
struct ShelfView<'a> {
    conversations: &'a [ConversationView],
    unfolded: usize,
    left_out: u32,
    total: u32,
}

impl Report {
    pub(super) fn new(run: &Run) -> Self {
        Self {
            outcomes: run.plan.tests.iter().map(|_| Vec::new()).collect(),
            not_passed: Shelf::new(NOT_PASSED),
            passed: Shelf::new(PASSED),
        }
    }

    /// Takes in one repetition; none: it had no result when the run was cancelled.
    pub(super) fn add(&mut self, sealed: &Sealed, place: Place<'_>, result: Option<&ConversationResult>) {
        let mut shown = false;
        if let Some(result) = result {
            let shelf = match result.verdict {
                Verdict::Passed => &mut self.passed,
                Verdict::Failed | Verdict::Invalid | Verdict::Errored => &mut self.not_passed,
            };
            shown = shelf.offer(|| ConversationView::new(sealed, place, result));
        }
        if let Some(outcomes) = self.outcomes.get_mut(place.test_idx) {
            outcomes.push(Outcome {
                n: place.n,
                verdict: result.map(|result| result.verdict),
                shown,
            });
        }
    }

    pub(super) fn finish(
        self,
        run: &Run,
        sealed: &Sealed,
        report: &RunReport,
    ) -> Result<PreparedZipFile, ArtifactError> {
        let html = self
            .render(run, sealed, report)
            .map_err(|source| ArtifactError::entry(NAME, source))?;
        Entry::of(NAME, html.as_bytes())
    }

    fn render(&self, run: &Run, sealed: &Sealed, report: &RunReport) -> Result<String, minijinja::Error> {
        let page = Page {
            policy: policy(),
            style: STYLE,
            set_name: run.set_name.as_str(),
            run: run.id.to_string(),
            verdict: Mark::of_run(report.verdict),
            verdict_sentence: words::verdict_sentence(report),
            facts: overview::facts(run, sealed, report),
            totals: overview::totals(report),
            consumption: cost::consumption(&report.summary),
            columns: cost::columns(report),
            tests: overview::tests(run, sealed, report),
            matrix: matrix::matrix(run, report, &self.outcomes),
            legend: overview::legend(report),
            not_passed: self.not_passed.view(UNFOLDED),
            passed: self.passed.view(0),
        };
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_name| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?;
        environment.set_syntax(syntax);
        environment.add_template(NAME, TEMPLATE)?;
        environment.get_template(NAME)?.render(Serde(&page))
    }
}

impl Shelf {
    fn view(&self, unfolded: usize) -> ShelfView<'_> {
        ShelfView {
            conversations: self.conversations(),
            unfolded,
            left_out: self.left_out(),
            total: self.left_out() + u32::try_from(self.conversations().len()).unwrap_or(u32::MAX),
        }
    }
}

/// Nothing may be loaded, run, embedded, sent or framed; the only style is the page's own, named by its digest.
fn policy() -> String {
    let digest = BASE64.encode(Digest::of(STYLE.as_bytes()).as_bytes());
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}
