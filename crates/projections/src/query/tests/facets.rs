//! Values to filter by: how many are told, and how far they are looked for.

use model::{Kind, Tags};

use super::{
    super::{ListQuery, TagFilter},
    pages::{many, personas},
};
use crate::fixture::{World, bound, name, org, user};

#[test]
fn values_are_cut_and_say_so() {
    let (database, projector) = bound();
    let mut world = World::after(&[]);
    let (service, persona, scenario, metric) = {
        let mut keys = [Kind::Service, Kind::Persona, Kind::Scenario, Kind::Metric].map(|kind| {
            let found = world.orgs[0].objects().find(|object| object.kind() == kind);
            found.unwrap().object_ref().key.to_string()
        });
        (
            std::mem::take(&mut keys[0]),
            std::mem::take(&mut keys[1]),
            std::mem::take(&mut keys[2]),
            std::mem::take(&mut keys[3]),
        )
    };
    let mut tests = Vec::new();
    for n in 0..1_001 {
        let definition = crate::fixture::unit_test(
            0,
            service.parse().unwrap(),
            persona.parse().unwrap(),
            scenario.parse().unwrap(),
            metric.parse().unwrap(),
        );
        let name = format!("test {n}").try_into().unwrap();
        let made = world.command(0, "ann", &model::Command::CreateUnitTest { name, definition });
        tests.push(made[0].0.key.as_str().parse().unwrap());
    }
    let of_tests = |tests: &[model::UnitTestId], which: u8| model::UnitTestSetDefinition {
        name: name(which),
        description: None,
        entries: tests
            .iter()
            .map(|&unit_test_id| model::SetEntry {
                unit_test_id,
                run_count: 1,
            })
            .collect(),
        tags: Tags::default(),
    };
    let mut made = |definition| {
        assert_eq!(
            world
                .command(0, "ann", &model::Command::CreateUnitTestSet(definition))
                .len(),
            1
        );
    };
    made(of_tests(&tests[..1], 3));
    made(of_tests(&tests, 4));
    projector.apply_events(&world.events).unwrap();
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    for query in [
        ListQuery::default(),
        ListQuery {
            creators: vec![user(0)],
            ..ListQuery::default()
        },
    ] {
        let values = of.unit_test_sets(&query).unwrap().filter_values.unwrap();
        assert_eq!((values.unit_test_ids.len(), values.truncated), (1_000, true));
    }
    let narrow = ListQuery {
        unit_test_ids: vec![tests[1]],
        is_deleted: Some(true),
        ..ListQuery::default()
    };
    assert!(
        !of.unit_test_sets(&narrow)
            .unwrap()
            .filter_values
            .unwrap()
            .truncated
    );
}

#[test]
fn values_that_take_long_to_find_out_are_left_out_and_it_says_so() {
    let database = many();
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let values = |query: ListQuery| {
        of.personas(&ListQuery { limit: 5, ..query })
            .unwrap()
            .filter_values
            .unwrap()
    };
    let north = vec![TagFilter::Exact("area".to_owned(), "north".to_owned())];
    // That no caller is in the north shows only when all five hundred there have been looked at.
    let found = values(ListQuery {
        tags: north.clone(),
        ..ListQuery::default()
    });
    assert_eq!((found.roles, found.truncated), (vec!["patient".to_owned()], true));
    assert_eq!(
        (found.creators, found.tags),
        (vec![user(0)], vec!["area".to_owned()])
    );
    // Of five thousand live ones, some must have each value: nothing is looked at.
    let found = values(ListQuery {
        is_deleted: Some(false),
        ..ListQuery::default()
    });
    assert_eq!(
        (found.roles.len(), found.tags.len(), found.truncated),
        (2, 1, false)
    );
    // A hundred at most are looked at whole.
    let some = personas(901)
        .iter()
        .rev()
        .step_by(10)
        .map(|recorded| recorded.commit.object.key.clone())
        .collect();
    let found = values(ListQuery {
        tags: north,
        ids: some,
        ..ListQuery::default()
    });
    assert_eq!(
        (found.roles, found.truncated),
        (vec!["patient".to_owned()], false)
    );
    assert_eq!(view.loads(), 5 + 5 + 91 + 5 + 91);
}
