//! Checks of connections to agents that speak A2A.

use model::Protocol;

use super::Findings;
use crate::{agent::CONNECTION_VARIABLES, template};

impl Findings {
    /// That there is exactly one of `card` and `endpoint` is a bound of the domain.
    pub(super) fn a2a(&mut self, protocol: &Protocol) {
        let Protocol::A2a {
            card,
            endpoint,
            binding: _,
            version: _,
            streaming: _,
            api_key,
            headers,
        } = protocol
        else {
            return;
        };
        for (path, url) in [("card", card), ("endpoint", endpoint)] {
            if let Some(url) = url {
                self.url(path, url.as_str(), CONNECTION_VARIABLES);
            }
        }
        if let Some(api_key) = api_key {
            self.add("api_key", template::check(api_key.as_str(), CONNECTION_VARIABLES));
        }
        self.headers("headers", headers, CONNECTION_VARIABLES);
        for name in headers
            .keys()
            .filter(|name| name.eq_ignore_ascii_case("a2a-version"))
        {
            self.refuse(
                format!("headers.{name}"),
                "is set by Rehearse itself: use `version`",
            );
        }
    }
}
