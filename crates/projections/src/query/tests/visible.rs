//! What callers see who may not see everything.

use std::sync::Arc;

use model::{
    Access, Attributes, Directory as _, Grant, GrantCondition, Json, Kind, MemoryDirectory, Object,
    ObjectRef, Reach, evaluation_id,
};
use proptest::prelude::*;

use super::{
    super::{ConversationQuery, EvaluationQuery, ListQuery, Visibility},
    LISTED, paged,
    reference::{facets_of, filtered, found, query_from},
};
use crate::{
    EvaluationSource,
    fixture::{USERS, World, moves, org, projected},
};

const PERMISSION: &str = "Test:See";

fn json(text: &str) -> Json {
    Json::from_value(&text.into()).unwrap()
}

/// A caller with no, some or full reach, chosen by some bytes.
fn visibility(memory: &MemoryDirectory, choice: [u8; 5]) -> Visibility {
    let [n_grants, name, how, which, user] = choice.map(usize::from);
    let objects: Vec<Attributes> = memory.objects().map(Object::attributes).collect();
    let grant = |index: usize| {
        let name = ["creator", "name", "role", "id", "kind", "nothing"][(name + index) % 6];
        let values: Vec<Json> = objects
            .iter()
            .filter_map(|attributes| attributes.get(name))
            .filter_map(|value| Json::from_value(value).ok())
            .collect();
        let value = |offset: usize| match values.len() {
            0 => json("{self_org_id}"),
            n => values[(which + offset) % n].clone(),
        };
        let condition = match (how + index) % 4 {
            0 => GrantCondition::Equals(value(index)),
            1 => GrantCondition::In(vec![value(index), value(7)]),
            2 => GrantCondition::NotEquals(value(index)),
            _ => GrantCondition::Equals(json("{self_user_id}")),
        };
        let other = if index == 2 { "Test:Other" } else { PERMISSION };
        Grant {
            permission: other.to_owned(),
            conditions: [(name.to_owned(), condition)].into(),
        }
    };
    let mut grants: Vec<Grant> = (0..n_grants % 4).map(grant).collect();
    if n_grants % 16 == 7 {
        grants.push(Grant {
            permission: PERMISSION.to_owned(),
            conditions: [].into(),
        });
    }
    let user = USERS[user % USERS.len()].parse().unwrap();
    Visibility {
        access: Arc::new(Access::granted(memory.org().clone(), user, grants)),
        permission: PERMISSION,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn lists_and_searches_show_what_a_permission_reaches(
        moves in moves(120),
        choices in prop::collection::vec((any::<[u8; 8]>(), any::<[u8; 5]>()), 8),
        limit in 1_usize..5,
    ) {
        let world = World::after(&moves);
        let database = projected(&world);
        let view = database.view().unwrap();
        for memory in &world.orgs {
            let of = view.organization(memory.org().clone());
            for kind in LISTED {
                for &(choice, who) in &choices {
                    let visibility = visibility(memory, who);
                    let sees = |object: &Object| visibility.access.permits(PERMISSION, &object.attributes());
                    let all = query_from(kind, choice, &world, memory);
                    let query = ListQuery { visible_to: Some(visibility.clone()), ..all.clone() };
                    let unseen = filtered(&world, memory, kind, &all);
                    let expected: Vec<Object> = unseen.iter().filter(|object| sees(object)).cloned().collect();
                    prop_assert_eq!(paged(&of, kind, &query, limit), expected, "{:?} {:?}", kind, &query);
                    let first = of.list(kind, &ListQuery { limit, ..query.clone() }).unwrap();
                    prop_assert_eq!(first.filter_values.unwrap(), facets_of(kind, &unseen));
                    if !matches!(kind, Kind::Persona | Kind::Scenario | Kind::Metric | Kind::UnitTest | Kind::UnitTestSet) {
                        continue;
                    }
                    // The order does not count in a search.
                    let all = ListQuery { sort: Vec::new(), ..all };
                    for text in ["user", "conf us", "time with"] {
                        let mut expected = found(&world, memory, kind, text, &all);
                        expected.retain(sees);
                        prop_assert_eq!(of.search(kind, text, &query).unwrap(), expected, "{:?} {} {:?}", kind, text, &query);
                    }
                }
            }
        }
    }

    #[test]
    fn evaluations_and_conversations_show_what_a_permission_reaches(
        moves in super::runs::busy(),
        who in prop::collection::vec(any::<[u8; 5]>(), 8),
        limit in 1_usize..5,
        name in prop::sample::select(vec!["creator", "id", "metric_id", "source", "service_id", "user_id"]),
    ) {
        let world = World::after(&moves);
        let database = projected(&world);
        let view = database.view().unwrap();
        let memory = &world.orgs[0];
        let of = view.organization(org(0));
        let evaluations = EvaluationQuery { limit: 1_000, ..EvaluationQuery::default() };
        let conversations = ConversationQuery { limit: 1_000, ..ConversationQuery::default() };
        let all_evaluations = of.evaluations(&evaluations).unwrap();
        let all_conversations = of.conversations(&conversations).unwrap().items;
        let creator = |run: model::RunId| {
            memory.object(&ObjectRef::new(Kind::Run, run)).unwrap().unwrap().life().created.by.to_string()
        };
        for who in who {
            let mut visibility = visibility(memory, who);
            if let (false, Some(one)) = (who[0] < 128, all_conversations.get(usize::from(who[1]) % all_conversations.len().max(1))) {
                let value = match name {
                    "creator" | "user_id" => json("{self_user_id}"),
                    "metric_id" => json(&all_evaluations.items[0].metric_id().to_string()),
                    "source" => json(["simulation", "manual"][usize::from(who[2]) % 2]),
                    "service_id" => json(&one.service_id.to_string()),
                    _ => json(&if who[2] % 2 == 0 { one.id } else { evaluation_id(one.run, one.n, 0) }.to_string()),
                };
                let condition = if who[3] % 2 == 0 { GrantCondition::Equals(value) } else { GrantCondition::NotEquals(value) };
                let grant = Grant { permission: PERMISSION.to_owned(), conditions: [(name.to_owned(), condition)].into() };
                let user = USERS[usize::from(who[4]) % USERS.len()].parse().unwrap();
                visibility.access = Arc::new(Access::granted(org(0), user, vec![grant]));
            }
            let permits = |pairs: &[(&str, String)]| {
                let attributes = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
                visibility.access.permits(PERMISSION, &attributes)
            };
            let expected: Vec<_> = all_evaluations.items.iter().filter(|item| {
                let (source, creator) = match &item.source {
                    EvaluationSource::Simulation { .. } => ("simulation", creator(item.run)),
                    EvaluationSource::Manual { invoked_by, .. } => ("manual", invoked_by.to_string()),
                };
                permits(&[
                    ("id", item.id.to_string()),
                    ("metric_id", item.metric_id().to_string()),
                    ("source", source.to_owned()),
                    ("creator", creator),
                ])
            }).cloned().collect();
            let mut query = EvaluationQuery { limit, visible_to: Some(visibility.clone()), ..EvaluationQuery::default() };
            let mut seen = Vec::new();
            loop {
                let page = of.evaluations(&query).unwrap();
                if query.offset == 0 {
                    prop_assert_eq!(&page.filter_values, &all_evaluations.filter_values);
                }
                seen.extend(page.items);
                let Some(next) = page.next_offset else { break };
                query.offset = next;
            }
            prop_assert_eq!(seen, expected);

            let expected: Vec<_> = all_conversations.iter().filter(|item| permits(&[
                ("id", item.id.to_string()),
                ("service_id", item.service_id.to_string()),
                ("user_id", creator(item.run)),
                ("creator", creator(item.run)),
            ])).cloned().collect();
            let mut query = ConversationQuery { limit, visible_to: Some(visibility.clone()), ..ConversationQuery::default() };
            let mut seen = Vec::new();
            loop {
                let page = of.conversations(&query).unwrap();
                prop_assert_eq!(page.has_more, page.next_cursor.is_some());
                seen.extend(page.items);
                let Some(next) = page.next_cursor else { break };
                query.after = Some(next);
            }
            prop_assert_eq!(seen, expected);
        }
    }
}

#[test]
fn a_caller_who_may_see_nothing_costs_nothing_and_one_who_may_see_everything_no_more_than_before() {
    let database = super::pages::many();
    for (grants, reach, n_items, n_loads) in [
        (vec![], Reach::Nothing, 0, 0),
        (
            vec![Grant {
                permission: PERMISSION.to_owned(),
                conditions: [].into(),
            }],
            Reach::Everything,
            20,
            20,
        ),
        (
            vec![Grant {
                permission: PERMISSION.to_owned(),
                conditions: [(
                    "creator".to_owned(),
                    GrantCondition::Equals(json("{self_user_id}")),
                )]
                .into(),
            }],
            Reach::Some,
            20,
            // What stands before the page, the page, and whether there is more.
            30 + 20 + 1,
        ),
    ] {
        let access = Access::granted(org(0), crate::fixture::user(0), grants);
        assert_eq!(access.reach(PERMISSION), reach);
        let view = database.view().unwrap();
        let of = view.organization(org(0));
        let query = ListQuery {
            limit: 20,
            offset: 30,
            visible_to: Some(Visibility {
                access: Arc::new(access),
                permission: PERMISSION,
            }),
            ..ListQuery::default()
        };
        let page = of.personas(&query).unwrap();
        assert_eq!(
            (page.items.len(), page.has_more),
            (n_items, n_items > 0),
            "{reach:?}"
        );
        assert_eq!(view.loads(), n_loads, "{reach:?}");
        let found = of.search_personas("persona", &query).unwrap();
        assert_eq!(found.is_empty(), reach == Reach::Nothing);
    }
}
