//! Lists and searches by looking at every object, written without a word of the index.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a reference names the kinds it is about"
)]

mod search;
mod values;

use std::cmp::{Ordering, Reverse};

use model::{Kind, MemoryDirectory, MetricType, Object, Tags, Time, Token, Verdict};
pub(super) use search::found;
pub(super) use values::facets_of;

use super::super::{ListQuery, SortField, SortKey, TagFilter};
use crate::fixture::{USERS, World};

fn tags_of(object: &Object) -> Option<&Tags> {
    match object {
        Object::Persona(state) => Some(&state.tags),
        Object::Scenario(state) => Some(&state.tags),
        Object::Metric(state) => Some(&state.tags),
        Object::Service(state) => Some(&state.profile.tags),
        Object::UnitTest(state) => Some(&state.definition.tags),
        Object::UnitTestSet(state) => Some(&state.definition.tags),
        _ => None,
    }
}

fn role_of(object: &Object) -> Option<&str> {
    match object {
        Object::User(state) => Some(state.role.as_str()),
        Object::Persona(state) => Some(state.role.as_str()),
        _ => None,
    }
}

fn listed_at(object: &Object) -> Time {
    match object {
        Object::Run(run) => run.life.created.at,
        other => other.life().updated.at,
    }
}

/// A few filters that the kind has, chosen by some bytes.
pub(super) fn query_from(kind: Kind, choice: [u8; 8], world: &World, memory: &MemoryDirectory) -> ListQuery {
    let [ids, flags, tags, people, refer, more, sort, time] = choice.map(usize::from);
    let mut query = ListQuery::default();
    let of_kind = |kind: Kind| -> Vec<Token> {
        memory
            .objects()
            .filter(|object| object.kind() == kind)
            .map(|object| object.object_ref().key)
            .collect()
    };
    macro_rules! some_ids {
        ($kind:ident, $which:expr) => {{
            let keys = of_kind(Kind::$kind);
            let n = $which % 3;
            keys.iter()
                .cycle()
                .skip($which)
                .take(n.min(keys.len()))
                .map(|key| key.as_str().parse().unwrap())
                .collect()
        }};
    }
    let flag = |bits: usize| [None, None, Some(false), Some(true)][bits % 4];
    if ids % 4 == 0 {
        query.ids = of_kind(kind).into_iter().skip(ids / 4 % 3).step_by(2).collect();
        query.ids.push("65a000000000000000000000".parse().unwrap());
    }
    if people % 3 == 0 {
        query.creators = vec![USERS[people / 3 % 3].parse().unwrap(), "nobody".parse().unwrap()];
    }
    if !matches!(kind, Kind::Service | Kind::Run) {
        query.is_deleted = flag(flags);
    }
    if matches!(
        kind,
        Kind::Persona | Kind::Scenario | Kind::Metric | Kind::Service | Kind::UnitTest | Kind::UnitTestSet
    ) {
        if tags & 1 != 0 {
            query
                .tags
                .push(TagFilter::AnyValue(["area", "draft"][tags / 16 % 2].to_owned()));
        }
        if tags & 6 == 6 {
            query.tags.push(TagFilter::Null("draft".to_owned()));
        }
        if tags & 24 == 24 {
            query
                .tags
                .push(TagFilter::Exact("area".to_owned(), "north".to_owned()));
        }
    }
    match kind {
        Kind::Persona | Kind::User if more % 3 == 0 => {
            query.roles = vec![["patient", "caller"][more / 3 % 2].to_owned()];
        }
        Kind::ApiKey | Kind::TemporaryGrant if more % 3 == 0 => {
            query.users = vec![USERS[more / 3 % 3].parse().unwrap()]
        }
        Kind::Metric => {
            query.applied_to_services = some_ids!(Service, refer);
            if more % 3 == 0 {
                query.types = vec![
                    [MetricType::Boolean, MetricType::Numerical][more / 3 % 2],
                    MetricType::Categorical,
                ];
            }
        }
        Kind::Service => {
            query.is_active = flag(flags);
            for (bits, field) in [(sort, SortField::Name), (sort / 4, SortField::IsActive)] {
                if bits % 4 > 1 {
                    query.sort.push(SortKey {
                        field,
                        descending: bits % 2 == 0,
                    });
                }
            }
            if sort / 16 % 2 == 0 {
                query.sort.reverse();
            }
        }
        Kind::UnitTest => {
            query.service_ids = some_ids!(Service, refer);
            query.persona_ids = some_ids!(Persona, more);
            query.scenario_ids = some_ids!(Scenario, refer / 3);
            query.metric_ids = some_ids!(Metric, more / 3);
        }
        Kind::UnitTestSet => query.unit_test_ids = some_ids!(UnitTest, refer),
        Kind::Run => {
            query.set_ids = some_ids!(UnitTestSet, refer);
            query.is_completed = flag(flags);
            query.failed_metrics = flag(flags / 4);
            query.errored = flag(flags / 16);
            let times: Vec<Time> = world.events.iter().map(|event| event.commit.meta.at).collect();
            if time % 3 == 0 {
                query.created_after = Some(times[time % times.len()]);
            }
            if time % 5 == 0 {
                query.created_before = Some(times[(time * 7) % times.len()]);
            }
        }
        _ => {}
    }
    if query.sort.is_empty() && sort % 2 == 1 {
        let field = if kind == Kind::Run {
            SortField::CreatedAt
        } else {
            SortField::UpdatedAt
        };
        query.sort = vec![SortKey {
            field,
            descending: sort % 4 == 1,
        }];
    }
    query
}

fn matches(world: &World, object: &Object, query: &ListQuery) -> bool {
    fn any<T: PartialEq>(wanted: &[T], has: impl Fn(&T) -> bool) -> bool {
        wanted.is_empty() || wanted.iter().any(has)
    }
    fn is(wanted: Option<bool>, found: bool) -> bool {
        wanted.is_none_or(|wanted| wanted == found)
    }
    let life = object.life();
    let tags = tags_of(object).map(|tags| tags.entries());
    let tag = |filter: &TagFilter| {
        tags.is_some_and(|tags| match filter {
            TagFilter::Exact(key, value) => tags.get(key) == Some(&Some(value.clone())),
            TagFilter::AnyValue(key) => tags.contains_key(key),
            TagFilter::Null(key) => tags.get(key) == Some(&None),
        })
    };
    let general = any(&query.ids, |id| *id == object.object_ref().key)
        && is(query.is_deleted, life.is_deleted())
        && query.tags.iter().all(tag)
        && any(&query.creators, |user| *user == life.created.by)
        && any(&query.roles, |role| role_of(object) == Some(role));
    let own = match object {
        Object::ApiKey(key) => any(&query.users, |user| *user == key.user_id),
        Object::TemporaryGrant(grant) => any(&query.users, |user| *user == grant.user_id),
        Object::Metric(metric) => {
            any(&query.types, |of| *of == metric.latest.value.metric_type())
                && any(&query.applied_to_services, |id| {
                    metric.applied_to_services.contains(id)
                })
        }
        Object::Service(service) => is(query.is_active, service.profile.is_active),
        Object::UnitTest(test) => {
            let definition = &test.definition;
            any(&query.service_ids, |id| *id == definition.service_id)
                && any(&query.persona_ids, |id| *id == definition.persona_id)
                && any(&query.scenario_ids, |id| *id == definition.scenario_id)
                && any(&query.metric_ids, |id| {
                    definition.success_criteria.iter().any(|c| c.metric_id == *id)
                })
        }
        Object::UnitTestSet(set) => any(&query.unit_test_ids, |id| {
            set.definition
                .entries
                .iter()
                .any(|entry| entry.unit_test_id == *id)
        }),
        Object::Run(run) => {
            let results = world.results_of(run.id);
            let has =
                |verdicts: &[Verdict]| results.values().any(|result| verdicts.contains(&result.verdict));
            let errored = run.cancelled.is_some() || has(&[Verdict::Errored, Verdict::Invalid]);
            any(&query.set_ids, |id| *id == run.set_id)
                && is(
                    query.is_completed,
                    run.cancelled.is_some() || run.completed.is_some(),
                )
                && is(query.failed_metrics, has(&[Verdict::Failed]))
                && is(query.errored, errored)
                && query
                    .created_after
                    .is_none_or(|after| run.life.created.at >= after)
                && query
                    .created_before
                    .is_none_or(|before| run.life.created.at <= before)
        }
        _ => true,
    };
    general && own
}

fn compare(a: &Object, b: &Object, sort: &[SortKey]) -> Ordering {
    for key in sort {
        let ordering = match (key.field, a, b) {
            (SortField::Name, Object::Service(a), Object::Service(b)) => {
                a.profile.name.as_str().cmp(b.profile.name.as_str())
            }
            (SortField::IsActive, Object::Service(a), Object::Service(b)) => {
                a.profile.is_active.cmp(&b.profile.is_active)
            }
            _ => listed_at(a).cmp(&listed_at(b)),
        };
        let ordering = if key.descending {
            ordering.reverse()
        } else {
            ordering
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Reverse(listed_at(a)).cmp(&Reverse(listed_at(b))).then_with(|| {
        let ids = a.object_ref().key.cmp(&b.object_ref().key);
        // Oldest first is the same list from its end.
        let backward = sort.first().is_some_and(|key| {
            matches!(key.field, SortField::UpdatedAt | SortField::CreatedAt) && !key.descending
        });
        if backward { ids.reverse() } else { ids }
    })
}

/// Everything that a list shows, in order.
pub(super) fn filtered(
    world: &World,
    memory: &MemoryDirectory,
    kind: Kind,
    query: &ListQuery,
) -> Vec<Object> {
    let mut objects: Vec<Object> = memory
        .objects()
        .filter(|object| object.kind() == kind && matches(world, object, query))
        .cloned()
        .collect();
    objects.sort_by(|a, b| compare(a, b, &query.sort));
    objects
}
