//! Connections to a tool of an MCP server.

use std::collections::BTreeMap;

use model::{Continuation, Json, Mcp, McpServer, Protocol};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    ContinuationWord,
    websocket::{ReplyExtractDoc, read_extract, write_extract},
};
use crate::{FieldErrors, Pointer, read::Fields};

/// A tool of a Model Context Protocol server, called once per turn: what it gives is the reply.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct McpDoc {
    /// The server is a child process per conversation. Either this or `http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<McpProcessDoc>,
    /// The server is reached over streamable HTTP. Either this or `process`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<McpHttpDoc>,
    /// The tool's name.
    pub tool: String,
    /// The tool's arguments. Texts are templates over `message`, `kind`, `turn`, `session_id`, `idempotency_key`, `history`, `persona`,
    /// `scenario`, `context_graph` and `secret`; a text that is nothing but `{{ NAME }}` becomes the value of that name as it is.
    pub arguments: Map<String, Value>,
    /// How the reply is taken out of the result, which has `content` and perhaps `structuredContent`. Without `text`, the text contents
    /// are the reply.
    #[serde(skip_serializing_if = "ReplyExtractDoc::is_empty")]
    #[schemars(default)]
    pub extract: ReplyExtractDoc,
    /// What happens to a conversation that lost its worker. Default: `restart`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuation: Option<ContinuationWord>,
}

/// An MCP server that is a child process, over its standard input and output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct McpProcessDoc {
    /// The program and its arguments; no shell.
    #[schemars(length(min = 1, max = 100))]
    pub command: Vec<String>,
    /// Environment variables (templates, such as `{{ secret.API_KEY }}`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub env: BTreeMap<String, String>,
    /// Where the child runs. Default: the worker's own directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
}

/// An MCP server over streamable HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct McpHttpDoc {
    /// The server's URL, such as `https://agent.example/mcp` (template).
    pub url: String,
    /// Headers of every request (templates).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
}

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let process = fields.optional_with("process", read_process);
    let http = fields.optional_with("http", read_http);
    let tool = fields.required("tool");
    let arguments = fields.with("arguments", crate::read::json_object);
    let extract = fields.optional_with("extract", read_extract);
    let continuation = fields.or("continuation", Continuation::Restart);
    let is_there = |key: &str| value.get(key).is_some_and(|server| !server.is_null());
    let one_server = is_there("process") != is_there("http");
    if !one_server {
        fields.fault_here("an MCP server has exactly one of `process` or `http`");
    }
    fields.finish();
    let server = process?.or(http?)?;
    let arguments: Json = arguments?;
    let mcp = Mcp {
        server,
        tool: tool?,
        arguments,
        extract: extract?.unwrap_or_default(),
        continuation: continuation?,
    };
    one_server.then_some(Protocol::Mcp(mcp))
}

fn read_process(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<McpServer> {
    let mut fields = Fields::of(value, at, errors)?;
    let command = fields.list("command", 1..=100);
    let env = fields.texts("env", 100);
    let working_directory = fields.optional("workingDirectory");
    fields.finish();
    Some(McpServer::Process {
        command: command?,
        env: env?,
        working_directory: working_directory?,
    })
}

fn read_http(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<McpServer> {
    let mut fields = Fields::of(value, at, errors)?;
    let url = fields.required("url");
    let headers = fields.texts("headers", 100);
    fields.finish();
    Some(McpServer::Http {
        url: url?,
        headers: headers?,
    })
}

pub(super) fn write(mcp: &Mcp) -> McpDoc {
    let (process, http) = match &mcp.server {
        McpServer::Process {
            command,
            env,
            working_directory,
        } => {
            let process = McpProcessDoc {
                command: command.iter().map(ToString::to_string).collect(),
                env: env.clone(),
                working_directory: working_directory.as_ref().map(ToString::to_string),
            };
            (Some(process), None)
        }
        McpServer::Http { url, headers } => {
            let http = McpHttpDoc {
                url: url.to_string(),
                headers: headers.clone(),
            };
            (None, Some(http))
        }
    };
    McpDoc {
        process,
        http,
        tool: mcp.tool.to_string(),
        arguments: crate::wire::object(&mcp.arguments),
        extract: write_extract(&mcp.extract),
        continuation: match mcp.continuation {
            Continuation::Continue => Some(ContinuationWord::Continue),
            Continuation::Restart => None,
        },
    }
}
