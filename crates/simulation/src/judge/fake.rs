//! Language models that say what a test says.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use model::{Name, Usage};
use serde_json::Value;

use crate::{Answer, Ask, AskError, ModelSource, Question};

/// What one answer consumes.
pub(super) const SPENT: Usage = Usage::of_tokens(100, 10);

/// One model.
#[derive(Debug, Default)]
pub(super) struct Fake {
    name: String,
    answers: Mutex<VecDeque<Result<Value, AskError>>>,
    asked: Mutex<Vec<Question>>,
}

/// Models by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Fakes {
    models: BTreeMap<String, Arc<Fake>>,
}

impl Fakes {
    /// One more model, with its answers in order.
    pub(super) fn with(mut self, name: &str, answers: impl IntoIterator<Item = Value>) -> Self {
        let answers = answers.into_iter().map(Ok).collect();
        self.add(name, answers);
        self
    }

    /// One more model, which always fails.
    pub(super) fn with_broken(mut self, name: &str) -> Self {
        self.add(name, VecDeque::new());
        self
    }

    fn add(&mut self, name: &str, answers: VecDeque<Result<Value, AskError>>) {
        let fake = Fake {
            name: name.to_owned(),
            answers: Mutex::new(answers),
            asked: Mutex::default(),
        };
        self.models.insert(name.to_owned(), Arc::new(fake));
    }

    /// What a model was asked, in order.
    pub(super) fn asked(&self, name: &str) -> Vec<Question> {
        self.models[name].asked.lock().unwrap().clone()
    }

    /// How many answers nobody asked for.
    pub(super) fn left(&self) -> usize {
        self.models
            .values()
            .map(|fake| fake.answers.lock().unwrap().len())
            .sum()
    }
}

impl ModelSource for Fakes {
    fn model(&self, name: &Name) -> Result<Arc<dyn Ask>, AskError> {
        match self.models.get(name.as_str()) {
            Some(fake) => Ok(Arc::clone(fake) as Arc<dyn Ask>),
            None => Err(AskError::Unsuitable {
                model: name.to_string(),
                reason: "there is no such model".to_owned(),
            }),
        }
    }
}

#[async_trait]
impl Ask for Fake {
    async fn ask(&self, question: &Question) -> Result<Answer, AskError> {
        self.asked.lock().unwrap().push(question.clone());
        let next = self.answers.lock().unwrap().pop_front();
        let value = next.unwrap_or_else(|| {
            Err(AskError::Unusable {
                model: self.name.clone(),
                reason: "it says nothing".to_owned(),
                detail: String::new(),
                usage: SPENT,
            })
        })?;
        Ok(Answer {
            text: value.to_string(),
            value: Some(value),
            usage: SPENT,
            latency_ms: 1,
            requests: 1,
        })
    }

    fn name(&self) -> &str {
        &self.name
    }
}
