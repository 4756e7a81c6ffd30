//! `transcript`: what was said in one conversation, and how it was judged.
//!
//! What is shown here was written by agents and models: it is hostile, and nothing of it reaches a terminal unescaped.

mod cast;

use std::str::FromStr;

use api::{
    conversation::{Conversation, CriterionView, EvaluationView, RoleWord, TurnView},
    run::Instance,
};
use model::Invalid;
use serde_json::{Value, json};

use super::Setting;
use crate::{
    app::{DONE, Done},
    client::Client,
    output::{Output, excerpt, printable},
    run_view::shown,
    runtime::block_on,
};

/// How much of a tool call's arguments and result is shown, in characters.
const MAX_TOOL_CHARS: usize = 300;

/// What `transcript` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse transcript \"latest/says when a parcel comes/0\"
  rehearse transcript 65a0c1d2e3f4a5b6c7d8e9f0/greets/3 --output json
  rehearse transcript latest/17                        the conversation with index 17 in the run")]
pub(crate) struct Arguments {
    /// RUN/TEST/INDEX: the run's id or `latest`, the unit test's name, and which repetition, from 0; or RUN/N
    #[arg(value_name = "RUN/TEST/INDEX")]
    conversation: Which,
}

/// Names a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Which {
    run: String,
    test: Option<String>,
    index: u32,
}

impl FromStr for Which {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("write it as RUN/TEST/INDEX or RUN/N, such as `latest/greets/0`");
        let (run, rest) = text.split_once('/').ok_or_else(invalid)?;
        // The test's name may hold slashes itself.
        let (test, index) = match rest.rsplit_once('/') {
            Some((test, index)) => (Some(test.to_owned()), index),
            None => (None, rest),
        };
        let index = index.parse().map_err(|_not_a_number| invalid())?;
        if run.is_empty() || test.as_ref().is_some_and(String::is_empty) {
            return Err(invalid());
        }
        Ok(Self {
            run: run.to_owned(),
            test,
            index,
        })
    }
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let Which { run, test, index } = arguments.conversation;
    block_on(async move {
        let client = Client::connect(setting).await?;
        let id = client.run_id(&run).await?;
        let request = match test {
            Some(test) => json!({ "id": id, "test": test, "run_index": index }),
            None => json!({ "id": id, "n": index }),
        };
        let conversation: Conversation = client.query("run", "transcript", &request).await?;
        let run = client.run(id).await?;
        output.value(&conversation, || written(&conversation, &run, output))?;
        DONE
    })
}

fn written(conversation: &Conversation, run: &Instance, output: Output) -> String {
    let test_idx = usize::try_from(conversation.test_idx).unwrap_or(usize::MAX);
    let test = run
        .unit_test_run_specs
        .get(test_idx)
        .and_then(|spec| spec.rehearse.name.as_ref())
        .map_or("", |name| name.as_str());
    let verdict = conversation.verdict.0.as_str();
    let mut lines = vec![format!(
        "{}, repetition {} of run {}: {verdict}",
        printable(test),
        conversation.run_index,
        conversation.run_id
    )];
    if conversation.attempts > 1 || conversation.claims > 1 {
        lines.push(format!(
            "(attempt {}, taken over {} times)",
            conversation.attempts,
            conversation.claims - 1
        ));
    }
    lines.extend(cast::broken(conversation, output));
    lines.push(String::new());
    for turn in &conversation.turns {
        lines.extend(cast::stopped(turn, output));
        lines.extend(turn_lines(turn));
        lines.extend(cast::note(turn, output));
    }
    let end = &conversation.end;
    let detail = end
        .detail
        .as_deref()
        .map_or_else(String::new, |detail| format!(": {}", printable(detail)));
    lines.push(format!("  -- {}{detail}", printable(&end.reason)));
    if let Some(error) = &conversation.error {
        lines.push(format!("  !! {}", printable(error)));
    }
    lines.push(String::new());
    lines.extend(cast::milestones(conversation));
    for criterion in &conversation.criteria {
        let index = usize::try_from(criterion.evaluation_idx).unwrap_or(usize::MAX);
        let evaluation = conversation.evaluations.get(index);
        lines.extend(criterion_lines(criterion, evaluation));
        lines.extend(
            evaluation
                .into_iter()
                .flat_map(|evaluation| cast::votes(evaluation, output)),
        );
    }
    let consumed = cast::consumed(conversation);
    if !consumed.is_empty() {
        lines.push(String::new());
        lines.extend(consumed);
    }
    lines.join("\n")
}

fn turn_lines(turn: &TurnView) -> Vec<String> {
    let role = match turn.role {
        RoleWord::User => "user",
        RoleWord::Event => "event",
        RoleWord::Agent => "agent",
    };
    let mut lines = Vec::new();
    for (index, text) in turn
        .text
        .lines()
        .chain(turn.text.is_empty().then_some(""))
        .enumerate()
    {
        let who = if index == 0 { role } else { "" };
        lines.push(format!("{who:>7}  {}", printable(text)).trim_end().to_owned());
    }
    for call in &turn.tool_calls {
        let arguments = excerpt(&call.arguments.to_string(), MAX_TOOL_CHARS);
        let result = call.result.as_ref().map_or_else(String::new, |result| {
            format!(" -> {}", excerpt(&result.to_string(), MAX_TOOL_CHARS))
        });
        lines.push(format!(
            "{:>7}  [tool {} {arguments}{result}]",
            "",
            printable(&call.name)
        ));
    }
    if let Some(notes) = notes(turn)
        && let Some(last) = lines.last_mut()
    {
        last.push_str(&notes);
    }
    lines
}

fn notes(turn: &TurnView) -> Option<String> {
    let latency = turn.latency_ms.map(|millis| format!("{millis} ms"));
    let calls = (turn.calls > 1).then(|| format!("{} calls", turn.calls));
    let repeated = turn.repeated.then(|| "may have been asked before".to_owned());
    let completed = turn.completed.then(|| "says it is complete".to_owned());
    let notes: Vec<String> = [latency, calls, repeated, completed]
        .into_iter()
        .flatten()
        .collect();
    (!notes.is_empty()).then(|| format!("  ({})", notes.join(", ")))
}

fn criterion_lines(criterion: &CriterionView, evaluation: Option<&EvaluationView>) -> Vec<String> {
    let sign = if criterion.passed { '+' } else { '-' };
    let value = evaluation.map_or(Value::Null, |evaluation| evaluation.value.clone());
    let mut lines = vec![format!(
        "{sign} {} {}: {}",
        printable(criterion.name.as_str()),
        criterion.criterion.0,
        shown(&value)
    )];
    if let Some(evaluation) = evaluation {
        let reason = evaluation.error.as_ref().unwrap_or(&evaluation.justification);
        lines.extend(reason.lines().map(|line| format!("    {}", printable(line))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_are_named_in_two_ways() {
        let which: Which = "latest/says a/b/12".parse().expect("it is named");
        assert_eq!(
            which,
            Which {
                run: "latest".to_owned(),
                test: Some("says a/b".to_owned()),
                index: 12
            }
        );
        let which: Which = "latest/12".parse().expect("it is named");
        assert_eq!(
            which,
            Which {
                run: "latest".to_owned(),
                test: None,
                index: 12
            }
        );
        for text in [
            "latest",
            "latest/greets",
            "/greets/0",
            "latest//0",
            "latest/greets/-1",
        ] {
            assert!(text.parse::<Which>().is_err(), "{text}");
        }
    }

    #[test]
    fn hostile_turns_are_shown_and_not_obeyed() {
        let turn = TurnView {
            index: 1,
            message_id: "65a000000000000000000001".parse().expect("an id"),
            role: RoleWord::Agent,
            text: "Hello\n\u{1b}]0;owned\u{7}world".to_owned(),
            at: model::Time::from_micros(0),
            latency_ms: Some(12),
            tool_calls: Vec::new(),
            usage: None,
            completed: true,
            calls: 2,
            repeated: false,
            note: None,
            violations: Vec::new(),
        };
        insta::assert_snapshot!(turn_lines(&turn).join("\n"), @r"
          agent  Hello
                 \u{1b}]0;owned\u{7}world  (12 ms, 2 calls, says it is complete)
        ");
    }
}
