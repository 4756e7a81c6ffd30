//! `describe`: one object, its history and its definition.

use api::event::{EventView, History};
use model::Kind;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Setting, history};
use crate::{
    app::{DONE, Done},
    client::{Client, KindArgument, id, label},
    failure::Failure,
    output::printable,
    runtime::block_on,
};

/// What `describe` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse describe persona Maria
  rehearse describe service shop --output json")]
pub(crate) struct Arguments {
    /// The kind, as for `get`
    kind: KindArgument,

    /// The object's name or id
    name: String,
}

#[derive(Serialize)]
struct Description {
    kind: Kind,
    object: Value,
    history: Vec<EventView>,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let kind = arguments.kind.0;
    block_on(async move {
        let client = Client::connect(setting).await?;
        let object = client.object(kind, &arguments.name, None).await?;
        let object_id = id(&object).to_owned();
        let request = json!({ "kind": kind.as_str(), "id": object_id });
        let history: History = client.query("event", "history", &request).await?;
        let events: Vec<EventView> = history
            .history
            .into_iter()
            .flat_map(|entry| entry.events)
            .collect();
        let yaml = serde_saphyr::to_string(&object)
            .map_err(|source| Failure::bug(format!("the object cannot be shown: {source}")))?;
        let description = Description {
            kind,
            object,
            history: events,
        };
        output.value(&description, || {
            format!(
                "{} {} ({object_id})\n\n{}\n\nHistory\n{}",
                kind,
                printable(&label(&description.object)),
                printable(yaml.trim_end()),
                history::table(&description.history)
            )
        })?;
        DONE
    })
}
