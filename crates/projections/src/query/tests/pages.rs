//! Pages of large organizations cost what they show, not what there is.

use std::collections::BTreeSet;

use model::{
    Commit, CommitMeta, Digest, Event, FirstVersion, Kind, ObjectRef, Oid, PersonaCreated, Recorded, Tags,
    Time,
};

use super::super::{ListQuery, TagFilter, VersionFilter, VersionQuery};
use crate::{
    Database,
    fixture::{Move, World, bound, name, org, persona_content, projected, role, user},
};

/// Personas, each created a second after the one before; every tenth is tagged and a patient, the others are
/// callers, and each has its own word.
pub(super) fn personas(n: u32) -> Vec<Recorded> {
    let persona = |index: u32| {
        let id = Oid::derived(&[b"persona", &index.to_be_bytes()]);
        let mut tags = std::collections::BTreeMap::new();
        if index.is_multiple_of(10) {
            tags.insert("area".to_owned(), Some("north".to_owned()));
        }
        let created = PersonaCreated {
            name: format!("Persona number{index}").try_into().unwrap(),
            role: role(u8::from(!index.is_multiple_of(10))),
            tags: Tags::try_from(tags).unwrap(),
            first: FirstVersion {
                version_id: id,
                content: persona_content(0),
            },
        };
        let meta = CommitMeta {
            actor: user(0),
            at: Time::from_micros(1_700_000_000_000_000 + i64::from(index) * 1_000_000),
            command_id: format!("c{index}").parse().unwrap(),
            command_digest: Digest::of(b"command"),
            index: 0,
            count: 1,
            traceparent: None,
        };
        let object = ObjectRef::new(Kind::Persona, id);
        let commit = Commit {
            org: org(0),
            object,
            meta,
            events: vec![Event::PersonaCreated(created)],
        };
        Recorded {
            sequence: u64::from(index) + 1,
            commit,
        }
    };
    (0..n).map(persona).collect()
}

pub(super) fn many() -> Database {
    let (database, projector) = bound();
    projector.apply_events(&personas(5_000)).unwrap();
    database
}

#[test]
fn a_page_loads_no_more_rows_than_it_shows() {
    let database = many();
    let tagged = vec![TagFilter::Exact("area".to_owned(), "north".to_owned())];
    for (offset, tags, creators) in [
        (0, vec![], vec![]),
        (400, tagged.clone(), vec![]),
        (0, tagged, vec![user(0)]),
    ] {
        let view = database.view().unwrap();
        let query = ListQuery {
            tags,
            creators,
            offset,
            limit: 20,
            ..ListQuery::default()
        };
        let page = view.organization(org(0)).personas(&query).unwrap();
        assert_eq!((page.items.len(), page.has_more), (20, true));
        assert_eq!(view.loads(), 20);
    }
    let view = database.view().unwrap();
    let found = view
        .organization(org(0))
        .search_personas("persona", &ListQuery::default())
        .unwrap();
    assert_eq!(found.len(), 50);
    assert_eq!(found[0].name.as_str(), "Persona number4999");
    assert_eq!(view.loads(), 50);
}

#[test]
fn a_beginning_that_thousands_of_words_have_finds_the_newest() {
    let database = many();
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let names = |text: &str| -> Vec<String> {
        let found = of.search_personas(text, &ListQuery::default()).unwrap();
        found
            .into_iter()
            .map(|persona| persona.name.to_string())
            .collect()
    };
    assert_eq!(names("numb")[..2], ["Persona number4999", "Persona number4998"]);
    assert_eq!(names("numb").len(), 50);
    assert_eq!(
        names("number499 pers")[..3],
        ["Persona number4999", "Persona number4998", "Persona number4997"]
    );
    assert_eq!(names("persona number12"), {
        let mut expected = vec!["Persona number12".to_owned()];
        expected.extend(
            (120..130)
                .chain(1_200..1_300)
                .rev()
                .take(49)
                .map(|n| format!("Persona number{n}")),
        );
        expected
    });
}

#[test]
fn a_page_without_items_tells_whether_there_are_any() {
    let database = projected(&World::after(&[]));
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let page = of.personas(&ListQuery::default()).unwrap();
    assert_eq!(
        (page.items.len(), page.has_more, page.next_offset),
        (0, true, Some(0))
    );
    let page = of
        .personas(&ListQuery {
            offset: 1,
            limit: 5,
            ..ListQuery::default()
        })
        .unwrap();
    assert_eq!(
        (
            page.items.len(),
            page.has_more,
            page.next_offset,
            page.filter_values
        ),
        (0, false, None, None)
    );
}

#[test]
fn versions_are_paged_from_either_end() {
    let version = Move {
        verb: 3,
        a: 1,
        b: 0,
        c: 1,
    };
    let world = World::after(&[version; 4]);
    let database = projected(&world);
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let persona = world.orgs[0]
        .objects()
        .find(|object| object.kind() == Kind::Persona)
        .unwrap()
        .object_ref();
    let numbers = |filter: Option<VersionFilter>, ascending, offset, limit| {
        let query = VersionQuery {
            filter,
            ascending,
            limit,
            offset,
        };
        let page = of.versions(&persona, &query).unwrap().unwrap();
        (
            page.items
                .iter()
                .map(|version| version.number)
                .collect::<Vec<_>>(),
            page.next_offset,
        )
    };
    assert_eq!(numbers(None, false, 0, 2), (vec![5, 4], Some(2)));
    assert_eq!(numbers(None, false, 4, 2), (vec![1], None));
    assert_eq!(numbers(None, true, 1, 3), (vec![2, 3, 4], Some(4)));
    assert_eq!(numbers(Some(VersionFilter::Latest), true, 0, 9), (vec![5], None));
    assert_eq!(
        numbers(Some(VersionFilter::Number(2)), true, 0, 9),
        (vec![2], None)
    );
    assert_eq!(
        numbers(Some(VersionFilter::Number(6)), true, 0, 9),
        (vec![], None)
    );
    assert_eq!(
        numbers(Some(VersionFilter::Number(0)), true, 0, 9),
        (vec![], None)
    );
    assert_eq!(
        numbers(
            Some(VersionFilter::Range {
                first: 2,
                last: Some(9)
            }),
            false,
            0,
            9
        ),
        (vec![5, 4, 3, 2], None)
    );
    assert_eq!(
        numbers(Some(VersionFilter::Range { first: 4, last: None }), true, 0, 9),
        (vec![4, 5], None)
    );
    assert_eq!(
        numbers(Some(VersionFilter::Range { first: 7, last: None }), true, 0, 9),
        (vec![], None)
    );
    let unknown = ObjectRef::new(Kind::Persona, Oid::from_bytes([1; 12]));
    assert_eq!(of.versions(&unknown, &VersionQuery::default()).unwrap(), None);
}

#[test]
fn namesakes_are_found_live_ones_first() {
    let create = Move {
        verb: 0,
        a: 1,
        b: 4,
        c: 0,
    };
    let delete = |b| Move {
        verb: 7,
        a: 1,
        b,
        c: 0,
    };
    // Of the personas, in order of id, the first is the one that every history begins with.
    let world = World::after(&[create, delete(1), create, delete(2), create]);
    let database = projected(&world);
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let keys = of.object_keys_by_name(Kind::Persona, name(4).as_str()).unwrap();
    let objects: Vec<_> = keys
        .iter()
        .map(|key| {
            let object = ObjectRef {
                kind: Kind::Persona,
                key: key.clone(),
            };
            model::Directory::object(&of, &object).unwrap().unwrap()
        })
        .collect();
    assert_eq!(
        objects
            .iter()
            .map(|object| object.life().is_deleted())
            .collect::<Vec<_>>(),
        [false, true, true]
    );
    assert!(objects[1].life().updated.at > objects[2].life().updated.at);
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 3);
    assert!(
        of.object_keys_by_name(Kind::Persona, "nobody")
            .unwrap()
            .is_empty()
    );
}
