//! Requests to agents that wait for them: core NATS, nothing is stored.

use std::time::Duration;

use bytes::Bytes;
use model::{AgentId, OrgId};

use super::{Inner, connection::Outgoing, failure::Failure};
use crate::{AskError, subject};

const OPERATION: &str = "ask_agent";
/// How much longer the client waits than we do, so that it is we who say that the reply is late.
const MARGIN: Duration = Duration::from_secs(5);

impl Inner {
    pub(super) async fn ask_agent(
        &self,
        org: &OrgId,
        agent: AgentId,
        request: Bytes,
        wait: Duration,
    ) -> Result<Bytes, AskError> {
        let subject = subject::agent(org, agent);
        let message = Outgoing {
            subject,
            headers: async_nats::HeaderMap::new(),
            payload: request,
        };
        let asking = async {
            self.connection.fit(&message)?;
            let longer = wait.saturating_add(MARGIN);
            let payload = message.payload.clone();
            self.connection
                .request(&message.subject, None, payload, longer)
                .await
        };
        match tokio::time::timeout(wait, asking).await {
            Ok(Ok(reply)) => Ok(reply.payload),
            Ok(Err(Failure::NoResponders)) => Err(AskError::NobodyThere {
                subject: message.subject,
            }),
            Ok(Err(failure)) => Err(failure.into_error(OPERATION).into()),
            Err(_elapsed) => Err(AskError::Late {
                subject: message.subject,
                wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }
}
