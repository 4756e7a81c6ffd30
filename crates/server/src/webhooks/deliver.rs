//! One delivery: an event, told to one destination, in as many attempts as it takes or the destination allows.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use journal::{Journal, JournalError};
use model::{
    DeliveryAttempt, DeliveryStatus, DirectoryExt as _, Oid, OrgId, Time, WebhookDelivery,
    WebhookDestination, WebhookDestinationId, delivery_id,
};
use projections::Database;
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};
use tracing::{info, warn};

use super::{
    carrier::{Carrier, Outgoing, shortened},
    prepare::{PrepareError, Told},
    sign,
};
use crate::KeyHasher;

/// How long one attempt may take.
pub(super) const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);
/// The pauses before the second attempt and those after it; the last one stands for all further ones.
pub(super) const PAUSES: [Duration; 4] = [
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(20),
];
/// How long to wait before the log is asked again for what it could not do.
const LOG_PAUSE: Duration = Duration::from_secs(1);

/// What all deliveries share.
pub(super) struct Shared {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) database: Database,
    pub(super) clock: Arc<dyn Fn() -> Time + Send + Sync>,
    pub(super) hasher: KeyHasher,
    pub(super) carrier: Arc<dyn Carrier>,
    /// One permit for each request that may be on its way at once.
    pub(super) requests: Semaphore,
}

impl Shared {
    /// Tells a destination and records how that went; nothing if it is recorded already, or if the destination is gone.
    pub(super) async fn deliver(
        &self,
        told: &Told,
        destination: WebhookDestinationId,
    ) -> Result<(), PrepareError> {
        let id = delivery_id(destination, told.sequence);
        if self.journal.has_delivery(&told.org, destination, id).await? {
            return Ok(());
        }
        let mut delivery = WebhookDelivery {
            id,
            destination,
            event_sequence: told.sequence,
            of: told.of,
            body: told.body.clone(),
            status: DeliveryStatus::Failed,
            attempts: Vec::new(),
            dual_signed: false,
            created_at: (self.clock)(),
        };
        loop {
            // It may have been changed, deleted or given another secret meanwhile.
            let Some(target) = self.destination(&told.org, destination).await? else {
                info!(%destination, %id, "a webhook destination was deleted before it was told");
                return Ok(());
            };
            let n_before = delivery.attempts.len();
            let max_attempts = usize::try_from(target.retry_attempts)
                .unwrap_or(usize::MAX)
                .saturating_add(1);
            if n_before >= max_attempts {
                break;
            }
            let (attempt, is_dual) = self.attempt(&target, id, &told.body).await?;
            let succeeded = attempt.succeeded();
            delivery.attempts.push(attempt);
            delivery.dual_signed |= is_dual;
            if succeeded {
                delivery.status = DeliveryStatus::Success;
                break;
            }
            if n_before + 1 >= max_attempts {
                break;
            }
            let pause = PAUSES.get(n_before).or(PAUSES.last());
            sleep(pause.copied().unwrap_or_default()).await;
        }
        if delivery.status == DeliveryStatus::Failed {
            let n_attempts = delivery.attempts.len();
            info!(%destination, %id, n_attempts, "a webhook was given up");
        }
        self.record(&told.org, &delivery).await;
        Ok(())
    }

    /// The destination as it is now, if it lives.
    async fn destination(
        &self,
        org: &OrgId,
        id: WebhookDestinationId,
    ) -> Result<Option<WebhookDestination>, PrepareError> {
        let (database, org) = (self.database.clone(), org.clone());
        let read = tokio::task::spawn_blocking(move || {
            let view = database.view()?;
            let found = view.organization(org).webhook_destination(id)?;
            Ok::<_, PrepareError>(found.filter(|found| !found.life.is_deleted()))
        });
        read.await
            .map_err(|ended| PrepareError::Ended(ended.to_string()))?
    }

    /// One attempt, and whether it was signed with two secrets.
    async fn attempt(
        &self,
        target: &WebhookDestination,
        id: Oid,
        body: &str,
    ) -> Result<(DeliveryAttempt, bool), PrepareError> {
        let permit = self.requests.acquire().await;
        // Nobody closes it.
        let _permit = permit.map_err(|closed| PrepareError::Ended(closed.to_string()))?;
        let at = (self.clock)();
        let (headers, is_dual) = sign::head(&self.hasher, target, id, at, body);
        let outgoing = Outgoing {
            url: target.url.clone(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        let answer = timeout(ATTEMPT_LIMIT, self.carrier.carry(&outgoing)).await;
        let (status_code, failure) = match answer {
            Ok(Ok(status)) => (status, None),
            Ok(Err(why)) => (0, Some(shortened(&why))),
            Err(_elapsed) => (0, Some(format!("no answer within {ATTEMPT_LIMIT:?}"))),
        };
        let attempt = DeliveryAttempt {
            at,
            status_code,
            failure,
        };
        Ok((attempt, is_dual))
    }

    /// Records a delivery, however long the log takes: what is not recorded would be told again.
    async fn record(&self, org: &OrgId, delivery: &WebhookDelivery) {
        let mut failing = false;
        while let Err(error) = self.journal.record_delivery(org, delivery).await {
            if !failing {
                note(&error, delivery);
            }
            failing = true;
            sleep(LOG_PAUSE).await;
        }
    }
}

fn note(error: &JournalError, delivery: &WebhookDelivery) {
    let error = error as &dyn std::error::Error;
    warn!(error, id = %delivery.id, "a webhook delivery cannot be recorded yet; it is tried again");
}
