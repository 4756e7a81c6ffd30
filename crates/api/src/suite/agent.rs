//! `kind: Agent`. A connection has the same shape under `rehearse.connection` of an agent version.

mod a2a;
mod amigo;
mod directline;
mod http;
mod langgraph;
mod mcp;
mod openai_responses;
mod pull;
mod rasa;
mod websocket;

use std::collections::BTreeMap;

pub use a2a::{A2aBindingWord, A2aDoc, A2aVersionWord};
pub use amigo::AmigoDoc;
pub use directline::DirectLineDoc;
pub use http::{ExtractDoc, HttpTemplateDoc, MethodWord, OpenAiChatDoc, OpenDoc, RequestDoc};
pub use langgraph::LangGraphDoc;
pub use mcp::{McpDoc, McpHttpDoc, McpProcessDoc};
use model::{
    AgentContent, Connection, Continuation, DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_REPLY_BYTES,
    DEFAULT_TIMEOUT_MS, Protocol, StdioFraming,
};
pub use openai_responses::{OpenAiResponsesDoc, ResponsesHistoryWord};
pub use pull::PullDoc;
pub use rasa::RasaDoc;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
pub use websocket::{FramesWord, ReplyExtractDoc, WebSocketDoc};

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read as _, variant, words},
};

/// How an agent under test is reached.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgentSpec {
    /// How to reach the agent. Without one it cannot be simulated with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionDoc>,
    /// A description of the agent that is stored and handed out as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Map<String, Value>>,
}

/// How a conversation with an agent is held: exactly one protocol, with bounds.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ConnectionDoc {
    /// A child process per conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdio: Option<StdioDoc>,
    /// An OpenAI-compatible chat completion API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openai_chat: Option<OpenAiChatDoc>,
    /// Any JSON API, by templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_template: Option<HttpTemplateDoc>,
    /// An agent that speaks A2A.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a2a: Option<A2aDoc>,
    /// An OpenAI-compatible Responses API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openai_responses: Option<OpenAiResponsesDoc>,
    /// A graph on a LangGraph server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub langgraph: Option<LangGraphDoc>,
    /// Rasa's REST channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rasa: Option<RasaDoc>,
    /// A bot behind Bot Framework's Direct Line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directline: Option<DirectLineDoc>,
    /// A service of Amigo's classic platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amigo: Option<AmigoDoc>,
    /// Frames over a WebSocket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websocket: Option<WebSocketDoc>,
    /// A tool of an MCP server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp: Option<McpDoc>,
    /// The agent connects out to NATS and answers there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull: Option<PullDoc>,
    /// How long one reply may take, in milliseconds. Default: 60000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 600_000))]
    pub timeout_ms: Option<u32>,
    /// How often one call is tried in all. Default: 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub max_attempts: Option<u32>,
    /// The longest reply accepted, in bytes. Default: 262144.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_reply_bytes: Option<u32>,
}

/// A child process per conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct StdioDoc {
    /// The program and its arguments; no shell.
    #[schemars(length(min = 1, max = 100))]
    pub command: Vec<String>,
    /// How messages are framed. Default: `jsonLines`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framing: Option<FramingDoc>,
    /// Environment variables (templates, such as `{{ secret.API_KEY }}`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub env: BTreeMap<String, String>,
    /// Where the child runs. Default: the worker's own directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// What happens to a conversation whose child died with its worker. Default: `restart`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuation: Option<ContinuationWord>,
}

/// How messages to and from a child process are framed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FramingDoc {
    /// One JSON object per line, both ways.
    JsonLines,
    /// Plain text, one line each way.
    Lines,
    /// Plain text; a reply ends where the child prompts again, such as `> `.
    Prompt(String),
}

/// What happens to a conversation that lost its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ContinuationWord {
    /// It goes on at its last turn: the agent keeps the session, or each call carries the history.
    Continue,
    /// It starts again, visibly, as a further attempt.
    Restart,
}

words! {
    Continuation {
        Continue = "continue",
        Restart = "restart",
    }
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<AgentContent> {
    let connection = fields.optional_with("connection", read_connection);
    let document = fields.json_object("document");
    Some(AgentContent {
        connection: connection?,
        document: document?,
    })
}

/// The protocols, by the name of their field.
const PROTOCOLS: [&str; 12] = [
    "stdio",
    "openaiChat",
    "httpTemplate",
    "a2a",
    "openaiResponses",
    "langgraph",
    "rasa",
    "directline",
    "amigo",
    "websocket",
    "mcp",
    "pull",
];

/// Reads a connection.
pub(crate) fn read_connection(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Connection> {
    let mut fields = Fields::of(value, at, errors)?;
    // All are read, so that every fault is told at once.
    let stdio = fields.optional_with("stdio", read_stdio);
    let openai_chat = fields.optional_with("openaiChat", http::read_openai_chat);
    let http_template = fields.optional_with("httpTemplate", http::read_http_template);
    let a2a = fields.optional_with("a2a", a2a::read);
    let openai_responses = fields.optional_with("openaiResponses", openai_responses::read);
    let langgraph = fields.optional_with("langgraph", langgraph::read);
    let rasa = fields.optional_with("rasa", rasa::read);
    let directline = fields.optional_with("directline", directline::read);
    let amigo = fields.optional_with("amigo", amigo::read);
    let websocket = fields.optional_with("websocket", websocket::read);
    let mcp = fields.optional_with("mcp", mcp::read);
    let pull = fields.optional_with("pull", pull::read);
    let protocols = [
        stdio,
        openai_chat,
        http_template,
        a2a,
        openai_responses,
        langgraph,
        rasa,
        directline,
        amigo,
        websocket,
        mcp,
        pull,
    ];
    let timeout_ms = fields.number_or("timeoutMs", 1..=600_000, DEFAULT_TIMEOUT_MS);
    let max_attempts = fields.number_or("maxAttempts", 1..=10, DEFAULT_MAX_ATTEMPTS);
    let max_reply_bytes = fields.number_or("maxReplyBytes", 1..=1024 * 1024, DEFAULT_MAX_REPLY_BYTES);
    let named = PROTOCOLS
        .iter()
        .filter(|key| value.get(key).is_some_and(|protocol| !protocol.is_null()))
        .count();
    if named != 1 {
        let known: Vec<String> = PROTOCOLS.iter().map(|key| format!("`{key}`")).collect();
        fields.fault_here(format!("a connection has exactly one of {}", known.join(", ")));
    }
    fields.finish();
    if named != 1 {
        return None;
    }
    let protocol = protocols.into_iter().collect::<Option<Vec<_>>>()?;
    let protocol = protocol.into_iter().flatten().next()?;
    let connection = Connection {
        protocol,
        timeout_ms: timeout_ms?,
        max_attempts: max_attempts?,
        max_reply_bytes: max_reply_bytes?,
    };
    if let Err(reason) = connection.check() {
        errors.push(at, reason.to_string());
        return None;
    }
    Some(connection)
}

fn read_stdio(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let command = fields.list("command", 1..=100);
    let framing = fields.optional_with("framing", read_framing);
    let env = fields.texts("env", 100);
    let working_directory = fields.optional("workingDirectory");
    let continuation = fields.or("continuation", Continuation::Restart);
    fields.finish();
    Some(Protocol::Stdio {
        command: command?,
        framing: framing?.unwrap_or(StdioFraming::JsonLines),
        env: env?,
        working_directory: working_directory?,
        continuation: continuation?,
    })
}

fn read_framing(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<StdioFraming> {
    let (word, content, at) = variant(value, &["jsonLines", "lines", "prompt"], at, errors)?;
    match (word, content) {
        ("jsonLines", None) => Some(StdioFraming::JsonLines),
        ("lines", None) => Some(StdioFraming::Prompt { prompt: None }),
        ("prompt", Some(prompt)) => {
            let prompt = String::read(prompt, &at, errors)?;
            if prompt.is_empty() {
                errors.push(&at, "must not be empty; for one line each way write `lines`");
                return None;
            }
            Some(StdioFraming::Prompt { prompt: Some(prompt) })
        }
        ("prompt", None) => {
            errors.push(&at, "needs the prompt: write `prompt: \"> \"`");
            None
        }
        (_, _) => {
            errors.push(&at, format!("`{word}` stands alone: write `framing: {word}`"));
            None
        }
    }
}

pub(crate) fn write(content: &AgentContent) -> AgentSpec {
    AgentSpec {
        connection: content.connection.as_ref().map(write_connection),
        document: content.document.as_ref().map(crate::wire::object),
    }
}

/// Writes a connection.
pub(crate) fn write_connection(connection: &Connection) -> ConnectionDoc {
    let beside = |value: u32, default: u32| (value != default).then_some(value);
    let mut doc = ConnectionDoc {
        stdio: None,
        openai_chat: None,
        http_template: None,
        a2a: a2a::write(&connection.protocol),
        openai_responses: openai_responses::write(&connection.protocol),
        langgraph: langgraph::write(&connection.protocol),
        rasa: rasa::write(&connection.protocol),
        directline: directline::write(&connection.protocol),
        amigo: amigo::write(&connection.protocol),
        websocket: None,
        mcp: None,
        pull: None,
        timeout_ms: beside(connection.timeout_ms, DEFAULT_TIMEOUT_MS),
        max_attempts: beside(connection.max_attempts, DEFAULT_MAX_ATTEMPTS),
        max_reply_bytes: beside(connection.max_reply_bytes, DEFAULT_MAX_REPLY_BYTES),
    };
    match &connection.protocol {
        Protocol::Stdio {
            command,
            framing,
            env,
            working_directory,
            continuation,
        } => {
            doc.stdio = Some(StdioDoc {
                command: command.iter().map(ToString::to_string).collect(),
                framing: match framing {
                    StdioFraming::JsonLines => None,
                    StdioFraming::Prompt { prompt: None } => Some(FramingDoc::Lines),
                    StdioFraming::Prompt { prompt: Some(prompt) } => Some(FramingDoc::Prompt(prompt.clone())),
                },
                env: env.clone(),
                working_directory: working_directory.as_ref().map(ToString::to_string),
                continuation: match continuation {
                    Continuation::Continue => Some(ContinuationWord::Continue),
                    Continuation::Restart => None,
                },
            });
        }
        Protocol::OpenAiChat {
            base_url,
            model,
            api_key,
            system,
            headers,
            parameters,
        } => {
            doc.openai_chat = Some(OpenAiChatDoc {
                base_url: base_url.to_string(),
                model: model.to_string(),
                api_key: api_key.as_ref().map(ToString::to_string),
                system: system.as_ref().map(ToString::to_string),
                headers: headers.clone(),
                parameters: parameters.as_ref().map(crate::wire::object),
            });
        }
        Protocol::HttpTemplate {
            request,
            extract,
            open,
            continuation,
        } => {
            doc.http_template = Some(http::write(request, extract, open.as_ref(), *continuation));
        }
        Protocol::WebSocket(socket) => doc.websocket = Some(websocket::write(socket)),
        Protocol::Mcp(mcp) => doc.mcp = Some(mcp::write(mcp)),
        Protocol::Pull => doc.pull = Some(PullDoc {}),
        // These are written above, by functions of their own.
        Protocol::A2a { .. }
        | Protocol::OpenAiResponses { .. }
        | Protocol::LangGraph(_)
        | Protocol::Rasa(_)
        | Protocol::DirectLine(_)
        | Protocol::Amigo(_) => {}
    }
    doc
}
