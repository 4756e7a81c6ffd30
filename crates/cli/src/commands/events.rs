//! `events`: what was changed, by whom and when.

use api::event::{EventView, Events};
use model::{Kind, Time};
use serde_json::{Value, json};

use super::Setting;
use crate::{
    app::{DONE, Done},
    client::{Client, KindArgument, label, text_at},
    exit::Exit,
    output::{excerpt, printable},
    roles::now,
    runtime::{EndSignals, block_on},
    settings::Lasting,
};

/// How long one question waits for news, in milliseconds.
const WAIT_MS: u64 = 5_000;

/// What `events` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse events --since 1h
  rehearse events --kind persona --kind scenario
  rehearse events -f --output json
  rehearse events --id 65a0c1d2e3f4a5b6c7d8e9f0

The log is complete and never changes: every creation, update, version, deletion and run, in the
order in which they took effect.")]
pub(crate) struct Arguments {
    /// Go on with what happens from now on, until Ctrl-C
    #[arg(short = 'f', long)]
    follow: bool,

    /// Not before: how long ago (10m, 2h, 7d) or a time (2026-01-31T09:30:00Z)
    #[arg(long, value_name = "TIME")]
    since: Option<Since>,

    /// Only after this sequence
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: u64,

    /// Only of this kind of object; may be repeated
    #[arg(long, value_name = "KIND")]
    kind: Vec<KindArgument>,

    /// Only of this object; may be repeated
    #[arg(long, value_name = "ID")]
    id: Vec<String>,

    /// Only by this user
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
}

/// A time, or how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Since(Time);

impl std::str::FromStr for Since {
    type Err = model::Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(ago) = text.parse::<Lasting>() {
            let micros = i64::try_from(ago.duration().as_micros()).unwrap_or(i64::MAX);
            return Ok(Self(Time::from_micros(now().as_micros().saturating_sub(micros))));
        }
        let invalid = |_invalid| {
            model::Invalid::new("write how long ago (10m, 2h, 7d) or a time (2026-01-31T09:30:00Z)")
        };
        text.parse().map(Self).map_err(invalid)
    }
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let kinds: Vec<&str> = arguments.kind.iter().map(|kind| kind.0.as_str()).collect();
    let mut request = json!({
        "after": arguments.after,
        "limit": 500,
        "kinds": kinds,
        "ids": arguments.id,
        "wait_ms": 0,
    });
    if let Some(actor) = &arguments.actor {
        request["actor"] = json!(actor);
    }
    if let Some(Since(time)) = arguments.since {
        request["since"] = json!(time.to_string());
    }
    block_on(async move {
        let client = Client::connect(setting).await?;
        let mut signals = EndSignals::listen()?;
        loop {
            let page: Events = tokio::select! {
                page = client.page("event", "list", &mut request) => page?,
                () = signals.next() => return Ok(Exit::Passed),
            };
            for event in &page.events {
                output.item(event, || line(event))?;
            }
            request["after"] = json!(page.last_sequence);
            if page.has_more {
                continue;
            }
            if !arguments.follow {
                return DONE;
            }
            request["wait_ms"] = json!(WAIT_MS);
        }
    })
}

fn line(event: &EventView) -> String {
    format!(
        "{:>6}  {}  {:<10}  {:<29}  {}",
        event.sequence,
        event.at,
        printable(event.actor.as_str()),
        event.event,
        what(event)
    )
}

/// What happened to which object, in a few words.
pub(super) fn what(event: &EventView) -> String {
    let data = &event.data;
    let mut words = vec![label_of(data).unwrap_or_else(|| event.id.to_string())];
    let version = ["/version/version", "/version"]
        .iter()
        .find_map(|pointer| data.pointer(pointer).and_then(Value::as_u64));
    words.extend(version.map(|version| format!("version {version}")));
    let verdict = text_at(data, "/verdict");
    if !verdict.is_empty() {
        words.push(verdict);
    }
    if event.object_kind() == Kind::Run
        && let Some(Value::Array(tests)) = data.get("tests")
    {
        let planned: u64 = tests
            .iter()
            .filter_map(|test| test.get("run_count").and_then(Value::as_u64))
            .sum();
        words.push(format!("{planned} conversations"));
    }
    excerpt(&words.join(", "), 100)
}

fn label_of(data: &Value) -> Option<String> {
    if let Some(Value::String(set)) = data.get("set_name") {
        return Some(set.clone());
    }
    Some(label(data)).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_given_in_two_ways() {
        let Since(time) = "2026-01-31T09:30:00Z".parse().expect("a time");
        assert_eq!(time.to_string(), "2026-01-31T09:30:00.000Z");
        let Since(time) = "1h".parse().expect("a duration");
        let ago = now().millis_since(time);
        assert!((3_600_000..3_700_000).contains(&ago), "{ago}");
        assert!("yesterday".parse::<Since>().is_err());
    }
}
