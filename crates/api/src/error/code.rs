//! The table of error codes.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $exit:literal, $title:literal, $help:literal;)+) => {
        /// What went wrong, in one stable word. Programs decide by it; the other columns of the table follow from it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The code, such as `name_taken`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$variant => $status,)+
                }
            }

            /// The exit code of the command line.
            pub const fn exit_code(self) -> u8 {
                match self {
                    $(Self::$variant => $exit,)+
                }
            }

            /// What happened, in a few words that are the same every time.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                }
            }

            /// What to do about it.
            pub const fn help(self) -> &'static str {
                match self {
                    $(Self::$variant => $help,)+
                }
            }
        }
    };
}

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let codes: Vec<&str> = Self::ALL.iter().map(|code| code.as_str()).collect();
        crate::openapi::described(
            "What went wrong, in one stable word.",
            json!({"type": "string", "enum": codes}),
        )
    }
}

impl ToSchema for ErrorCode {}

codes! {
    /// The body is not JSON, or not of the form that the transport asks for.
    MalformedRequest = "malformed_request", 400, 2, "The request cannot be read",
        "send a JSON object as the body";
    /// Of an HTTP request: the body is not JSON, or says that it is something else.
    MalformedBody = "malformed_body", 422, 2, "The body cannot be read",
        "send one JSON object in UTF-8, with no key twice, as `application/json`";
    /// Fields of the request are wrong; each is listed.
    ValidationFailed = "validation_failed", 422, 2, "Fields of the request are not acceptable",
        "mend the fields listed under `errors`";
    /// The caller did not say who it is, or not convincingly.
    Unauthenticated = "unauthenticated", 401, 2, "The caller is not known",
        "sign in, or present a valid API key";
    /// The caller may not do this.
    Forbidden = "forbidden", 403, 2, "The caller may not do this",
        "ask an administrator for a role that has the permission";
    /// What the request names does not exist, or was deleted.
    NotFound = "not_found", 404, 2, "What the request names does not exist",
        "check the id or name; deleted objects cannot be used";
    /// There is no such endpoint.
    UnknownEndpoint = "unknown_endpoint", 404, 2, "There is no such endpoint",
        "look the endpoint up in docs/bus.md";
    /// The endpoint has no such method.
    MethodNotAllowed = "method_not_allowed", 405, 2, "The endpoint has no such method",
        "use one of the methods that the `Allow` header names";
    /// Another live object of the kind has this name.
    NameTaken = "name_taken", 409, 2, "The name is taken",
        "choose another name, or delete the other object";
    /// Something with this id exists already.
    AlreadyExists = "already_exists", 409, 2, "It exists already",
        "choose another id";
    /// Other objects refer to what is to be deleted or deactivated.
    InUse = "in_use", 400, 2, "Other objects use it",
        "change or delete what uses it first";
    /// Of a persona or scenario: the expected version is not the next one.
    NotNextVersion = "not_next_version", 400, 2, "The version is not the next one",
        "read the latest version, then try again with the number after it";
    /// Of any other object: the expected version is not the next one.
    VersionConflict = "version_conflict", 409, 2, "The version is not the next one",
        "read the latest version, then try again with the number after it";
    /// A metric's value type never changes.
    ValueTypeFrozen = "value_type_frozen", 400, 2, "The metric's value type cannot change",
        "make a new metric for values of another type";
    /// A persona's role never changes.
    RoleFrozen = "role_frozen", 400, 2, "The persona's role cannot change",
        "make a new persona for another role";
    /// A criterion looks at values of another type than its metric gives.
    CriterionTypeMismatch = "criterion_type_mismatch", 400, 2, "A criterion does not fit its metric",
        "use a criterion of the metric's value type";
    /// `edge` never changes; `edge` and `release` are never deleted.
    ProtectedVersionSet = "protected_version_set", 400, 2, "The version set is protected",
        "use `release` or a version set of your own";
    /// The agent or context graph has no such version.
    NoVersion = "no_version", 400, 2, "There is no such version",
        "create a version of the agent or context graph first";
    /// The first version of an agent would hold nothing.
    EmptyVersion = "empty_version", 400, 2, "The first version holds nothing",
        "give `rehearse.connection`, or fields that describe the agent";
    /// The conversation has no interactions.
    NoInteractions = "no_interactions", 400, 2, "The conversation has no interactions",
        "choose a conversation in which the agent replied, or a later interaction";
    /// The service is not active.
    ServiceInactive = "service_inactive", 400, 2, "The service is not active",
        "activate the service, or test another";
    /// A unit test or a metric cannot run here.
    NotRunnable = "not_runnable", 422, 2, "A unit test or a metric cannot run",
        "provide what the detail names, then try again";
    /// The caller has an unfinished run of this set.
    RunUnfinished = "run_unfinished", 409, 2, "A run of this set is not finished",
        "wait for the run, or cancel it";
    /// The run is over.
    RunNotInProgress = "run_not_in_progress", 409, 2, "The run is not in progress",
        "only unfinished runs can be cancelled";
    /// The run's artifact does not exist yet.
    ArtifactNotReady = "artifact_not_ready", 400, 2, "The artifact is not available yet",
        "wait until the run's `artifacts_generated` is true";
    /// An address of the HTTP API was asked for on another way, and none is configured.
    NoPublicUrl = "no_public_url", 400, 2, "The address of the HTTP API is not known",
        "set `http.public_url` where the server is started, or ask over HTTP";
    /// The conversation has no result yet.
    ResultNotReady = "result_not_ready", 400, 2, "The conversation is not finished",
        "wait for the run";
    /// Nothing went wrong in the run, or it is not over yet.
    NothingToRerun = "nothing_to_rerun", 400, 2, "There is nothing to run again",
        "choose a run that is over and in which something went wrong";
    /// The command id was used before for another command.
    CommandReused = "command_reused", 409, 2, "The command id was used before",
        "use a new command id for a new command";
    /// The idempotency key was used before for another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, 2, "The idempotency key was used before",
        "use a new idempotency key for a new request";
    /// The request did not arrive in time.
    TooSlow = "too_slow", 408, 97, "The request did not arrive in time",
        "send it again, on a better connection or in smaller parts";
    /// The built-in role never changes.
    BuiltInRole = "built_in_role", 400, 2, "The role is built in",
        "make a role of your own";
    /// It was done a short while ago.
    TooSoon = "too_soon", 400, 2, "It was done a short while ago",
        "try again at the time that the detail names";
    /// As many objects of the kind live as there may be.
    LimitReached = "limit_reached", 400, 2, "There are as many as there may be",
        "delete one that is no longer needed";
    /// The object is no longer as the caller knows it.
    PreconditionFailed = "precondition_failed", 412, 2, "The object has been changed",
        "read the object again, then decide anew";
    /// What an active service needs was deleted.
    Deprecated = "deprecated", 400, 2, "Something that the service needs was deleted",
        "give the service another agent or context graph";
    /// It was deleted before.
    AlreadyDeleted = "already_deleted", 409, 2, "It was deleted already",
        "nothing is left to do";
    /// The request is larger than the server accepts.
    TooLarge = "too_large", 413, 2, "The request is too large",
        "send less at once";
    /// The range of an artifact that was asked for lies beyond its end.
    RangeNotSatisfiable = "range_not_satisfiable", 416, 2, "The range lies beyond the end",
        "ask for a range within the length that `Content-Range` names";
    /// Too many requests.
    RateLimited = "rate_limited", 429, 97, "Too many requests",
        "wait as long as `Retry-After` says";
    /// A bug.
    Internal = "internal", 500, 1, "Something is wrong with the server",
        "report it with the request id";
    /// The log or the projections cannot be used right now.
    Unavailable = "unavailable", 503, 97, "The server cannot answer now",
        "try again in a moment, with the same command id";
    /// Other servers kept writing to the same organization.
    Contended = "contended", 503, 97, "The organization changes too quickly",
        "try again with the same command id";
    /// The answer did not come in time; whether a command took effect is not known.
    TimedOut = "timed_out", 504, 97, "No answer came in time",
        "try again with the same command id: a command never takes effect twice";
    /// The log refuses to store more.
    StorageFull = "storage_full", 507, 97, "The log is full",
        "free disk space or raise the limits of the NATS account";
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|code| code.as_str() == text);
        known
            .copied()
            .ok_or_else(|| de::Error::custom("an error code that this build does not know; upgrade"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_stable_words() {
        let codes: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        for code in codes {
            assert!(
                code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{code}"
            );
        }
    }

    #[test]
    fn statuses_and_exit_codes_are_of_errors() {
        for code in ErrorCode::ALL {
            assert!((400..600).contains(&code.status()), "{code}");
            assert!([1, 2, 97].contains(&code.exit_code()), "{code}");
            assert!(
                !code.help().ends_with('.') && !code.title().ends_with('.'),
                "{code}"
            );
        }
    }

    #[test]
    fn codes_survive_json() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), *code);
        }
        assert!(serde_json::from_str::<ErrorCode>("\"other\"").is_err());
    }
}
