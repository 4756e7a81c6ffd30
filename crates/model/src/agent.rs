//! Agents under test: how each is reached. Also context graphs, the opaque documents handed to them.

mod amigo;
mod direct_line;
mod langgraph;
mod mcp;
mod rasa;
mod websocket;

use std::collections::BTreeMap;

pub use amigo::{AMIGO_URL, Amigo};
pub use direct_line::{DEFAULT_POLL_MS, DEFAULT_QUIET_MS, DIRECT_LINE_URL, DirectLine, DirectLineCredential};
pub use langgraph::LangGraph;
pub use mcp::{Mcp, McpServer};
pub use rasa::{DEFAULT_CHANNEL, Rasa};
use serde::{Deserialize, Serialize};
pub use websocket::{FrameFormat, WebSocket};

use crate::{AgentId, ContextGraphId, Invalid, Json, Life, Name, Text};

/// An agent: a name and append-only numbered versions of how to reach it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// Unique among the organization's live agents.
    pub name: Name,
    /// The newest version's number; 0 while there is none.
    pub latest_version: u32,
    /// The newest version's content; none while there is no version.
    pub latest: Option<AgentContent>,
    /// Creation, change, deletion (on the wire: deprecated).
    pub life: Life,
}

/// What an agent version holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentContent {
    /// How to reach the agent; none: it cannot be simulated with.
    pub connection: Option<Connection>,
    /// A description of the agent that is stored and handed out as it came.
    pub document: Option<Json>,
}

/// How a conversation with an agent is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// The protocol.
    pub protocol: Protocol,
    /// How long one reply may take, in milliseconds (1 to 600,000).
    pub timeout_ms: u32,
    /// How often one call is tried in all (1 to 10). Only failures that may pass are tried again.
    pub max_attempts: u32,
    /// The longest reply accepted, in bytes (1 to 1,048,576).
    pub max_reply_bytes: u32,
}

/// Default of [`Connection::timeout_ms`].
pub const DEFAULT_TIMEOUT_MS: u32 = 60_000;
/// Default of [`Connection::max_attempts`].
pub const DEFAULT_MAX_ATTEMPTS: u32 = 3;
/// Default of [`Connection::max_reply_bytes`].
pub const DEFAULT_MAX_REPLY_BYTES: u32 = 256 * 1024;

/// The protocols. Every text marked "template" is minijinja and may name `secret.NAME`, which is read from the worker's
/// environment when it is used and never stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Protocol {
    /// A child process per conversation.
    Stdio {
        /// The program and its arguments; no shell.
        command: Vec<Text>,
        /// How messages are framed.
        framing: StdioFraming,
        /// Environment variables (templates); beside these the child sees only `PATH`, `HOME`, `LANG`, `TMPDIR`.
        env: BTreeMap<String, String>,
        /// Where the child runs; none: the worker's own directory.
        working_directory: Option<Text>,
        /// What happens to a conversation whose child died with its worker.
        continuation: Continuation,
    },
    /// An OpenAI-compatible `POST {base_url}/chat/completions`.
    OpenAiChat {
        /// Up to and without `/chat/completions` (template).
        base_url: Text,
        /// The model's name.
        model: Text,
        /// The key sent as a bearer token (template); none: no key.
        api_key: Option<Text>,
        /// What the system message says (template over `persona`, `scenario` and `context_graph`); none: no system message.
        system: Option<Text>,
        /// Further headers (templates).
        headers: BTreeMap<String, String>,
        /// Further fields of the request body, such as `temperature` or `tools` (an object).
        parameters: Option<Json>,
    },
    /// Any JSON API, by templates.
    HttpTemplate {
        /// The request of each turn.
        request: HttpRequest,
        /// How the reply is taken out of the response.
        extract: HttpExtract,
        /// A request made once before the first turn; what it extracts is `session` in later templates.
        open: Option<HttpOpen>,
        /// What happens to a conversation that lost its worker.
        continuation: Continuation,
    },
    /// An agent that speaks A2A. Its server keeps the conversation under a context id that is stored with each
    /// turn, so a session can be resumed.
    A2a {
        /// Where the agent's card is (template): the address under which `/.well-known/agent-card.json` stands, or, if its path ends
        /// in `.json`, the card itself. The card says where and how messages are sent. None: `endpoint` does.
        card: Option<Text>,
        /// Where messages are sent (template); no card is read. Exactly one of `card` and `endpoint` is there.
        endpoint: Option<Text>,
        /// How messages are sent; none: what the card prefers, or JSON-RPC.
        binding: Option<A2aBinding>,
        /// The version spoken; none: what the card prefers, or 1.0.
        version: Option<A2aVersion>,
        /// Replies are streamed.
        streaming: bool,
        /// The key sent as a bearer token (template); none: no key.
        api_key: Option<Text>,
        /// Further headers (templates).
        headers: BTreeMap<String, String>,
    },
    /// An OpenAI-compatible `POST {base_url}/responses`. Either the server keeps the history, under the id of the last response, which
    /// is stored with each turn, or each call carries it; in both cases a session can be resumed.
    OpenAiResponses {
        /// Up to and without `/responses` (template).
        base_url: Text,
        /// The model's name.
        model: Text,
        /// The key sent as a bearer token (template); none: no key.
        api_key: Option<Text>,
        /// What the model is told beside the conversation (template over `persona`, `scenario` and `context_graph`); none: nothing.
        instructions: Option<Text>,
        /// Who keeps what was said.
        history: ResponsesHistory,
        /// Further headers (templates).
        headers: BTreeMap<String, String>,
        /// Further fields of the request body, such as `temperature` or `tools` (an object).
        parameters: Option<Json>,
    },
    /// A graph on a LangGraph server.
    LangGraph(LangGraph),
    /// Rasa's REST channel.
    Rasa(Rasa),
    /// A bot behind Bot Framework's Direct Line.
    DirectLine(DirectLine),
    /// A service of Amigo's classic platform.
    Amigo(Amigo),
    /// Frames over a WebSocket.
    WebSocket(WebSocket),
    /// A tool of an MCP server.
    Mcp(Mcp),
    /// The agent connects out to NATS and answers there, on a subject made of its organization and its id. Every request carries the
    /// session's id and the whole history, so any worker can go on.
    Pull,
}

/// Where OpenAI's own API is; other endpoints ask other prices.
const OPENAI: &str = "https://api.openai.com/";

impl Protocol {
    /// The model that answers, where its listed price is what it costs: asked of OpenAI itself.
    pub fn priced_model(&self) -> Option<&str> {
        match self {
            Self::OpenAiChat { base_url, model, .. } | Self::OpenAiResponses { base_url, model, .. } => {
                base_url.as_str().starts_with(OPENAI).then_some(model.as_str())
            }
            Self::Stdio { .. }
            | Self::HttpTemplate { .. }
            | Self::A2a { .. }
            | Self::LangGraph(_)
            | Self::Rasa(_)
            | Self::DirectLine(_)
            | Self::Amigo(_)
            | Self::WebSocket(_)
            | Self::Mcp(_)
            | Self::Pull => None,
        }
    }

    /// The protocol's name in suites, such as `openai_chat`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Stdio { .. } => "stdio",
            Self::OpenAiChat { .. } => "openai_chat",
            Self::HttpTemplate { .. } => "http_template",
            Self::A2a { .. } => "a2a",
            Self::OpenAiResponses { .. } => "openai_responses",
            Self::LangGraph(_) => "langgraph",
            Self::Rasa(_) => "rasa",
            Self::DirectLine(_) => "directline",
            Self::Amigo(_) => "amigo",
            Self::WebSocket(_) => "websocket",
            Self::Mcp(_) => "mcp",
            Self::Pull => "pull",
        }
    }

    /// What happens to a conversation that lost its worker. It goes on where every call carries the whole history, or what the
    /// server assigned to the session is stored with the turns.
    pub const fn continuation(&self) -> Continuation {
        match self {
            Self::OpenAiChat { .. }
            | Self::A2a { .. }
            | Self::OpenAiResponses { .. }
            | Self::LangGraph(_)
            | Self::Rasa(_)
            | Self::Pull => Continuation::Continue,
            Self::DirectLine(bot) => bot.continuation(),
            Self::Amigo(_) => Continuation::Restart,
            Self::WebSocket(socket) => socket.continuation,
            Self::Mcp(mcp) => mcp.continuation,
            Self::Stdio { continuation, .. } | Self::HttpTemplate { continuation, .. } => *continuation,
        }
    }
}

/// How messages to an A2A agent are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum A2aBinding {
    /// JSON-RPC over HTTP.
    JsonRpc,
    /// HTTP and JSON, called REST.
    HttpJson,
}

/// A version of A2A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum A2aVersion {
    /// 1.0
    V1,
    /// 0.3
    V0_3,
}

/// Who keeps what was said, between calls of the Responses API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResponsesHistory {
    /// The server: a call carries what is new and the id of the last response.
    Server,
    /// Rehearse: each call carries everything, and the server is asked to store nothing.
    Client,
}

/// How messages to and from a child process are framed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StdioFraming {
    /// One JSON object per line, both ways.
    JsonLines,
    /// Plain text: a message is one line in; a reply ends where the child prompts again.
    Prompt {
        /// The prompt, such as `> `; none: a reply is one line.
        prompt: Option<String>,
    },
}

/// What happens to a conversation that lost its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Continuation {
    /// It goes on at its last turn: the agent keeps the session, or each call carries the history.
    Continue,
    /// It starts again, visibly, as a further attempt.
    Restart,
}

/// A request by templates over `message`, `turn`, `session_id`, `idempotency_key`, `history`, `persona`, `scenario`,
/// `context_graph`, `session` and `secret`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `POST`, `PUT` or `GET`.
    pub method: HttpMethod,
    /// The URL (template).
    pub url: Text,
    /// Headers (templates).
    pub headers: BTreeMap<String, String>,
    /// The body (template that yields JSON); none: no body.
    pub body: Option<Text>,
}

/// A request method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HttpMethod {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

/// Where the reply stands in a JSON response: JSON Pointers (RFC 6901), or minijinja templates over `response` if they hold `{{`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpExtract {
    /// The reply's text.
    pub text: Text,
    /// Tool calls: an array of objects with `name`, `arguments` and, if known, `result`.
    pub tool_calls: Option<Text>,
    /// Whether the agent says that the conversation is complete.
    pub completed: Option<Text>,
}

/// Where the parts of a reply stand in what came back: JSON Pointers (RFC 6901), or minijinja templates over `response` if they hold
/// `{{`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyExtract {
    /// The reply's text; none: what the protocol itself calls the text.
    pub text: Option<Text>,
    /// Tool calls: an array of objects with `name`, `arguments` and, if known, `result`.
    pub tool_calls: Option<Text>,
    /// Whether the agent says that the conversation is complete.
    pub completed: Option<Text>,
}

/// A request that opens a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpOpen {
    /// The request.
    pub request: HttpRequest,
    /// Name → pointer or template: what later templates see as `session.<name>`.
    pub extract: BTreeMap<String, Text>,
}

impl Connection {
    /// Checks what the types do not say.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.timeout_ms == 0 || self.timeout_ms > 600_000 {
            return Err(Invalid::new("timeout_ms must be 1 to 600000"));
        }
        if self.max_attempts == 0 || self.max_attempts > 10 {
            return Err(Invalid::new("max_attempts must be 1 to 10"));
        }
        if self.max_reply_bytes == 0 || self.max_reply_bytes > 1024 * 1024 {
            return Err(Invalid::new("max_reply_bytes must be 1 to 1048576"));
        }
        match &self.protocol {
            Protocol::Stdio { command, .. } if command.is_empty() => {
                Err(Invalid::new("command must name a program"))
            }
            Protocol::A2a { card, endpoint, .. } if card.is_some() == endpoint.is_some() => Err(
                Invalid::new("an A2A connection has exactly one of `card` and `endpoint`"),
            ),
            Protocol::DirectLine(bot) => bot.check(self.timeout_ms),
            Protocol::WebSocket(socket) => socket.check(),
            Protocol::Mcp(mcp) => mcp.check(),
            Protocol::Stdio { .. }
            | Protocol::OpenAiChat { .. }
            | Protocol::HttpTemplate { .. }
            | Protocol::A2a { .. }
            | Protocol::OpenAiResponses { .. }
            | Protocol::LangGraph(_)
            | Protocol::Rasa(_)
            | Protocol::Amigo(_)
            | Protocol::Pull => Ok(()),
        }
    }
}

/// A context graph: a name and append-only numbered versions of an opaque document (wire name `service_hierarchical_state_machine`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContextGraph {
    /// Its id.
    pub id: ContextGraphId,
    /// Unique among the organization's live context graphs.
    pub name: Name,
    /// The newest version's number; 0 while there is none.
    pub latest_version: u32,
    /// The newest version's content; none while there is no version.
    pub latest: Option<ContextGraphContent>,
    /// Creation, change, deletion (on the wire: deprecated).
    pub life: Life,
}

/// What a context graph version holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextGraphContent {
    /// Stored and handed to the agent as it came.
    pub document: Json,
}
