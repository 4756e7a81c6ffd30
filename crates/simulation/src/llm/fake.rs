//! A layer that answers as a test says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use model::Usage;

use super::{
    AskError, Message,
    layer::{Failed, Form, Layer, Reply, Request, Spent},
};

/// What each request that is answered consumes.
pub(super) const SPENT: Spent = Spent {
    usage: Usage {
        input_tokens: 10,
        output_tokens: 5,
        cost_micros: 7,
        estimated: false,
    },
    requests: 1,
};

#[derive(Clone, Debug)]
enum Then {
    Answer(Result<String, AskError>),
    Wait,
}

/// Answers in order, then always the same; keeps what it was sent.
#[derive(Clone, Debug)]
pub(super) struct Fake {
    first: Arc<Mutex<VecDeque<Result<String, AskError>>>>,
    then: Then,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Fake {
    fn new(first: Vec<Result<&str, AskError>>, then: Then) -> Self {
        let first = first.into_iter().map(|answer| answer.map(ToOwned::to_owned));
        Self {
            first: Arc::new(Mutex::new(first.collect())),
            then,
            seen: Arc::default(),
        }
    }

    pub(super) fn always_ok(text: &str) -> Self {
        Self::new(Vec::new(), Then::Answer(Ok(text.to_owned())))
    }

    pub(super) fn always_err(status: u16) -> Self {
        Self::new(Vec::new(), Then::Answer(Err(refused(status, None))))
    }

    pub(super) fn never() -> Self {
        Self::new(Vec::new(), Then::Wait)
    }

    /// These, then status 500.
    pub(super) fn answers(answers: Vec<Result<&str, AskError>>) -> Self {
        Self::new(answers, Then::Answer(Err(refused(500, None))))
    }

    pub(super) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl Layer for Fake {
    async fn send(&self, request: &Request) -> Result<Reply, Failed> {
        self.seen.lock().unwrap().push(request.clone());
        let first = self.first.lock().unwrap().pop_front();
        let answer = match (first, &self.then) {
            (Some(answer), _) => answer,
            (None, Then::Answer(answer)) => answer.clone(),
            (None, Then::Wait) => std::future::pending().await,
        };
        match answer {
            Ok(text) => Ok(Reply { text, spent: SPENT }),
            Err(error) => Err(Failed::new(error, Spent::REQUEST)),
        }
    }
}

pub(super) fn request(text: &str) -> Request {
    Request {
        messages: vec![Message::user(text)],
        form: Form::Text,
        seed: None,
        temperature: None,
    }
}

pub(super) fn refused(status: u16, retry_after_ms: Option<u64>) -> AskError {
    AskError::Refused {
        model: "m".to_owned(),
        status,
        retry_after_ms,
        detail: String::new(),
    }
}

pub(super) fn timeout() -> AskError {
    AskError::Timeout {
        model: "m".to_owned(),
        timeout_ms: 9,
        tries: String::new(),
    }
}
