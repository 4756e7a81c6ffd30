//! Pages by cursor, while things happen between them.

use std::cmp::Reverse;

use model::{Kind, Object, Oid};
use proptest::prelude::*;

use super::{
    super::{
        ConversationQuery, Cursor, EvaluationQuery, ListQuery, SortField, SortKey, source::Selection,
        walk::Direction,
    },
    LISTED,
    reference::{filtered, query_from},
};
use crate::{
    QueryError,
    fixture::{Move, World, bound, moves, org, projected},
    index::{Field, Space, list_time},
};

fn is_ascending(query: &ListQuery) -> bool {
    query.sort.first().is_some_and(|key| !key.descending)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_stays_as_it_is_is_met_exactly_once(
        first in moves(100),
        later in prop::collection::vec(prop::collection::vec(any::<(u8, u8, u8, u8)>(), 0..4), 40),
        kind in prop::sample::select(LISTED.to_vec()),
        choice in any::<[u8; 8]>(),
        limit in 1_usize..4,
    ) {
        let mut world = World::after(&first);
        let (database, projector) = bound();
        projector.apply_events(&world.events).unwrap();
        projector.apply_results(&world.results).unwrap();
        let mut query = ListQuery { limit, ..query_from(kind, choice, &world, &world.orgs[0]) };
        query.sort.retain(|key| matches!(key.field, SortField::UpdatedAt | SortField::CreatedAt));
        let start = filtered(&world, &world.orgs[0], kind, &query);
        let mut later = later.into_iter();
        let mut met: Vec<Object> = Vec::new();
        loop {
            let view = database.view().unwrap();
            let page = view.organization(org(0)).list(kind, &query).unwrap();
            let place = |object: &Object| (Reverse(list_time(object)), object.object_ref().key);
            let expected: Vec<Object> = filtered(&world, &world.orgs[0], kind, &query)
                .into_iter()
                .filter(|object| met.last().is_none_or(|last| {
                    let (this, last) = (place(object), place(last));
                    if is_ascending(&query) { this < last } else { this > last }
                }))
                .collect();
            prop_assert_eq!(&page.items[..], &expected[..limit.min(expected.len())]);
            prop_assert_eq!(page.has_more, expected.len() > limit);
            prop_assert_eq!(page.filter_values.is_some(), query.after.is_none());
            met.extend(page.items);
            let Some(next) = page.next_cursor else { break };
            // As the caller hands it back.
            query.after = Some(next.to_string().parse().unwrap());
            for (verb, a, b, c) in later.next().unwrap_or_default() {
                // Later than anything before, so that whatever changes is seen to.
                world.pass(5);
                world.make(Move { verb: verb % 44, a: a % 7, b, c });
            }
            projector.apply_events(&world.events[usize::try_from(database.sequences().events).unwrap()..]).unwrap();
            projector.apply_results(&world.results[usize::try_from(database.sequences().results).unwrap()..]).unwrap();
        }
        let end = filtered(&world, &world.orgs[0], kind, &query);
        let stayed: Vec<&Object> = start.iter().filter(|object| end.contains(object)).collect();
        let met: Vec<&Object> = met.iter().filter(|object| stayed.contains(object)).collect();
        prop_assert_eq!(met, stayed);
    }

    #[test]
    fn evaluations_and_conversations_are_the_same_by_cursor_and_by_offset(
        moves in super::runs::busy(),
        limit in 1_usize..4,
        ascending in any::<bool>(),
    ) {
        let database = projected(&World::after(&moves));
        let view = database.view().unwrap();
        let of = view.organization(org(0));
        let all = EvaluationQuery { ascending, limit: 1_000, ..EvaluationQuery::default() };
        let mut query = EvaluationQuery { limit, ..all.clone() };
        let mut found = Vec::new();
        loop {
            let page = of.evaluations(&query).unwrap();
            prop_assert_eq!(page.next_offset.is_some(), query.cursor.is_none() && page.has_more);
            found.extend(page.items);
            let Some(next) = page.next_cursor else { break };
            query.cursor = Some(next);
        }
        prop_assert_eq!(found, of.evaluations(&all).unwrap().items);

        let all = ConversationQuery { ascending, limit: 1_000, ..ConversationQuery::default() };
        let mut query = ConversationQuery { limit, ..all.clone() };
        let mut found = Vec::new();
        loop {
            let page = of.conversations(&query).unwrap();
            found.extend(page.items);
            let Some(next) = page.next_cursor else { break };
            query.after = Some(next);
        }
        prop_assert_eq!(found, of.conversations(&all).unwrap().items);
    }

    #[test]
    fn any_cursor_gives_a_page(bytes in prop::collection::vec(any::<u8>(), 9..=72), ascending in any::<bool>()) {
        let database = projected(&World::after(&[]));
        let view = database.view().unwrap();
        let sort = vec![SortKey { field: SortField::UpdatedAt, descending: !ascending }];
        let query = ListQuery { limit: 10, after: Some(Cursor::behind(&bytes)), sort, ..ListQuery::default() };
        prop_assert!(view.organization(org(0)).personas(&query).unwrap().items.len() <= 1);
    }
}

#[test]
fn cursors_are_refused_beside_an_offset_and_in_other_orders() {
    let database = projected(&World::after(&[]));
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let after = Some(Cursor::behind(&[7; 20]));
    let both = ListQuery {
        offset: 1,
        after: after.clone(),
        ..ListQuery::default()
    };
    assert!(matches!(of.personas(&both), Err(QueryError::TwoBeginnings)));
    let by_name = ListQuery {
        sort: vec![SortKey {
            field: SortField::Name,
            descending: false,
        }],
        after: after.clone(),
        ..ListQuery::default()
    };
    let error = of.services(&by_name).unwrap_err();
    assert!(matches!(
        error,
        QueryError::CursorOrder {
            kind: Kind::Service,
            time: "updated_at"
        }
    ));
    assert!(error.to_string().contains("sort by updated_at"), "{error}");
    let both = EvaluationQuery {
        offset: 1,
        cursor: after.clone(),
        ..EvaluationQuery::default()
    };
    assert!(matches!(of.evaluations(&both), Err(QueryError::TwoBeginnings)));
    let both = ConversationQuery {
        offset: 1,
        after,
        ..ConversationQuery::default()
    };
    assert!(matches!(of.conversations(&both), Err(QueryError::TwoBeginnings)));
}

#[test]
fn a_list_by_name_gives_no_cursor() {
    let make = Move {
        verb: 18,
        a: 0,
        b: 2,
        c: 0,
    };
    let database = projected(&World::after(&[make]));
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let query = |field| ListQuery {
        sort: vec![SortKey {
            field,
            descending: false,
        }],
        limit: 1,
        ..ListQuery::default()
    };
    let page = of.services(&query(SortField::Name)).unwrap();
    assert!(page.has_more && page.next_cursor.is_none() && page.next_offset == Some(1));
    let page = of.services(&query(SortField::UpdatedAt)).unwrap();
    assert!(page.has_more && page.next_cursor.is_some() && page.next_offset == Some(1));
}

#[test]
fn going_on_after_a_cursor_looks_at_no_more_than_the_page_however_far_it_is() {
    let database = super::pages::many();
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    for offset in [10, 2_000, 4_900] {
        let before = ListQuery {
            limit: 1,
            offset,
            ..ListQuery::default()
        };
        let after = of.personas(&before).unwrap().next_cursor.unwrap();
        for direction in [Direction::Forward, Direction::Backward] {
            let selection = Selection::new(&of, Space::objects(Kind::Persona), Vec::new());
            let tags = selection.posting(Field::TagKey, &crate::index::value::text("area"), direction);
            let mut walk = selection.walk(direction, vec![(0, tags.unwrap())]).unwrap();
            walk.resume(after.order());
            let next = walk.next().unwrap().unwrap().to_vec();
            assert_eq!(
                direction.cmp(after.order(), &next),
                std::cmp::Ordering::Less,
                "{direction:?}"
            );
            assert_eq!(walk.n_steps(), 1);
        }
        let loaded = view.loads();
        let query = ListQuery {
            limit: 20,
            after: Some(after),
            ..ListQuery::default()
        };
        assert_eq!(of.personas(&query).unwrap().items.len(), 20);
        assert_eq!(view.loads() - loaded, 20);
    }
    // A cursor of no object's.
    let nobody = Cursor::behind(
        &crate::key::Key::default()
            .newest_first(model::Time::from_micros(0))
            .oid(Oid::from_bytes([0; 12]))
            .done(),
    );
    let query = ListQuery {
        limit: 20,
        after: Some(nobody),
        ..ListQuery::default()
    };
    assert!(of.personas(&query).unwrap().items.is_empty());
}
