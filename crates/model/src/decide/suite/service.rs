//! A service of a suite, with its version sets.

use super::{
    super::{service, staged::Staged},
    Applied, apply_context_graph, changed, find, refer,
};
use crate::{
    AgentId, ContextGraphContent, ContextGraphId, DecideError, Difference, Invalid, Json, Kind, Name,
    Rejection, ServiceChange, ServiceId, ServiceProfile, SuiteObject, SuiteSpec, suite::fields_that_differ,
};

/// The name of the context graph of services that name none.
const NO_CONTEXT_GRAPH: &str = "none";

pub(super) fn apply(
    staged: &mut Staged<'_>,
    existing: Option<ServiceId>,
    object: &SuiteObject,
) -> Result<Applied, DecideError> {
    let SuiteSpec::Service {
        description,
        agent,
        context_graph,
        tags,
        keyterms,
        version_sets,
    } = &object.spec
    else {
        return Err(Rejection::invalid("/kind", Invalid::new("must be Service")).into());
    };
    let agent_id = AgentId(refer(staged, Kind::Agent, agent)?);
    let context_graph_id = match context_graph {
        Some(name) => ContextGraphId(refer(staged, Kind::ContextGraph, name)?),
        None => no_context_graph(staged)?,
    };
    let profile = ServiceProfile {
        name: object.name.clone(),
        description: description.clone(),
        is_active: true,
        agent_id,
        context_graph_id,
        tags: tags.clone(),
        keyterms: keyterms.clone(),
    };
    let (this, id, old) = match existing {
        Some(id) => {
            let (this, state) = service::existing(staged, id)?;
            (this, id, Some(state))
        }
        None => {
            let (this, _) = service::create(staged, &profile, None)?;
            let id = ServiceId(refer(staged, Kind::Service, &object.name)?);
            (this, id, None)
        }
    };
    let mut fields = Vec::new();
    if let Some(old) = &old {
        fields = fields_that_differ("", &old.profile, &profile);
        let change = ServiceChange {
            name: None,
            description: Some(profile.description),
            is_active: None,
            agent_id: Some(agent_id),
            context_graph_id: Some(context_graph_id),
            tags: Some(profile.tags),
            keyterms: Some(profile.keyterms),
        };
        service::update(staged, id, &change, version_sets.keys())?;
    }
    for (name, version_set) in version_sets {
        let before = old.as_ref().and_then(|old| old.version_sets.get(name));
        fields.extend(fields_that_differ(
            &format!("version_sets.{name}"),
            &before,
            &Some(version_set),
        ));
        service::put_version_set(staged, id, name, version_set)?;
    }
    if old.is_none() {
        return Ok(((this, 0), Difference::Created, Vec::new()));
    }
    Ok(changed(this, None, fields))
}

fn no_context_graph(staged: &mut Staged<'_>) -> Result<ContextGraphId, DecideError> {
    let name = Name::try_from(NO_CONTEXT_GRAPH)
        .map_err(|reason| Rejection::invalid("/spec/contextGraph", reason))?;
    if find(staged, Kind::ContextGraph, &name)?.is_none() {
        apply_context_graph(
            staged,
            &name,
            &ContextGraphContent {
                document: Json::empty_object(),
            },
        )?;
    }
    Ok(ContextGraphId(refer(staged, Kind::ContextGraph, &name)?))
}
