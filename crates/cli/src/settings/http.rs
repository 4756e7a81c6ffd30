//! The settings of the HTTP API. What each means is said in `config/rehearse.toml`.

use std::{collections::BTreeMap, net::SocketAddr};

use serde::{Deserialize, Serialize};
use server::{HttpOptions, RateLimits};

use super::{Lasting, Texts};
use crate::failure::Failure;

/// What answers over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) enabled: bool,
    pub(crate) address: SocketAddr,
    public_url: String,
    cors_origins: Texts,
    pub(crate) token_lifetime: Lasting,
    sign_ins_per_minute: u32,
    rate_limits: bool,
    rate_limit_factor: f64,
    operation_limits: Texts,
    max_connections: usize,
    max_body_bytes: usize,
    request_timeout: Lasting,
    header_timeout: Lasting,
    body_timeout: Lasting,
    write_timeout: Lasting,
    max_lag: u64,
}

impl Http {
    /// How clients see the server, if that was said.
    pub(crate) fn public_url(&self) -> Option<&str> {
        (!self.public_url.is_empty()).then_some(self.public_url.as_str())
    }

    /// Whether requests may pass other machines in the clear.
    pub(crate) fn is_exposed(&self) -> bool {
        let is_https = self.public_url().is_some_and(|url| url.starts_with("https://"));
        self.enabled && !self.address.ip().is_loopback() && !is_https
    }

    /// How the server is to work.
    pub(crate) fn options(&self) -> Result<HttpOptions, Failure> {
        Ok(HttpOptions {
            address: self.address,
            public_url: self.public_url().map(str::to_owned),
            max_body_bytes: self.max_body_bytes,
            request_timeout: self.request_timeout.duration(),
            header_timeout: self.header_timeout.duration(),
            body_timeout: self.body_timeout.duration(),
            write_timeout: self.write_timeout.duration(),
            max_connections: self.max_connections,
            cors_origins: self.cors_origins.as_slice().to_vec(),
            rate_limits: RateLimits {
                sign_in_per_minute: self.sign_ins_per_minute,
                operations: self.rate_limits,
                factor: self.rate_limit_factor,
                per_operation: limits(self.operation_limits.as_slice())?,
            },
            max_lag: self.max_lag,
        })
    }
}

/// Limits such as `get-personas=120`.
fn limits(texts: &[String]) -> Result<BTreeMap<String, u32>, Failure> {
    let limit = |text: &String| {
        let (operation, per_minute) = text.split_once('=')?;
        Some((operation.trim().to_owned(), per_minute.trim().parse().ok()?))
    };
    let of = |text| {
        limit(text).ok_or_else(|| {
            Failure::configuration(format!(
                "the setting `http.operation_limits` cannot hold `{text}`: write an operation and a number, such as `get-personas=120`"
            ))
        })
    };
    texts.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        exit::Exit,
        settings::{Places, read},
    };

    fn with(name: &str, value: &str) -> super::Http {
        let places = Places {
            environment: vec![(format!("REHEARSE__HTTP__{name}"), value.to_owned())],
            ..Places::default()
        };
        read(&places).expect("it can be").0.http
    }

    #[test]
    fn the_defaults_are_those_of_the_server() {
        let (settings, _layers) = read(&Places::default()).expect("the defaults are good");
        let ours = settings.http.options().expect("the defaults are good");
        assert_eq!(
            format!("{ours:?}"),
            format!("{:?}", server::HttpOptions::default())
        );
    }

    #[test]
    fn lists_are_given_in_the_environment_too() {
        let options = with("CORS_ORIGINS", "https://a.example, https://b.example").options();
        assert_eq!(
            options.expect("good").cors_origins,
            ["https://a.example", "https://b.example"]
        );
        let options = with("OPERATION_LIMITS", "get-personas=120,create-run = 5").options();
        let limits = options.expect("good").rate_limits.per_operation;
        assert_eq!(limits.get("create-run"), Some(&5));
        for wrong in ["get-personas", "get-personas=many", "get-personas=-1"] {
            let failure = with("OPERATION_LIMITS", wrong)
                .options()
                .expect_err("it is no limit");
            assert_eq!(failure.exit, Exit::Configuration);
        }
    }

    #[test]
    fn what_passes_in_the_clear_is_known() {
        assert!(!with("ADDRESS", "127.0.0.1:0").is_exposed());
        assert!(!with("ADDRESS", "[::1]:80").is_exposed());
        assert!(with("ADDRESS", "0.0.0.0:80").is_exposed());
    }
}
