//! Where we deliberately differ from the contract, each with its reason. One that is no longer needed fails the test.

use super::contain::Difference;

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A parameter of theirs that ours does not cover.
    Parameter,
    /// A body of theirs that ours may refuse.
    Body,
    /// An answer of ours that theirs may not allow.
    Answer,
}

struct Exception {
    of: Of,
    /// The operation; `*`: any.
    operation: &'static str,
    /// What the place ends with.
    at: &'static str,
    /// What the difference begins with.
    why: &'static str,
    /// Why it is right.
    reason: &'static str,
}

const fn exception(
    of: Of,
    operation: &'static str,
    at: &'static str,
    why: &'static str,
    reason: &'static str,
) -> Exception {
    Exception {
        of,
        operation,
        at,
        why,
        reason,
    }
}

const EXCEPTIONS: &[Exception] = &[
    exception(
        Of::Parameter,
        "*",
        "/header/x-mongo-cluster-name",
        "missing",
        "names a database that we do not have; the header is ignored",
    ),
    exception(
        Of::Parameter,
        "*",
        "/header/Sec-WebSocket-Protocol",
        "missing",
        "belongs to another protocol; the header is ignored",
    ),
    exception(
        Of::Parameter,
        "*",
        "/path/organization",
        "pattern",
        "an organization's id stands in subjects; any other text names none and is answered like an unknown one",
    ),
    exception(Of::Parameter, "*", "", "maxItems: 1000", "every list has a bound"),
    exception(
        Of::Parameter,
        "*",
        "/query/continuation_token",
        "m",
        "tokens are those that pages gave: never negative, and not as large",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/version",
        "maximum",
        "versions are counted in 32 bits",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/version",
        "maxLength",
        "the pattern's forms are shorter",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/version",
        "pattern",
        "the contract says the form in words",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/sort_by/*",
        "pattern",
        "the contract says the form in words",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/creator/*",
        "",
        "the contract says the form in words",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/tag/*",
        "",
        "the contract says the form in words",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/tags/*",
        "",
        "the contract says the form in words",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/metric_id_and_version/*",
        "pattern",
        "the contract says the form in words",
    ),
    exception(
        Of::Parameter,
        "get-conversations",
        "/query/user_id/*",
        "maxLength",
        "every text has a bound",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/query",
        "maxLength",
        "every text has a bound",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/query",
        "pattern",
        "words are trimmed, and control characters are none",
    ),
    exception(
        Of::Parameter,
        "*",
        "/query/role/*",
        "",
        "roles are names; any other text names none",
    ),
    exception(
        Of::Parameter,
        "*",
        "/path/version_set_name",
        "pattern",
        "the contract says the form where a set is made; any other text names none",
    ),
    exception(
        Of::Parameter,
        "delete-api-key",
        "/path/api_key_id",
        "pattern",
        "ids of keys are like all others; any other text names none",
    ),
    exception(Of::Body, "*", "", "maxLength", "every text has a bound"),
    exception(Of::Body, "*", "", "maxItems", "every list has a bound"),
    exception(Of::Body, "*", "/tags", "maxProperties", "every list has a bound"),
    exception(
        Of::Body,
        "*",
        "/llm_model_preferences",
        "maxProperties",
        "every list has a bound",
    ),
    exception(
        Of::Body,
        "*",
        "_number",
        "minimum",
        "versions are counted from 1; any other number names none",
    ),
    exception(
        Of::Body,
        "*",
        "_number",
        "maximum",
        "versions are counted in 32 bits",
    ),
    exception(
        Of::Body,
        "*",
        "/run_count",
        "maximum",
        "the conversations of a run have a bound",
    ),
    exception(
        Of::Body,
        "*",
        "",
        r"pattern: ^[\t-\r ",
        "names are trimmed, and have no control characters",
    ),
    exception(
        Of::Body,
        "*",
        "",
        r"pattern: [^\t-\r ",
        "texts are trimmed, and then not empty",
    ),
    exception(
        Of::Body,
        "*",
        "/tags/*key",
        "pattern",
        "a key of nothing but blanks is empty once it is trimmed",
    ),
    exception(Of::Body, "*", "*key", "minLength", "a key is not empty"),
    exception(
        Of::Body,
        "*",
        "",
        "maxProperties: 0",
        "what says that a field is not set is the literal `{}`, though the contract's schema does not close it",
    ),
    exception(
        Of::Body,
        "*",
        "/service_version_set_name",
        "pattern",
        "the contract says the form where a set is made; any other text names none",
    ),
    exception(
        Of::Body,
        "create-api-key",
        "/duration",
        "",
        "months and years have no fixed length",
    ),
    exception(
        Of::Body,
        "create-api-key",
        "/role_name",
        "minLength",
        "roles are names; the empty text names none",
    ),
    exception(
        Of::Answer,
        "get-agent-versions",
        "",
        "type: any",
        "the document is the client's own: it holds what was stored",
    ),
    exception(
        Of::Answer,
        "get-service-hierarchical-state-machine-versions",
        "",
        "type: any",
        "the document is the client's own: it holds what was stored",
    ),
    exception(
        Of::Parameter,
        "get_roles_v1__organization__role__get",
        "/query/name/*",
        "",
        "roles are names; any other text names none",
    ),
    exception(
        Of::Parameter,
        "*",
        "/path/role_name",
        "",
        "roles are names; any other text names none",
    ),
    exception(
        Of::Parameter,
        "get-temporary-permission-grants",
        "/query/user_id/*",
        "pattern",
        "ids of users are words; any other text names none",
    ),
    exception(
        Of::Parameter,
        "get-webhook-deliveries",
        "/query/type",
        "maxLength",
        "every text has a bound",
    ),
    exception(
        Of::Parameter,
        "get-temporary-permission-grants",
        "/query/permission_grant_name",
        "maxLength",
        "every text has a bound",
    ),
    exception(
        Of::Body,
        "*",
        "/permission_name",
        "",
        "permissions have names: not blank, and without control characters",
    ),
    exception(
        Of::Body,
        "*",
        "/conditions/*key",
        "pattern",
        "attributes have names: not blank, and without control characters",
    ),
    exception(
        Of::Body,
        "*",
        "/conditions",
        "maxProperties",
        "every list has a bound",
    ),
    exception(
        Of::Body,
        "*",
        "/conditions/*/type",
        "required",
        "what a condition is stands in its type; without it several kinds would fit",
    ),
    exception(
        Of::Body,
        "*",
        "/user_id",
        "pattern",
        "ids of users are words; any other text names none",
    ),
    exception(
        Of::Body,
        "create-temporary-permission-grant",
        "/duration",
        "",
        "months and years have no fixed length",
    ),
    exception(
        Of::Body,
        "create-webhook-destination",
        "/url",
        "pattern",
        "webhooks go to a host, so the URL names one",
    ),
];

/// The differences of a comparison, sorted into deliberate ones and others.
pub(super) struct Exceptions {
    of: Of,
    used: Vec<bool>,
    unexpected: Vec<String>,
}

impl Exceptions {
    pub(super) fn new(of: Of) -> Self {
        Self {
            of,
            used: vec![false; EXCEPTIONS.len()],
            unexpected: Vec::new(),
        }
    }

    /// Takes note of a difference.
    pub(super) fn note(&mut self, operation: &str, difference: Difference) {
        let applies = |exception: &Exception| {
            exception.of == self.of
                && (exception.operation == "*" || exception.operation == operation)
                && difference.at.ends_with(exception.at)
                && difference.why.starts_with(exception.why)
        };
        match EXCEPTIONS.iter().position(applies) {
            Some(index) => self.used[index] = true,
            None => {
                let Difference { at, why } = difference;
                self.unexpected.push(format!("{operation} {at}: {why}"));
            }
        }
    }

    /// Fails if anything was not deliberate, or if something deliberate is not there any more.
    pub(super) fn finish(self) {
        let unused: Vec<String> = EXCEPTIONS
            .iter()
            .zip(&self.used)
            .filter(|(exception, used)| exception.of == self.of && !**used)
            .map(|(exception, _)| {
                format!(
                    "{} {}: {} ({})",
                    exception.operation, exception.at, exception.why, exception.reason
                )
            })
            .collect();
        assert!(
            self.unexpected.is_empty(),
            "{:?}: not as in the contract:\n{}",
            self.of,
            self.unexpected.join("\n")
        );
        assert!(
            unused.is_empty(),
            "{:?}: exceptions that nothing needs:\n{}",
            self.of,
            unused.join("\n")
        );
    }
}
