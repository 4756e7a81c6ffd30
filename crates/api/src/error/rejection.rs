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
                | Kind::Run => Self::VersionConflict,
            },
            Rejection::ValueTypeFrozen { .. } => Self::ValueTypeFrozen,
            Rejection::RoleFrozen { .. } => Self::RoleFrozen,
            Rejection::CriterionTypeMismatch { .. } => Self::CriterionTypeMismatch,
            Rejection::Invalid { .. } => Self::ValidationFailed,
            Rejection::ProtectedVersionSet { .. } => Self::ProtectedVersionSet,
            Rejection::NoVersion { .. } => Self::NoVersion,
            Rejection::Inactive { .. } => Self::ServiceInactive,
            Rejection::NotRunnable { .. } => Self::NotRunnable,
            Rejection::RunUnfinished { .. } => Self::RunUnfinished,
            Rejection::RunOver { .. } => Self::RunNotInProgress,
            Rejection::CommandReused { .. } => Self::CommandReused,
            Rejection::InSuite { source, .. } => Self::of_rejection(source),
        }
    }
}

/// The field that a refusal is about, if it is about one.
fn field(rejection: &Rejection, within: &Pointer) -> Option<FieldError> {
    match rejection {
        Rejection::Invalid { pointer, reason } => Some(FieldError {
            pointer: format!("{within}{pointer}"),
            detail: reason.clone(),
        }),
        Rejection::CriterionTypeMismatch { pointer, .. } => Some(FieldError {
            pointer: format!("{within}{pointer}"),
            detail: rejection.to_string(),
        }),
        Rejection::InSuite { index, source, .. } => {
            let within = Pointer::root().key("documents").index(*index);
            field(source, &within).or_else(|| {
                Some(FieldError {
                    pointer: within.to_string(),
                    detail: source.to_string(),
                })
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
        | Rejection::Inactive { .. }
        | Rejection::NotRunnable { .. }
        | Rejection::RunUnfinished { .. }
        | Rejection::RunOver { .. }
        | Rejection::CommandReused { .. } => None,
    }
}

impl From<&Rejection> for Problem {
    fn from(rejection: &Rejection) -> Self {
        let errors = field(rejection, &Pointer::root()).into_iter().collect();
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
    fn a_refusal_within_a_suite_says_where() {
        let source = Rejection::CriterionTypeMismatch {
            pointer: "/spec/criteria/1".to_owned(),
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
