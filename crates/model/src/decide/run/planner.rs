//! Planning a run: every version is pinned, and what is pinned goes into the manifest.

use std::{collections::BTreeMap, io};

use serde::Serialize;

use super::{
    super::{
        metric, persona, scenario, service,
        staged::{Staged, not_found},
        unit_test,
    },
    casting::Casting,
};
use crate::{
    AgentId, Content, ContextGraphId, DecideError, DirectoryExt, Invalid, Judge, Kind, MAX_MANIFEST_BYTES,
    Manifest, Named, ObjectRef, PlannedCriterion, PlannedTest, Rejection, SetEntry, UnitTest,
    UnitTestDefinition, pin,
};

/// A manifest in the making.
pub(super) struct Planner {
    manifest: Manifest,
    casting: Casting,
    /// How many bytes of JSON may still be added.
    room: usize,
}

impl Planner {
    pub(super) const fn new(manifest: Manifest, casting: Casting) -> Self {
        Self {
            manifest,
            casting,
            room: MAX_MANIFEST_BYTES,
        }
    }

    pub(super) fn into_manifest(self) -> Manifest {
        self.manifest
    }

    /// Adds one entry of the set: pins its test.
    pub(super) fn plan(&mut self, staged: &Staged<'_>, entry: SetEntry) -> Result<(), DecideError> {
        let (_, test) = unit_test::live(staged, entry.unit_test_id)?;
        let definition = &test.definition;
        let (_, service) = service::existing(staged, definition.service_id)?;
        let version_set = service.version_sets.get(&definition.version_set).ok_or_else(|| {
            Rejection::UnknownVersionSet {
                service: service.profile.name.to_string(),
                name: definition.version_set.clone(),
            }
        })?;
        let (agent, graph) = (service.profile.agent_id, service.profile.context_graph_id);
        let planned = PlannedTest {
            unit_test_id: test.id,
            name: test.name.clone(),
            run_count: entry.run_count,
            service_id: service.id,
            version_set: definition.version_set.clone(),
            persona: self.pin_persona(staged, definition)?,
            scenario: self.pin_scenario(staged, &test)?,
            agent: self.pin_agent(staged, &test, agent, version_set.agent_version)?,
            context_graph: self.pin_context_graph(staged, graph, version_set.context_graph_version)?,
            llm_model_preferences: version_set.llm_model_preferences.clone(),
            max_interactions: definition.max_interactions,
            criteria: self.pin_metrics(staged, &test)?,
        };
        take_room(&mut self.room, &planned)?;
        self.manifest.plan.tests.push(planned);
        Ok(())
    }

    fn pin_persona(
        &mut self,
        staged: &Staged<'_>,
        definition: &UnitTestDefinition,
    ) -> Result<(crate::PersonaId, u32), DecideError> {
        let (_, persona) = persona::live(staged, definition.persona_id)?;
        let pinned = (persona.id, persona.latest_version);
        let named = Named {
            name: persona.name,
            role: Some(persona.role),
            content: persona.latest,
        };
        put(
            &mut self.manifest.personas,
            pin(pinned.0, pinned.1),
            named,
            &mut self.room,
        )?;
        Ok(pinned)
    }

    fn pin_scenario(
        &mut self,
        staged: &Staged<'_>,
        test: &UnitTest,
    ) -> Result<(crate::ScenarioId, u32), DecideError> {
        let (_, scenario) = scenario::live(staged, test.definition.scenario_id)?;
        let needed = if scenario.latest.script.is_none() && !self.casting.is_recorded() {
            self.casting.need_simulator(&mut self.manifest)
        } else {
            Ok(())
        };
        needed.map_err(|reason| not_runnable(test, format!("its scenario `{}` {reason}", scenario.name)))?;
        for milestone in &scenario.latest.milestones {
            if let Judge::Model(judge) = &milestone.judge {
                let needed = self.casting.need_judges(&judge.models, &mut self.manifest);
                needed.map_err(|reason| {
                    let of = format!(
                        "milestone `{}` of its scenario `{}`",
                        milestone.name, scenario.name
                    );
                    not_runnable(test, format!("{of} {reason}"))
                })?;
            }
        }
        let pinned = (scenario.id, scenario.latest_version);
        let named = Named {
            name: scenario.name,
            role: None,
            content: scenario.latest,
        };
        put(
            &mut self.manifest.scenarios,
            pin(pinned.0, pinned.1),
            named,
            &mut self.room,
        )?;
        Ok(pinned)
    }

    fn pin_metrics(
        &mut self,
        staged: &Staged<'_>,
        test: &UnitTest,
    ) -> Result<Vec<PlannedCriterion>, DecideError> {
        let mut criteria = Vec::new();
        for criterion in &test.definition.success_criteria {
            let (_, metric) = metric::live(staged, criterion.metric_id)?;
            if let Judge::Model(judge) = &metric.latest.judge {
                let needed = self.casting.need_judges(&judge.models, &mut self.manifest);
                needed
                    .map_err(|reason| not_runnable(test, format!("its metric `{}` {reason}", metric.name)))?;
            }
            criteria.push(PlannedCriterion {
                name: criterion.name.clone(),
                metric_id: metric.id,
                metric_version: metric.latest_version,
                criterion: criterion.criterion.clone(),
            });
            let key = pin(metric.id, metric.latest_version);
            let named = Named {
                name: metric.name,
                role: None,
                content: metric.latest,
            };
            put(&mut self.manifest.metrics, key, named, &mut self.room)?;
        }
        Ok(criteria)
    }

    fn pin_agent(
        &mut self,
        staged: &Staged<'_>,
        test: &UnitTest,
        id: AgentId,
        wanted: Option<u32>,
    ) -> Result<(AgentId, u32), DecideError> {
        let agent = staged.agent(id)?.ok_or_else(|| not_found(Kind::Agent, id))?;
        let number = wanted.unwrap_or(agent.latest_version);
        let object = ObjectRef::new(Kind::Agent, id);
        let Some(Content::Agent(content)) = staged.content(&object, number)? else {
            return Err(no_version(Kind::Agent, agent.name.as_str(), number));
        };
        let connection = content.connection.as_ref();
        if let Some(model) = connection.and_then(|connection| connection.protocol.priced_model()) {
            self.casting.price_agent(model, &mut self.manifest);
        }
        if content.connection.is_none() && !self.casting.is_recorded() {
            let reason = format!(
                "version {number} of its agent `{}` does not say how to reach it; add a connection",
                agent.name
            );
            return Err(not_runnable(test, reason).into());
        }
        let named = Named {
            name: agent.name,
            role: None,
            content,
        };
        put(&mut self.manifest.agents, pin(id, number), named, &mut self.room)?;
        Ok((id, number))
    }

    fn pin_context_graph(
        &mut self,
        staged: &Staged<'_>,
        id: ContextGraphId,
        wanted: Option<u32>,
    ) -> Result<(ContextGraphId, u32), DecideError> {
        let graph = staged
            .context_graph(id)?
            .ok_or_else(|| not_found(Kind::ContextGraph, id))?;
        let number = wanted.unwrap_or(graph.latest_version);
        let object = ObjectRef::new(Kind::ContextGraph, id);
        let Some(Content::ContextGraph(content)) = staged.content(&object, number)? else {
            return Err(no_version(Kind::ContextGraph, graph.name.as_str(), number));
        };
        let named = Named {
            name: graph.name,
            role: None,
            content,
        };
        put(
            &mut self.manifest.context_graphs,
            pin(id, number),
            named,
            &mut self.room,
        )?;
        Ok((id, number))
    }
}

fn not_runnable(test: &UnitTest, reason: String) -> Rejection {
    Rejection::NotRunnable {
        unit_test: test.name.to_string(),
        reason,
    }
}

fn no_version(kind: Kind, name: &str, number: u32) -> DecideError {
    Rejection::NoVersion {
        kind,
        name: name.to_owned(),
        version: Some(number),
    }
    .into()
}

/// Adds pinned content that is not there yet.
fn put<C: Serialize>(
    pinned: &mut BTreeMap<String, Named<C>>,
    key: String,
    named: Named<C>,
    room: &mut usize,
) -> Result<(), DecideError> {
    if let std::collections::btree_map::Entry::Vacant(place) = pinned.entry(key) {
        take_room(room, &named)?;
        place.insert(named);
    }
    Ok(())
}

/// Counts what is added, so that a run which nothing could hold is refused before it is held in memory here.
fn take_room<T: Serialize>(room: &mut usize, added: &T) -> Result<(), DecideError> {
    let mut counter = Counter(0);
    let counted = serde_json::to_writer(&mut counter, added);
    let left = counted.ok().and_then(|()| room.checked_sub(counter.0));
    *room = left.ok_or_else(|| {
        let reason = format!(
            "the contents that its tests name come to more than {MAX_MANIFEST_BYTES} bytes together; split the set"
        );
        Rejection::invalid("/simulation_unit_test_set_id", Invalid::new(reason))
    })?;
    Ok(())
}

/// Counts bytes and keeps none.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(content: &str) -> Named<String> {
        Named {
            name: "n".try_into().unwrap(),
            role: None,
            content: content.to_owned(),
        }
    }

    #[test]
    fn what_is_pinned_twice_is_held_once() {
        let one = serde_json::to_string(&named("x")).unwrap().len();
        let mut room = 2 * one;
        let mut pinned = BTreeMap::new();
        for key in ["a", "a", "b"] {
            put(&mut pinned, key.to_owned(), named("x"), &mut room).unwrap();
        }
        assert_eq!((pinned.len(), room), (2, 0));
        put(&mut pinned, "b".to_owned(), named("x"), &mut room).unwrap();
    }

    #[test]
    fn what_nobody_could_hold_is_refused_before_it_is_held() {
        let mut room = 100;
        let mut pinned = BTreeMap::new();
        let refused = put(&mut pinned, "a".to_owned(), named(&"x".repeat(100)), &mut room).unwrap_err();
        assert!(
            matches!(refused, DecideError::Rejected(Rejection::Invalid { .. })),
            "{refused}"
        );
        assert_eq!((pinned.len(), room), (0, 100));
    }
}
