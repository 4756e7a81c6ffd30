//! `history`: everything that happened to one object, and the object as it was.

use api::event::{EventView, History};
use serde_json::json;

use super::{Setting, events::what, get::show};
use crate::{
    app::{DONE, Done},
    client::{Client, KindArgument, id},
    output::Table,
    runtime::block_on,
};

/// What `history` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse history persona Maria
  rehearse history persona Maria --at 42
  rehearse history unit-test greets --at 2026-01-31T09:30:00Z --output json

Also for objects that were deleted: by name, or by id.")]
pub(crate) struct Arguments {
    /// The kind, as for `get`
    kind: KindArgument,

    /// The object's name or id
    name: String,

    /// Show the object as it was: after the change with this sequence, or at this time
    #[arg(long, value_name = "SEQ|TIME")]
    at: Option<String>,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let kind = arguments.kind.0;
    block_on(async move {
        let client = Client::connect(setting).await?;
        if let Some(at) = &arguments.at {
            let object = client.object(kind, &arguments.name, Some(at)).await?;
            show(&object, output)?;
            return DONE;
        }
        let object = client.object(kind, &arguments.name, None).await?;
        let request = json!({ "kind": kind.as_str(), "id": id(&object).to_owned() });
        let history: History = client.query("event", "history", &request).await?;
        let events: Vec<EventView> = history
            .history
            .into_iter()
            .flat_map(|entry| entry.events)
            .collect();
        output.value(&events, || table(&events))?;
        DONE
    })
}

/// Events as a table.
pub(super) fn table(events: &[EventView]) -> String {
    let mut table = Table::new(&["seq", "time", "who", "event", "what"]).numbers(&[0]);
    for event in events {
        table.row([
            event.sequence.to_string(),
            event.at.to_string(),
            event.actor.to_string(),
            event.event.clone(),
            what(event),
        ]);
    }
    table.render()
}
