//! The fields that lists, searches and evaluations are looked up by.

use model::Kind;

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $byte:literal $name:literal,)+) => {
        /// A field that index entries are about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$doc])* $variant = $byte,)+
        }

        impl Field {
            /// What people call the field.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

fields! {
    /// Every object has it.
    All = 0 "all",
    /// Whether the object was deleted.
    Deleted = 1 "is_deleted",
    /// Who created the object, or started the run that a conversation is of.
    Creator = 2 "creator",
    /// A tag's key.
    TagKey = 3 "tag key",
    /// A tag's key and value.
    Tag = 4 "tag",
    /// A persona's or user's role.
    Role = 5 "role",
    /// The service of a unit test or a conversation.
    Service = 6 "service",
    /// The persona of a unit test.
    Persona = 7 "persona",
    /// The scenario of a unit test.
    Scenario = 8 "scenario",
    /// A metric of a unit test's criteria, or of an evaluation.
    Metric = 9 "metric",
    /// A unit test of a set, or the one that a conversation is of.
    UnitTest = 10 "unit test",
    /// The set of a run.
    Set = 11 "unit test set",
    /// A metric's value type.
    Type = 12 "type",
    /// A service that a metric is applied to.
    AppliedTo = 13 "applied_to_service",
    /// Whether a service is active.
    Active = 14 "is_active",
    /// Whether a run is over.
    Completed = 15 "is_completed",
    /// Whether a run has a failed conversation.
    FailedMetrics = 16 "failed_metrics",
    /// Whether a run met an error or was cancelled.
    Errored = 17 "errored",
    /// Whose an API key or a temporary grant is.
    User = 18 "user",
    /// The version of an evaluation's metric.
    MetricVersion = 19 "metric version",
    /// The run of an evaluation or a conversation.
    Run = 20 "run",
    /// Whether an evaluation was made on demand.
    Manual = 25 "source",
    /// The conversation of an evaluation that was made on demand.
    Conversation = 26 "conversation",
    /// Which repetition of its test a conversation is.
    RunIndex = 27 "run_index",
    /// An object's name, as it is.
    Name = 30 "name",
    /// The words of a live object's name, one after the other.
    WholeName = 31 "whole name",
    /// A word of a live object's name.
    NameWord = 32 "word of the name",
    /// Any other word that a live object is found by.
    TextWord = 33 "word",
}

/// The fields by which a kind's lists can be filtered; none if there is no list of it.
pub(crate) const fn filters(kind: Kind) -> Option<&'static [Field]> {
    Some(match kind {
        // Manual evaluations are listed together with the simulated ones.
        Kind::Organization | Kind::Evaluation => return None,
        Kind::User => &[Field::Deleted, Field::Creator, Field::Role],
        Kind::ApiKey | Kind::TemporaryGrant => &[Field::Deleted, Field::Creator, Field::User],
        Kind::Persona => &[Field::Deleted, Field::Creator, Field::Tag, Field::Role],
        Kind::Scenario => &[Field::Deleted, Field::Creator, Field::Tag],
        Kind::Metric => &[
            Field::Deleted,
            Field::Creator,
            Field::Tag,
            Field::Type,
            Field::AppliedTo,
        ],
        Kind::Agent | Kind::ContextGraph | Kind::Role | Kind::WebhookDestination => {
            &[Field::Deleted, Field::Creator]
        }
        Kind::Service => &[Field::Active, Field::Creator, Field::Tag],
        Kind::UnitTest => &[
            Field::Deleted,
            Field::Creator,
            Field::Tag,
            Field::Service,
            Field::Persona,
            Field::Scenario,
            Field::Metric,
        ],
        Kind::UnitTestSet => &[Field::Deleted, Field::Creator, Field::Tag, Field::UnitTest],
        Kind::Run => &[
            Field::Creator,
            Field::Set,
            Field::Completed,
            Field::FailedMetrics,
            Field::Errored,
        ],
    })
}

/// The fields whose values a kind's lists show on the first page.
pub(crate) const fn facets(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Organization | Kind::Evaluation => &[],
        Kind::User => &[Field::Creator, Field::Role],
        Kind::ApiKey
        | Kind::Agent
        | Kind::ContextGraph
        | Kind::Role
        | Kind::TemporaryGrant
        | Kind::WebhookDestination => &[Field::Creator],
        Kind::Persona => &[Field::Creator, Field::TagKey, Field::Role],
        Kind::Scenario | Kind::Service => &[Field::Creator, Field::TagKey],
        Kind::Metric => &[Field::Creator, Field::TagKey, Field::AppliedTo, Field::Type],
        Kind::UnitTest => &[
            Field::Creator,
            Field::TagKey,
            Field::Service,
            Field::Persona,
            Field::Scenario,
            Field::Metric,
        ],
        Kind::UnitTestSet => &[Field::Creator, Field::TagKey, Field::UnitTest],
        Kind::Run => &[Field::Creator, Field::Set],
    }
}
