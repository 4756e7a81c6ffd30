//! `doctor`: finds out what is wrong, and says what to do.

mod checks;

use serde::Serialize;
use tokio::time::{Duration, Instant};

use super::Setting;
use crate::{
    app::Done,
    exit::Exit,
    output::{Output, printable},
    runtime::block_on,
    settings::Lasting,
};

/// The pause between two looks while waiting.
const PAUSE: Duration = Duration::from_millis(250);

/// What `doctor` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse doctor --data-dir data
  rehearse doctor --data-dir data --wait 30s
      until the server answers, for scripts that have just started it
  rehearse doctor --output json

Exits with 0 if everything works, 96 if the configuration or the data directory is wrong, 97 if
no server answers.")]
pub(crate) struct Arguments {
    /// Look again until everything works, for at most this long
    #[arg(long, value_name = "DURATION")]
    wait: Option<Lasting>,
}

/// What one look at one thing found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    check: &'static str,
    state: State,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// It works, but someone should look.
    Warning,
    /// It does not work.
    Broken,
}

impl Finding {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Ok,
            detail: detail.into(),
            help: None,
            exit: Exit::Passed,
        }
    }

    fn warning(check: &'static str, detail: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            state: State::Warning,
            help: Some(help.into()),
            ..Self::ok(check, detail)
        }
    }

    fn broken(check: &'static str, failure: crate::failure::Failure) -> Self {
        Self {
            check,
            state: State::Broken,
            detail: failure.message,
            help: failure.help,
            exit: failure.exit,
        }
    }

    fn line(&self, output: Output) -> String {
        let (sign, sgr) = match self.state {
            State::Ok => ("✓", "32"),
            State::Warning => ("!", "33"),
            State::Broken => ("✗", "31"),
        };
        let mut line = format!(
            "{} {:<12} {}",
            output.paint(sign, sgr),
            self.check,
            printable(&self.detail)
        );
        for help in self.help.iter().flat_map(|help| help.lines()) {
            line.extend(["\n               ", &printable(help)]);
        }
        line
    }
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    block_on(async move {
        let deadline = arguments.wait.map(|wait| Instant::now() + wait.duration());
        let findings = loop {
            let findings = checks::all(setting).await;
            let works = findings.iter().all(|finding| finding.state != State::Broken);
            let over = deadline.is_none_or(|deadline| Instant::now() + PAUSE >= deadline);
            if works || over {
                break findings;
            }
            tokio::time::sleep(PAUSE).await;
        };
        let lines = findings
            .iter()
            .map(|finding| finding.line(output.without_color()));
        output.value(&findings, || lines.collect::<Vec<_>>().join("\n"))?;
        let broken = findings.iter().find(|finding| finding.state == State::Broken);
        Ok(broken.map_or(Exit::Passed, |finding| finding.exit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_say_what_to_do() {
        let output = Output::new(crate::output::Format::Table, true).without_color();
        let failure =
            crate::failure::Failure::unreachable("nobody answers").help("Start it.\nThen look again.");
        let lines = [
            Finding::ok("settings", "all good").line(output),
            Finding::warning("clock", "7 s apart", "Set it.").line(output),
            Finding::broken("bus", failure).line(output),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        ✓ settings     all good
        ! clock        7 s apart
                       Set it.
        ✗ bus          nobody answers
                       Start it.
                       Then look again.
        ");
    }
}
