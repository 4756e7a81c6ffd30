//! Agents that wait for requests, in memory.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use model::{AgentId, OrgId};

use super::MemoryJournal;
use crate::{AskError, subject};

/// What an agent replies to a request; none: nothing, ever.
pub type AgentReply = Arc<dyn Fn(&Bytes) -> Option<Bytes> + Send + Sync>;

/// An agent that waits.
#[derive(Clone)]
pub(super) struct Attending(AgentReply);

impl fmt::Debug for Attending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attending")
    }
}

impl MemoryJournal {
    /// From now on an agent waits for requests and replies so; none: nobody waits any more.
    pub fn attend(&self, org: &OrgId, agent: AgentId, reply: Option<AgentReply>) {
        let subject = subject::agent(org, agent);
        let mut state = self.state();
        match reply {
            Some(reply) => {
                state.agents.insert(subject, Attending(reply));
            }
            None => {
                state.agents.remove(&subject);
            }
        }
    }

    pub(super) async fn do_ask_agent(
        &self,
        org: &OrgId,
        agent: AgentId,
        request: Bytes,
        wait: Duration,
    ) -> Result<Bytes, AskError> {
        let request = self.fit("ask_agent", request.to_vec())?;
        let subject = subject::agent(org, agent);
        let attending = self
            .look("ask_agent", &subject, |state| {
                Ok(state.agents.get(&subject).cloned())
            })
            .await?;
        let Some(Attending(reply)) = attending else {
            return Err(AskError::NobodyThere { subject });
        };
        match reply(&request) {
            Some(reply) => Ok(self.fit("ask_agent", reply.to_vec())?),
            None => {
                tokio::time::sleep(wait).await;
                Err(AskError::Late {
                    subject,
                    wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                })
            }
        }
    }
}
