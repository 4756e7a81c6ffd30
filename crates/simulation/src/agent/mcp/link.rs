//! A session with an MCP server: begun, asked for its tools, and ended.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::Client;
use rmcp::{
    RoleClient, ServiceError, ServiceExt as _,
    model::{
        CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, Implementation,
        PaginatedRequestParams, Tool,
    },
    service::RunningService,
    transport::{
        StreamableHttpClientTransport, async_rw::AsyncRwTransport,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};

use super::{
    super::{
        AgentError,
        http::Request,
        stdio::{Program, ProgramOptions},
    },
    failure,
    pipe::BoundedLines,
};
/// The largest message of a server. Its list of tools may be larger than a reply.
const MAX_MESSAGE_BYTES: u32 = 4 * 1024 * 1024;
/// How much of an answer that is not a success is read.
const ERROR_BODY_BYTES: usize = 16 * 1024;
/// The most pages of tools.
const MAX_PAGES: usize = 100;
/// How long ending a session may take.
const GRACE: Duration = Duration::from_secs(2);

/// An open session.
pub(super) struct Link {
    service: RunningService<RoleClient, ClientConfig>,
    program: Option<Program>,
    /// The child wrote a line that is too long.
    overrun: Arc<AtomicBool>,
    place: String,
}

impl Link {
    /// Begins a session with a child process.
    pub(super) async fn start(options: &ProgramOptions<'_>) -> Result<Self, AgentError> {
        let (mut program, stdin, stdout) = Program::spawn(options)?;
        let place = program.place().to_owned();
        let overrun = Arc::new(AtomicBool::new(false));
        let limit = usize::try_from(MAX_MESSAGE_BYTES).unwrap_or(usize::MAX);
        let stdout = BoundedLines::new(stdout, limit, Arc::clone(&overrun));
        match client().serve(AsyncRwTransport::new_client(stdout, stdin)).await {
            Ok(service) => Ok(Self {
                service,
                program: Some(program),
                overrun,
                place,
            }),
            Err(error) => {
                let error = failure::of_start(&place, &error, MAX_MESSAGE_BYTES);
                Err(explained(error, &overrun, &mut program, &place).await)
            }
        }
    }

    /// Begins a session over HTTP.
    pub(super) async fn connect(http: Client, request: &Request) -> Result<Self, AgentError> {
        let place = request.place();
        let headers: HashMap<_, _> = request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let limit = usize::try_from(MAX_MESSAGE_BYTES).unwrap_or(usize::MAX);
        let config = StreamableHttpClientTransportConfig::with_uri(request.url.as_str())
            .custom_headers(headers)
            .max_sse_event_size(limit)
            .max_json_response_size(limit)
            .max_error_response_size(ERROR_BODY_BYTES)
            // A session that is made anew in silence has forgotten the conversation.
            .reinit_on_expired_session(false);
        let transport = StreamableHttpClientTransport::with_client(http, config);
        let service = client()
            .serve(transport)
            .await
            .map_err(|error| failure::of_start(&place, &error, MAX_MESSAGE_BYTES))?;
        Ok(Self {
            service,
            program: None,
            overrun: Arc::default(),
            place,
        })
    }

    /// The server or command, for errors.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The tool of this name.
    pub(super) async fn tool(&mut self, name: &str) -> Result<Tool, AgentError> {
        let mut names = Vec::new();
        let mut cursor = None;
        for _page in 0..MAX_PAGES {
            let page = PaginatedRequestParams::default().with_cursor(cursor.take());
            let mut page = match self.service.peer().list_tools(Some(page)).await {
                Ok(page) => page,
                Err(error) => return Err(self.failed(&error).await),
            };
            if let Some(found) = page.tools.iter().position(|tool| tool.name == name) {
                return Ok(page.tools.swap_remove(found));
            }
            names.extend(page.tools.iter().map(|tool| format!("`{}`", tool.name)));
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        names.truncate(20);
        let known = if names.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it has {}", names.join(", "))
        };
        Err(AgentError::Malformed {
            place: self.place.clone(),
            reason: format!("the server has no tool `{name}`; {known}"),
            detail: String::new(),
        })
    }

    /// Calls a tool.
    pub(super) async fn call(&self, call: CallToolRequestParams) -> Result<CallToolResult, ServiceError> {
        self.service.call_tool(call).await
    }

    /// The error for a request that failed.
    pub(super) async fn failed(&mut self, error: &ServiceError) -> AgentError {
        let error = failure::of_request(&self.place, error, MAX_MESSAGE_BYTES);
        match &mut self.program {
            Some(program) => explained(error, &self.overrun, program, &self.place).await,
            None => error,
        }
    }

    /// The error for a request over HTTP that failed.
    pub(super) fn refused(&self, error: &ServiceError) -> AgentError {
        failure::of_request(&self.place, error, MAX_MESSAGE_BYTES)
    }

    /// What a child wrote to standard error; empty, or begins with a separator.
    pub(super) fn stderr_tail(&self) -> String {
        self.program
            .as_ref()
            .map(Program::stderr_tail)
            .unwrap_or_default()
    }

    /// Ends the session.
    pub(super) async fn close(mut self) {
        let _late = self.service.close_with_timeout(GRACE).await;
        if let Some(program) = &mut self.program {
            program.close().await;
        }
    }
}

/// A connection that is gone has a reason in the process.
async fn explained(
    error: AgentError,
    overrun: &AtomicBool,
    program: &mut Program,
    place: &str,
) -> AgentError {
    if overrun.load(Ordering::Relaxed) {
        program.kill();
        return AgentError::TooLarge {
            place: place.to_owned(),
            limit_bytes: MAX_MESSAGE_BYTES,
        };
    }
    if matches!(error, AgentError::Unreachable { .. }) {
        return program.exited("").await;
    }
    error
}

/// What the server is told of us. It may ask us for nothing.
fn client() -> ClientConfig {
    ClientConfig::new(
        ClientCapabilities::default(),
        Implementation::new("rehearse", env!("CARGO_PKG_VERSION")),
    )
}
