//! Checks of connections to platforms: LangGraph, Rasa, Direct Line, Amigo.

use model::{Amigo, DirectLine, DirectLineCredential, LangGraph, Rasa, Text};

use super::{Findings, is_pointer};
use crate::{
    agent::{CONNECTION_VARIABLES, OWN_INPUT_FIELDS},
    template::{self, is_template},
};

impl Findings {
    pub(super) fn langgraph(&mut self, graph: &LangGraph) {
        self.base_url(&graph.base_url);
        if let Some(api_key) = &graph.api_key {
            self.text("api_key", api_key);
        }
        self.headers("headers", &graph.headers, CONNECTION_VARIABLES);
        self.plain("assistant_id", &graph.assistant_id);
        self.fields("input", graph.input.as_ref(), OWN_INPUT_FIELDS);
        self.fields("config", graph.config.as_ref(), &[]);
        if let Some(completed) = &graph.completed
            && !is_pointer(completed.as_str())
        {
            self.refuse(
                "completed",
                "must be a JSON Pointer into the graph's state, such as `/done`",
            );
        }
    }

    pub(super) fn rasa(&mut self, rasa: &Rasa) {
        self.base_url(&rasa.base_url);
        self.headers("headers", &rasa.headers, CONNECTION_VARIABLES);
        self.plain("channel", &rasa.channel);
        if rasa.channel.as_str().contains('/') {
            self.refuse("channel", "must be a channel's name, such as `rest`, not a path");
        }
        if let Some(opening) = &rasa.opening {
            self.plain("opening", opening);
        }
        self.fields("metadata", rasa.metadata.as_ref(), &[]);
        if rasa.base_url.as_str().trim_end_matches('/').ends_with("/webhook") {
            self.refuse(
                "base_url",
                "must end before `/webhooks`; the path of the channel is added",
            );
        }
    }

    pub(super) fn directline(&mut self, bot: &DirectLine) {
        self.base_url(&bot.base_url);
        self.headers("headers", &bot.headers, CONNECTION_VARIABLES);
        match &bot.credential {
            DirectLineCredential::None => {}
            DirectLineCredential::Secret(secret) => self.text("secret", secret),
            DirectLineCredential::TokenUrl(url) => {
                self.url("token_url", url.as_str(), CONNECTION_VARIABLES);
            }
        }
        if bot
            .base_url
            .as_str()
            .trim_end_matches('/')
            .ends_with("/conversations")
        {
            self.refuse("base_url", "must end before `/conversations`, which is added");
        }
    }

    pub(super) fn amigo(&mut self, amigo: &Amigo) {
        self.base_url(&amigo.base_url);
        self.headers("headers", &amigo.headers, CONNECTION_VARIABLES);
        self.text("organization", &amigo.organization);
        self.text("service_id", &amigo.service_id);
        self.text("api_key", &amigo.api_key);
        self.text("api_key_id", &amigo.api_key_id);
        self.text("user_id", &amigo.user_id);
        let service_id = amigo.service_id.as_str();
        let is_id = service_id.len() == 24
            && service_id
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_template(service_id) && !is_id {
            self.refuse(
                "service_id",
                "must be a service's id: 24 characters of `0-9` and `a-f`, such as `6618791275130b73714e8d1c`",
            );
        }
        if let Some(version_set) = &amigo.version_set {
            self.plain("version_set", version_set);
        }
        if amigo.base_url.as_str().trim_end_matches('/').ends_with("/v1") {
            self.refuse("base_url", "must end before `/v1`, which is added");
        }
    }

    fn base_url(&mut self, url: &Text) {
        self.url("base_url", url.as_str(), CONNECTION_VARIABLES);
    }

    fn text(&mut self, path: &str, source: &Text) {
        self.add(path, template::check(source.as_str(), CONNECTION_VARIABLES));
    }

    /// A text that is taken as it stands: braces in it are a misunderstanding.
    fn plain(&mut self, path: &str, text: &Text) {
        if is_template(text.as_str()) {
            self.refuse(path, "is not a template; it is sent as it stands");
        }
    }
}

#[cfg(test)]
mod tests;
