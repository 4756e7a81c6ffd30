//! Lists, searches and versions of everything that people write.

mod agent;
mod metric;
mod persona;
mod scenario;
mod service;
mod unit_test;
mod unit_test_set;
mod versions;

pub(super) use agent::{agent_versions, agents, context_graphs};
use api::error::Problem;
pub(super) use metric::{metrics, search_metrics};
use model::{Object, ObjectRef, OrgId, Token};
pub(super) use persona::{personas, search_personas};
use projections::{FilterValues, OrgView, Page};
pub(super) use scenario::{scenarios, search_scenarios};
pub(super) use service::services;
pub(super) use unit_test::{search_unit_tests, unit_tests};
pub(super) use unit_test_set::{last_run, search_unit_test_sets, unit_test_set, unit_test_sets};
pub(super) use versions::{context_graph_versions, metric_versions, persona_versions, scenario_versions};

use crate::gateway::failure::{self, of_query};

/// Ids as the projections want them.
fn keys<I: Into<Token>>(ids: Vec<I>) -> Vec<Token> {
    ids.into_iter().map(Into::into).collect()
}

/// Users as they are shown.
pub(super) fn users(org: &OrgId, users: &[model::UserId]) -> Vec<api::UserInfo> {
    users
        .iter()
        .map(|user| api::UserInfo {
            org_id: org.clone(),
            user_id: user.clone(),
        })
        .collect()
}

/// An answer of the projections.
fn query<T>(answered: Result<T, projections::QueryError>) -> Result<T, Problem> {
    answered.map_err(|error| of_query(&error))
}

/// The parts of a list: items, whether there are more, where to go on, and the values to filter by.
fn page<T, I, F>(
    page: Page<T>,
    item: impl FnMut(T) -> I,
    values: impl FnOnce(FilterValues) -> F,
) -> (Vec<I>, bool, Option<u64>, Option<F>) {
    let items = page.items.into_iter().map(item).collect();
    (
        items,
        page.has_more,
        page.next_offset,
        page.filter_values.map(values),
    )
}

/// An object, deleted or not.
fn load(view: &OrgView<'_>, object: &ObjectRef) -> Result<Option<Object>, Problem> {
    model::Directory::object(view, object).map_err(|error| failure::of_read(&error))
}
