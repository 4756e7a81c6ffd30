//! Searching by reading every text.

use model::{Kind, MemoryDirectory, Object};

use super::{super::super::ListQuery, filtered};
use crate::fixture::World;

fn split(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Everything that a search finds, the best first.
pub(in super::super) fn found(
    world: &World,
    memory: &MemoryDirectory,
    kind: Kind,
    text: &str,
    query: &ListQuery,
) -> Vec<Object> {
    let terms = split(text);
    if terms.is_empty() {
        return Vec::new();
    }
    let rank = |object: &Object| -> Option<u8> {
        let (name, other) = match object {
            Object::Persona(state) => (&state.name, Some(&state.latest.background)),
            Object::Scenario(state) => (&state.name, None),
            Object::Metric(state) => (&state.name, None),
            Object::UnitTest(state) => (&state.name, Some(&state.definition.description)),
            Object::UnitTestSet(state) => (&state.definition.name, state.definition.description.as_ref()),
            _ => return None,
        };
        let name = split(name.as_str());
        let every = [
            name.clone(),
            other.map(|text| split(text.as_str())).unwrap_or_default(),
        ]
        .concat();
        if name == terms {
            Some(0)
        } else if terms.iter().all(|term| name.contains(term)) {
            Some(1)
        } else if terms
            .iter()
            .all(|term| name.iter().any(|word| word.starts_with(term)))
        {
            Some(2)
        } else if terms
            .iter()
            .all(|term| every.iter().any(|word| word.starts_with(term)))
        {
            Some(3)
        } else {
            None
        }
    };
    let mut ranked: Vec<(u8, Object)> = filtered(world, memory, kind, query)
        .into_iter()
        .filter(|object| !object.life().is_deleted())
        .filter_map(|object| rank(&object).map(|rank| (rank, object)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, object)| object).take(50).collect()
}
