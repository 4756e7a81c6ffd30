//! Kinds of objects as people type them.

use std::str::FromStr;

use model::{Invalid, Kind};

/// A kind, in any of the ways in which people write it: `unit_test`, `UnitTest`, `unit-tests`, `test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KindArgument(pub(crate) Kind);

impl FromStr for KindArgument {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let plain: String = text.chars().filter(|char| char.is_ascii_alphanumeric()).collect();
        let plain = plain.to_ascii_lowercase();
        let singular = plain.strip_suffix('s').unwrap_or(&plain);
        let kind = match singular {
            "test" => Some(Kind::UnitTest),
            "set" | "testset" => Some(Kind::UnitTestSet),
            "graph" => Some(Kind::ContextGraph),
            "org" => Some(Kind::Organization),
            "key" => Some(Kind::ApiKey),
            "grant" => Some(Kind::TemporaryGrant),
            "webhook" => Some(Kind::WebhookDestination),
            _ => Kind::ALL
                .iter()
                .copied()
                .find(|kind| kind.as_str().replace('_', "") == singular),
        };
        kind.map(Self).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            Invalid::new(format!("known kinds are {}", known.join(", ")))
        })
    }
}

/// The kind of suite documents that make such objects, such as `UnitTest`; none if suites have no such objects.
pub(super) fn document_kind(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Persona => Some("Persona"),
        Kind::Scenario => Some("Scenario"),
        Kind::Metric => Some("Metric"),
        Kind::Agent => Some("Agent"),
        Kind::ContextGraph => Some("ContextGraph"),
        Kind::Service => Some("Service"),
        Kind::UnitTest => Some("UnitTest"),
        Kind::UnitTestSet => Some("UnitTestSet"),
        Kind::Organization
        | Kind::User
        | Kind::ApiKey
        | Kind::Run
        | Kind::Role
        | Kind::TemporaryGrant
        | Kind::WebhookDestination
        | Kind::Evaluation => None,
    }
}

impl KindArgument {
    /// The kind of suite documents that make such objects; none if suites have no such objects.
    pub(crate) fn document_kind(self) -> Option<&'static str> {
        document_kind(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_kinds_in_many_ways() {
        for (text, kind) in [
            ("persona", Kind::Persona),
            ("Personas", Kind::Persona),
            ("unit-test-sets", Kind::UnitTestSet),
            ("UnitTest", Kind::UnitTest),
            ("tests", Kind::UnitTest),
            ("set", Kind::UnitTestSet),
            ("context_graph", Kind::ContextGraph),
            ("runs", Kind::Run),
            ("roles", Kind::Role),
            ("webhooks", Kind::WebhookDestination),
            ("temporary-grants", Kind::TemporaryGrant),
        ] {
            assert_eq!(text.parse::<KindArgument>(), Ok(KindArgument(kind)), "{text}");
        }
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse::<KindArgument>(), Ok(KindArgument(*kind)));
        }
        assert!("banana".parse::<KindArgument>().is_err());
    }
}
