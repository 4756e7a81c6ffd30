//! Users, agents and judges that do what the test says.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::future::BoxFuture;
use model::{AgentInput, Evaluation, MetricValue, Role, Turn, UserOutcome};
use simulation::{AgentCall, AgentReply, Briefing, Judged, Material, UserMove, UserStep};

use crate::{Cast, Simulation, UserFailure};

/// One call of the agent, as the agent saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) n: u32,
    pub(crate) session: String,
    pub(crate) input: AgentInput,
    pub(crate) turn_index: u32,
    pub(crate) idempotency_key: String,
    /// Everything said before.
    pub(crate) heard: Vec<String>,
}

type Play = dyn Fn(u32, &[Turn]) -> Result<UserMove, UserFailure> + Send + Sync;
type Answer = dyn Fn(Seen) -> BoxFuture<'static, Result<AgentReply, String>> + Send + Sync;
type Finding = dyn Fn(Material<'_>) -> Option<MetricValue> + Send + Sync;

/// Users, agents and judges that do what the test says.
pub(crate) struct Stage {
    user: Box<Play>,
    agent: Box<Answer>,
    judge: Box<Finding>,
    /// Every call of an agent, in order.
    pub(crate) seen: Mutex<Vec<Seen>>,
    /// How many sessions were closed.
    pub(crate) n_closed: AtomicUsize,
}

impl Stage {
    /// The user says `user-<index>` until it has heard `n_replies` replies, then leaves, content; the agent repeats what it is
    /// given; the judge finds everything good.
    pub(crate) fn polite(n_replies: usize) -> Self {
        Self {
            user: Box::new(move |_n, turns| Ok(polite_user(n_replies, turns))),
            agent: Box::new(|seen| Box::pin(async move { Ok(reply(&format!("re-{}", seen.turn_index))) })),
            judge: Box::new(|_material| Some(MetricValue::Boolean(true))),
            seen: Mutex::default(),
            n_closed: AtomicUsize::new(0),
        }
    }

    pub(crate) fn with_user(
        mut self,
        user: impl Fn(u32, &[Turn]) -> Result<UserMove, UserFailure> + Send + Sync + 'static,
    ) -> Self {
        self.user = Box::new(user);
        self
    }

    pub(crate) fn with_agent<F: Future<Output = Result<AgentReply, String>> + Send + 'static>(
        mut self,
        agent: impl Fn(Seen) -> F + Send + Sync + 'static,
    ) -> Self {
        self.agent = Box::new(move |seen| Box::pin(agent(seen)));
        self
    }

    pub(crate) fn with_judge(
        mut self,
        judge: impl Fn(Material<'_>) -> Option<MetricValue> + Send + Sync + 'static,
    ) -> Self {
        self.judge = Box::new(judge);
        self
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) fn polite_user(n_replies: usize, turns: &[Turn]) -> UserMove {
    let heard = turns.iter().filter(|turn| turn.role == Role::Agent).count();
    if heard >= n_replies {
        UserMove::Leave {
            outcome: UserOutcome::Achieved,
            reason: None,
            farewell: None,
        }
    } else {
        UserMove::Say(format!("user-{}", turns.len()))
    }
}

pub(crate) fn reply(text: &str) -> AgentReply {
    AgentReply {
        text: text.to_owned(),
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        latency_ms: 5,
        calls: 1,
        session: None,
    }
}

/// A reply that takes this long.
pub(crate) async fn slow_reply(text: &str, takes: Duration) -> Result<AgentReply, String> {
    tokio::time::sleep(takes).await;
    Ok(reply(text))
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stage")
    }
}

impl Simulation for Stage {
    fn cast(self: Arc<Self>, briefing: Briefing) -> Box<dyn Cast> {
        Box::new(Actors {
            stage: self,
            briefing,
        })
    }
}

struct Actors {
    stage: Arc<Stage>,
    briefing: Briefing,
}

#[async_trait]
impl Cast for Actors {
    async fn user(&mut self, turns: &[Turn]) -> Result<UserStep, UserFailure> {
        (self.stage.user)(self.briefing.key.n, turns).map(UserStep::of)
    }

    async fn agent(&mut self, call: AgentCall<'_>) -> Result<AgentReply, String> {
        let seen = Seen {
            n: self.briefing.key.n,
            session: self.briefing.session_id.clone(),
            input: call.input,
            turn_index: call.turn_index,
            idempotency_key: call.idempotency_key,
            heard: call.turns.iter().map(|turn| turn.text.clone()).collect(),
        };
        self.stage.seen.lock().unwrap().push(seen.clone());
        (self.stage.agent)(seen).await
    }

    async fn judge(&mut self, material: Material<'_>) -> Judged {
        let metrics = self.briefing.metrics.iter();
        let evaluations = metrics
            .map(|(metric_id, metric_version, _)| Evaluation {
                metric_id: *metric_id,
                metric_version: *metric_version,
                value: (self.stage.judge)(material),
                justification: String::new(),
                references: Vec::new(),
                error: None,
                votes: Vec::new(),
                usage: None,
            })
            .collect();
        Judged {
            evaluations,
            ..Judged::default()
        }
    }

    async fn close(&mut self) {
        self.stage.n_closed.fetch_add(1, Ordering::Relaxed);
    }
}
