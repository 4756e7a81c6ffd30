//! One command of an organization at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use model::OrgId;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Lets an organization's commands through one by one, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    turns: Mutex<HashMap<OrgId, Arc<AsyncMutex<()>>>>,
}

impl Queue {
    /// Waits for the organization's turn; it lasts until the guard is dropped.
    pub(crate) async fn turn(&self, org: &OrgId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody else holds a turn that only this map holds, so the map does not grow with organizations long gone.
            if turns.len() > 10_000 {
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            Arc::clone(turns.entry(org.clone()).or_default())
        };
        turn.lock_owned().await
    }
}
