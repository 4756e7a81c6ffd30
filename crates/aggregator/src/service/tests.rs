//! Runs are completed exactly once, whatever happens to aggregators, to the log, and in between.

mod faults;

use std::io::{Cursor, Read as _};

use faults::{InsertsOnce, LosesFirstAcknowledgement, Notes, StuckBeforeAppend};
use journal::{Faults, MemoryJournal};
use model::{
    Commit, CommitMeta, Digest, Event, Kind, Name, ObjectRef, OrganizationProfile, RunCompleted, RunVerdict,
    Tally,
};
use tokio::task::JoinHandle;

use super::*;
use crate::testing::{Ending, Sample, org, time};

struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), AggregatorError>>,
}

fn start(journal: &MemoryJournal, connection: &str) -> Running {
    let shutdown = CancellationToken::new();
    let aggregator = Aggregator::new(Arc::new(journal.connection(connection)), Options::default());
    Running {
        task: tokio::spawn(aggregator.run(shutdown.clone())),
        shutdown,
    }
}

impl Running {
    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

async fn append(journal: &MemoryJournal, object: ObjectRef, event: Event) {
    let meta = CommitMeta {
        actor: "ada".parse().unwrap(),
        at: time(0),
        command_id: format!("{}-{}", object.key, event.name().replace('.', "-"))
            .parse()
            .unwrap(),
        command_digest: Digest::of(b""),
        index: 0,
        count: 1,
        traceparent: None,
    };
    let expected = journal.org_tail(&org()).await.unwrap();
    let commit = Commit {
        org: org(),
        object,
        meta,
        events: vec![event],
    };
    journal.append(&[commit], expected).await.unwrap();
}

async fn begin(journal: &MemoryJournal, sample: &Sample) {
    let name = format!("manifest/{}", sample.run.manifest);
    journal.put_object(&name, sample.sealed.clone()).await.unwrap();
    append(
        journal,
        ObjectRef::new(Kind::Run, sample.run.id),
        Event::RunStarted(sample.started()),
    )
    .await;
}

async fn cancel(journal: &MemoryJournal, sample: &Sample) {
    append(
        journal,
        ObjectRef::new(Kind::Run, sample.run.id),
        Event::RunCancelled(model::CancelReason::Asked),
    )
    .await;
}

async fn conclude(
    journal: &MemoryJournal,
    sample: &Sample,
    endings: impl IntoIterator<Item = (u32, Ending)>,
) {
    for (n, ending) in endings {
        journal
            .publish_result(&org(), &sample.result(n, ending))
            .await
            .unwrap();
    }
}

/// Waits until a run is complete.
async fn completion(journal: &MemoryJournal, sample: &Sample) -> RunCompleted {
    let mut events = journal.subscribe_events(0).await.unwrap();
    loop {
        let commit = events.next().await.unwrap().unwrap().commit;
        if commit.object == ObjectRef::new(Kind::Run, sample.run.id)
            && let [Event::RunCompleted(completed)] = &commit.events[..]
        {
            assert_eq!(commit.meta.actor.as_str(), "system");
            return completed.clone();
        }
    }
}

async fn n_completions(journal: &MemoryJournal) -> usize {
    let (page, _more) = journal.page(&org(), 0, 1_000).await.unwrap();
    let events = page.iter().flat_map(|recorded| &recorded.commit.events);
    events
        .filter(|event| matches!(event, Event::RunCompleted(_)))
        .count()
}

/// `run.json` of the artifact that an event names.
async fn run_json(journal: &MemoryJournal, sample: &Sample, completed: &RunCompleted) -> serde_json::Value {
    let name = format!("artifact/{}/{}", sample.run.id, completed.artifact.digest);
    let bytes = journal.object(&name).await.unwrap().unwrap();
    assert_eq!(Digest::of(&bytes), completed.artifact.digest);
    assert_eq!(bytes.len() as u64, completed.artifact.size_bytes);
    let mut text = String::new();
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    zip.by_name("run.json")
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

fn sample() -> Sample {
    Sample::new(11, &[("Books a slot", 2), ("Cancels a slot", 1)])
}

fn all(ending: Ending) -> impl Iterator<Item = (u32, Ending)> {
    (0..3).map(move |n| (n, ending))
}

#[tokio::test(start_paused = true)]
async fn a_run_is_completed_with_its_last_result() {
    let journal = MemoryJournal::new();
    let sample = sample();
    let running = start(&journal, "aggregator");
    begin(&journal, &sample).await;
    let mut notices = journal.watch(&org(), Some(sample.run.id)).await.unwrap();
    conclude(
        &journal,
        &sample,
        [
            (0, Ending::Passes),
            (2, Ending::MissesCriteria),
            (1, Ending::Passes),
        ],
    )
    .await;

    let completed = completion(&journal, &sample).await;

    assert_eq!(completed.verdict, RunVerdict::Failed);
    assert_eq!(
        completed.tally,
        Tally {
            planned: 3,
            passed: 2,
            failed: 1,
            ..Tally::default()
        }
    );
    assert_eq!(run_json(&journal, &sample, &completed).await["verdict"], "failed");
    let notice: serde_json::Value =
        serde_json::from_slice(&notices.next().await.unwrap().unwrap().payload).unwrap();
    assert_eq!(notice["type"], "run_completed");
    assert_eq!(notice["run"], sample.run.id.to_string());
    assert_eq!(notice["verdict"], "failed");
    assert_eq!(notice["tally"]["passed"], 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_is_completed_with_what_has_finished() {
    let journal = MemoryJournal::new();
    let sample = sample();
    let running = start(&journal, "aggregator");
    begin(&journal, &sample).await;
    conclude(&journal, &sample, [(1, Ending::Passes)]).await;
    cancel(&journal, &sample).await;

    let completed = completion(&journal, &sample).await;

    assert_eq!(completed.verdict, RunVerdict::Cancelled);
    assert_eq!(
        completed.tally,
        Tally {
            planned: 3,
            passed: 1,
            cancelled: 2,
            ..Tally::default()
        }
    );
    // A conversation that was still running comes too late.
    conclude(&journal, &sample, [(0, Ending::Passes)]).await;
    running.stop().await;
    assert_eq!(n_completions(&journal).await, 1);
}

#[tokio::test(start_paused = true)]
async fn two_aggregators_make_the_same_bytes_and_one_completion() {
    let journal = MemoryJournal::new();
    let sample = sample();
    begin(&journal, &sample).await;
    conclude(&journal, &sample, all(Ending::Passes)).await;
    let puts = Notes::of(&journal, "put_object");
    let completer = |connection| Completer {
        journal: Arc::new(journal.connection(connection)) as Arc<dyn Journal>,
        actor: Options::default().actor,
    };
    let (first, second) = (completer("first"), completer("second"));
    let org = org();
    let (first, second) = tokio::join!(
        first.complete(&org, sample.run.id),
        second.complete(&org, sample.run.id)
    );

    let mut outcomes = [first.unwrap(), second.unwrap()];
    outcomes.sort_by_key(|outcome| *outcome == Completion::AlreadyComplete);
    assert_eq!(outcomes, [Completion::Recorded, Completion::AlreadyComplete]);
    assert_eq!(n_completions(&journal).await, 1);
    let names = puts.about();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], names[1]);
    let completed = completion(&journal, &sample).await;
    assert!(names[0].ends_with(&completed.artifact.digest.to_string()));
}

#[tokio::test(start_paused = true)]
async fn another_aggregator_takes_over_from_one_that_was_killed() {
    let journal = MemoryJournal::new();
    let sample = sample();
    let stuck = Arc::new(StuckBeforeAppend::default());
    let first = start(&journal, "first");
    begin(&journal, &sample).await;
    journal.set_faults(Some(Arc::clone(&stuck) as Arc<dyn Faults>));
    conclude(&journal, &sample, all(Ending::Passes)).await;
    stuck.reached.notified().await;
    first.task.abort();
    assert!(first.task.await.unwrap_err().is_cancelled());
    assert_eq!(n_completions(&journal).await, 0);

    let second = start(&journal, "second");
    let completed = completion(&journal, &sample).await;

    assert_eq!(completed.verdict, RunVerdict::Passed);
    second.stop().await;
    assert_eq!(n_completions(&journal).await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_append_whose_acknowledgement_was_lost_is_not_repeated() {
    let journal = MemoryJournal::new();
    let sample = sample();
    let other = Sample::new(12, &[("Books a slot", 1)]);
    begin(&journal, &sample).await;
    begin(&journal, &other).await;
    conclude(&journal, &sample, all(Ending::Passes)).await;
    journal.set_faults(Some(Arc::new(LosesFirstAcknowledgement::default())));
    let running = start(&journal, "aggregator");
    completion(&journal, &sample).await;
    conclude(&journal, &other, [(0, Ending::Passes)]).await;
    completion(&journal, &other).await;
    running.stop().await;
    assert_eq!(n_completions(&journal).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_be_completed_stops_no_other_and_is_tried_again() {
    let journal = MemoryJournal::new();
    let sample = sample();
    let other = Sample::new(12, &[("Books a slot", 1)]);
    append(
        &journal,
        ObjectRef::new(Kind::Run, sample.run.id),
        Event::RunStarted(sample.started()),
    )
    .await;
    begin(&journal, &other).await;
    conclude(&journal, &sample, all(Ending::Passes)).await;
    conclude(&journal, &other, [(0, Ending::Passes)]).await;
    let running = start(&journal, "aggregator");

    completion(&journal, &other).await;
    assert_eq!(n_completions(&journal).await, 1);
    let name = format!("manifest/{}", sample.run.manifest);
    journal.put_object(&name, sample.sealed.clone()).await.unwrap();

    let completed = completion(&journal, &sample).await;
    assert_eq!(completed.verdict, RunVerdict::Passed);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn completed_runs_of_the_past_are_left_alone() {
    let journal = MemoryJournal::new();
    let (past, cancelled) = (sample(), Sample::new(12, &[("Books a slot", 4)]));
    let running = start(&journal, "first");
    begin(&journal, &past).await;
    begin(&journal, &cancelled).await;
    conclude(&journal, &past, all(Ending::Passes)).await;
    cancel(&journal, &cancelled).await;
    completion(&journal, &past).await;
    completion(&journal, &cancelled).await;
    running.stop().await;

    let histories = Notes::of(&journal, "history");
    let running = start(&journal, "second");
    let next = Sample::new(13, &[("Books a slot", 1)]);
    begin(&journal, &next).await;
    conclude(&journal, &next, [(0, Ending::Passes)]).await;
    completion(&journal, &next).await;
    running.stop().await;
    let about_next = format!("evt.{}.run.{}", org(), next.run.id);
    assert!(!histories.about().is_empty());
    assert!(
        histories.about().iter().all(|about| *about == about_next),
        "{:?}",
        histories.about()
    );
}

#[tokio::test(start_paused = true)]
async fn what_others_append_meanwhile_only_delays() {
    let journal = MemoryJournal::new();
    let sample = sample();
    begin(&journal, &sample).await;
    conclude(&journal, &sample, all(Ending::Passes)).await;
    let profile = OrganizationProfile {
        title: Name::try_from("Clinic").unwrap(),
        preferred_language: None,
        timezone: None,
    };
    let object = ObjectRef::new(Kind::Organization, org());
    journal.set_faults(Some(InsertsOnce::new(
        &journal,
        object,
        Event::OrganizationCreated(profile),
    )));
    let running = start(&journal, "aggregator");
    assert_eq!(completion(&journal, &sample).await.verdict, RunVerdict::Passed);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_while_it_is_folded_says_so_in_its_artifact() {
    let journal = MemoryJournal::new();
    let sample = sample();
    begin(&journal, &sample).await;
    conclude(&journal, &sample, all(Ending::Passes)).await;
    let object = ObjectRef::new(Kind::Run, sample.run.id);
    journal.set_faults(Some(InsertsOnce::new(
        &journal,
        object,
        Event::RunCancelled(model::CancelReason::Asked),
    )));
    let running = start(&journal, "aggregator");
    let completed = completion(&journal, &sample).await;
    assert_eq!(completed.verdict, RunVerdict::Cancelled);
    let json = run_json(&journal, &sample, &completed).await;
    assert_eq!(json["verdict"], "cancelled");
    assert_eq!(json["summary"]["tally"]["passed"], 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_ends_the_service() {
    let journal = MemoryJournal::new();
    let connection = journal.connection("aggregator");
    connection.set_cut(true);
    let aggregator = Aggregator::new(Arc::new(connection), Options::default());
    let error = aggregator.run(CancellationToken::new()).await.unwrap_err();
    assert!(matches!(
        error,
        AggregatorError::Journal(JournalError::Unreachable { .. })
    ));
}
