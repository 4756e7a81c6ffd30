//! The executor on a journal in memory: what is lost, repeated or in between leaves one outcome.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures::StreamExt as _;
use journal::{Call, Fault, Faults, MemoryJournal};
use model::{Digest, Kind, Known, Name, Object, PersonaContent, PersonaId, Variables};
use tokio::task::{JoinHandle, JoinSet};

use super::*;

/// One server: an executor, and projections that are kept up.
struct Host {
    executor: Executor,
    database: Database,
    projector: JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.projector.abort();
    }
}

impl Host {
    fn new(journal: &MemoryJournal) -> Self {
        let database = Database::in_memory().unwrap();
        let clock = journal.clone();
        let options = Options {
            clock: Arc::new(move || clock.now()),
            catch_up_timeout: Duration::from_secs(5),
            capabilities: Capabilities {
                build: "test".to_owned(),
                models: model::Models::default(),
            },
        };
        let projector = tokio::spawn(project(journal.clone(), database.clone()));
        let executor = Executor::new(Arc::new(journal.clone()), database.clone(), options);
        Self {
            executor,
            database,
            projector,
        }
    }

    async fn execute(&self, id: Option<&str>, command: Command) -> Result<Done, ExecuteError> {
        self.executor.execute(request("ann", id, command)).await
    }

    /// The live personas.
    fn personas(&self) -> Vec<String> {
        let view = self.database.view().unwrap();
        let page = view.organization(org()).list(
            Kind::Persona,
            &projections::ListQuery {
                limit: 100,
                ..projections::ListQuery::default()
            },
        );
        let names = page.unwrap().items.into_iter();
        names
            .filter_map(|object| object.unique_name().map(str::to_owned))
            .collect()
    }
}

async fn project(journal: MemoryJournal, database: Database) {
    let info = journal.info(journal::LogName::Events).await.unwrap();
    database
        .projector()
        .bind(Log::Events, info.created, info.last_sequence)
        .unwrap();
    let mut events = journal.subscribe_events(0).await.unwrap();
    while let Some(recorded) = events.next().await {
        database.projector().apply_events(&[recorded.unwrap()]).unwrap();
    }
}

fn org() -> OrgId {
    "acme".parse().unwrap()
}

fn request(actor: &str, id: Option<&str>, command: Command) -> Request {
    Request {
        org: org(),
        actor: actor.parse().unwrap(),
        command_id: id.map(|id| id.parse().unwrap()),
        traceparent: None,
        precondition: None,
        command,
    }
}

fn persona(name: &str) -> Command {
    Command::CreatePersona {
        name: name.try_into().unwrap(),
        role: "customer".try_into().unwrap(),
        tags: model::Tags::default(),
        content: PersonaContent {
            background: "someone".try_into().unwrap(),
            preferred_language: None,
            timezone: None,
            user_models: Vec::new(),
            nonsensitive_user_variables: Variables::default(),
            sensitive_user_variables: Variables::default(),
        },
    }
}

fn is_name_taken(outcome: &Result<Done, ExecuteError>) -> bool {
    matches!(outcome, Err(ExecuteError::Rejected(Rejection::NameTaken { .. })))
}

/// Loses messages of `append`, of which the first `n` are unlucky.
struct Losing {
    n: AtomicUsize,
    takes_effect: bool,
}

impl Losing {
    fn new(n: usize, takes_effect: bool) -> Arc<Self> {
        Arc::new(Self {
            n: AtomicUsize::new(n),
            takes_effect,
        })
    }

    fn lose(&self, call: Call<'_>, is_after: bool) -> Fault {
        let left = |n: usize| n.checked_sub(1);
        if call.operation == "append"
            && is_after == self.takes_effect
            && self
                .n
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
                .is_ok()
        {
            return Fault::Lost;
        }
        Fault::None
    }
}

impl Faults for Losing {
    fn before(&self, call: Call<'_>) -> Fault {
        self.lose(call, false)
    }

    fn after(&self, call: Call<'_>) -> Fault {
        self.lose(call, true)
    }
}

/// Another server appends these commits just before each append of ours, as long as there are any.
struct Meddling {
    journal: MemoryJournal,
    commits: Mutex<Vec<model::Commit>>,
    runtime: tokio::runtime::Handle,
}

impl Faults for Meddling {
    fn before(&self, call: Call<'_>) -> Fault {
        let is_ours = call.operation == "append" && call.connection.is_empty();
        let next = is_ours.then(|| self.commits.lock().unwrap().pop()).flatten();
        if let Some(commit) = next {
            let journal = self.journal.clone();
            let append = async move {
                let tail = journal.org_tail(&org()).await.unwrap();
                journal.append(&[commit], tail).await.unwrap();
            };
            let runtime = self.runtime.clone();
            // The call itself is not async, so the other server has a thread of its own.
            std::thread::spawn(move || runtime.block_on(append))
                .join()
                .unwrap();
        }
        Fault::None
    }
}

/// The commits of a command of `actor`, decided on an organization with these commits.
fn commits(before: &[model::Commit], actor: &str, id: &str, command: &Command) -> Vec<model::Commit> {
    let mut directory = model::MemoryDirectory::new(org());
    for (sequence, commit) in (1..).zip(before) {
        directory.apply(sequence, commit).unwrap();
    }
    let context = Context {
        now: Time::from_micros(1_700_000_000_000_000),
        actor: actor.parse().unwrap(),
        command_id: id.parse().unwrap(),
        traceparent: None,
        entropy: *Digest::of(id.as_bytes()).as_bytes(),
        capabilities: Capabilities {
            build: "other".to_owned(),
            models: model::Models::default(),
        },
        precondition: None,
    };
    decide(&directory, command, &context).unwrap().commits
}

fn meddling(journal: &MemoryJournal, commits: Vec<model::Commit>) -> Arc<Meddling> {
    Arc::new(Meddling {
        journal: journal.connection("other"),
        commits: Mutex::new(commits),
        runtime: tokio::runtime::Handle::current(),
    })
}

#[tokio::test]
async fn what_it_did_is_seen_when_it_returns() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    for number in 1..=20 {
        let name = format!("p{number}");
        let done = host.execute(None, persona(&name)).await.unwrap();
        assert_eq!((done.sequence, done.repeated), (number, false));
        assert!(host.personas().contains(&name));
    }
}

#[tokio::test]
async fn a_command_takes_effect_once_per_id_and_user() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    let first = host.execute(Some("c1"), persona("Maria")).await.unwrap();
    let again = host.execute(Some("c1"), persona("Maria")).await.unwrap();
    assert!(again.repeated && !first.repeated);
    assert_eq!((again.outcome, again.sequence), (first.outcome, first.sequence));
    let other = host.execute(Some("c1"), persona("Carmen")).await;
    assert!(
        matches!(
            other,
            Err(ExecuteError::Rejected(Rejection::CommandReused { .. }))
        ),
        "{other:?}"
    );
    let bob = host
        .executor
        .execute(request("bob", Some("c1"), persona("Carmen")))
        .await
        .unwrap();
    assert!(!bob.repeated, "ids are each user's own");
    let unnamed = host.execute(None, persona("Maria")).await;
    assert!(
        is_name_taken(&unnamed),
        "without an id it is another command: {unnamed:?}"
    );
    assert_eq!(journal.org_tail(&org()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_precondition_is_of_the_first_time_only() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    let made = host.execute(None, persona("Maria")).await.unwrap();
    assert!(made.decided_at.is_some());
    let object = made.outcome.changes[0].0.clone();
    let known = {
        let view = host.database.view().unwrap();
        let of = view.organization(org());
        StateTag::of(&Directory::object(&of, &object).unwrap().unwrap())
    };
    let change = |id: &str, tag: &str| Request {
        precondition: Some(Precondition {
            object: object.clone(),
            known: Known::OneOf(vec![known]),
        }),
        ..request(
            "ann",
            Some(id),
            Command::UpdatePersona {
                id: PersonaId(object.key.as_str().parse().unwrap()),
                tags: Some(
                    std::collections::BTreeMap::from([(tag.to_owned(), None)])
                        .try_into()
                        .unwrap(),
                ),
            },
        )
    };
    let first = host.executor.execute(change("c1", "a")).await.unwrap();
    let again = host.executor.execute(change("c1", "a")).await.unwrap();
    assert!(
        again.repeated,
        "it is the same command, whatever the object is now"
    );
    assert_eq!((again.outcome, again.sequence), (first.outcome, first.sequence));
    let late = host.executor.execute(change("c2", "b")).await;
    assert!(
        matches!(
            &late,
            Err(ExecuteError::Rejected(Rejection::Changed { object: of })) if *of == object
        ),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_lost_acknowledgement_is_found_under_the_same_id_by_any_server() {
    let journal = MemoryJournal::new();
    let (one, two) = (Host::new(&journal), Host::new(&journal));
    journal.set_faults(Some(Losing::new(1, true)));
    let lost = one.execute(Some("c1"), persona("Maria")).await.unwrap_err();
    assert!(
        matches!(&lost, ExecuteError::Journal(error) if error.retryable()),
        "{lost}"
    );
    let found = two.execute(Some("c1"), persona("Maria")).await.unwrap();
    assert!(found.repeated);
    assert_eq!(one.execute(Some("c1"), persona("Maria")).await.unwrap(), found);
    assert_eq!(
        (one.personas(), journal.org_tail(&org()).await.unwrap()),
        (vec!["Maria".to_owned()], 1)
    );
}

#[tokio::test]
async fn a_lost_request_has_done_nothing() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    journal.set_faults(Some(Losing::new(1, false)));
    host.execute(Some("c1"), persona("Maria")).await.unwrap_err();
    let now = host.execute(Some("c1"), persona("Maria")).await.unwrap();
    assert_eq!((now.repeated, now.sequence), (false, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_between_is_decided_on() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    let between = ["Carmen", "Jonas", "Lena"].map(|name| commits(&[], "bob", name, &persona(name)));
    journal.set_faults(Some(meddling(&journal, between.concat())));
    let done = host.execute(None, persona("Maria")).await.unwrap();
    assert_eq!((done.sequence, done.repeated), (4, false));
    assert_eq!(host.personas().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_taken_in_between_is_refused() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    journal.set_faults(Some(meddling(
        &journal,
        commits(&[], "bob", "b1", &persona("Maria")),
    )));
    let refused = host.execute(None, persona("Maria")).await;
    assert!(is_name_taken(&refused), "{refused:?}");
    assert_eq!(journal.org_tail(&org()).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_finds_everything_done_names_the_sequence_that_shows_it() {
    let journal = MemoryJournal::new();
    let (one, two) = (Host::new(&journal), Host::new(&journal));
    let made = one.execute(None, persona("Maria")).await.unwrap();
    let id = PersonaId(made.outcome.changes[0].0.key.as_str().parse().unwrap());
    let update = Command::UpdatePersona {
        id,
        tags: Some(model::Tags::default()),
    };
    let nothing = two.execute(None, update).await.unwrap();
    assert_eq!((nothing.sequence, nothing.repeated), (1, false));
    assert_eq!(two.personas(), ["Maria"], "the other server shows at least that");
    assert_eq!(journal.org_tail(&org()).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_two_servers_carry_out_at_once_has_one_outcome() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    let theirs = commits(&[], "ann", "c1", &persona("Maria"));
    journal.set_faults(Some(meddling(&journal, theirs.clone())));
    let done = host.execute(Some("c1"), persona("Maria")).await.unwrap();
    assert_eq!((done.sequence, done.repeated), (1, true));
    assert_eq!(
        done.outcome.changes,
        [(theirs[0].object.clone(), 1)],
        "not the ids that were made here"
    );
}

/// Another server's commit arrives between our look at the tail and the decision.
struct Overtaking {
    meddling: Arc<Meddling>,
    database: Database,
}

impl Faults for Overtaking {
    fn after(&self, call: Call<'_>) -> Fault {
        if call.operation == "org_tail" && call.connection.is_empty() {
            self.meddling.before(Call {
                operation: "append",
                ..call
            });
            let sequences = self.database.subscribe();
            let deadline = std::time::Instant::now() + Duration::from_secs(5);
            while sequences.borrow().events < 2 {
                assert!(std::time::Instant::now() < deadline, "the commit is not taken in");
                std::thread::yield_now();
            }
        }
        Fault::None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_decision_saw_beyond_the_tail_is_in_its_sequence() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    let made = host.execute(None, persona("Maria")).await.unwrap();
    let update = Command::UpdatePersona {
        id: PersonaId(made.outcome.changes[0].0.key.as_str().parse().unwrap()),
        tags: Some(
            std::collections::BTreeMap::from([("team".to_owned(), None)])
                .try_into()
                .unwrap(),
        ),
    };
    let (log, _) = journal.page(&org(), 0, 10).await.unwrap();
    let log: Vec<_> = log.into_iter().map(|recorded| recorded.commit).collect();
    let same = commits(&log, "bob", "b1", &update);
    journal.set_faults(Some(Arc::new(Overtaking {
        meddling: meddling(&journal, same),
        database: host.database.clone(),
    })));
    let done = host.execute(None, update).await.unwrap();
    assert_eq!(
        (done.sequence, done.repeated),
        (2, false),
        "another server that is asked next must show bob's"
    );
    assert_eq!(journal.org_tail(&org()).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_race_keep_names_unique() {
    let journal = MemoryJournal::new();
    let hosts = [Host::new(&journal), Host::new(&journal)];
    let mut tasks = JoinSet::new();
    for number in 0..60 {
        let executor = hosts[number % 2].executor.clone();
        let name: Name = format!("p{}", number / 6).as_str().try_into().unwrap();
        tasks.spawn(async move {
            executor
                .execute(request("ann", None, persona(name.as_str())))
                .await
        });
    }
    let (mut n_made, mut n_refused) = (0, 0);
    while let Some(outcome) = tasks.join_next().await {
        let outcome = outcome.unwrap();
        n_made += usize::from(outcome.is_ok());
        n_refused += usize::from(is_name_taken(&outcome));
    }
    assert_eq!(
        (n_made, n_refused),
        (10, 50),
        "one of the six that wanted each name got it"
    );
    let (log, _) = journal.page(&org(), 0, 100).await.unwrap();
    let mut replayed = model::MemoryDirectory::new(org());
    for recorded in &log {
        replayed.apply(recorded.sequence, &recorded.commit).unwrap();
    }
    assert_eq!(replayed.check(), Vec::<String>::new());
    assert_eq!(replayed.objects().filter_map(Object::unique_name).count(), 10);
}

#[tokio::test(start_paused = true)]
async fn projections_that_stand_still_are_not_decided_on() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    host.execute(None, persona("Maria")).await.unwrap();
    host.projector.abort();
    let other = Host::new(&journal);
    other.execute(None, persona("Carmen")).await.unwrap();
    let behind = host.execute(None, persona("Jonas")).await.unwrap_err();
    assert!(matches!(behind, ExecuteError::Behind(_)), "{behind}");
    assert_eq!(journal.org_tail(&org()).await.unwrap(), 2, "nothing has happened");
}

#[tokio::test(start_paused = true)]
async fn what_was_carried_out_is_told_even_if_it_is_not_shown_yet() {
    let journal = MemoryJournal::new();
    let host = Host::new(&journal);
    host.execute(None, persona("Maria")).await.unwrap();
    host.projector.abort();
    let done = host.execute(None, persona("Carmen")).await.unwrap();
    assert_eq!((done.sequence, done.repeated), (2, false));
}
