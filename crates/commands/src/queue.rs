//! One command of an organization at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use model::OrgId;
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    time::timeout,
};

/// How many organizations are remembered at most without a command under way.
const MAX_IDLE: usize = 10_000;

/// Lets an organization's commands through one by one, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    turns: Mutex<HashMap<OrgId, Arc<AsyncMutex<()>>>>,
}

impl Queue {
    /// Waits for the organization's turn, which lasts until the guard is dropped; none if it did not come in time.
    pub(crate) async fn turn(&self, org: &OrgId, patience: Duration) -> Option<OwnedMutexGuard<()>> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody else holds a turn that only this map holds, so the map does not grow with organizations long gone.
            if turns.len() > MAX_IDLE {
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            Arc::clone(turns.entry(org.clone()).or_default())
        };
        timeout(patience, turn.lock_owned()).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn org(name: &str) -> OrgId {
        name.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_organization_goes_one_by_one_and_waits_for_no_other() {
        let queue = Queue::default();
        let first = queue.turn(&org("a"), PATIENCE).await.unwrap();
        assert!(queue.turn(&org("b"), PATIENCE).await.is_some());
        assert!(
            queue.turn(&org("a"), PATIENCE).await.is_none(),
            "its turn does not come"
        );
        drop(first);
        assert!(queue.turn(&org("a"), PATIENCE).await.is_some());
    }

    #[tokio::test]
    async fn organizations_long_gone_are_forgotten() {
        let queue = Queue::default();
        let held = queue.turn(&org("held"), PATIENCE).await.unwrap();
        for number in 0..=MAX_IDLE {
            queue.turn(&org(&format!("o{number}")), PATIENCE).await.unwrap();
        }
        let turns = queue.turns.lock().unwrap();
        assert!(turns.len() <= MAX_IDLE, "{}", turns.len());
        assert!(
            turns.contains_key(&org("held")),
            "what is under way is not forgotten"
        );
        drop(held);
    }
}
