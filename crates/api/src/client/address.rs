//! Addresses: the server's own, and those of its operations.

use std::net::IpAddr;

use model::OrgId;
use reqwest::Url;

use super::ClientError;
use crate::{
    FieldErrors, Pointer,
    http::{Operation, Spread},
};

/// The path of signing in, after that of the organization.
const SIGN_IN: &str = "user/signin_with_api_key";
/// What stands for the organization in paths.
const ORGANIZATION: &str = "{organization}";

/// A server's address, and the organization there.
#[derive(Clone, Debug)]
pub(super) struct Address {
    base: Url,
    shown: String,
    organization: OrgId,
}

impl Address {
    pub(super) fn new(base_url: &str, organization: OrgId) -> Result<Self, ClientError> {
        let refused = |reason: &str| ClientError::Options {
            reason: format!("the server's address cannot be used: {reason}"),
            source: None,
        };
        // The text is not repeated: it may hold a password.
        let base = Url::parse(base_url)
            .map_err(|why| refused(&format!("{why}; write it as https://host or http://host:port")))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(refused("it must begin with https:// or http://"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(refused(
                "it holds a user or password; credentials are given apart from it",
            ));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(refused("it must end with the host, port or path"));
        }
        let shown = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            base,
            shown,
            organization,
        })
    }

    /// The server's address, without a slash at the end.
    pub(super) fn base_url(&self) -> &str {
        &self.shown
    }

    /// Whether the server is on this machine, which no proxy can reach.
    pub(super) fn is_local(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.ends_with(".localhost")
            || address
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Where to sign in.
    pub(super) fn of_sign_in(&self) -> Result<Url, ClientError> {
        let path = format!("{}{SIGN_IN}", crate::http::PATH_PREFIX);
        self.at(&path, &[], &[])
    }

    /// Where an operation is asked for.
    pub(super) fn of(&self, operation: &Operation, spread: &Spread) -> Result<Url, ClientError> {
        let fields: Vec<(&str, &str, &str)> = operation
            .path_fields
            .iter()
            .zip(&spread.path)
            .map(|((placeholder, field), value)| (*placeholder, *field, value.as_str()))
            .collect();
        self.at(&operation.full_path(), &fields, &spread.query)
    }

    /// A path with its placeholders filled, and a query. Each value is one segment, whatever it holds.
    fn at(
        &self,
        path: &str,
        fields: &[(&str, &str, &str)],
        query: &[(String, String)],
    ) -> Result<Url, ClientError> {
        let mut url = self.base.clone();
        {
            let mut segments = url.path_segments_mut().map_err(|()| ClientError::Options {
                reason: "the server's address cannot have a path".to_owned(),
                source: None,
            })?;
            segments.pop_if_empty();
            for part in path.trim_start_matches('/').split('/') {
                let placeholder = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                let field = fields.iter().find(|(name, _, _)| Some(*name) == placeholder);
                match field {
                    _ if part == ORGANIZATION => segments.push(self.organization.as_str()),
                    // On the way these would mean another path.
                    Some((_, field, "." | "..")) => {
                        let at = Pointer::root().key(field);
                        let detail = "cannot be `.` or `..`";
                        return Err(ClientError::Request(FieldErrors::one(&at, detail)));
                    }
                    Some((_, _, value)) => segments.push(value),
                    None => segments.push(part),
                };
            }
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::{operation, spread};

    fn address(base_url: &str) -> Address {
        Address::new(base_url, "acme".parse().unwrap()).unwrap()
    }

    fn url(base_url: &str, id: &str, request: serde_json::Value) -> Result<String, ClientError> {
        let operation = operation(id).unwrap();
        let spread = spread(operation, request).unwrap();
        Ok(address(base_url).of(operation, &spread)?.to_string())
    }

    #[test]
    fn values_are_one_segment_or_one_parameter() {
        let id = json!({"id": "a/b ?#%2e\u{202e}é", "version": ["1-2"]});
        assert_eq!(
            url("http://h:1", "get-metric-versions", id).unwrap(),
            "http://h:1/v1/acme/metric/a%2Fb%20%3F%23%252e%E2%80%AE%C3%A9/version?version=1-2"
        );
        let tags = json!({"tag": ["a:b&c=d", "e+f: g"], "is_deleted": false});
        assert_eq!(
            url("https://h/base/", "get-simulation-personas", tags).unwrap(),
            "https://h/base/v1/acme/simulation/persona/?tag=a%3Ab%26c%3Dd&tag=e%2Bf%3A+g&is_deleted=false"
        );
    }

    #[test]
    fn no_value_leads_elsewhere() {
        for id in [".", ".."] {
            let refused = url("http://h", "get-user", json!({ "id": id })).unwrap_err();
            assert!(matches!(refused, ClientError::Request(_)), "{refused}");
        }
        assert_eq!(
            url("http://h", "get-user", json!({"id": "../x"})).unwrap(),
            "http://h/v1/acme/rehearse/users/..%2Fx"
        );
    }

    #[test]
    fn signing_in_has_an_address() {
        assert_eq!(
            address("http://h/").of_sign_in().unwrap().as_str(),
            "http://h/v1/acme/user/signin_with_api_key"
        );
    }

    #[test]
    fn addresses_of_another_form_are_refused_without_being_shown() {
        for wrong in [
            "",
            "secret",
            "nats://secret:4222",
            "http://ann:secret@host",
            "https://host/?key=secret",
            "http://host#secret",
            "mailto:secret",
        ] {
            let refused = Address::new(wrong, "acme".parse().unwrap()).unwrap_err();
            assert!(!refused.to_string().contains("secret"), "{refused}");
        }
    }

    #[test]
    fn this_machine_is_known() {
        for local in [
            "http://127.0.0.1:80",
            "http://[::1]",
            "http://localhost",
            "http://a.localhost",
        ] {
            assert!(address(local).is_local(), "{local}");
        }
        for far in [
            "http://example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
        ] {
            assert!(!address(far).is_local(), "{far}");
        }
    }
}
