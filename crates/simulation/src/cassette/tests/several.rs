//! Many conversations, and many who write at the same time.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Some conversations, each of which asks some questions out of few, and the order in which they get to ask.
type Plan = (Vec<Vec<usize>>, Vec<usize>);

const QUESTIONS: [&str; 3] = ["Hi", "Who is it?", "Bye"];

fn plans() -> impl Strategy<Value = (Plan, Vec<usize>)> {
    let conversations = proptest::collection::vec(proptest::collection::vec(0..QUESTIONS.len(), 0..6), 1..5);
    conversations.prop_flat_map(|conversations| {
        let turns: Vec<usize> = conversations
            .iter()
            .enumerate()
            .flat_map(|(index, asked)| asked.iter().map(move |_question| index))
            .collect();
        let orders = (Just(turns.clone()).prop_shuffle(), Just(turns).prop_shuffle());
        (Just(conversations), orders).prop_map(|(conversations, (one, other))| ((conversations, one), other))
    })
}

/// Holds the conversations in an order; what each was answered. Conversations alternate between repetitions and attempts.
async fn hold(
    cassettes: &Cassettes,
    model: &Arc<Fresh>,
    conversations: &[Vec<usize>],
    order: &[usize],
) -> Vec<Vec<Answer>> {
    let asks: Vec<Arc<dyn Ask>> = (0..conversations.len())
        .map(|index| {
            let index = u32::try_from(index).unwrap();
            on(cassettes, model, index / 2, index % 2 + 1)
        })
        .collect();
    let mut answers = vec![Vec::new(); conversations.len()];
    for conversation in order {
        let asked = answers[*conversation].len();
        let text = QUESTIONS[conversations[*conversation][asked]];
        let answer = asks[*conversation].ask(&question(text)).await.unwrap();
        answers[*conversation].push(answer);
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_replay_is_the_same_in_whatever_order_conversations_are_held(
        ((conversations, recorded_order), replayed_order) in plans()
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let directory = TempDir::new().unwrap();
            let model = Arc::new(Fresh::default());
            let record = cassettes(CassetteMode::Record, directory.path());
            let recorded = hold(&record, &model, &conversations, &recorded_order).await;
            let asked = model.asked();
            let replay = cassettes(CassetteMode::Replay, directory.path());
            let replayed = hold(&replay, &model, &conversations, &replayed_order).await;
            prop_assert_eq!(recorded, replayed);
            prop_assert_eq!(model.asked(), asked);
            Ok(())
        })?;
    }
}

#[test]
fn writers_at_the_same_time_lose_and_mix_nothing() {
    const WRITERS: u32 = 8;
    const ENTRIES: u32 = 20;
    let directory = TempDir::new().unwrap();
    // Half of them share what they know, as the workers of one process do; all write into one file.
    let shared = cassettes(CassetteMode::Record, directory.path());
    let answers: Vec<Vec<Answer>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let own = if writer % 2 == 0 {
                    shared.clone()
                } else {
                    cassettes(CassetteMode::Record, directory.path())
                };
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    let model = Arc::new(Fresh {
                        postscript: format!(" of {writer}\n{}", "x".repeat(10_000)),
                        ..Fresh::default()
                    });
                    let ask = on(&own, &model, writer, 1);
                    (0..ENTRIES)
                        .map(|n| {
                            runtime
                                .block_on(ask.ask(&question(QUESTIONS[n as usize % 3])))
                                .unwrap()
                        })
                        .collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: BTreeSet<String> = answers
        .iter()
        .flatten()
        .map(|answer| answer.text.clone())
        .collect();
    assert_eq!(distinct.len(), (WRITERS * ENTRIES) as usize);

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let replay = cassettes(CassetteMode::Replay, directory.path());
    for (writer, expected) in (0..).zip(&answers) {
        let ask = on(&replay, &Arc::default(), writer, 1);
        for (n, answer) in expected.iter().enumerate() {
            let replayed = runtime.block_on(ask.ask(&question(QUESTIONS[n % 3])));
            assert_eq!(replayed.as_ref(), Ok(answer));
        }
    }
    let written = std::fs::read_to_string(file(&directory)).unwrap();
    assert_eq!(written.matches("format: 1\n").count(), 1);
    assert_eq!(
        written.matches("\noutcome:\n").count(),
        (WRITERS * ENTRIES) as usize
    );
}

#[tokio::test]
async fn a_reader_sees_what_others_wrote_meanwhile() {
    let directory = TempDir::new().unwrap();
    record(directory.path(), Fresh::default(), &["Hi"]).await;
    let auto = cassettes(CassetteMode::Auto, directory.path());
    let model = Arc::new(Fresh::default());
    let ask = on(&auto, &model, 0, 1);
    ask.ask(&question("Hi")).await.unwrap();
    let other = cassettes(CassetteMode::Record, directory.path());
    let other_model = Arc::new(Fresh {
        postscript: " from elsewhere".to_owned(),
        ..Fresh::default()
    });
    let written = on(&other, &other_model, 0, 1).ask(&question("Bye")).await;
    assert_eq!(ask.ask(&question("Bye")).await, written);
    assert_eq!(model.asked(), 0);
}
