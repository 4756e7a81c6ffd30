//! Versions of what has versions. Agents stand apart: their versions are shown with the agent's name.

use api::{context_graph, error::Problem, metric, persona, read::read, scenario};
use model::{Kind, ObjectRef};
use serde_json::Value;

use super::query;
use crate::gateway::{Caller, Gateway, not_found, queries::filter::versions, render};

/// For each kind: the query, the module of its wire types, the kind, and the key of the list.
macro_rules! version_lists {
    ($($name:ident = $module:ident, $kind:ident, $key:ident;)+) => {$(
        pub(in super::super) async fn $name(
            gateway: &Gateway,
            caller: &Caller,
            body: &Value,
        ) -> Result<Value, Problem> {
            let request = read::<$module::VersionsQuery>(body)?;
            let org = caller.org.clone();
            gateway
                .look(&caller.org, move |view| {
                    let id = request.id;
                    let object = ObjectRef::new(Kind::$kind, id);
                    let wanted = versions(
                        request.version,
                        request.limit,
                        request.continuation_token,
                        &request.sort_by,
                    );
                    let page = query(view.versions(&object, &wanted))?.ok_or_else(|| not_found(&object))?;
                    let $key = page
                        .items
                        .iter()
                        .filter_map(|version| $module::VersionInstance::of(&org, id, version))
                        .collect();
                    render(&$module::Versions {
                        $key,
                        has_more: page.has_more,
                        continuation_token: page.next_offset,
                    })
                })
                .await
        }
    )+};
}

version_lists! {
    persona_versions = persona, Persona, simulation_persona_versions;
    scenario_versions = scenario, Scenario, simulation_scenario_versions;
    metric_versions = metric, Metric, metric_versions;
    context_graph_versions = context_graph, ContextGraph, state_machine_versions;
}
