//! Agents that wait for requests.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::BoxFuture;
use model::{AgentId, Oid, OrgId};

use super::{SOON, fixtures::org};
use crate::{AskError, Journal, JournalError};

/// What an agent of a check replies: `silence` to nothing at all, everything else twice.
pub fn twice(request: &Bytes) -> Option<Bytes> {
    (request.as_ref() != b"silence").then(|| [request.as_ref(), request.as_ref()].concat().into())
}

/// Makes an agent wait that replies as [`twice`] says; ready when it would hear a request.
pub type Attend = Box<dyn FnOnce(OrgId, AgentId) -> BoxFuture<'static, ()>>;

/// A request reaches the agent that it is for, and no other; that nobody is there and that nobody replies are told apart.
pub async fn agents_are_asked(journal: Arc<dyn Journal>, attend: Attend) {
    let (acme, other) = (org("acme"), org("other"));
    let [first, second] = [1, 2].map(|n| AgentId(Oid::from_bytes([n; 12])));
    let ask = async |org: &OrgId, agent, request: &'static [u8], wait| {
        journal
            .ask_agent(org, agent, Bytes::from_static(request), wait)
            .await
    };
    let nobody = ask(&acme, first, b"hello", SOON).await;
    assert!(matches!(nobody, Err(AskError::NobodyThere { .. })), "{nobody:?}");
    attend(acme.clone(), first).await;
    let reply = ask(&acme, first, b"hello", SOON).await.expect("it replies");
    assert_eq!(reply, Bytes::from_static(b"hellohello"));
    let empty = ask(&acme, first, b"", SOON).await.expect("it replies");
    assert!(empty.is_empty());
    for (org, agent) in [(&acme, second), (&other, first)] {
        let nobody = ask(org, agent, b"hello", SOON).await;
        assert!(matches!(nobody, Err(AskError::NobodyThere { .. })), "{nobody:?}");
    }
    let late = ask(&acme, first, b"silence", Duration::from_millis(300)).await;
    assert!(
        matches!(late, Err(AskError::Late { wait_ms: 300, .. })),
        "{late:?}"
    );
    let huge = Bytes::from(vec![b'x'; 9 * 1024 * 1024]);
    let refused = journal.ask_agent(&acme, first, huge, SOON).await;
    let too_large = matches!(refused, Err(AskError::Journal(JournalError::TooLarge { .. })));
    assert!(too_large, "{refused:?}");
}
