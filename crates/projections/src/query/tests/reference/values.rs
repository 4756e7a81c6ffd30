//! The values among some objects.

use std::collections::BTreeSet;

use model::{Kind, Object};

use super::{super::super::FilterValues, role_of, tags_of};

/// The values found among some objects.
pub(in super::super) fn facets_of(kind: Kind, objects: &[Object]) -> FilterValues {
    fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
        values.into_iter().collect::<BTreeSet<T>>().into_iter().collect()
    }
    macro_rules! each {
        ($($pattern:pat => $values:expr),+) => {
            sorted(objects.iter().flat_map(|object| match object {
                $($pattern => $values,)+
                _ => Vec::new(),
            }))
        };
    }
    let tags = objects
        .iter()
        .filter_map(tags_of)
        .flat_map(|tags| tags.entries().keys().cloned());
    let roles = objects.iter().filter_map(role_of).map(str::to_owned);
    let mut types = objects
        .iter()
        .filter_map(|object| match object {
            Object::Metric(metric) => Some(metric.latest.value.metric_type()),
            _ => None,
        })
        .collect::<Vec<_>>();
    types.sort_by_key(|of| of.as_str());
    types.dedup();
    let creators = match kind {
        Kind::Organization => Vec::new(),
        _ => sorted(objects.iter().map(|object| object.life().created.by.clone())),
    };
    FilterValues {
        creators,
        tags: sorted(tags),
        roles: sorted(roles),
        service_ids: each!(Object::UnitTest(test) => vec![test.definition.service_id]),
        persona_ids: each!(Object::UnitTest(test) => vec![test.definition.persona_id]),
        scenario_ids: each!(Object::UnitTest(test) => vec![test.definition.scenario_id]),
        metric_ids: each!(Object::UnitTest(test) => test.definition.success_criteria.iter().map(|c| c.metric_id).collect()),
        unit_test_ids: each!(Object::UnitTestSet(set) => set.definition.entries.iter().map(|entry| entry.unit_test_id).collect()),
        set_ids: each!(Object::Run(run) => vec![run.set_id]),
        applied_to_services: each!(Object::Metric(metric) => metric.applied_to_services.clone()),
        types,
        truncated: false,
    }
}
