//! A unit test of a suite.

use super::{
    super::{staged::Staged, unit_test},
    Applied, changed, refer,
};
use crate::{
    DecideError, Difference, Invalid, Kind, MetricId, PersonaId, Rejection, ScenarioId, ServiceId,
    SuccessCriterion, SuiteObject, SuiteSpec, UnitTestChange, UnitTestDefinition, UnitTestId,
    suite::fields_that_differ,
};

pub(super) fn apply(
    staged: &mut Staged<'_>,
    existing: Option<UnitTestId>,
    object: &SuiteObject,
) -> Result<Applied, DecideError> {
    let SuiteSpec::UnitTest {
        description,
        service,
        version_set,
        persona,
        scenario,
        max_interactions,
        success_criteria,
        tags,
    } = &object.spec
    else {
        return Err(Rejection::invalid("/kind", Invalid::new("must be UnitTest")).into());
    };
    let mut criteria = Vec::new();
    for criterion in success_criteria {
        criteria.push(SuccessCriterion {
            name: criterion.name.clone(),
            metric_id: MetricId(refer(staged, Kind::Metric, &criterion.metric)?),
            criterion: criterion.criterion.clone(),
        });
    }
    let definition = UnitTestDefinition {
        description: description.clone(),
        service_id: ServiceId(refer(staged, Kind::Service, service)?),
        version_set: version_set.clone(),
        persona_id: PersonaId(refer(staged, Kind::Persona, persona)?),
        scenario_id: ScenarioId(refer(staged, Kind::Scenario, scenario)?),
        max_interactions: *max_interactions,
        success_criteria: criteria,
        tags: tags.clone(),
    };
    let Some(id) = existing else {
        let change = unit_test::create(staged, &object.name, &definition)?;
        return Ok((change, Difference::Created, Vec::new()));
    };
    let (this, state) = unit_test::live(staged, id)?;
    let fields = fields_that_differ("", &state.definition, &definition);
    let change = UnitTestChange {
        description: Some(definition.description),
        service_id: Some(definition.service_id),
        version_set: Some(definition.version_set),
        persona_id: Some(definition.persona_id),
        scenario_id: Some(definition.scenario_id),
        max_interactions: Some(definition.max_interactions),
        success_criteria: Some(definition.success_criteria),
        tags: Some(definition.tags),
    };
    unit_test::update(staged, id, &change)?;
    Ok(changed(this, None, fields))
}
