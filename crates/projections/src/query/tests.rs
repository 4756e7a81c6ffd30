//! Answers, compared with the plainest way to get them: looking at everything.

mod arrivals;
mod conversations;
mod cursors;
mod facets;
mod pages;
mod reference;
mod runs;
mod visible;

use model::{Directory as _, Kind, Object};
use proptest::prelude::*;
use reference::{facets_of, filtered, found, query_from};

use super::{ListQuery, Page, SortField, SortKey};
use crate::{
    OrgView, QueryError,
    fixture::{Move, World, moves, projected},
};

const LISTED: [Kind; 14] = [
    Kind::User,
    Kind::ApiKey,
    Kind::Persona,
    Kind::Scenario,
    Kind::Metric,
    Kind::Agent,
    Kind::ContextGraph,
    Kind::Service,
    Kind::UnitTest,
    Kind::UnitTestSet,
    Kind::Run,
    Kind::Role,
    Kind::TemporaryGrant,
    Kind::WebhookDestination,
];

/// Every item of a list, page by page.
fn paged(view: &OrgView<'_>, kind: Kind, query: &ListQuery, limit: usize) -> Vec<Object> {
    let mut items = Vec::new();
    let mut offset = 0;
    loop {
        let page = view
            .list(
                kind,
                &ListQuery {
                    limit,
                    offset,
                    ..query.clone()
                },
            )
            .unwrap();
        assert_eq!(page.has_more, page.next_offset.is_some());
        assert_eq!(page.filter_values.is_some(), offset == 0);
        assert!(page.items.len() == limit || !page.has_more);
        items.extend(page.items);
        match page.next_offset {
            Some(next) => offset = next,
            None => return items,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn lists_are_what_looking_at_everything_gives(
        moves in moves(120),
        choices in prop::collection::vec(any::<[u8; 8]>(), 12),
        limit in 1_usize..5,
    ) {
        let world = World::after(&moves);
        let database = projected(&world);
        let view = database.view().unwrap();
        for memory in &world.orgs {
            let of = view.organization(memory.org().clone());
            for kind in LISTED {
                for &choice in &choices {
                    let query = query_from(kind, choice, &world, memory);
                    let expected = filtered(&world, memory, kind, &query);
                    prop_assert_eq!(paged(&of, kind, &query, limit), expected.clone(), "{:?} {:?}", kind, &query);

                    let selection = of.selection(kind, &query).unwrap();
                    let values = facets_of(kind, &expected);
                    prop_assert_eq!(&of.values_by_match(kind, &selection).unwrap(), &values, "{:?} {:?}", kind, &query);
                    prop_assert_eq!(&of.values_by_value(kind, &selection).unwrap(), &values, "{:?} {:?}", kind, &query);
                }
            }
        }
    }

    #[test]
    fn searches_are_what_looking_at_everything_gives(
        moves in moves(120),
        choices in prop::collection::vec(any::<[u8; 8]>(), 4),
    ) {
        let world = World::after(&moves);
        let database = projected(&world);
        let view = database.view().unwrap();
        let texts = ["user", "USE", "conf us", "user confused", "7", "anger", "über", "u", "time with", "--", "users the use of", "nobody"];
        for memory in &world.orgs {
            let of = view.organization(memory.org().clone());
            for kind in [Kind::Persona, Kind::Scenario, Kind::Metric, Kind::UnitTest, Kind::UnitTestSet] {
                for &choice in &choices {
                    let query = ListQuery { sort: Vec::new(), ids: Vec::new(), ..query_from(kind, choice, &world, memory) };
                    for text in texts {
                        let expected = found(&world, memory, kind, text, &query);
                        prop_assert_eq!(of.search(kind, text, &query).unwrap(), expected, "{:?} {} {:?}", kind, text, &query);
                    }
                }
            }
        }
    }
}

#[test]
fn a_history_begins_with_an_object_of_every_kind() {
    let world = World::after(&[]);
    let database = projected(&world);
    let view = database.view().unwrap();
    assert_eq!(view.orgs().unwrap(), [crate::fixture::org(0)]);
    let of = view.organization(crate::fixture::org(0));
    for kind in LISTED {
        assert_eq!(paged(&of, kind, &ListQuery::default(), 10).len(), 1, "{kind}");
    }
}

#[test]
fn organizations_are_listed_once_and_see_only_themselves() {
    let world = World::after(&[
        Move {
            verb: 0,
            a: 7,
            b: 1,
            c: 0,
        },
        Move {
            verb: 0,
            a: 7,
            b: 3,
            c: 0,
        },
    ]);
    let database = projected(&world);
    let view = database.view().unwrap();
    assert_eq!(
        view.orgs().unwrap(),
        [crate::fixture::org(0), crate::fixture::org(1)]
    );
    let query = ListQuery {
        limit: 50,
        ..ListQuery::default()
    };
    // One organization's id begins with the other's.
    assert_eq!(
        view.organization(crate::fixture::org(0))
            .personas(&query)
            .unwrap()
            .items
            .len(),
        1
    );
    assert_eq!(
        view.organization(crate::fixture::org(1))
            .personas(&query)
            .unwrap()
            .items
            .len(),
        2
    );
    let nobody = view.organization("acm".parse().unwrap());
    let page = nobody.personas(&query).unwrap();
    assert_eq!(
        page,
        Page {
            filter_values: Some(super::FilterValues::default()),
            ..Page::empty()
        }
    );
}

#[test]
fn filters_and_orders_that_a_kind_does_not_have_are_refused() {
    let database = projected(&World::after(&[]));
    let view = database.view().unwrap();
    let of = view.organization(crate::fixture::org(0));
    let role = ListQuery {
        roles: vec!["patient".to_owned()],
        ..ListQuery::default()
    };
    assert!(of.personas(&role).is_ok());
    assert!(matches!(
        of.scenarios(&role),
        Err(QueryError::Filter {
            kind: Kind::Scenario,
            filter: "role"
        })
    ));
    let deleted = ListQuery {
        is_deleted: Some(true),
        ..ListQuery::default()
    };
    assert!(matches!(
        of.runs(&deleted),
        Err(QueryError::Filter {
            filter: "is_deleted",
            ..
        })
    ));
    let tags = ListQuery {
        tags: vec![super::TagFilter::AnyValue("a".to_owned())],
        ..ListQuery::default()
    };
    assert!(matches!(
        of.runs(&tags),
        Err(QueryError::Filter { filter: "tag", .. })
    ));
    let time = ListQuery {
        created_after: Some(model::Time::from_micros(0)),
        ..ListQuery::default()
    };
    assert!(of.runs(&time).is_ok());
    assert!(matches!(
        of.personas(&time),
        Err(QueryError::Filter {
            filter: "creation time",
            ..
        })
    ));
    let sorted = |field| ListQuery {
        sort: vec![SortKey {
            field,
            descending: true,
        }],
        ..ListQuery::default()
    };
    assert!(of.services(&sorted(SortField::Name)).is_ok());
    assert!(matches!(
        of.agents(&sorted(SortField::Name)),
        Err(QueryError::Sort { field: "name", .. })
    ));
    assert!(matches!(
        of.runs(&sorted(SortField::UpdatedAt)),
        Err(QueryError::Sort {
            field: "updated_at",
            ..
        })
    ));
    assert!(matches!(
        of.list(Kind::Organization, &ListQuery::default()),
        Err(QueryError::Unlisted {
            kind: Kind::Organization
        })
    ));
}

#[test]
fn queries_are_bounded() {
    let database = projected(&World::after(&[]));
    let view = database.view().unwrap();
    let of = view.organization(crate::fixture::org(0));
    let long = ListQuery {
        limit: 1_001,
        ..ListQuery::default()
    };
    assert!(matches!(
        of.personas(&long),
        Err(QueryError::TooManyItems {
            limit: 1_000,
            found: 1_001
        })
    ));
    let wide = ListQuery {
        roles: vec!["x".to_owned(); 1_001],
        ..ListQuery::default()
    };
    assert!(matches!(
        of.personas(&wide),
        Err(QueryError::TooManyValues {
            limit: 1_000,
            found: 1_001
        })
    ));
    let words: Vec<String> = (0..33).map(|n| format!("w{n}")).collect();
    let search = of.search_personas(&words.join(" "), &ListQuery::default());
    assert!(matches!(
        search,
        Err(QueryError::TooManyTerms { limit: 32, found: 33 })
    ));
}
