//! Temporary grants: what one user may do for a while, beside what its role says.

use serde::{Deserialize, Serialize};

use super::Grant;
use crate::{Life, Tags, TemporaryGrantId, Text, Time, UserId};

/// A grant to one user, for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemporaryGrant {
    /// Its id.
    pub id: TemporaryGrantId,
    /// Whose it is.
    pub user_id: UserId,
    /// What it permits.
    pub grant: Grant,
    /// From then on it permits nothing any more.
    pub expires_at: Time,
    /// Why it was made.
    pub justification: Text,
    /// Labels.
    pub tags: Tags,
    /// Creation.
    pub life: Life,
}

impl TemporaryGrant {
    /// Whether it still permits something at `now`.
    pub fn is_in_force(&self, now: Time) -> bool {
        now < self.expires_at && !self.life.is_deleted()
    }
}
