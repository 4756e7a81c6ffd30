//! Recordings: conversations that were held elsewhere, read from the object store and played.

use std::sync::Arc;

use async_trait::async_trait;
use journal::subject::recording_object;
use model::{ConversationKey, Manifest, RecordedTurn, Recording, RecordingEnd, Role, Turn};
use simulation::{AgentCall, AgentReply, Judged, Material, UserMove, UserStep};

use crate::{Cast, UserFailure, failure::Failure, link::Link};

/// The recording that a conversation of the run is to be; none if the run's conversations are held.
pub(crate) async fn open(
    link: &Link,
    manifest: &Manifest,
    key: &ConversationKey,
) -> Result<Option<Arc<Recording>>, Failure> {
    if !manifest.plan.options.cast.recorded {
        return Ok(None);
    }
    let digest = usize::try_from(key.n)
        .ok()
        .and_then(|index| manifest.recordings.get(index))
        .ok_or_else(|| {
            Failure::lasting(format!(
                "the manifest names no recording for conversation {}",
                key.n
            ))
        })?;
    let name = recording_object(&key.org, *digest);
    let bytes = link
        .ride_out(|| link.journal().object(&name))
        .await?
        .ok_or_else(|| Failure::new(format!("object {name} does not exist")))?;
    // The same bytes would be no more readable the next time.
    let recording =
        Recording::open(*digest, &bytes).map_err(|invalid| Failure::lasting(invalid.to_string()))?;
    Ok(Some(Arc::new(recording)))
}

/// Plays a recording: neither user nor agent are asked for anything. What comes next follows from what was said so far, so another worker
/// goes on where one was lost.
pub(crate) struct Playback {
    recording: Arc<Recording>,
    /// Its judges judge; the others in it are never called.
    judges: Box<dyn Cast>,
}

impl Playback {
    pub(crate) fn new(recording: Arc<Recording>, judges: Box<dyn Cast>) -> Self {
        Self { recording, judges }
    }

    /// The turn at a position; none beyond the last.
    fn turn(&self, index: usize) -> Option<&RecordedTurn> {
        self.recording.turns.get(index)
    }
}

#[async_trait]
impl Cast for Playback {
    async fn user(&mut self, turns: &[Turn]) -> Result<UserStep, UserFailure> {
        let step = match (self.turn(turns.len()), &self.recording.end) {
            (Some(turn), _) if turn.role != Role::Agent => UserMove::Say(turn.text.clone()),
            (
                None,
                RecordingEnd::UserLeft {
                    outcome,
                    reason,
                    farewell,
                },
            ) => UserMove::Leave {
                outcome: *outcome,
                reason: reason.clone(),
                farewell: farewell.clone(),
            },
            (Some(_) | None, _) => {
                let cause = format!("the recording has no turn {} of the user", turns.len());
                return Err(UserFailure::Unplayable(cause));
            }
        };
        Ok(UserStep::of(step))
    }

    async fn agent(&mut self, call: AgentCall<'_>) -> Result<AgentReply, String> {
        let index = usize::try_from(call.turn_index).unwrap_or(usize::MAX);
        let turn = self
            .turn(index)
            .filter(|turn| turn.role == Role::Agent)
            .ok_or_else(|| format!("the recording has no turn {index} of the agent"))?;
        let is_last = self.turn(index.saturating_add(1)).is_none();
        Ok(AgentReply {
            text: turn.text.clone(),
            tool_calls: turn.tool_calls.clone(),
            usage: None,
            completed: is_last && self.recording.end == RecordingEnd::AgentCompleted,
            latency_ms: 0,
            // Nobody was called, so there is no time that it took either.
            calls: 0,
            session: None,
        })
    }

    async fn judge(&mut self, material: Material<'_>) -> Judged {
        let material = Material {
            recorded: Some(&self.recording.values),
            ..material
        };
        self.judges.judge(material).await
    }

    async fn close(&mut self) {
        self.judges.close().await;
    }
}
