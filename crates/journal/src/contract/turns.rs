//! Turns: in order, and fenced.

use std::sync::Arc;

use futures::future;

use super::fixtures::{key, org, run, turn};
use crate::{AppendError, Journal};

/// An entry is taken only directly after the one that its writer knew as the last.
pub async fn turns_fence(journal: Arc<dyn Journal>) {
    let org = org("acme");
    let (conversation, neighbour) = (key(&org, run(1), 1), key(&org, run(1), 11));
    assert_eq!(
        journal.turns(&conversation).await.expect("it can be read"),
        (Vec::new(), 0)
    );
    let first = journal
        .append_turn(&conversation, &turn("a"), 0)
        .await
        .expect("it is the first");
    journal
        .append_turn(&neighbour, &turn("n"), 0)
        .await
        .expect("it is the neighbour's first");
    let second = journal
        .append_turn(&conversation, &turn("b"), first)
        .await
        .expect("it follows the first");
    assert!(second > first);
    for stale in [0, first, second + 1] {
        let refused = journal.append_turn(&conversation, &turn("late"), stale).await;
        assert!(
            matches!(refused, Err(AppendError::Conflict { expected }) if expected == stale),
            "{refused:?}"
        );
    }
    // Two workers that know the same last entry: one goes on.
    let both = [turn("x"), turn("y")];
    let outcomes = future::join_all(
        both.iter()
            .map(|turn| journal.append_turn(&conversation, turn, second)),
    )
    .await;
    let winner = outcomes
        .iter()
        .position(Result::is_ok)
        .expect("one of the two goes on");
    let loser = &outcomes[1 - winner];
    assert!(matches!(loser, Err(AppendError::Conflict { .. })), "{loser:?}");
    let (records, last) = journal.turns(&conversation).await.expect("it can be read");
    assert_eq!(records, [turn("a"), turn("b"), both[winner].clone()]);
    assert_eq!(outcomes[winner].as_ref().ok(), Some(&last));
}

/// Conversations do not disturb each other, however many run, and long ones are read completely.
pub async fn many_conversations_at_once(journal: Arc<dyn Journal>) {
    const N_CONVERSATIONS: u32 = 64;
    const N_TURNS: u32 = 6;
    let org = org("acme");
    let conversations = (0..N_CONVERSATIONS).map(|n| {
        let (journal, conversation) = (Arc::clone(&journal), key(&org, run(1), n));
        async move {
            let mut last = 0;
            // One conversation is long.
            for number in 0..(if n == 0 { 300 } else { N_TURNS }) {
                let record = turn(&format!("{n}-{number}"));
                last = journal
                    .append_turn(&conversation, &record, last)
                    .await
                    .expect("it follows");
            }
            (conversation, last)
        }
    });
    for (conversation, last) in future::join_all(conversations).await {
        let (records, found) = journal.turns(&conversation).await.expect("it can be read");
        assert_eq!(found, last);
        let n_turns = if conversation.n == 0 { 300 } else { N_TURNS };
        let expected = (0..n_turns).map(|number| turn(&format!("{}-{number}", conversation.n)));
        assert_eq!(records, expected.collect::<Vec<_>>());
    }
}
