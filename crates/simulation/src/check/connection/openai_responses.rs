//! Checks of connections to the Responses API.

use model::Protocol;

use super::Findings;
use crate::{
    agent::{CONNECTION_VARIABLES, RESPONSES_OWN_FIELDS, SYSTEM_VARIABLES},
    template,
};

impl Findings {
    pub(super) fn openai_responses(&mut self, protocol: &Protocol) {
        let Protocol::OpenAiResponses {
            base_url,
            model: _,
            api_key,
            instructions,
            history: _,
            headers,
            parameters,
        } = protocol
        else {
            return;
        };
        self.url("base_url", base_url.as_str(), CONNECTION_VARIABLES);
        if let Some(api_key) = api_key {
            self.add("api_key", template::check(api_key.as_str(), CONNECTION_VARIABLES));
        }
        if let Some(instructions) = instructions {
            let checked = template::check(instructions.as_str(), SYSTEM_VARIABLES);
            self.add("instructions", checked);
        }
        self.headers("headers", headers, CONNECTION_VARIABLES);
        self.parameters(parameters.as_ref(), RESPONSES_OWN_FIELDS);
    }
}
