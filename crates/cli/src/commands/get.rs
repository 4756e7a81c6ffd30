//! `get`: lists objects of a kind, or shows one.

use model::Kind;
use serde_json::Value;

use super::Setting;
use crate::{
    app::{DONE, Done},
    client::{Client, KindArgument, id, label, text_at},
    output::{Output, Table, WriteError, excerpt, printable},
    runtime::block_on,
};

/// The longest list of tags that a line shows, in characters.
const MAX_TAGS_CHARS: usize = 40;

/// What `get` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse get personas
  rehearse get persona Maria
  rehearse get unit-test-set first --output json
  rehearse get runs")]
pub(crate) struct Arguments {
    /// The kind: persona, scenario, metric, agent, context-graph, service, unit-test, unit-test-set, run, user, api-key, organization
    kind: KindArgument,

    /// The object's name or id
    name: Option<String>,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let kind = arguments.kind.0;
    block_on(async move {
        let client = Client::connect(setting).await?;
        match arguments.name {
            Some(name) => {
                let object = client.object(kind, &name, None).await?;
                show(&object, output)?;
            }
            None if kind == Kind::Organization => {
                let object: Value = client
                    .query("organization", "get", &serde_json::json!({}))
                    .await?;
                show(&object, output)?;
            }
            None => {
                let (objects, more) = client.list(kind).await?;
                output.value(&objects, || list(kind, &objects))?;
                if more {
                    output.say(&format!("only the first {} are listed", objects.len()));
                }
                if objects.is_empty() {
                    output.note(&format!("there is no {kind}"));
                }
            }
        }
        DONE
    })
}

/// Shows one object. What is for people is YAML: every field, and nothing to decode.
pub(super) fn show(object: &Value, output: Output) -> Result<(), WriteError> {
    let yaml = serde_saphyr::to_string(object)
        .map_err(|source| crate::failure::Failure::bug(format!("the object cannot be shown: {source}")))?;
    output.value(object, || printable(&yaml).into_owned())
}

fn list(kind: Kind, objects: &[Value]) -> String {
    if kind == Kind::Run {
        return super::runs::list::table(objects);
    }
    let mut table = Table::new(&["name", "version", "changed", "tags", "id"]).numbers(&[1]);
    for object in objects {
        let version = [
            text_at(object, "/rehearse/latest_version"),
            text_at(object, "/latest_version"),
        ];
        let changed = [
            text_at(object, "/updated_at"),
            text_at(object, "/rehearse/updated_at"),
        ];
        table.row([
            excerpt(&label(object), 60),
            version.concat(),
            changed.concat(),
            excerpt(&tags(object), MAX_TAGS_CHARS),
            id(object).to_owned(),
        ]);
    }
    table.render()
}

/// Tags in one line. Some kinds have them as an object, some as a list.
fn tags(object: &Value) -> String {
    let tag = |key: &str, value: &Value| match value {
        Value::Null => key.to_owned(),
        Value::String(value) => format!("{key}={value}"),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => format!("{key}={value}"),
    };
    match object.get("tags") {
        Some(Value::Object(tags)) => tags
            .iter()
            .map(|(key, value)| tag(key, value))
            .collect::<Vec<_>>()
            .join(" "),
        Some(Value::Array(tags)) => {
            let one = |entry: &Value| {
                tag(
                    &text_at(entry, "/key"),
                    entry.get("value").unwrap_or(&Value::Null),
                )
            };
            tags.iter().map(one).collect::<Vec<_>>().join(" ")
        }
        Some(_) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_of_every_form_are_rows() {
        let objects = [
            json!({"id": "65a0", "name": "Maria", "tags": {"age": "adult", "vip": null}, "updated_at": "2026-01-31T09:30:00Z",
                "rehearse": {"latest_version": 3}}),
            json!({"id": "65a1", "name": "bot", "latest_version": 12, "deprecated": false}),
            json!({"id": "65a2", "name": "shop", "tags": [{"key": "team", "value": "a"}]}),
        ];
        insta::assert_snapshot!(list(Kind::Persona, &objects), @r"
        NAME   VERSION  CHANGED               TAGS           ID
        Maria        3  2026-01-31T09:30:00Z  age=adult vip  65a0
        bot         12                                       65a1
        shop                                  team=a         65a2
        ");
    }
}
