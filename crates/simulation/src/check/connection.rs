//! Checks of how an agent is reached.

mod a2a;
mod mcp;
mod openai_responses;
mod platforms;
mod websocket;

use std::collections::BTreeMap;

use model::{Continuation, HttpExtract, HttpOpen, HttpRequest, Json, Protocol, StdioFraming};

use super::Findings;
use crate::{
    agent::{
        CONNECTION_VARIABLES, OPEN_VARIABLES, OWN_FIELDS, REQUEST_VARIABLES, RESPONSE_VARIABLES,
        SYSTEM_VARIABLES,
    },
    template,
};

impl Findings {
    pub(super) fn protocol(&mut self, protocol: &Protocol) {
        match protocol {
            Protocol::Stdio {
                command: _,
                framing,
                env,
                working_directory: _,
                continuation,
            } => {
                self.environment("env", env);
                if matches!(framing, StdioFraming::Prompt { .. }) && *continuation == Continuation::Continue {
                    self.refuse(
                        "continuation",
                        "must be `restart`: a program that is spoken to in plain text cannot be told what was said before",
                    );
                }
                if matches!(framing, StdioFraming::Prompt { prompt: Some(prompt) } if prompt.is_empty() || prompt.contains('\n'))
                {
                    self.refuse("framing.prompt", "must be some text within one line");
                }
            }
            Protocol::OpenAiChat {
                base_url,
                model: _,
                api_key,
                system,
                headers,
                parameters,
            } => {
                self.url("base_url", base_url.as_str(), CONNECTION_VARIABLES);
                if let Some(api_key) = api_key {
                    self.add("api_key", template::check(api_key.as_str(), CONNECTION_VARIABLES));
                }
                if let Some(system) = system {
                    self.add("system", template::check(system.as_str(), SYSTEM_VARIABLES));
                }
                self.headers("headers", headers, CONNECTION_VARIABLES);
                self.parameters(parameters.as_ref(), OWN_FIELDS);
            }
            Protocol::HttpTemplate {
                request,
                extract,
                open,
                continuation,
            } => {
                let names_session = self.request("request", request, REQUEST_VARIABLES);
                self.extract(extract);
                match open {
                    Some(open) => self.open(open, names_session, *continuation),
                    None if names_session => {
                        self.refuse(
                            "request",
                            "names `session`, but there is no `open` that would give it",
                        );
                    }
                    None => {}
                }
            }
            Protocol::A2a { .. } => self.a2a(protocol),
            Protocol::OpenAiResponses { .. } => self.openai_responses(protocol),
            Protocol::LangGraph(graph) => self.langgraph(graph),
            Protocol::Rasa(rasa) => self.rasa(rasa),
            Protocol::DirectLine(bot) => self.directline(bot),
            Protocol::Amigo(amigo) => self.amigo(amigo),
            Protocol::WebSocket(socket) => self.websocket(socket),
            Protocol::Mcp(mcp) => self.mcp(mcp),
            // The subject follows from the organization and the agent.
            Protocol::Pull => {}
        }
    }

    fn environment(&mut self, path: &str, env: &BTreeMap<String, String>) {
        for (name, value) in env {
            let path = format!("{path}.{name}");
            if name.is_empty() || name.contains(['=', '\0']) {
                self.refuse(path.as_str(), "is not the name of an environment variable");
            }
            self.add(path, template::check(value, CONNECTION_VARIABLES));
        }
    }

    /// Checks further fields of a request body.
    fn parameters(&mut self, parameters: Option<&Json>, own: &[&str]) {
        self.fields("parameters", parameters, own);
    }

    /// Checks an object whose fields go into a request, beside `own` ones that it may not have.
    fn fields(&mut self, path: &str, fields: Option<&Json>, own: &[&str]) {
        match fields.map(Json::value) {
            None => {}
            Some(serde_json::Value::Object(fields)) => {
                for name in own.iter().filter(|name| fields.contains_key(**name)) {
                    self.refuse(
                        format!("{path}.{name}"),
                        "is set by Rehearse itself; leave it out",
                    );
                }
            }
            Some(_) => self.refuse(path, "must be an object"),
        }
    }

    fn open(&mut self, open: &HttpOpen, names_session: bool, continuation: Continuation) {
        self.request("open.request", &open.request, OPEN_VARIABLES);
        for (name, source) in &open.extract {
            self.source(format!("open.extract.{name}"), source.as_str());
        }
        if names_session && continuation == Continuation::Continue {
            self.refuse(
                "continuation",
                "must be `restart`: `request` names `session`, which another worker does not have; open the session under \
                 `session_id` and name that instead, or let the conversation start again",
            );
        }
    }

    /// Checks a request; tells whether it names `session`.
    fn request(&mut self, path: &str, request: &HttpRequest, allowed: &[&str]) -> bool {
        let mut names_session = self.url(&format!("{path}.url"), request.url.as_str(), allowed);
        if let Some(body) = &request.body {
            let named = self.add(format!("{path}.body"), template::check(body.as_str(), allowed));
            names_session |= named.is_some_and(|named| named.contains("session"));
            if !template::is_template(body.as_str())
                && let Err(why) = serde_json::from_str::<serde_json::Value>(body.as_str())
            {
                self.refuse(format!("{path}.body"), format!("is not JSON: {why}"));
            }
        }
        names_session | self.headers(&format!("{path}.headers"), &request.headers, allowed)
    }

    fn url(&mut self, path: &str, url: &str, allowed: &[&str]) -> bool {
        let named = self.add(path, template::check(url, allowed));
        if !template::is_template(url) {
            match reqwest::Url::parse(url) {
                Ok(url) if matches!(url.scheme(), "http" | "https") => {}
                Ok(_) => self.refuse(path, "must begin with `http://` or `https://`"),
                Err(why) => self.refuse(path, format!("is not a URL: {why}")),
            }
        }
        named.is_some_and(|named| named.contains("session"))
    }

    fn headers(&mut self, path: &str, headers: &BTreeMap<String, String>, allowed: &[&str]) -> bool {
        let mut names_session = false;
        for (name, value) in headers {
            let path = format!("{path}.{name}");
            if name.parse::<reqwest::header::HeaderName>().is_err() {
                self.refuse(path.as_str(), "is not a header's name");
            }
            let named = self.add(path, template::check(value, allowed));
            names_session |= named.is_some_and(|named| named.contains("session"));
        }
        names_session
    }

    fn extract(&mut self, extract: &HttpExtract) {
        self.source("extract.text", extract.text.as_str());
        for (path, source) in [
            ("extract.tool_calls", &extract.tool_calls),
            ("extract.completed", &extract.completed),
        ] {
            if let Some(source) = source {
                self.source(path, source.as_str());
            }
        }
    }

    /// A JSON Pointer, or a template over `response`.
    fn source(&mut self, path: impl Into<String>, source: &str) {
        self.source_with(path, source, RESPONSE_VARIABLES);
    }

    /// A JSON Pointer, or a template over `allowed`.
    fn source_with(&mut self, path: impl Into<String>, source: &str, allowed: &[&str]) {
        let path = path.into();
        if template::is_template(source) {
            self.add(path, template::check(source, allowed));
        } else if !is_pointer(source) {
            self.refuse(
                path,
                "must be a JSON Pointer, such as `/reply/text`, or a template, such as `{{ response.text }}`",
            );
        }
    }
}

/// RFC 6901, section 3: not empty here, begins with `/`, and `~` only as `~0` or `~1`.
fn is_pointer(source: &str) -> bool {
    source.starts_with('/') && source.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}
