//! Agents that are a tool of an MCP server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Continuation, ReplyExtract};
use crate::{Invalid, Json, Text};

/// A tool of a Model Context Protocol server: it is called once per turn, and what it gives is the reply.
///
/// A session can be resumed only if `continuation` says so: another worker then initializes a session of its own, and the tool
/// knows the conversation by `session_id` or `history` among its arguments, if at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mcp {
    /// Where the server is.
    pub server: McpServer,
    /// The tool's name.
    pub tool: Text,
    /// The tool's arguments: an object whose texts are templates. A text that is nothing but `{{ NAME }}` becomes the value of that
    /// name as it is, such as the list `history`.
    pub arguments: Json,
    /// How the reply is taken out of the result; without `text`, its text contents are the reply.
    pub extract: ReplyExtract,
    /// What happens to a conversation that lost its worker.
    pub continuation: Continuation,
}

/// How an MCP server is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum McpServer {
    /// A child process per conversation, over its standard input and output.
    Process {
        /// The program and its arguments; no shell.
        command: Vec<Text>,
        /// Environment variables (templates); beside these the child sees only `PATH`, `HOME`, `LANG`, `TMPDIR`.
        env: BTreeMap<String, String>,
        /// Where the child runs; none: the worker's own directory.
        working_directory: Option<Text>,
    },
    /// Streamable HTTP.
    Http {
        /// The server's URL, such as `https://agent.example/mcp` (template).
        url: Text,
        /// Headers of every request (templates).
        headers: BTreeMap<String, String>,
    },
}

impl Mcp {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if !self.arguments.value().is_object() {
            return Err(Invalid::new("arguments must be an object"));
        }
        match &self.server {
            McpServer::Process { command, .. } if command.is_empty() => {
                Err(Invalid::new("command must name a program"))
            }
            McpServer::Process { .. } | McpServer::Http { .. } => Ok(()),
        }
    }
}
