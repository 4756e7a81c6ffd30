//! Questions that lists and searches ask, and the form of their answers.
//!
//! Several tags must all match; of several values of any other filter, any may. Lists are in the order newest change first (runs
//! and evaluations: newest first), equal times by id.

mod conversation;
mod cursor;
mod evaluation;
mod facet;
mod list;
mod pager;
mod run;
mod search;
mod source;
mod version;
mod visibility;
mod walk;

pub use conversation::ConversationQuery;
pub use cursor::Cursor;
pub use evaluation::{EvaluationOrigin, EvaluationQuery};
pub use facet::{FilterValues, MAX_FILTER_VALUES};
use model::{
    MetricId, MetricType, PersonaId, ScenarioId, ServiceId, Time, Token, UnitTestId, UnitTestSetId, UserId,
};
pub use run::{ArrivedResult, ResultQuery, RunState};
pub use search::MAX_SEARCH_RESULTS;
pub use version::{VersionFilter, VersionQuery};
pub use visibility::Visibility;

/// The most items a page may have.
pub const MAX_LIMIT: usize = 1_000;

/// The most values one filter of a query may have.
pub(crate) const MAX_VALUES: usize = 1_000;

/// Which objects of a kind, in which order, from where on. Filters that the kind does not have are errors; filters without values
/// let everything pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListQuery {
    /// These objects.
    pub ids: Vec<Token>,
    /// Deleted ones or live ones.
    pub is_deleted: Option<bool>,
    /// With all of these tags.
    pub tags: Vec<TagFilter>,
    /// Created by one of these.
    pub creators: Vec<UserId>,
    /// Of one of these users (API keys, temporary grants).
    pub users: Vec<UserId>,
    /// In one of these roles.
    pub roles: Vec<String>,
    /// Of one of these services.
    pub service_ids: Vec<ServiceId>,
    /// With one of these personas.
    pub persona_ids: Vec<PersonaId>,
    /// With one of these scenarios.
    pub scenario_ids: Vec<ScenarioId>,
    /// With one of these metrics.
    pub metric_ids: Vec<MetricId>,
    /// With one of these unit tests.
    pub unit_test_ids: Vec<UnitTestId>,
    /// Of one of these sets.
    pub set_ids: Vec<UnitTestSetId>,
    /// With one of these value types.
    pub types: Vec<MetricType>,
    /// Applied to one of these services.
    pub applied_to_services: Vec<ServiceId>,
    /// Active services or inactive ones.
    pub is_active: Option<bool>,
    /// Runs that are over, or not.
    pub is_completed: Option<bool>,
    /// Runs with a failed conversation, or without.
    pub failed_metrics: Option<bool>,
    /// Runs that met an error or were cancelled, or did not.
    pub errored: Option<bool>,
    /// Created then or later (runs).
    pub created_after: Option<Time>,
    /// Created then or earlier (runs).
    pub created_before: Option<Time>,
    /// Only what this caller may see; none: everything. The page is as if there were nothing else, its `filter_values` are not.
    pub visible_to: Option<Visibility>,
    /// The order; the first key weighs most. Empty: newest first.
    pub sort: Vec<SortKey>,
    /// The most items.
    pub limit: usize,
    /// How many items to leave out.
    pub offset: u64,
    /// Go on after this place instead of leaving out a number of items. Only in the order of time, either way.
    ///
    /// However many objects come, change and go between pages, what stays as it is is met exactly once. An object that changes
    /// moves to the newest end of its list: newest first it is not met again, oldest first it is met once more.
    pub after: Option<Cursor>,
}

/// A condition on an object's tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagFilter {
    /// The tag has this value.
    Exact(String, String),
    /// The tag is there.
    AnyValue(String),
    /// The tag is there without a value.
    Null(String),
}

/// One key of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// By what.
    pub field: SortField,
    /// The greatest first.
    pub descending: bool,
}

/// What lists can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortField {
    /// The newest change; all kinds but runs.
    UpdatedAt,
    /// The creation; runs.
    CreatedAt,
    /// The name; services.
    Name,
    /// Whether it is active; services. Inactive is the lesser.
    IsActive,
}

impl SortField {
    /// The field on the wire, such as `updated_at`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpdatedAt => "updated_at",
            Self::CreatedAt => "created_at",
            Self::Name => "name",
            Self::IsActive => "is_active",
        }
    }
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are more.
    pub has_more: bool,
    /// Where to go on, if there are more. None if the page was asked for by cursor.
    pub next_offset: Option<u64>,
    /// Where to go on, if there are more and the list is in the order of time.
    pub next_cursor: Option<Cursor>,
    /// On the first page of objects and evaluations: the values found among everything that matches.
    pub filter_values: Option<FilterValues>,
}

impl<T> Page<T> {
    /// A page without anything.
    pub const fn empty() -> Self {
        Self {
            items: Vec::new(),
            has_more: false,
            next_offset: None,
            next_cursor: None,
            filter_values: None,
        }
    }

    /// A page that begins at `offset`.
    pub(crate) fn of(items: Vec<T>, offset: u64, has_more: bool) -> Self {
        let next = offset.saturating_add(items.len() as u64);
        Self {
            items,
            has_more,
            next_offset: has_more.then_some(next),
            next_cursor: None,
            filter_values: None,
        }
    }

    /// The page with other items in the same places.
    pub(crate) fn map<U, E>(self, change: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(change).collect::<Result<_, _>>()?;
        let Self {
            has_more,
            next_offset,
            next_cursor,
            filter_values,
            ..
        } = self;
        Ok(Page {
            items,
            has_more,
            next_offset,
            next_cursor,
            filter_values,
        })
    }
}

#[cfg(test)]
mod tests;
