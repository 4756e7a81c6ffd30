//! `delete`: deletes an object. Its history stays.

use model::Kind;
use serde_json::{Value, json};

use super::Setting;
use crate::{
    app::{DONE, Done},
    client::{Client, KindArgument},
    failure::Failure,
    runtime::block_on,
};

/// What `delete` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse delete unit-test \"says when a parcel comes\"
  rehearse delete persona Maria

What other objects use cannot be deleted; they are named then. A service is deactivated. What
was deleted stays in the history, and its name is free again.")]
pub(crate) struct Arguments {
    /// The kind, as for `get`
    kind: KindArgument,

    /// The object's name or id
    name: String,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let (kind, name) = (arguments.kind.0, arguments.name);
    match kind {
        Kind::Run => {
            return Err(Failure::usage("runs are for ever")
                .help("`rehearse runs cancel` stops one.")
                .into());
        }
        Kind::Organization => return Err(Failure::usage("the organization cannot be deleted").into()),
        Kind::Role | Kind::TemporaryGrant | Kind::Evaluation => {
            return Err(Failure::usage(format!("objects of kind {kind} cannot be deleted")).into());
        }
        Kind::User
        | Kind::ApiKey
        | Kind::Persona
        | Kind::Scenario
        | Kind::Metric
        | Kind::Agent
        | Kind::ContextGraph
        | Kind::Service
        | Kind::UnitTest
        | Kind::UnitTestSet
        | Kind::WebhookDestination => {}
    }
    block_on(async move {
        let client = Client::connect(setting).await?;
        let has_id_only = matches!(kind, Kind::User | Kind::ApiKey | Kind::WebhookDestination);
        let id = if has_id_only {
            name.clone()
        } else {
            client.id_of(kind, &name).await?
        };
        let _done: Value = if kind == Kind::Service {
            client
                .command("service", "update", &json!({ "id": id, "is_active": false }))
                .await?
        } else {
            client
                .command(kind.as_str(), "delete", &json!({ "id": id }))
                .await?
        };
        let done = if kind == Kind::Service {
            "deactivated"
        } else {
            "deleted"
        };
        output.value(&json!({ "kind": kind.as_str(), "id": id, "done": done }), || {
            format!("{kind} {name}: {done}")
        })?;
        DONE
    })
}
