//! Language models on a cassette.
//!
//! The outermost layer: what lies behind it (corrections, limits, retries) is not asked for what was recorded.

use std::sync::Arc;

use async_trait::async_trait;
use model::LanguageModel;

use super::{Answer, Ask, AskError, Question};
use crate::cassette::{Cassette, CassetteError, Conversation, Outcome, Request};

/// Puts a language model on the cassette of a conversation.
///
/// `definition` is what the model's name means in the run's manifest: what it says of provider, model and sampling is part of every request.
/// Nothing is asked while the cassette replays.
pub fn recorded(ask: Arc<dyn Ask>, definition: &LanguageModel, cassette: &Cassette) -> Arc<dyn Ask> {
    match cassette.conversation() {
        None => ask,
        Some(conversation) => Arc::new(Recorded {
            ask,
            definition: definition.clone(),
            conversation: Arc::clone(conversation),
        }),
    }
}

#[derive(Debug)]
struct Recorded {
    ask: Arc<dyn Ask>,
    definition: LanguageModel,
    conversation: Arc<Conversation>,
}

impl Recorded {
    fn not_recorded(&self, why: &CassetteError) -> AskError {
        AskError::NotRecorded {
            model: self.ask.name().to_owned(),
            reason: why.to_string(),
        }
    }

    fn take(&self, outcome: Outcome) -> Result<Answer, AskError> {
        match outcome {
            Outcome::Answer(record) => Ok(record.into()),
            Outcome::AnswerError(error) => Err(error),
            Outcome::Reply(_) | Outcome::ReplyError(_) => Err(AskError::NotRecorded {
                model: self.ask.name().to_owned(),
                reason: "the recording holds an agent's reply where an answer should be; delete it and record again"
                    .to_owned(),
            }),
        }
    }
}

#[async_trait]
impl Ask for Recorded {
    async fn ask(&self, question: &Question) -> Result<Answer, AskError> {
        let request = Request::question(self.ask.name(), &self.definition, question);
        let placed = self.conversation.place(request);
        let found = self.conversation.find(&placed).await;
        if let Some(outcome) = found.map_err(|why| self.not_recorded(&why))? {
            return self.take(outcome);
        }
        let outcome = match self.ask.ask(question).await {
            Ok(answer) => Outcome::Answer(answer.into()),
            Err(error) => Outcome::AnswerError(error),
        };
        let kept = self.conversation.keep(placed, outcome).await;
        self.take(kept.map_err(|why| self.not_recorded(&why))?)
    }

    fn name(&self) -> &str {
        self.ask.name()
    }
}
