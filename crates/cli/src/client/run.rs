//! Runs: finding, watching and reading them.

use api::{
    conversation::Conversation,
    run::{ArtifactChunk, ConversationRows, Instance, MAX_CHUNK_BYTES},
};
use model::{Digest, Kind, RunId};
use serde_json::json;

use super::{Client, Page, RequestError, text_at};
use crate::{
    failure::Failure,
    run_view::{ProblemView, RunView},
};

/// For how many tests the reason of the first problem is looked up.
const MAX_REASONS: usize = 20;
/// How many conversations that went wrong are looked through for the first of each test.
const MAX_PROBLEMS: usize = 5_000;
/// The largest artifact that is downloaded, in bytes.
const MAX_ARTIFACT_BYTES: u64 = 4 * 1024 * 1024 * 1024;

impl Client {
    /// The run of this id; `latest` is the newest one.
    pub(crate) async fn run_id(&self, text: &str) -> Result<RunId, Failure> {
        if text != "latest" {
            return text.parse().map_err(|invalid| {
                Failure::usage(format!("`{text}` names no run: {invalid}"))
                    .help("`rehearse runs list` lists them; `latest` is the newest.")
            });
        }
        let answer = self
            .query(Kind::Run.as_str(), "list", &json!({ "limit": 1 }))
            .await?;
        let newest = Page::of(answer).items.into_iter().next();
        let newest = newest
            .ok_or_else(|| Failure::usage("there is no run yet").help("`rehearse run SET` starts one."))?;
        text_at(&newest, "/id")
            .parse()
            .map_err(|_invalid| Failure::bug("the server's answer has a run without an id"))
    }

    /// The run as it is.
    pub(crate) async fn run(&self, id: RunId) -> Result<Instance, RequestError> {
        self.query("run", "get", &json!({ "id": id })).await
    }

    /// The run once more of its conversations are finished than `known`, or everything is accounted for, or some time has passed.
    pub(crate) async fn wait(&self, id: RunId, known: u32, wait_ms: u64) -> Result<Instance, RequestError> {
        let request = json!({ "id": id, "after_finished": known, "wait_ms": wait_ms });
        self.query("run", "wait", &request).await
    }

    /// Asks a run to stop.
    pub(crate) async fn cancel(&self, id: RunId) -> Result<(), RequestError> {
        let _done: serde_json::Value = self.command("run", "cancel", &json!({ "id": id })).await?;
        Ok(())
    }

    /// The run in numbers, with what went wrong first in each test.
    pub(crate) async fn run_view(&self, run: &Instance) -> Result<RunView, RequestError> {
        let mut view = RunView::of(run);
        let mut open = view
            .tests
            .iter()
            .filter(|test| {
                test.counts
                    .is_none_or(|counts| counts.failed + counts.invalid + counts.errored > 0)
            })
            .count();
        let mut request = json!({ "id": run.id, "verdict": ["failed", "invalid", "errored"], "limit": 500 });
        let (mut n_seen, mut n_reasons) = (0, 0);
        while open > 0 && n_seen < MAX_PROBLEMS {
            let rows: ConversationRows = self.query("run", "results", &request).await?;
            n_seen += rows.conversations.len();
            for row in &rows.conversations {
                let test = usize::try_from(row.test_idx)
                    .ok()
                    .and_then(|index| view.tests.get_mut(index));
                let Some(test) = test.filter(|test| test.first_problem.is_none()) else {
                    continue;
                };
                let mut problem = ProblemView::of(row);
                if problem.criterion.is_some() && n_reasons < MAX_REASONS {
                    n_reasons += 1;
                    let request = json!({ "id": run.id, "n": row.n });
                    let conversation: Conversation = self.query("run", "transcript", &request).await?;
                    problem.reason = reason(&conversation);
                }
                test.first_problem = Some(problem);
                open = open.saturating_sub(1);
            }
            match rows.continuation_token {
                Some(next) if rows.has_more => request["continuation_token"] = json!(next),
                Some(_) | None => break,
            }
        }
        Ok(view)
    }

    /// The artifact of a run: all its bytes, checked against their digest.
    pub(crate) async fn artifact(&self, id: RunId) -> Result<Vec<u8>, Failure> {
        let mut bytes: Vec<u8> = Vec::new();
        loop {
            let offset = bytes.len();
            let request = json!({ "id": id, "offset": offset, "length": MAX_CHUNK_BYTES });
            let chunk: ArtifactChunk = self.query("run", "artifact", &request).await?;
            if chunk.size_bytes > MAX_ARTIFACT_BYTES {
                return Err(Failure::bug(format!(
                    "the artifact has {} bytes, which is too large",
                    chunk.size_bytes
                )));
            }
            let is_last = chunk.data.is_empty();
            bytes.extend(chunk.data);
            let have = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if is_last || have >= chunk.size_bytes {
                let found = Digest::of(&bytes);
                if found != chunk.digest {
                    return Err(Failure::bug(format!(
                        "the artifact is damaged: its digest is {found}, not {}",
                        chunk.digest
                    )));
                }
                return Ok(bytes);
            }
        }
    }
}

/// Why the first criterion that was missed has the value that it has.
fn reason(conversation: &Conversation) -> String {
    let missed = conversation.criteria.iter().find(|criterion| !criterion.passed);
    let evaluation = missed
        .and_then(|criterion| usize::try_from(criterion.evaluation_idx).ok())
        .and_then(|index| conversation.evaluations.get(index));
    match evaluation {
        Some(evaluation) => evaluation
            .error
            .clone()
            .unwrap_or_else(|| evaluation.justification.clone()),
        None => conversation.end.reason.clone(),
    }
}
