//! Going on after any event of a generated run gives the exact rest, whenever and wherever it was cut.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{super::follow::Told, *};

const VERDICTS: [Verdict; 4] = [
    Verdict::Passed,
    Verdict::Failed,
    Verdict::Invalid,
    Verdict::Errored,
];

/// How many times each of the three tests of a generated run is repeated.
const REPETITIONS: u32 = 3;

/// What happens next to a generated run.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// One of the conversations without a result gets one.
    Finish(u8),
    /// It is cancelled, unless it was.
    Cancel,
    /// It is completed, if it can be.
    Complete,
    /// A reader comes, goes on where it was, and leaves after so many events.
    Read(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => any::<u8>().prop_map(Step::Finish),
        1 => Just(Step::Cancel),
        1 => Just(Step::Complete),
        3 => (1_u8..4).prop_map(Step::Read),
    ];
    prop::collection::vec(step, 4..20)
}

fn about(events: &[Told]) -> Vec<(String, Option<u64>)> {
    events.iter().map(Told::about).collect()
}

async fn play(steps: Vec<Step>) {
    let served = serve().await;
    let mut run = TheRun::start(&served, REPETITIONS).await;
    let mut open: Vec<u32> = (0..3 * REPETITIONS).collect();
    let mut is_cancelled = false;
    // What is certainly there for a reader who comes.
    let mut there = 1;
    let mut read: Vec<Told> = Vec::new();
    let whole = [Step::Cancel, Step::Complete];
    for step in steps.into_iter().chain(whole) {
        let is_complete = run.run.completed.is_some();
        match step {
            Step::Finish(which) if !open.is_empty() => {
                let n = open.remove(usize::from(which) % open.len());
                let verdict = VERDICTS[usize::from(which) % VERDICTS.len()];
                run.finish(&served, n, verdict, None).await;
                there += usize::from(!is_complete);
            }
            Step::Cancel if !is_cancelled && !is_complete => {
                run.cancel(&served).await;
                is_cancelled = true;
                there += 1;
            }
            Step::Complete if !is_complete && (is_cancelled || open.is_empty()) => {
                run.complete(&served, b"zip").await;
                there += 1;
            }
            Step::Read(most) => {
                let last = read.last().map(|told| told.id.clone());
                let mut reader = run.follow(&served, last.as_deref()).await;
                for _ in 0..there.saturating_sub(read.len()).min(usize::from(most)) {
                    read.push(reader.next().await.expect("it is there"));
                }
            }
            Step::Finish(_) | Step::Cancel | Step::Complete => {}
        }
    }

    let all = run.rest(&served, None).await;
    let subjects: BTreeSet<_> = about(&all).into_iter().collect();
    assert_eq!(subjects.len(), all.len(), "nothing twice");
    assert_eq!(all.len(), there, "nothing missing");
    assert_eq!(all[0].name, "run.started");
    assert_eq!(all[there - 1].name, "run.completed");
    // Cut again and again, it is the same.
    let last = read.last().map(|told| told.id.clone());
    let rest = run.rest(&served, last.as_deref()).await;
    let pieces: Vec<Told> = read.iter().chain(&rest).cloned().collect();
    assert_eq!(pieces.len(), all.len());
    assert_eq!(about(&pieces).into_iter().collect::<BTreeSet<_>>(), subjects);
    // After every event comes the exact rest, here and on a server that was not there.
    let beside = beside(&served).await;
    assert_eq!(run.rest(&beside, None).await, all);
    for server in [&served, &beside] {
        for (index, event) in all.iter().enumerate() {
            assert_eq!(run.rest(server, Some(&event.id)).await, all[index + 1..]);
        }
    }
    for (index, event) in read.iter().enumerate() {
        let rest = run.rest(&beside, Some(&event.id)).await;
        let told: BTreeSet<_> = about(&read[..=index]).into_iter().collect();
        let left: BTreeSet<_> = subjects.difference(&told).cloned().collect();
        assert_eq!(rest.len(), left.len(), "after {}", event.id);
        assert_eq!(about(&rest).into_iter().collect::<BTreeSet<_>>(), left);
    }
    // Every conversation is told with what the run had come to by then.
    let mut finished = 0;
    for event in all.iter().filter(|event| event.name == "conversation.finished") {
        finished += 1;
        let tally = &event.data["tally"];
        let sum: u64 = ["passed", "failed", "invalid", "errored"]
            .iter()
            .map(|verdict| tally[verdict].as_u64().unwrap())
            .sum();
        assert_eq!((sum, &tally["planned"]), (finished, &json!(3 * REPETITIONS)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn after_every_event_comes_the_exact_rest(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.unwrap().block_on(play(steps));
    }
}
