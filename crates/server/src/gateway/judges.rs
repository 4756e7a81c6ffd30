//! Judging conversations on demand: by the judges that workers use, a few at once, and for a limited time.

use std::sync::Arc;

use api::error::{ErrorCode, Problem};
use model::{EndReason, Evaluation, Turn};
use simulation::{Briefing, Material, NoModels, evaluate};
use tokio::{
    sync::Semaphore,
    time::{Duration, timeout},
};

use super::internal;

/// How many conversations are judged at once. Judging is computing, which leaves the other requests their share.
const MAX_JUDGING: usize = 2;

/// How long one request waits for its judgement, a free place included.
const PATIENCE: Duration = Duration::from_secs(20);

/// Places to judge in.
#[derive(Clone, Debug)]
pub(super) struct Judges {
    places: Arc<Semaphore>,
}

impl Default for Judges {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_JUDGING)),
        }
    }
}

impl Judges {
    /// What the briefing's metrics find in a conversation, in their order.
    pub(super) async fn judge(
        &self,
        briefing: Briefing,
        turns: Vec<Turn>,
        end: EndReason,
    ) -> Result<Vec<Evaluation>, Problem> {
        let judging = async {
            let place = Arc::clone(&self.places).acquire_owned().await;
            let place = place.map_err(|closed| internal(&closed))?;
            // What is begun keeps its place until it ends by itself, whoever still waits for it.
            let judged = tokio::spawn(async move {
                let material = Material {
                    turns: &turns,
                    end: &end,
                    recorded: None,
                };
                let found = evaluate(&briefing, material, &NoModels).await;
                drop(place);
                found.evaluations
            });
            judged.await.map_err(|ended| internal(&ended))
        };
        timeout(PATIENCE, judging).await.unwrap_or_else(|_elapsed| {
            let detail = format!(
                "the conversation was not judged within {} seconds; try again, with fewer metrics",
                PATIENCE.as_secs()
            );
            Err(Problem::new(ErrorCode::Unavailable, detail))
        })
    }
}
