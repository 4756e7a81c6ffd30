//! The reference of the bus, as Markdown.

use serde_json::Value;

use super::{
    COMMAND_ID_HEADER, COMMANDS, ERROR_CODE_HEADER, ERROR_HEADER, Endpoint, QUERIES, SEEN_HEADER,
    SEQUENCE_HEADER, TRACE_HEADER,
};
use crate::error::ErrorCode;

/// The reference of the bus, as Markdown: what is committed as `docs/bus.md`.
pub fn bus_reference() -> String {
    let mut text = format!(
        "<!-- Generated from crates/api/src/bus; a test compares. `REHEARSE_UPDATE_DOCS=1 cargo nextest run -p rehearse-api` writes it. -->\n\
         # The bus\n\n\
         Everything that Rehearse does can be asked for over NATS, as a request with a JSON body:\n\n\
         - a command on `cmd.<org>.<user>.<kind>.<verb>`,\n\
         - a query on `qry.<org>.<user>.<kind>.<verb>`.\n\n\
         `<org>` is the organization and `<user>` who asks; give a NATS user the permission to publish on its own subjects only. \
         Bodies are those of the HTTP API; what HTTP has in the path stands in the body as `id` (and `name`). \
         Filters are lists, and all their parameters are optional. An empty body is `{{}}`. Unknown fields are refused.\n\n\
         ```sh\n\
         nats request cmd.acme.u1.persona.delete '{{\"id\": \"6618791275130b73714e8d2a\"}}' --header {COMMAND_ID_HEADER}:my-id-1\n\
         ```\n\n\
         ## Headers\n\n\
         | header | of | meaning |\n\
         |---|---|---|\n\
         | `{COMMAND_ID_HEADER}` | command | names the command: sent again with the same id and body it has no further effect and gets the same reply |\n\
         | `{SEEN_HEADER}` | query | a sequence: the reply shows at least what had happened up to there |\n\
         | `{TRACE_HEADER}` | request | W3C Trace Context |\n\
         | `{SEQUENCE_HEADER}` | reply to a command | the sequence of its last commit |\n\
         | `{ERROR_HEADER}`, `{ERROR_CODE_HEADER}` | error | what happened, and the HTTP status; the body is a problem document |\n\n\
         ## Errors\n\n\
         The body of an error is `application/problem+json`: `type`, `title`, `status`, `detail`, `code`, `request_id` and, for wrong \
         fields, `errors` with a JSON Pointer and a `detail` each.\n\n\
         | code | status | exit code | meaning | what to do |\n\
         |---|---|---|---|---|\n"
    );
    text.extend(ErrorCode::ALL.iter().map(|code| {
        let (status, exit_code, title, help) = (code.status(), code.exit_code(), code.title(), code.help());
        format!("| `{code}` | {status} | {exit_code} | {title} | {help} |\n")
    }));
    text.push_str("\n## Commands\n");
    COMMANDS.iter().for_each(|endpoint| section(&mut text, endpoint));
    text.push_str("\n## Queries\n");
    QUERIES.iter().for_each(|endpoint| section(&mut text, endpoint));
    text
}

fn section(text: &mut String, endpoint: &Endpoint) {
    let Endpoint {
        family,
        kind,
        verb,
        summary,
        permissions,
        example_request,
        example_response,
    } = endpoint;
    let subject = format!("{}.<org>.<user>.{kind}.{verb}", family.as_str());
    let permissions: Vec<String> = permissions
        .iter()
        .map(|permission| format!("`{}`", permission.replace('|', "` or `")))
        .collect();
    text.push_str(
        &[
            "\n### ",
            kind,
            ".",
            verb,
            "\n\n",
            summary,
            "\n\n- Subject: `",
            &subject,
            "`\n- Needs: ",
            &permissions.join(" and "),
            "\n\nRequest:\n\n```json\n",
            &pretty(example_request),
            "\n```\n\nReply:\n\n```json\n",
            &pretty(example_response),
            "\n```\n",
        ]
        .concat(),
    );
}

/// JSON for people: short parts on one line, long ones spread.
fn pretty(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(value) => spread(&value, 0),
        Err(_not_json) => json.to_owned(),
    }
}

const WIDTH: usize = 110;

fn spread(value: &Value, indent: usize) -> String {
    let flat = flat(value);
    if flat.chars().count() + indent <= WIDTH {
        return flat;
    }
    let inner = " ".repeat(indent + 2);
    let (open, parts, close) = match value {
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().map(|item| spread(item, indent + 2)).collect();
            ("[", parts, "]")
        }
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| {
                let key = Value::from(key.as_str());
                format!("{key}: {}", spread(value, indent + 2))
            };
            ("{", fields.iter().map(field).collect(), "}")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return flat,
    };
    let lines: Vec<String> = parts.iter().map(|part| format!("{inner}{part}")).collect();
    format!("{open}\n{}\n{}{close}", lines.join(",\n"), " ".repeat(indent))
}

fn flat(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let field =
                |(key, value): (&String, &Value)| format!("{}: {}", Value::from(key.as_str()), flat(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
