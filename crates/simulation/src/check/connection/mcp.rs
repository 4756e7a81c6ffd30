//! Checks of connections to a tool of an MCP server.

use model::{Mcp, McpServer};
use serde_json::Value;

use super::super::Findings;
use crate::{
    agent::{ARGUMENT_VARIABLES, CONNECTION_VARIABLES, RESPONSE_VARIABLES},
    template,
};

/// Headers that the protocol itself sets.
const PROTOCOL_HEADERS: [&str; 5] = [
    "accept",
    "content-type",
    "last-event-id",
    "mcp-protocol-version",
    "mcp-session-id",
];

impl Findings {
    pub(super) fn mcp(&mut self, mcp: &Mcp) {
        match &mcp.server {
            McpServer::Process {
                command: _,
                env,
                working_directory: _,
            } => self.environment("process.env", env),
            McpServer::Http { url, headers } => {
                self.url("http.url", url.as_str(), CONNECTION_VARIABLES);
                self.headers("http.headers", headers, CONNECTION_VARIABLES);
                for name in headers.keys() {
                    if PROTOCOL_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                        self.refuse(
                            format!("http.headers.{name}"),
                            "is set by the protocol itself; leave it out",
                        );
                    }
                }
            }
        }
        let arguments = mcp.arguments.value();
        if arguments.is_object() {
            self.arguments("arguments", &arguments);
        } else {
            self.refuse("arguments", "must be an object");
        }
        for (path, source) in [
            ("extract.text", &mcp.extract.text),
            ("extract.tool_calls", &mcp.extract.tool_calls),
            ("extract.completed", &mcp.extract.completed),
        ] {
            if let Some(source) = source {
                self.source_with(path, source.as_str(), RESPONSE_VARIABLES);
            }
        }
    }

    /// Every text within is a template.
    fn arguments(&mut self, path: &str, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(source) => {
                self.add(path, template::check(source, ARGUMENT_VARIABLES));
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.arguments(&format!("{path}.{index}"), item);
                }
            }
            Value::Object(fields) => {
                for (name, item) in fields {
                    self.arguments(&format!("{path}.{name}"), item);
                }
            }
        }
    }
}
