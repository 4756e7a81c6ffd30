//! Agents that are a tool of an MCP server: called once per turn, and what it gives is the reply.
//!
//! The server is a child process per conversation, or an HTTP server with a session per conversation. Over HTTP, calls are tried
//! again within the session, with the same key in `_meta`; a process whose call failed is ended. Nothing that a server asks of its
//! client is done.

mod arguments;
mod failure;
mod link;
mod pipe;

use std::{collections::BTreeMap, time::Duration};

pub(crate) use arguments::ARGUMENT_VARIABLES;
pub(super) use arguments::arguments_name;
use arguments::{Filler, accepted};
use async_trait::async_trait;
use jsonschema::Validator;
use link::Link;
use model::{Connection, Json, Mcp, McpServer, Protocol, Text, Turn};
use reqwest::Method;
use rmcp::model::{CallToolRequestParams, CallToolResult, MetaObject, RequestMetaObject};
use serde_json::{Map, Value};

use super::{
    AgentCall, AgentError, Answer, Exchange,
    attempts::Attempts,
    extract::Response,
    http::{Http, Request},
    openai_chat::fill_in,
    stdio::{ProgramOptions, place_of},
    trace::{TRACEPARENT, Trace},
    variables,
};
use crate::{
    Briefing, Secrets,
    excerpt::{EXCERPT_BYTES, excerpt},
    judge::compile_schema,
    template::Variables,
    view,
};

/// Where a call's key stands in `_meta`.
const IDEMPOTENCY_KEY: &str = "rehearse/idempotencyKey";
/// Where the session's id stands in `_meta`.
const SESSION_ID: &str = "rehearse/sessionId";

pub(super) struct McpSession {
    definition: Mcp,
    link: Option<Link>,
    schema: Option<Validator>,
    variables: Variables,
    /// What `variables` hold, without secrets.
    values: BTreeMap<&'static str, Value>,
    trace: Trace,
    attempts: Attempts,
    session_id: String,
    timeout_ms: u32,
    max_reply_bytes: u32,
    place: String,
    secrets: Secrets,
    /// Why the session is of no further use.
    broken: Option<AgentError>,
}

impl McpSession {
    pub(super) async fn open(
        briefing: &Briefing,
        connection: &Connection,
        history: &[Turn],
        http: &Http,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let Protocol::Mcp(definition) = &connection.protocol else {
            return Err(AgentError::Unsuitable {
                agent: briefing.agent.name.to_string(),
                reason: format!("`{}` is not `mcp`", connection.protocol.as_str()),
            });
        };
        let variables = variables::of_conversation(briefing, secrets);
        let attempts = Attempts::new(connection, briefing.seed);
        let first_turn = u32::try_from(history.len()).unwrap_or(u32::MAX);
        let opening = Opening {
            definition,
            variables: &variables,
            timeout_ms: connection.timeout_ms,
            secrets,
        };
        let (link, schema) = match &definition.server {
            McpServer::Process {
                command,
                env,
                working_directory,
            } => opening.process(command, env, working_directory.as_ref()).await?,
            McpServer::Http { url, headers } => {
                let (request, client) = opening.request(http, url, headers)?;
                let place = request.place();
                let begin = || async { opening.tool(Link::connect(client.clone(), &request).await?).await };
                let (begun, _calls) = attempts.run(first_turn, &place, begin).await?;
                begun
            }
        };
        let values = BTreeMap::from([
            ("session_id", briefing.session_id.as_str().into()),
            ("persona", view::persona(briefing)),
            ("scenario", view::scenario(briefing)),
            ("context_graph", briefing.context_graph.value()),
        ]);
        Ok(Self {
            definition: definition.clone(),
            place: link.place().to_owned(),
            link: Some(link),
            schema,
            variables,
            values,
            trace: Trace::of(briefing),
            attempts,
            session_id: briefing.session_id.clone(),
            timeout_ms: connection.timeout_ms,
            max_reply_bytes: connection.max_reply_bytes,
            secrets: secrets.clone(),
            broken: None,
        })
    }

    fn request(&self, call: &AgentCall<'_>) -> Result<CallToolRequestParams, AgentError> {
        let variables = variables::with_turn(&self.variables, call);
        let mut values = self.values.clone();
        values.extend(variables::of_turn(call));
        let filler = Filler {
            variables: &variables,
            values: &values,
        };
        let arguments = filler.object(&self.definition.arguments.value())?;
        let tool = self.definition.tool.to_string();
        accepted(self.schema.as_ref(), &tool, &arguments)?;
        let meta = [
            (TRACEPARENT, self.trace.parent(call.turn_index)),
            (IDEMPOTENCY_KEY, call.idempotency_key.clone()),
            (SESSION_ID, self.session_id.clone()),
        ];
        let meta: Map<String, Value> = meta
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::String(value)))
            .collect();
        let mut params = CallToolRequestParams::new(tool).with_arguments(arguments);
        params.meta = Some(RequestMetaObject(MetaObject(meta)));
        Ok(params)
    }

    async fn call(&mut self, call: &AgentCall<'_>) -> Result<(CallToolResult, u32), AgentError> {
        let request = self.request(call)?;
        let Some(link) = &mut self.link else {
            return Err(AgentError::Unreachable {
                place: self.place.clone(),
                reason: "the session is closed".to_owned(),
            });
        };
        match &self.definition.server {
            McpServer::Http { .. } => {
                let link = &*link;
                let send = || async {
                    let result = link.call(request.clone()).await;
                    result.map_err(|error| link.refused(&error))
                };
                self.attempts.run(call.turn_index, &self.place, send).await
            }
            McpServer::Process { .. } => {
                let limit = Duration::from_millis(u64::from(self.timeout_ms));
                match tokio::time::timeout(limit, link.call(request)).await {
                    Ok(Ok(result)) => Ok((result, 1)),
                    Ok(Err(error)) => Err(link.failed(&error).await),
                    Err(_elapsed) => Err(AgentError::Timeout {
                        place: self.place.clone(),
                        timeout_ms: self.timeout_ms,
                        detail: link.stderr_tail(),
                    }),
                }
            }
        }
    }

    fn answer(&self, result: &CallToolResult) -> Result<Answer, AgentError> {
        let texts: Vec<&str> = result
            .content
            .iter()
            .filter_map(|block| Some(block.as_text()?.text.as_str()))
            .collect();
        let said = texts.join("\n");
        let malformed = |reason: String| {
            let quoted = excerpt(self.secrets.redact(&said).trim(), EXCERPT_BYTES);
            AgentError::Malformed {
                place: self.place.clone(),
                reason,
                detail: if quoted.is_empty() {
                    String::new()
                } else {
                    format!(": {quoted}")
                },
            }
        };
        if result.is_error == Some(true) {
            return Err(malformed(format!(
                "tool `{}` reports an error",
                self.definition.tool
            )));
        }
        let value = serde_json::to_value(result)
            .map_err(|why| malformed(format!("the result cannot be read as JSON ({why})")))?;
        let response = Response::new(value, &Variables::default());
        let extract = &self.definition.extract;
        let answer = Answer {
            text: match &extract.text {
                Some(source) => response.text(source, "extract.text").map_err(&malformed)?,
                None => said.clone(),
            },
            tool_calls: response
                .tool_calls(extract.tool_calls.as_ref(), "extract.tool_calls")
                .map_err(&malformed)?,
            completed: response
                .flag(extract.completed.as_ref(), "extract.completed")
                .map_err(&malformed)?,
            ..Answer::default()
        };
        let calls = answer.tool_calls.iter();
        let size = calls.fold(answer.text.len(), |size, call| {
            size + call.arguments.as_str().len() + call.result.as_ref().map_or(0, |json| json.as_str().len())
        });
        if size > usize::try_from(self.max_reply_bytes).unwrap_or(usize::MAX) {
            return Err(AgentError::TooLarge {
                place: self.place.clone(),
                limit_bytes: self.max_reply_bytes,
            });
        }
        if texts.is_empty() && extract.text.is_none() && answer.tool_calls.is_empty() && !answer.completed {
            return Err(malformed(
                "the result has no text content; say in `extract.text` where the text stands".to_owned(),
            ));
        }
        Ok(answer)
    }
}

#[async_trait]
impl Exchange for McpSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let called = self.call(&call).await;
        match called {
            Ok((result, calls)) => Ok((self.answer(&result)?, calls)),
            Err(error) => {
                // What a process does after a failed call is unknown: it is ended, with everything it started.
                self.link = None;
                self.broken = Some(error.clone());
                Err(error)
            }
        }
    }

    async fn close(mut self: Box<Self>) {
        if let Some(link) = self.link.take() {
            link.close().await;
        }
    }

    fn place(&self) -> &str {
        &self.place
    }
}

/// What beginning a session needs.
struct Opening<'a> {
    definition: &'a Mcp,
    variables: &'a Variables,
    timeout_ms: u32,
    secrets: &'a Secrets,
}

impl Opening<'_> {
    async fn process(
        &self,
        command: &[Text],
        env: &BTreeMap<String, String>,
        working_directory: Option<&Text>,
    ) -> Result<(Link, Option<Validator>), AgentError> {
        let mut filled = Vec::new();
        for (name, value) in env {
            let field = format!("process.env.{name}");
            filled.push((name.clone(), fill_in(self.variables, &field, value)?));
        }
        let program = ProgramOptions {
            command,
            env: &filled,
            working_directory: working_directory.map(Text::as_str),
            secrets: self.secrets,
        };
        let limit = Duration::from_millis(u64::from(self.timeout_ms));
        let begun = tokio::time::timeout(limit, async { self.tool(Link::start(&program).await?).await });
        begun.await.unwrap_or_else(|_elapsed| {
            Err(AgentError::Timeout {
                place: place_of(command),
                timeout_ms: self.timeout_ms,
                detail: ": the session did not begin".to_owned(),
            })
        })
    }

    /// What every request over HTTP has in common. The method is that of most of them; it only stands in errors.
    fn request(
        &self,
        http: &Http,
        url: &Text,
        headers: &BTreeMap<String, String>,
    ) -> Result<(Request, reqwest::Client), AgentError> {
        let field = "http.url";
        let url = fill_in(self.variables, field, url.as_str())?;
        let mut request = Request::new(Method::POST, url.trim(), field)?;
        for (name, value) in headers {
            let field = format!("http.headers.{name}");
            request.header(&field, name, &fill_in(self.variables, &field, value)?)?;
        }
        let client = http.client_for(&request)?;
        Ok((request, client))
    }

    /// The tool's schema, if it can be checked here.
    async fn tool(&self, mut link: Link) -> Result<(Link, Option<Validator>), AgentError> {
        let tool = match link.tool(self.definition.tool.as_str()).await {
            Ok(tool) => tool,
            Err(error) => {
                link.close().await;
                return Err(error);
            }
        };
        let schema = Json::from_value(&Value::Object((*tool.input_schema).clone()))
            .and_then(|schema| compile_schema(&schema));
        let schema = match schema {
            Ok(schema) => Some(schema),
            Err(why) => {
                // The server checks its arguments itself; here they would only have been told earlier.
                tracing::debug!(tool = %tool.name, %why, "the schema of the tool's arguments is not checked");
                None
            }
        };
        Ok((link, schema))
    }
}

#[cfg(test)]
mod tests;
