//! Lists that go on at a place rather than after a number of items, so that what comes and goes between pages moves nothing.
//!
//! Every kind of object has one, with the filters that its other list has. Items are without their content.

use model::{
    AgentId, ContextGraphId, MetricId, Name, PersonaId, RunId, ScenarioId, ServiceId, Time, UnitTestId,
    UnitTestSetId, UserId,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    TagFilter, UserFilter, openapi,
    read::{word_schema, words},
    request::{
        request,
        schema::{Components, refer, referred},
    },
    shape::MetricTypeWord,
};

/// Which end of a list comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest change; of runs the newest start.
    #[default]
    Newest,
    /// The oldest.
    Oldest,
}

words! {
    Order {
        Newest = "newest",
        Oldest = "oldest",
    }
}

impl PartialSchema for Order {
    fn schema() -> RefOr<Schema> {
        openapi::described(
            "Which end of a list comes first: the newest change (of runs the newest start), or the oldest.",
            word_schema::<Self>(),
        )
    }
}

impl ToSchema for Order {
    fn name() -> std::borrow::Cow<'static, str> {
        "PageOrder".into()
    }
}

request! {
    /// Where a page begins, how long it is, and in which order its list is.
    Span {
        /// Where the page begins: `next_cursor` of the page before; none: at the start.
        cursor: Option<String> = single(),
        /// The page's size.
        limit: u32 = page_size(1..=200, 50),
        /// Which end comes first; none: the newest.
        order: Option<Order> = single(),
    }
}

request! {
    /// Lists personas page by page.
    PersonasQuery {
        /// Only these.
        id: Vec<PersonaId> = values(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        /// Any of these roles.
        role: Vec<Name> = values(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        ..
        /// The page.
        span: Span
    }
}

request! {
    /// Lists scenarios page by page.
    ScenariosQuery {
        /// Only these.
        id: Vec<ScenarioId> = values(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        ..
        /// The page.
        span: Span
    }
}

request! {
    /// Lists metrics page by page.
    MetricsQuery {
        /// Only these.
        id: Vec<MetricId> = values(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        /// Applied to any of these services.
        applied_to_service: Vec<ServiceId> = values(),
        /// Any of these value types.
        r#type: Vec<MetricTypeWord> = values(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        ..
        /// The page.
        span: Span
    }
}

request! {
    /// Lists agents page by page.
    AgentsQuery {
        /// Only these.
        id: Vec<AgentId> = values(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        ..
        /// The page.
        span: Span
    }
}

request! {
    /// Lists context graphs page by page.
    ContextGraphsQuery {
        /// Only these.
        id: Vec<ContextGraphId> = values(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        ..
        /// The page.
        span: Span
    }
}

request! {
    /// Lists services page by page.
    ServicesQuery {
        /// Only these.
        id: Vec<ServiceId> = values(),
        /// Only active ones, or only others; none: both.
        is_active: Option<bool> = flag(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        ..
        /// The page.
        span: Span
    }
}

request! {
    /// Lists unit tests page by page.
    UnitTestsQuery {
        /// Only these.
        id: Vec<UnitTestId> = values(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        /// Of any of these services.
        service_id: Vec<ServiceId> = values(),
        /// With any of these personas.
        persona_id: Vec<PersonaId> = values(),
        /// With any of these scenarios.
        scenario_id: Vec<ScenarioId> = values(),
        /// With any of these metrics.
        metric_id: Vec<MetricId> = values(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        ..
        /// The page.
        span: Span
    }
}

request! {
    /// Lists unit test sets page by page.
    UnitTestSetsQuery {
        /// Only these.
        id: Vec<UnitTestSetId> = values(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        /// With any of these tests.
        unit_test_id: Vec<UnitTestId> = values(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        ..
        /// The page.
        span: Span
    }
}

request! {
    /// Lists runs page by page.
    RunsQuery {
        /// Only these.
        id: Vec<RunId> = values(),
        /// Of any of these sets.
        simulation_unit_test_set_id: Vec<UnitTestSetId> = values(),
        /// Only runs that are over, or only others; none: both.
        is_completed: Option<bool> = flag(),
        /// Only runs with failed criteria, or only others; none: both.
        failed_metrics: Option<bool> = flag(),
        /// Only runs with errors, or only others; none: both.
        errored: Option<bool> = flag(),
        /// Started by any of these.
        creator: Vec<UserFilter> = values(),
        /// Not started before.
        created_after: Option<Time> = single(),
        /// Not started after.
        created_before: Option<Time> = single(),
        ..
        /// The page.
        span: Span
    }
}

request! {
    /// Lists users page by page.
    UsersQuery {
        /// Only these.
        id: Vec<UserId> = values(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        ..
        /// The page.
        span: Span
    }
}

/// A page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// What stands on it.
    pub items: Vec<T>,
    /// Where the further page begins; none if there is none.
    pub next_cursor: Option<String>,
}

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        openapi::schema(json!({
            "description": "A page of a list.",
            "type": "object",
            "properties": {
                "items": {"description": "What stands on it.", "type": "array", "items": refer::<T>()},
                "next_cursor": {
                    "description": "Where the further page begins; null if there is none.",
                    "type": ["string", "null"],
                },
            },
            "required": ["items", "next_cursor"],
        }))
    }
}

/// A component for each kind of item: `PersonaInstance` is on `PersonaPage`.
impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        let item = T::name();
        let kind = item.strip_suffix("Instance").unwrap_or(&item);
        format!("{kind}Page").into()
    }

    fn schemas(components: &mut Components) {
        referred::<T>(components);
    }
}
