//! What a refused command is to its caller.

use model::{Kind, Rejection};

use super::{ErrorCode, Problem};
use crate::{FieldError, Pointer};

impl ErrorCode {
    /// The code of a refusal.
    pub const fn of_rejection(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::NotFound { .. } | Rejection::UnknownVersionSet { .. } => Self::NotFound,
            Rejection::AlreadyExists { .. } => Self::AlreadyExists,
            Rejection::NameTaken { .. } => Self::NameTaken,
            Rejection::InUse { .. } => Self::InUse,
            Rejection::NotNextVersion { kind, .. } => match kind {
                Kind::Persona | Kind::Scenario => Self::NotNextVersion,
                Kind::Organization
                | Kind::User
                | Kind::ApiKey
                | Kind::Metric
                | Kind::Agent
                | Kind::ContextGraph
                | Kind::Service
                | Kind::UnitTest
                | Kind::UnitTestSet
                | Kind::Run
                | Kind::Role
                | Kind::TemporaryGrant
                | Kind::WebhookDestination
                | Kind::Evaluation => Self::VersionConflict,
            },
            Rejection::ValueTypeFrozen { .. } => Self::ValueTypeFrozen,
            Rejection::RoleFrozen { .. } => Self::RoleFrozen,
            Rejection::CriterionTypeMismatch { .. } => Self::CriterionTypeMismatch,
            Rejection::Invalid { .. } => Self::ValidationFailed,
            Rejection::ProtectedVersionSet { .. } => Self::ProtectedVersionSet,
            Rejection::NoVersion { .. } => Self::NoVersion,
            Rejection::EmptyVersion { .. } => Self::EmptyVersion,
            Rejection::Inactive { .. } => Self::ServiceInactive,
            Rejection::NotRunnable { .. } => Self::NotRunnable,
            Rejection::RunUnfinished { .. } => Self::RunUnfinished,
            Rejection::RunOver { .. } => Self::RunNotInProgress,
            Rejection::CommandReused { .. } => Self::CommandReused,
            Rejection::BuiltInRole { .. } => Self::BuiltInRole,
            Rejection::TooSoon { .. } => Self::TooSoon,
            Rejection::TooMany { .. } => Self::LimitReached,
            Rejection::Changed { .. } => Self::PreconditionFailed,
            Rejection::Deprecated { .. } => Self::Deprecated,
            Rejection::AlreadyDeleted { .. } => Self::AlreadyDeleted,
            Rejection::InSuite { source, .. } => Self::of_rejection(source),
        }
    }
}

/// Fields that suites call otherwise than requests do.
const IN_SUITES: &[(&str, &str)] = &[
    ("/success_criterions", "/spec/criteria"),
    ("/max_interactions", "/spec/maxInteractions"),
    ("/unit_test_runs", "/spec/tests"),
    ("/user_models", "/spec/userModels"),
    ("/rehearse/script", "/spec/script"),
    ("/rehearse/connection", "/spec/connection"),
    ("/metric_value", "/spec/value"),
    ("/applied_to_services", "/spec/appliedToServices"),
    ("/keyterms", "/spec/keyterms"),
    ("/version_set", "/spec/versionSets"),
];

/// Where a field of a request stands in a suite's document. What follows an entry's index has other names there and is cut off.
fn in_document(pointer: &str) -> String {
    let known = IN_SUITES
        .iter()
        .find_map(|(request, document)| Some((pointer.strip_prefix(request)?, *document)));
    let Some((rest, document)) = known else {
        return pointer.to_owned();
    };
    let index = rest.strip_prefix('/').and_then(|rest| rest.split('/').next());
    match index.filter(|index| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(index) => format!("{document}/{index}"),
        None => document.to_owned(),
    }
}

/// The field that a refusal is about, if it is about one.
fn field(rejection: &Rejection) -> Option<FieldError> {
    match rejection {
        Rejection::Invalid { pointer, reason } => Some(FieldError {
            pointer: pointer.clone(),
            detail: reason.clone(),
        }),
        Rejection::CriterionTypeMismatch { pointer, .. } => Some(FieldError {
            pointer: pointer.clone(),
            detail: rejection.to_string(),
        }),
        Rejection::InSuite { index, source, .. } => {
            let document = Pointer::root().key("documents").index(*index);
            let (within, detail) = match (field(source), source.as_ref()) {
                (Some(error), _) => (in_document(&error.pointer), error.detail),
                (None, Rejection::RoleFrozen { .. }) => ("/spec/role".to_owned(), source.to_string()),
                (None, Rejection::ValueTypeFrozen { .. }) => ("/spec/value".to_owned(), source.to_string()),
                (None, _) => (String::new(), source.to_string()),
            };
            Some(FieldError {
                pointer: format!("{document}{within}"),
                detail,
            })
        }
        Rejection::NotFound { .. }
        | Rejection::AlreadyExists { .. }
        | Rejection::NameTaken { .. }
        | Rejection::InUse { .. }
        | Rejection::NotNextVersion { .. }
        | Rejection::ValueTypeFrozen { .. }
        | Rejection::RoleFrozen { .. }
        | Rejection::ProtectedVersionSet { .. }
        | Rejection::UnknownVersionSet { .. }
        | Rejection::NoVersion { .. }
        | Rejection::EmptyVersion { .. }
        | Rejection::Inactive { .. }
        | Rejection::NotRunnable { .. }
        | Rejection::RunUnfinished { .. }
        | Rejection::RunOver { .. }
        | Rejection::CommandReused { .. }
        | Rejection::BuiltInRole { .. }
        | Rejection::TooSoon { .. }
        | Rejection::TooMany { .. }
        | Rejection::Changed { .. }
        | Rejection::Deprecated { .. }
        | Rejection::AlreadyDeleted { .. } => None,
    }
}

impl From<&Rejection> for Problem {
    fn from(rejection: &Rejection) -> Self {
        let errors = field(rejection).into_iter().collect();
        Self {
            errors,
            ..Self::new(ErrorCode::of_rejection(rejection), rejection.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use model::MetricType;

    use super::*;

    fn not_next(kind: Kind) -> Rejection {
        Rejection::NotNextVersion {
            kind,
            expected: 2,
            next: 3,
        }
    }

    #[test]
    fn statuses_are_those_of_the_contract() {
        let in_use = Rejection::InUse {
            kind: Kind::Persona,
            name: "a".to_owned(),
            by: vec!["unit_test b".to_owned()],
        };
        let taken = Rejection::NameTaken {
            kind: Kind::Persona,
            name: "a".to_owned(),
        };
        let missing = Rejection::NotFound {
            kind: Kind::Persona,
            what: "a".to_owned(),
        };
        let status = |rejection: &Rejection| ErrorCode::of_rejection(rejection).status();
        assert_eq!(status(&in_use), 400);
        assert_eq!(status(&taken), 409);
        assert_eq!(status(&missing), 404);
        for (kind, expected) in [
            (Kind::Persona, 400),
            (Kind::Scenario, 400),
            (Kind::Metric, 409),
            (Kind::Agent, 409),
            (Kind::ContextGraph, 409),
        ] {
            assert_eq!(status(&not_next(kind)), expected, "{kind}");
        }
    }

    #[test]
    fn fields_of_requests_are_found_in_documents() {
        for (request, document) in [
            ("/success_criterions/3/criterion", "/spec/criteria/3"),
            ("/unit_test_runs/0/run_count", "/spec/tests/0"),
            ("/unit_test_runs", "/spec/tests"),
            ("/version_set/llm_model_preferences", "/spec/versionSets"),
            ("/metadata/name", "/metadata/name"),
            ("", ""),
        ] {
            assert_eq!(in_document(request), document);
        }
    }

    #[test]
    fn a_refusal_within_a_suite_says_where() {
        let source = Rejection::CriterionTypeMismatch {
            pointer: "/success_criterions/1/criterion".to_owned(),
            metric: "Mood".to_owned(),
            is: MetricType::Categorical,
            wanted: MetricType::Boolean,
        };
        let rejection = Rejection::InSuite {
            index: 4,
            kind: Kind::UnitTest,
            name: "t".to_owned(),
            source: Box::new(source),
        };
        let problem = Problem::from(&rejection);
        assert_eq!(problem.code, ErrorCode::CriterionTypeMismatch);
        assert_eq!(problem.errors[0].pointer, "/documents/4/spec/criteria/1");

        let source = Box::new(Rejection::NotFound {
            kind: Kind::Agent,
            what: "x".to_owned(),
        });
        let rejection = Rejection::InSuite {
            index: 0,
            kind: Kind::Service,
            name: "s".to_owned(),
            source,
        };
        assert_eq!(Problem::from(&rejection).errors[0].pointer, "/documents/0");
    }
}
