//! Progress of a run: one line that is drawn again on a terminal, plain lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::Tally;

use super::Output;

/// How often a plain line is written at most.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// Shows how far a run is.
#[derive(Debug)]
pub(crate) struct Progress {
    output: Output,
    bar: Option<ProgressBar>,
    plain: Option<Plain>,
}

#[derive(Debug)]
struct Plain {
    written_at: Instant,
    finished: u32,
}

impl Progress {
    /// Begins to show a run of `planned` conversations.
    pub(crate) fn begin(output: Output, planned: u32) -> Self {
        let bar = output.live().then(|| {
            let bar = ProgressBar::with_draw_target(Some(u64::from(planned)), ProgressDrawTarget::stderr());
            bar.set_style(style(output));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let plain = (bar.is_none() && !output.quiet()).then(|| Plain {
            written_at: Instant::now(),
            finished: 0,
        });
        Self { output, bar, plain }
    }

    /// Shows the counts of now.
    pub(crate) fn update(&mut self, tally: &Tally, running: u32) {
        let line = counts(tally, running);
        if let Some(bar) = &self.bar {
            bar.set_length(u64::from(tally.planned));
            bar.set_position(u64::from(tally.finished()));
            bar.set_message(line);
            return;
        }
        let output = self.output;
        if let Some(plain) = &mut self.plain
            && plain.finished != tally.finished()
            && (plain.written_at.elapsed() >= PLAIN_INTERVAL || tally.finished() == tally.planned)
        {
            plain.written_at = Instant::now();
            plain.finished = tally.finished();
            output.say(&format!("{}/{}  {line}", tally.finished(), tally.planned));
        }
    }

    /// Writes a line above the progress.
    pub(crate) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.say(text)),
            None => self.output.say(text),
        }
    }

    /// Takes the progress away.
    pub(crate) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The counts of a run in one line.
fn counts(tally: &Tally, running: u32) -> String {
    let mut line = format!(
        "running {running}  passed {}  failed {}  errored {}",
        tally.passed, tally.failed, tally.errored
    );
    if tally.invalid > 0 {
        line.push_str("  invalid ");
        line.push_str(&tally.invalid.to_string());
    }
    line
}

/// How the line looks.
const fn template(color: bool) -> &'static str {
    if color {
        "{spinner:.cyan} [{elapsed_precise}] {bar:30.cyan/black} {pos}/{len}  {msg}"
    } else {
        "{spinner} [{elapsed_precise}] {bar:30} {pos}/{len}  {msg}"
    }
}

fn style(output: Output) -> ProgressStyle {
    let style = ProgressStyle::with_template(template(output.color()));
    style
        .expect("the templates are constants, and a test reads both")
        .progress_chars("━╸─")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_conversations_show_only_when_there_are_some() {
        let tally = Tally {
            planned: 9,
            passed: 3,
            failed: 1,
            invalid: 0,
            errored: 0,
            cancelled: 0,
        };
        assert_eq!(counts(&tally, 2), "running 2  passed 3  failed 1  errored 0");
        let tally = Tally { invalid: 4, ..tally };
        assert_eq!(
            counts(&tally, 0),
            "running 0  passed 3  failed 1  errored 0  invalid 4"
        );
    }

    #[test]
    fn the_bar_accepts_its_templates() {
        for color in [true, false] {
            assert!(ProgressStyle::with_template(template(color)).is_ok());
        }
    }
}
