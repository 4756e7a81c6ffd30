//! How agents that wait for requests are asked: through the journal's port, so that everything goes over the worker's one connection.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use journal::{AskError, Journal};
use model::{AgentId, OrgId};
use simulation::{PullError, PullPort};

use crate::failure::chain;

/// Carries requests to agents that wait for them on NATS.
#[derive(Clone)]
pub struct AgentLine {
    journal: Arc<dyn Journal>,
}

impl AgentLine {
    /// Requests go through `journal`.
    pub fn new(journal: Arc<dyn Journal>) -> Self {
        Self { journal }
    }
}

impl fmt::Debug for AgentLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentLine")
    }
}

#[async_trait]
impl PullPort for AgentLine {
    async fn ask(
        &self,
        org: &OrgId,
        agent: AgentId,
        request: Vec<u8>,
        limit: Duration,
    ) -> Result<Vec<u8>, PullError> {
        let asked = self.journal.ask_agent(org, agent, request.into(), limit).await;
        asked.map(Vec::from).map_err(|error| match error {
            AskError::NobodyThere { .. } => PullError::NobodyThere(error.to_string()),
            AskError::Late { .. } => PullError::Late,
            AskError::Journal(error) if error.retryable() => PullError::Unreachable(chain(&error)),
            AskError::Journal(error) => PullError::Refused(chain(&error)),
        })
    }
}

#[cfg(test)]
mod tests {
    use journal::{MemoryJournal, MemoryOptions};
    use model::Oid;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_the_journal_says_is_told_in_the_words_of_the_port() {
        let journal = MemoryJournal::with(MemoryOptions {
            max_payload: 100,
            ..MemoryOptions::default()
        });
        let line = AgentLine::new(Arc::new(journal.clone()));
        let (org, agent): (OrgId, _) = ("acme".parse().unwrap(), AgentId(Oid::from_bytes([1; 12])));
        let ask = async |request: &[u8]| {
            line.ask(&org, agent, request.to_vec(), Duration::from_secs(1))
                .await
        };
        let nobody = ask(b"hello").await.unwrap_err();
        assert!(
            matches!(&nobody, PullError::NobodyThere(text) if text.contains(&format!("`agt.acme.{agent}`"))),
            "{nobody}"
        );
        let echo: journal::AgentReply =
            Arc::new(|request| (request.as_ref() != b"silence").then(|| request.clone()));
        journal.attend(&org, agent, Some(echo));
        assert_eq!(ask(b"hello").await, Ok(b"hello".to_vec()));
        assert_eq!(ask(b"silence").await, Err(PullError::Late));
        let refused = ask(&[b'x'; 101]).await;
        assert!(matches!(refused, Err(PullError::Refused(_))), "{refused:?}");
        journal.set_cut(true);
        let unreachable = ask(b"hello").await;
        assert!(
            matches!(unreachable, Err(PullError::Unreachable(_))),
            "{unreachable:?}"
        );
    }
}
