//! Runs: starting one pins every version and seals the manifest.

use std::collections::BTreeMap;

use super::{
    Capabilities, metric, persona, scenario, service,
    staged::{Staged, not_found},
    unit_test,
};
use crate::{
    AgentId, ArtifactRef, Content, ContextGraphId, DecideError, Digest, Directory, DirectoryExt, Event,
    Invalid, Judge, Kind, MANIFEST_FORMAT, Manifest, Named, ObjectRef, Plan, PlannedCriterion, PlannedTest,
    Rejection, Run, RunCompleted, RunId, RunOptions, RunStarted, RunVerdict, SetEntry, StartOptions, Tally,
    UnitTestSetId, pin,
};

type Change = (ObjectRef, u32);

pub(super) fn start(
    staged: &mut Staged<'_>,
    set_id: UnitTestSetId,
    options: StartOptions,
) -> Result<(Change, (Digest, Vec<u8>)), DecideError> {
    let (_, set) = unit_test::live_set(staged, set_id)?;
    if let Some(run) = staged.unfinished_run(&staged.context.actor, set_id)? {
        return Err(Rejection::RunUnfinished { run }.into());
    }
    if options.max_concurrency == Some(0) {
        let reason = Invalid::new("must be at least 1");
        return Err(Rejection::invalid("/rehearse/max_concurrency", reason).into());
    }
    let run = RunId(staged.ids.next());
    let options = RunOptions {
        seed: options.seed.unwrap_or_else(|| staged.ids.seed()),
        max_concurrency: options.max_concurrency,
    };
    let org = staged.org().clone();
    let mut manifest = Manifest {
        format: MANIFEST_FORMAT,
        build: staged.context.capabilities.build.clone(),
        organization: staged
            .organization(org.clone())?
            .map(|organization| organization.profile),
        org,
        run,
        started: crate::Change {
            by: staged.context.actor.clone(),
            at: staged.context.now,
        },
        set_id,
        set_name: set.definition.name.clone(),
        plan: Plan {
            tests: Vec::new(),
            options,
        },
        simulator: "scripted".to_owned(),
        judges: "deterministic".to_owned(),
        personas: BTreeMap::new(),
        scenarios: BTreeMap::new(),
        metrics: BTreeMap::new(),
        agents: BTreeMap::new(),
        context_graphs: BTreeMap::new(),
    };
    for entry in &set.definition.entries {
        let test = plan_test(staged, *entry, &mut manifest)?;
        manifest.plan.tests.push(test);
    }
    let sealed = manifest.seal().map_err(|reason| Rejection::invalid("", reason))?;
    let object = ObjectRef::new(Kind::Run, run);
    let started = RunStarted {
        set_id,
        set_name: set.definition.name,
        plan: manifest.plan,
        manifest: sealed.0,
    };
    staged.record(&object, Event::RunStarted(started))?;
    Ok(((object, 0), sealed))
}

pub(super) fn cancel(staged: &mut Staged<'_>, id: RunId) -> Result<Change, DecideError> {
    let (object, run) = existing(staged, id)?;
    if run.is_over() {
        return Err(Rejection::RunOver { run: id }.into());
    }
    staged.record(&object, Event::RunCancelled(()))?;
    Ok((object, 0))
}

pub(super) fn complete(
    staged: &mut Staged<'_>,
    id: RunId,
    tally: &Tally,
    artifact: ArtifactRef,
) -> Result<Change, DecideError> {
    let (object, run) = existing(staged, id)?;
    if run.completed.is_some() {
        return Err(Rejection::RunOver { run: id }.into());
    }
    let planned = run.plan.n_conversations();
    let accounted = tally.finished().checked_add(tally.cancelled);
    if tally.planned != planned
        || accounted != Some(planned)
        || (tally.cancelled > 0 && run.cancelled.is_none())
    {
        let reason = Invalid::new(format!(
            "the tally does not account for the run's {planned} conversations"
        ));
        return Err(Rejection::invalid("/tally", reason).into());
    }
    let verdict = if run.cancelled.is_some() {
        RunVerdict::Cancelled
    } else {
        tally.verdict()
    };
    staged.record(
        &object,
        Event::RunCompleted(RunCompleted {
            tally: *tally,
            verdict,
            artifact,
        }),
    )?;
    Ok((object, 0))
}

fn existing(staged: &Staged<'_>, id: RunId) -> Result<(ObjectRef, Run), DecideError> {
    let run = staged.run(id)?.ok_or_else(|| not_found(Kind::Run, id))?;
    Ok((ObjectRef::new(Kind::Run, id), run))
}

/// Pins one test and adds what it needs to the manifest.
fn plan_test(
    staged: &Staged<'_>,
    entry: SetEntry,
    manifest: &mut Manifest,
) -> Result<PlannedTest, DecideError> {
    let (_, test) = unit_test::live(staged, entry.unit_test_id)?;
    let not_runnable = |reason: String| Rejection::NotRunnable {
        unit_test: test.name.to_string(),
        reason,
    };
    let definition = &test.definition;
    let (_, service) = service::existing(staged, definition.service_id)?;
    let version_set = service.version_sets.get(&definition.version_set).ok_or_else(|| {
        let service = service.profile.name.to_string();
        Rejection::UnknownVersionSet {
            service,
            name: definition.version_set.clone(),
        }
    })?;

    let (_, persona) = persona::live(staged, definition.persona_id)?;
    manifest
        .personas
        .entry(pin(persona.id, persona.latest_version))
        .or_insert_with(|| Named {
            name: persona.name.clone(),
            role: Some(persona.role.clone()),
            content: persona.latest.clone(),
        });

    let (_, scenario) = scenario::live(staged, definition.scenario_id)?;
    if scenario.latest.script.is_none() {
        let model = require_user_model(&staged.context.capabilities).map_err(|reason| {
            not_runnable(format!(
                "its scenario `{}` has no script, and {reason}",
                scenario.name
            ))
        })?;
        model.clone_into(&mut manifest.simulator);
    }
    manifest
        .scenarios
        .entry(pin(scenario.id, scenario.latest_version))
        .or_insert_with(|| Named {
            name: scenario.name.clone(),
            role: None,
            content: scenario.latest.clone(),
        });

    let agent = pin_agent(
        staged,
        service.profile.agent_id,
        version_set.agent_version,
        manifest,
    )
    .map_err(|error| in_test(error, &not_runnable))?;
    let graph = service.profile.context_graph_id;
    let context_graph = pin_context_graph(staged, graph, version_set.context_graph_version, manifest)?;

    let mut criteria = Vec::new();
    for criterion in &definition.success_criteria {
        let (_, metric) = metric::live(staged, criterion.metric_id)?;
        if metric.latest.judge == Judge::Model {
            let model = staged.context.capabilities.judge_model.as_deref().ok_or_else(|| {
                not_runnable(format!(
                    "its metric `{}` is judged by a model, and no judge model is configured; give the metric another judge",
                    metric.name
                ))
            })?;
            model.clone_into(&mut manifest.judges);
        }
        criteria.push(PlannedCriterion {
            name: criterion.name.clone(),
            metric_id: metric.id,
            metric_version: metric.latest_version,
            criterion: criterion.criterion.clone(),
        });
        manifest
            .metrics
            .entry(pin(metric.id, metric.latest_version))
            .or_insert_with(|| Named {
                name: metric.name.clone(),
                role: None,
                content: metric.latest.clone(),
            });
    }
    Ok(PlannedTest {
        unit_test_id: test.id,
        name: test.name.clone(),
        run_count: entry.run_count,
        service_id: service.id,
        version_set: definition.version_set.clone(),
        agent,
        context_graph,
        scenario: (scenario.id, scenario.latest_version),
        persona: (persona.id, persona.latest_version),
        llm_model_preferences: version_set.llm_model_preferences.clone(),
        max_interactions: definition.max_interactions,
        criteria,
    })
}

fn require_user_model(capabilities: &Capabilities) -> Result<&str, &'static str> {
    capabilities
        .user_model
        .as_deref()
        .ok_or("no model plays users here; add a script")
}

fn in_test(error: DecideError, not_runnable: &impl Fn(String) -> Rejection) -> DecideError {
    match error {
        DecideError::Rejected(Rejection::Invalid { pointer: _, reason }) => not_runnable(reason).into(),
        DecideError::Rejected(_) | DecideError::Read(_) => error,
    }
}

fn pin_agent(
    staged: &Staged<'_>,
    id: AgentId,
    wanted: Option<u32>,
    manifest: &mut Manifest,
) -> Result<(AgentId, u32), DecideError> {
    let agent = staged.agent(id)?.ok_or_else(|| not_found(Kind::Agent, id))?;
    let number = wanted.unwrap_or(agent.latest_version);
    let missing = || Rejection::NoVersion {
        kind: Kind::Agent,
        name: agent.name.to_string(),
        version: Some(number),
    };
    let Some(Content::Agent(content)) = staged.content(&ObjectRef::new(Kind::Agent, id), number)? else {
        return Err(missing().into());
    };
    if content.connection.is_none() {
        let reason = Invalid::new(format!(
            "version {number} of its agent `{}` does not say how to reach it; add a connection",
            agent.name
        ));
        return Err(Rejection::invalid("", reason).into());
    }
    let named = Named {
        name: agent.name,
        role: None,
        content,
    };
    manifest.agents.entry(pin(id, number)).or_insert(named);
    Ok((id, number))
}

fn pin_context_graph(
    staged: &Staged<'_>,
    id: ContextGraphId,
    wanted: Option<u32>,
    manifest: &mut Manifest,
) -> Result<(ContextGraphId, u32), DecideError> {
    let graph = staged
        .context_graph(id)?
        .ok_or_else(|| not_found(Kind::ContextGraph, id))?;
    let number = wanted.unwrap_or(graph.latest_version);
    let Some(Content::ContextGraph(content)) =
        staged.content(&ObjectRef::new(Kind::ContextGraph, id), number)?
    else {
        let name = graph.name.to_string();
        return Err(Rejection::NoVersion {
            kind: Kind::ContextGraph,
            name,
            version: Some(number),
        }
        .into());
    };
    let named = Named {
        name: graph.name,
        role: None,
        content,
    };
    manifest.context_graphs.entry(pin(id, number)).or_insert(named);
    Ok((id, number))
}
