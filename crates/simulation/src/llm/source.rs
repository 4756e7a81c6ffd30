//! The language models of one conversation: those that its run has sealed, within the conversation's budget, on its cassette.

use std::{collections::BTreeMap, sync::Arc};

use model::{LanguageModel, Name};

use super::{Ask, AskError, Budget, BudgetLimits, LanguageModels, ModelSource, recorded};
use crate::{Briefing, Cassette};

/// Gives out the language models that take part in one conversation.
#[derive(Clone, Debug)]
pub struct ConversationModels {
    models: LanguageModels,
    definitions: BTreeMap<Name, LanguageModel>,
    budget: Budget,
    cassette: Cassette,
}

impl ConversationModels {
    /// The models of the briefing's run. All of them together may consume `limits` in this conversation; what they answer goes onto
    /// `cassette`, or comes from there.
    pub fn new(
        models: LanguageModels,
        briefing: &Briefing,
        limits: BudgetLimits,
        cassette: Cassette,
    ) -> Self {
        Self {
            models,
            definitions: briefing.models.clone(),
            budget: Budget::new(limits),
            cassette,
        }
    }
}

impl ModelSource for ConversationModels {
    fn model(&self, name: &Name) -> Result<Arc<dyn Ask>, AskError> {
        let definition = self.definitions.get(name).ok_or_else(|| AskError::Unsuitable {
            model: name.to_string(),
            reason: "the run's manifest does not say what it is".to_owned(),
        })?;
        let asked = self.models.open_within(name, definition, &self.budget)?;
        Ok(recorded(asked, definition, &self.cassette))
    }
}
