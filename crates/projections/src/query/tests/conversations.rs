//! Finished conversations, compared with looking at every result.

use std::cmp::Reverse;

use model::{
    ConversationResult, Directory as _, Kind, Object, ObjectRef, Oid, Run, Time, Turn, conversation_id,
};
use proptest::prelude::*;

use super::super::ConversationQuery;
use crate::{
    ConversationItem, MAX_LAST_MESSAGE_CHARS, QueryError,
    fixture::{USERS, World, bound, org, projected},
};

fn run_of(world: &World, result: &ConversationResult) -> Run {
    let object = world.orgs[0]
        .object(&ObjectRef::new(Kind::Run, result.run))
        .unwrap();
    let Some(Object::Run(run)) = object else {
        panic!("a result is of no run")
    };
    run
}

fn item(world: &World, result: &ConversationResult) -> ConversationItem {
    let run = run_of(world, result);
    let test = &run.plan.tests[result.test_idx as usize];
    ConversationItem {
        id: Oid::derived(&[b"conversation", result.run.0.as_bytes(), &result.n.to_be_bytes()]),
        run: result.run,
        n: result.n,
        unit_test_id: result.unit_test_id,
        run_index: result.run_index,
        service_id: test.service_id,
        version_set: test.version_set.clone(),
        agent: test.agent,
        context_graph: test.context_graph,
        llm_model_preferences: test.llm_model_preferences.clone(),
        creator: run.life.created.by,
        started_at: result.started_at,
        finished_at: result.finished_at,
        n_turns: 2,
        verdict: result.verdict,
        last_message: Some("hello".to_owned()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn conversations_are_what_looking_at_every_result_gives(
        moves in super::runs::busy(),
        choice in any::<[u8; 8]>(),
        limit in 1_usize..5,
    ) {
        let world = World::after(&moves);
        let database = projected(&world);
        let view = database.view().unwrap();
        let of = view.organization(org(0));
        let mut all: Vec<ConversationItem> = world
            .results
            .iter()
            .filter(|(org, ..)| org == of.org())
            .map(|(_, _, result)| item(&world, result))
            .collect();
        all.sort_by_key(|item| (Reverse(item.started_at), item.id));
        let some = |which: u8| (!all.is_empty()).then(|| &all[usize::from(which) % all.len()]);
        let [ids, user, service, test, run, after, before, ascending] = choice;
        let mut query = ConversationQuery { ascending: ascending % 2 == 0, limit, ..ConversationQuery::default() };
        if let (0, Some(item)) = (ids % 4, some(ids)) {
            query.ids = all.iter().step_by(2).map(|item| item.id).chain([item.id, Oid::from_bytes([7; 12])]).collect();
        }
        if user % 3 == 0 {
            query.users = vec![USERS[usize::from(user) % USERS.len()].parse().unwrap(), "nobody".parse().unwrap()];
        }
        if let (0, Some(item)) = (service % 3, some(service)) {
            query.service_ids = vec![item.service_id];
        }
        if let (0, Some(item)) = (test % 3, some(test)) {
            query.unit_test_ids = vec![item.unit_test_id];
        }
        if let (0, Some(item)) = (run % 3, some(run)) {
            query.run_ids = vec![item.run];
        }
        if let (1, Some(item)) = (run % 3, some(run)) {
            query.run_indices = vec![item.run_index];
        }
        query.created_after = some(after).filter(|_| after % 3 == 0).map(|item| item.started_at);
        query.created_before = some(before).filter(|_| before % 3 == 0).map(|item| item.started_at);
        let mut expected: Vec<ConversationItem> = all.iter().filter(|item| {
            (query.ids.is_empty() || query.ids.contains(&item.id))
                && (query.users.is_empty() || query.users.contains(&item.creator))
                && (query.service_ids.is_empty() || query.service_ids.contains(&item.service_id))
                && (query.unit_test_ids.is_empty() || query.unit_test_ids.contains(&item.unit_test_id))
                && (query.run_ids.is_empty() || query.run_ids.contains(&item.run))
                && (query.run_indices.is_empty() || query.run_indices.contains(&item.run_index))
                && query.created_after.is_none_or(|after| item.started_at >= after)
                && query.created_before.is_none_or(|before| item.started_at <= before)
        }).cloned().collect();
        if query.ascending {
            expected.reverse();
        }
        let mut found = Vec::new();
        loop {
            let page = of.conversations(&query).unwrap();
            prop_assert_eq!(page.filter_values, None);
            found.extend(page.items);
            let Some(next) = page.next_offset else { break };
            query.offset = next;
        }
        prop_assert_eq!(found, expected);
        for item in all {
            prop_assert_eq!(view.organization(org(1)).conversation(item.id).unwrap(), None);
            prop_assert_eq!(of.conversation(item.id).unwrap(), Some(item));
        }
    }
}

#[test]
fn a_conversation_is_listed_once_its_run_is_known() {
    let mut world = World::after(&[]);
    let run = world.orgs[0]
        .objects()
        .find(|object| object.kind() == Kind::Run)
        .unwrap()
        .object_ref();
    let run = run.key.as_str().parse().unwrap();
    world.conclude(0, run, 0);
    let (database, projector) = bound();
    projector.apply_results(&world.results).unwrap();
    let early = database.view().unwrap();
    let of = early.organization(org(0));
    let id = conversation_id(run, world.results[0].2.n);
    let query = ConversationQuery {
        limit: 5,
        ..ConversationQuery::default()
    };
    let by_id = ConversationQuery {
        ids: vec![id],
        ..query.clone()
    };
    for query in [&query, &by_id] {
        assert!(of.conversations(query).unwrap().items.is_empty());
    }
    assert_eq!(of.conversation(id).unwrap(), None);
    assert_eq!(early.check().unwrap(), Vec::<String>::new());
    projector.apply_events(&world.events).unwrap();
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let expected = item(&world, &world.results[0].2);
    for query in [&query, &by_id] {
        assert_eq!(
            of.conversations(query).unwrap().items,
            std::slice::from_ref(&expected)
        );
    }
    assert_eq!(view.check().unwrap(), Vec::<String>::new());
    let late = projected(&world).view().unwrap().fingerprint().unwrap();
    assert_eq!(view.fingerprint().unwrap().differences(&late), Vec::<&str>::new());
}

#[test]
fn a_result_that_its_run_has_no_place_for_is_in_no_list() {
    let mut world = World::after(&[]);
    let run = world.orgs[0]
        .objects()
        .find(|object| object.kind() == Kind::Run)
        .unwrap()
        .object_ref();
    world.conclude(0, run.key.as_str().parse().unwrap(), 0);
    world.results[0].2.n = 1_000;
    let (database, projector) = bound();
    projector.apply_results(&world.results).unwrap();
    projector.apply_events(&world.events).unwrap();
    for database in [database, projected(&world)] {
        let view = database.view().unwrap();
        let of = view.organization(org(0));
        let query = ConversationQuery {
            limit: 5,
            ..ConversationQuery::default()
        };
        assert!(of.conversations(&query).unwrap().items.is_empty());
        assert_eq!(view.check().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn the_last_message_is_cut_between_characters() {
    let mut world = World::after(&[]);
    let run = world.orgs[0]
        .objects()
        .find(|object| object.kind() == Kind::Run)
        .unwrap()
        .object_ref();
    let run = run.key.as_str().parse().unwrap();
    world.conclude(0, run, 0);
    world.conclude(0, run, 0);
    world.results[0].2.turns.last_mut().unwrap().text = "ü💬".repeat(5_000);
    world.results[1].2.turns = Vec::<Turn>::new();
    let database = projected(&world);
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let last = |index: usize| {
        let result: &ConversationResult = &world.results[index].2;
        of.conversation(conversation_id(run, result.n)).unwrap().unwrap()
    };
    assert_eq!(
        last(0).last_message.unwrap(),
        "ü💬".repeat(MAX_LAST_MESSAGE_CHARS / 2)
    );
    assert_eq!((last(1).last_message, last(1).n_turns), (None, 0));
    assert_eq!(view.check().unwrap(), Vec::<String>::new());
}

#[test]
fn queries_of_conversations_are_bounded() {
    let database = projected(&World::after(&[]));
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let long = ConversationQuery {
        limit: 1_001,
        ..ConversationQuery::default()
    };
    assert!(matches!(
        of.conversations(&long),
        Err(QueryError::TooManyItems { found: 1_001, .. })
    ));
    for wide in [
        ConversationQuery {
            ids: vec![Oid::from_bytes([1; 12]); 1_001],
            ..ConversationQuery::default()
        },
        ConversationQuery {
            users: vec!["ann".parse().unwrap(); 1_001],
            ..ConversationQuery::default()
        },
    ] {
        assert!(matches!(
            of.conversations(&wide),
            Err(QueryError::TooManyValues { found: 1_001, .. })
        ));
    }
    let nothing = ConversationQuery {
        created_after: Some(Time::from_micros(i64::MAX)),
        limit: 5,
        ..ConversationQuery::default()
    };
    assert!(of.conversations(&nothing).unwrap().items.is_empty());
}
