//! Simulated users that break their part.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use model::{Turn, Usage, Verdict, Violation};

use super::conclude_as;
use crate::{
    UserFailure,
    testing::{Stage, World, polite_user},
};

fn broken() -> UserFailure {
    UserFailure::Broke {
        cause: "it speaks as the agent".to_owned(),
        violations: vec![Violation {
            fault: model::Fault::RoleInversion,
            detail: "offers help".to_owned(),
            message: "How can I help you?".to_owned(),
        }],
        usage: Usage::of_tokens(7, 3),
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_that_breaks_its_part_is_given_another_try_and_both_are_on_record() {
    let world = World::begin(1, |manifest| manifest.plan.options.cast.max_reruns = 1).await;
    let tries = AtomicUsize::new(0);
    let stage = Stage::polite(1).with_user(move |_, turns| {
        let breaks = turns.len() == 2 && tries.fetch_add(1, Ordering::Relaxed) == 0;
        if breaks {
            Err(broken())
        } else {
            Ok(polite_user(1, turns))
        }
    });
    let (result, stage) = conclude_as(&world, "w1", stage).await;
    assert_eq!(
        (result.verdict, result.attempts, result.claims),
        (Verdict::Passed, 2, 1)
    );
    assert_eq!((result.broken.len(), result.broken[0].n_turns), (1, 2));
    assert_eq!(result.simulator_usage, Usage::of_tokens(7, 3));
    let sessions: BTreeSet<String> = stage
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|seen| seen.session.clone())
        .collect();
    assert_eq!(
        sessions.len(),
        2,
        "the agent meets another user in another session"
    );
}

#[tokio::test(start_paused = true)]
async fn a_user_that_keeps_breaking_its_part_is_invalid() {
    let world = World::begin(1, |manifest| manifest.plan.options.cast.max_reruns = 2).await;
    let (result, _) = conclude_as(&world, "w1", Stage::polite(1).with_user(|_, _| Err(broken()))).await;
    assert_eq!((result.verdict, result.attempts), (Verdict::Invalid, 3));
    assert_eq!(result.broken.len(), 3);
    assert_eq!(result.error.as_deref(), Some("it speaks as the agent"));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_cannot_be_reached_is_not_the_users_fault() {
    let world = World::begin(1, |_| {}).await;
    let down = |_, _: &[Turn]| Err(UserFailure::Infrastructure("model `m`: down".to_owned()));
    let (result, _) = conclude_as(&world, "w1", Stage::polite(1).with_user(down)).await;
    assert_eq!(
        (result.verdict, result.end.as_str()),
        (Verdict::Errored, "infrastructure")
    );
}
