//! How long pages of lists take, by how many objects there are. `--full` adds a million.
//!
//! Run with `cargo bench -p rehearse-projections --bench lists`.

use std::{
    collections::BTreeMap,
    error::Error,
    hint::black_box,
    io::{self, Write as _},
    time::{Duration, Instant},
};

use model::{
    Commit, CommitMeta, Digest, Event, FirstVersion, Kind, ObjectRef, Oid, OrgId, PersonaContent,
    PersonaCreated, Recorded, Tags, Time, Variables,
};
use projections::{Cursor, Database, ListQuery, Log, OrgView, Page, TagFilter};

type Failure = Box<dyn Error>;

/// What every page shows at most.
const LIMIT: usize = 50;
/// How often each page is asked for.
const N_ROUNDS: usize = 200;
/// When the first persona was created, in microseconds; each next one a second later.
const START: i64 = 1_700_000_000_000_000;
/// How many personas are taken in at once.
const BATCH: u32 = 5_000;

fn main() -> Result<(), Failure> {
    let mut sizes = vec![1_000, 10_000, 100_000];
    if std::env::args().any(|argument| argument == "--full") {
        sizes.push(1_000_000);
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "median (99th percentile) of {N_ROUNDS} pages of {LIMIT} personas, in microseconds\n"
    )?;
    write!(out, "{:>10}", "personas")?;
    for (name, _query) in cases(None)? {
        write!(out, "{name:>24}")?;
    }
    writeln!(out)?;
    let org: OrgId = "acme".parse()?;
    for size in sizes {
        let database = filled(&org, size)?;
        let view = database.view()?;
        let of = view.organization(org.clone());
        write!(out, "{size:>10}")?;
        for (_name, query) in cases(Some((&of, size)))? {
            let (median, late) = measured(&of, &query)?;
            let figures = format!("{} ({})", median.as_micros(), late.as_micros());
            write!(out, "{figures:>24}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What is asked for. Without a database, only the names count.
fn cases(of: Option<(&OrgView<'_>, u32)>) -> Result<Vec<(&'static str, ListQuery)>, Failure> {
    let first = ListQuery {
        limit: LIMIT,
        ..ListQuery::default()
    };
    let tagged = |value: &str| ListQuery {
        tags: vec![TagFilter::Exact("area".to_owned(), value.to_owned())],
        ..first.clone()
    };
    let middle = ListQuery {
        after: of.map(|(of, size)| middle(of, size)).transpose()?.flatten(),
        ..first.clone()
    };
    Ok(vec![
        ("first", first.clone()),
        ("middle, by cursor", middle),
        ("a tenth, by tag", tagged("north")),
        // Nobody tagged so plays the roles of the others, which only looking at all of them could tell.
        ("the others, by tag", tagged("south")),
    ])
}

/// The place in the middle of the list.
fn middle(of: &OrgView<'_>, size: u32) -> Result<Option<Cursor>, Failure> {
    let query = ListQuery {
        limit: 1,
        offset: u64::from(size / 2),
        ..ListQuery::default()
    };
    Ok(of.personas(&query)?.next_cursor)
}

fn measured(of: &OrgView<'_>, query: &ListQuery) -> Result<(Duration, Duration), Failure> {
    let page = of.personas(query)?;
    if page.items.len() != LIMIT {
        return Err(format!("a page has {} items instead of {LIMIT}", page.items.len()).into());
    }
    let mut times = Vec::with_capacity(N_ROUNDS);
    for _round in 0..N_ROUNDS {
        let start = Instant::now();
        let page: Page<_> = of.personas(black_box(query))?;
        times.push(start.elapsed());
        black_box(page);
    }
    times.sort_unstable();
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    Ok((at(N_ROUNDS / 2), at(N_ROUNDS * 99 / 100)))
}

fn filled(org: &OrgId, size: u32) -> Result<Database, Failure> {
    let database = Database::in_memory()?;
    let projector = database.projector();
    projector.bind(Log::Events, Time::from_micros(START), u64::from(size))?;
    for first in (0..size).step_by(BATCH as usize) {
        let last = size.min(first + BATCH);
        let batch: Vec<Recorded> = (first..last)
            .map(|index| persona(org, index))
            .collect::<Result<_, _>>()?;
        projector.apply_events(&batch)?;
    }
    Ok(database)
}

/// Every tenth persona is in the north and a patient, the others are in the south and callers.
fn persona(org: &OrgId, index: u32) -> Result<Recorded, Failure> {
    let id = Oid::derived(&[b"persona", &index.to_be_bytes()]);
    let (area, role) = if index.is_multiple_of(10) {
        ("north", "patient")
    } else {
        ("south", "caller")
    };
    let created = PersonaCreated {
        name: format!("Persona {index}").try_into()?,
        role: role.try_into()?,
        tags: Tags::try_from(BTreeMap::from([("area".to_owned(), Some(area.to_owned()))]))?,
        first: FirstVersion {
            version_id: id,
            content: PersonaContent {
                background: "35, first-time user with little time".try_into()?,
                preferred_language: None,
                timezone: None,
                user_models: Vec::new(),
                nonsensitive_user_variables: Variables::default(),
                sensitive_user_variables: Variables::default(),
            },
        },
    };
    Ok(Recorded {
        sequence: u64::from(index) + 1,
        commit: Commit {
            org: org.clone(),
            object: ObjectRef::new(Kind::Persona, id),
            meta: CommitMeta {
                actor: "ann".parse()?,
                at: Time::from_micros(START + i64::from(index) * 1_000_000),
                command_id: format!("c{index}").parse()?,
                command_digest: Digest::of(b"command"),
                index: 0,
                count: 1,
                traceparent: None,
            },
            events: vec![Event::PersonaCreated(created)],
        },
    })
}
