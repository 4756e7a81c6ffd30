//! Judging conversations on demand: by the judges that workers use, a few at once, and for a limited time.

use std::sync::Arc;

use api::error::{ErrorCode, Problem};
use model::{EndReason, Evaluation, Judge, Models, Turn};
use simulation::{Briefing, BudgetLimits, Cassettes, ConversationModels, LanguageModels, Material, evaluate};
use tokio::{
    sync::Semaphore,
    time::{Duration, timeout},
};

use super::internal;
use crate::Options;

/// How many conversations are judged at once. Judging is computing, which leaves the other requests their share.
const MAX_JUDGING: usize = 2;

/// How long one request waits for its judgement, a free place included.
const PATIENCE: Duration = Duration::from_secs(20);

/// The same where language models judge: they take their time.
const PATIENCE_WITH_MODELS: Duration = Duration::from_secs(120);

/// The most requests to language models that one judgement on demand may make.
const MAX_REQUESTS: u32 = 200;

/// Places to judge in, and the language models that may judge.
#[derive(Clone, Debug)]
pub(super) struct Judges {
    places: Arc<Semaphore>,
    language_models: LanguageModels,
    /// The installation's own, whatever the run had.
    models: Arc<Models>,
}

impl Judges {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_JUDGING)),
            language_models: options.language_models.clone(),
            models: Arc::new(options.commands.capabilities.models.clone()),
        }
    }

    /// The language models of the installation.
    pub(super) fn models(&self) -> &Models {
        &self.models
    }

    /// How long judging may take in all.
    pub(super) fn patience(&self) -> Duration {
        if self.models.definitions.is_empty() {
            PATIENCE
        } else {
            PATIENCE_WITH_MODELS
        }
    }

    /// What the briefing's metrics find in a conversation, in their order.
    pub(super) async fn judge(
        &self,
        mut briefing: Briefing,
        turns: Vec<Turn>,
        end: EndReason,
    ) -> Result<Vec<Evaluation>, Problem> {
        briefing.cast.judge.clone_from(&self.models.judge);
        briefing.models.clone_from(&self.models.definitions);
        let of_milestones = |judge: &Judge| matches!(judge, Judge::Milestones);
        if !briefing
            .metrics
            .iter()
            .any(|(_, _, metric)| of_milestones(&metric.content.judge))
        {
            // Nobody looks at them, and language models may have to judge them.
            briefing.scenario.content.milestones.clear();
        }
        let limits = BudgetLimits {
            max_requests: Some(MAX_REQUESTS),
            ..BudgetLimits::default()
        };
        let cassette =
            Cassettes::off().conversation(&briefing.unit_test, briefing.repetition, briefing.attempt);
        let models = ConversationModels::new(self.language_models.clone(), &briefing, limits, cassette);
        let patience = self.patience();
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
                let judging = evaluate(&briefing, material, &models);
                let found = timeout(patience, judging).await;
                drop(place);
                found
            });
            judged.await.map_err(|ended| internal(&ended))
        };
        match timeout(patience, judging).await {
            Ok(Ok(Ok(judged))) => Ok(judged.evaluations),
            Ok(Err(problem)) => Err(problem),
            Ok(Ok(Err(_elapsed))) | Err(_elapsed) => {
                let detail = format!(
                    "the conversation was not judged within {} seconds; try again, with fewer metrics",
                    patience.as_secs()
                );
                Err(Problem::new(ErrorCode::Unavailable, detail))
            }
        }
    }
}
