//! Why a command was not carried out.

use crate::{CommandId, Invalid, Kind, MetricType, ObjectRef, ReadError, RunId, Time, VersionSetName};

/// A rule that the command would break. Nothing has happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Something that the command names does not exist, or was deleted.
    #[error("there is no {kind} `{what}`")]
    NotFound {
        /// The kind looked for.
        kind: Kind,
        /// The id or name.
        what: String,
    },
    /// Something that is to be made exists already.
    #[error("the {kind} `{what}` exists already")]
    AlreadyExists {
        /// The kind.
        kind: Kind,
        /// The id.
        what: String,
    },
    /// Another live object of the kind has this name.
    #[error("another {kind} is called `{name}`")]
    NameTaken {
        /// The kind.
        kind: Kind,
        /// The name.
        name: String,
    },
    /// Other objects refer to what is to be deleted or deactivated.
    #[error("the {kind} `{name}` is used by {}", .by.join(", "))]
    InUse {
        /// The kind.
        kind: Kind,
        /// Its name.
        name: String,
        /// What uses it, each as `kind name`.
        by: Vec<String>,
    },
    /// The expected version is not the next one: someone else added a version.
    #[error("the next version of this {kind} is {next}, not {expected}")]
    NotNextVersion {
        /// The kind.
        kind: Kind,
        /// What the caller expected.
        expected: u32,
        /// What it is.
        next: u32,
    },
    /// A metric's value type never changes.
    #[error("the metric's values are {} for ever, not {}", .is.as_str(), .wanted.as_str())]
    ValueTypeFrozen {
        /// The type it has.
        is: MetricType,
        /// The type of the new version.
        wanted: MetricType,
    },
    /// A persona's role never changes.
    #[error("the role of persona `{name}` is `{is}` for ever")]
    RoleFrozen {
        /// The persona.
        name: String,
        /// The role it has.
        is: String,
    },
    /// A criterion looks at values of another type than the metric gives.
    #[error("the metric `{metric}` gives {} values, the criterion is for {}", .is.as_str(), .wanted.as_str())]
    CriterionTypeMismatch {
        /// Where the criterion stands (JSON Pointer).
        pointer: String,
        /// The metric's name.
        metric: String,
        /// What it gives.
        is: MetricType,
        /// What the criterion looks at.
        wanted: MetricType,
    },
    /// A value is not acceptable.
    #[error("{pointer}: {reason}")]
    Invalid {
        /// Where it stands (JSON Pointer).
        pointer: String,
        /// What is wrong and what would be accepted.
        reason: String,
    },
    /// `edge` never changes; `edge` and `release` are never deleted.
    #[error("the version set `{name}` cannot be {action}")]
    ProtectedVersionSet {
        /// The set.
        name: VersionSetName,
        /// `changed` or `deleted`.
        action: &'static str,
    },
    /// The service has no version set of this name.
    #[error("the service `{service}` has no version set `{name}`")]
    UnknownVersionSet {
        /// The service.
        service: String,
        /// The name looked for.
        name: VersionSetName,
    },
    /// An agent or context graph has no such version, or none at all.
    #[error("the {kind} `{name}` has no version {}", .version.map_or_else(|| "yet".to_owned(), |number| number.to_string()))]
    NoVersion {
        /// The kind.
        kind: Kind,
        /// Its name.
        name: String,
        /// The version looked for; none: any.
        version: Option<u32>,
    },
    /// The first version of an agent would hold nothing.
    #[error("the first version of the {kind} `{name}` would hold nothing")]
    EmptyVersion {
        /// The kind.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// An inactive service cannot be tested.
    #[error("the service `{service}` is not active")]
    Inactive {
        /// The service.
        service: String,
    },
    /// A run cannot work: something that it needs is missing.
    #[error("the unit test `{unit_test}` cannot run: {reason}")]
    NotRunnable {
        /// The test.
        unit_test: String,
        /// What is missing and what to do.
        reason: String,
    },
    /// This user has an unfinished run of this set.
    #[error("run {run} of this set, which you started, is not finished; wait for it or cancel it")]
    RunUnfinished {
        /// That run.
        run: RunId,
    },
    /// The run is over already.
    #[error("run {run} is not in progress")]
    RunOver {
        /// That run.
        run: RunId,
    },
    /// The command id was used before, for another command.
    #[error("command id `{id}` was used before for another command; use a new id")]
    CommandReused {
        /// The id.
        id: CommandId,
    },
    /// The built-in role never changes.
    #[error("the role `{name}` is built in and cannot be changed")]
    BuiltInRole {
        /// Its name.
        name: String,
    },
    /// It was done a short while ago and cannot be done again yet.
    #[error("this {kind} was changed a short while ago; try again at {again_at}")]
    TooSoon {
        /// The kind.
        kind: Kind,
        /// From when on it can be done.
        again_at: Time,
    },
    /// As many objects of the kind live as there may be.
    #[error("there are {limit} objects of kind {kind} already, which is as many as there may be")]
    TooMany {
        /// The kind.
        kind: Kind,
        /// How many there may be.
        limit: u64,
    },
    /// What the caller knew of the object is no longer so.
    #[error("the {object} has been changed; read it again")]
    Changed {
        /// The object.
        object: ObjectRef,
    },
    /// A service that is to be active needs something that was deleted.
    #[error("the {kind} `{name}` of the service was deleted")]
    Deprecated {
        /// The kind.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// What is to be deleted was deleted before.
    #[error("the {kind} `{name}` was deleted already")]
    AlreadyDeleted {
        /// The kind.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// One object of a suite is the reason.
    #[error("{kind} `{name}`: {source}")]
    InSuite {
        /// Its position in the suite, from 0.
        index: usize,
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
        /// The rule.
        source: Box<Self>,
    },
}

/// A command was refused, or could not be decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// It would break a rule.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The state could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Rejection {
    /// A value at `pointer` is not acceptable.
    pub fn invalid(pointer: impl Into<String>, reason: Invalid) -> Self {
        Self::Invalid {
            pointer: pointer.into(),
            reason: reason.to_string(),
        }
    }
}
