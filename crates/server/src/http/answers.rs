//! Answers that were given before, kept for as long as nothing has happened.
//!
//! What a list shows follows from the projections, from what the caller may do and from the question; so the same question gets the
//! same bytes until the projections move on. Nothing here is ever out of date: an answer is used only at the sequences that it was
//! made at, and for the very access that it was made for.

use std::sync::Arc;

use api::{bus::Family, http::Operation};
use bytes::Bytes;
use http::request::Parts;
use model::Access;
use projections::Sequences;
use quick_cache::{Weighter, sync::Cache};

use crate::Caller;

/// How many bytes of answers are kept.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// The largest answer that is kept.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The longest question that is remembered.
const MAX_QUESTION_BYTES: usize = 8 * 1024;
/// About how many answers that is.
const ESTIMATED_ANSWERS: usize = 4_096;

/// What is asked of nothing but the projections.
const VERBS: &[&str] = &["list", "search", "versions", "get", "page"];
/// Kinds whose answers depend on more than the projections: on the time, or on logs that are not projected.
const EXCEPT: &[&str] = &[
    "event",
    "deadletter",
    "server",
    "temporary_grant",
    "webhook_delivery",
];

/// Answers that were given before.
#[derive(Debug)]
pub(super) struct Answers(Cache<Question, Given, Bytewise>);

/// Who asks what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question(Box<str>);

/// An answer, and what it holds for.
#[derive(Clone, Debug)]
struct Given {
    sequences: Sequences,
    access: Arc<Access>,
    bytes: Bytes,
}

#[derive(Clone, Debug)]
struct Bytewise;

impl Weighter<Question, Given> for Bytewise {
    fn weight(&self, question: &Question, given: &Given) -> u64 {
        (question.0.len() + given.bytes.len() + 256) as u64
    }
}

impl Answers {
    pub(super) fn new() -> Self {
        Self(Cache::with_weighter(ESTIMATED_ANSWERS, MAX_BYTES, Bytewise))
    }

    /// The answer that was given at these sequences, to the same question of the same caller.
    pub(super) fn find(
        &self,
        question: &Question,
        sequences: Sequences,
        access: &Arc<Access>,
    ) -> Option<Bytes> {
        let given = self.0.get(question)?;
        let holds = given.sequences == sequences && Arc::ptr_eq(&given.access, access);
        holds.then_some(given.bytes)
    }

    /// Keeps an answer that was made no earlier than at these sequences.
    pub(super) fn keep(&self, question: Question, sequences: Sequences, access: &Arc<Access>, bytes: &Bytes) {
        if bytes.len() <= MAX_ANSWER_BYTES {
            let given = Given {
                sequences,
                access: Arc::clone(access),
                bytes: bytes.clone(),
            };
            self.0.insert(question, given);
        }
    }
}

impl Question {
    /// The question of a request; none if its answer depends on more than the projections.
    pub(super) fn of(operation: &Operation, parts: &Parts, caller: &Caller) -> Option<Self> {
        let asks = operation.family == Family::Query
            && !operation.has_body()
            && VERBS.contains(&operation.verb)
            && !EXCEPT.contains(&operation.kind);
        let address = parts.uri.path_and_query()?.as_str();
        (asks && address.len() <= MAX_QUESTION_BYTES)
            .then(|| Self(format!("{}\n{}\n{address}", caller.org, caller.user).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Arc<Access> {
        Arc::new(Access::administrator(
            "acme".parse().unwrap(),
            "ann".parse().unwrap(),
        ))
    }

    fn question(text: &str) -> Question {
        Question(text.into())
    }

    fn at(events: u64, results: u64) -> Sequences {
        Sequences { events, results }
    }

    #[test]
    fn an_answer_holds_until_something_happens() {
        let (answers, ann) = (Answers::new(), access());
        let bytes = Bytes::from_static(b"[]");
        answers.keep(question("a"), at(3, 1), &ann, &bytes);
        assert_eq!(answers.find(&question("a"), at(3, 1), &ann), Some(bytes));
        assert_eq!(answers.find(&question("a"), at(4, 1), &ann), None, "an event");
        assert_eq!(answers.find(&question("a"), at(3, 2), &ann), None, "a result");
        assert_eq!(
            answers.find(&question("b"), at(3, 1), &ann),
            None,
            "another question"
        );
        assert_eq!(
            answers.find(&question("a"), at(3, 1), &access()),
            None,
            "another access"
        );
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let (answers, ann) = (Answers::new(), access());
        let bytes = Bytes::from(vec![b' '; MAX_ANSWER_BYTES + 1]);
        answers.keep(question("a"), at(1, 1), &ann, &bytes);
        assert_eq!(answers.find(&question("a"), at(1, 1), &ann), None);
    }

    #[test]
    fn only_what_the_projections_tell_is_remembered() {
        let caller = Caller::trusted("acme".parse().unwrap(), "ann".parse().unwrap());
        let (parts, ()) = http::Request::get("/v1/acme/any?x=1")
            .body(())
            .unwrap()
            .into_parts();
        let remembered = |id: &str| {
            let operation = api::http::operation(id).unwrap();
            Question::of(operation, &parts, &caller).is_some()
        };
        for id in [
            "get-simulation-personas",
            "search-metrics",
            "get-metric-versions",
            "get-persona",
        ] {
            assert!(remembered(id), "{id}");
        }
        for id in [
            "wait-for-run",
            "get-events",
            "get-status",
            "create-metric",
            "get-dead-letters",
        ] {
            assert!(!remembered(id), "{id}");
        }
    }
}
