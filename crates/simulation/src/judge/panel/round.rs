//! One round of asking: everybody once, and those whose judgement cannot be used once more.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use model::{Name, Usage};
use serde_json::json;

use super::{Inquiry, reading, visible};
use crate::{
    Answer, Ask, AskError, Message, Purpose, Question, briefing::seed_of, excerpt::excerpt, judge::Judgement,
};

/// How many are asked at once.
const MAX_AT_ONCE: usize = 4;
/// How much of an unusable answer the model is shown again, in bytes.
const MAX_SHOWN_BYTES: usize = 16 * 1024;

/// One sample of one language model.
#[derive(Clone, Debug)]
pub(super) struct Juror {
    pub(super) name: Name,
    pub(super) model: Result<Arc<dyn Ask>, AskError>,
    /// Which sample of this model, from 0.
    pub(super) sample: u32,
}

/// What one of them said.
pub(super) type Ballot = (Name, Result<Judgement, String>);

/// A round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round<'a> {
    pub(super) inquiry: &'a Inquiry<'a>,
    pub(super) material: &'a str,
    pub(super) jurors: &'a [Juror],
    /// From 0. The later ones are independent of it.
    pub(super) number: u32,
}

/// What came of a round.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// One per juror, in order.
    pub(super) ballots: Vec<Ballot>,
    pub(super) usage: Usage,
}

/// An answer that was read.
#[derive(Debug)]
struct Heard {
    outcome: Result<Judgement, String>,
    /// What to ask once more, if the answer cannot be used but another might.
    again: Option<Question>,
    usage: Usage,
}

impl Round<'_> {
    /// Asks everybody. The questions for a correction come after all the others, so that their order does not depend on who is quicker.
    pub(super) async fn hold(&self) -> Held {
        let first = self.jurors.iter().map(|juror| self.first(juror));
        let first: Vec<Heard> = stream::iter(first.collect::<Vec<_>>())
            .buffered(MAX_AT_ONCE)
            .collect()
            .await;
        let settled = first
            .into_iter()
            .zip(self.jurors)
            .map(|(heard, juror)| self.settle(heard, juror));
        let settled: Vec<Heard> = stream::iter(settled.collect::<Vec<_>>())
            .buffered(MAX_AT_ONCE)
            .collect()
            .await;
        let mut held = Held::default();
        for (heard, juror) in settled.into_iter().zip(self.jurors) {
            held.usage.add(heard.usage);
            held.ballots.push((juror.name.clone(), heard.outcome));
        }
        held
    }

    async fn first(&self, juror: &Juror) -> Heard {
        self.put(juror, self.question(juror)).await
    }

    /// Asks for a correction, if one is needed.
    async fn settle(&self, heard: Heard, juror: &Juror) -> Heard {
        let Some(again) = heard.again else {
            return heard;
        };
        let mut corrected = self.put(juror, again).await;
        corrected.usage.add(heard.usage);
        corrected.again = None;
        corrected.outcome = corrected
            .outcome
            .map_err(|error| format!("{error} (asked twice)"));
        corrected
    }

    async fn put(&self, juror: &Juror, question: Question) -> Heard {
        let failed = |error: AskError| {
            let usage = match &error {
                AskError::Unusable { usage, .. } => *usage,
                AskError::Timeout { .. }
                | AskError::Unreachable { .. }
                | AskError::Refused { .. }
                | AskError::Malformed { .. }
                | AskError::SecretMissing { .. }
                | AskError::Exhausted { .. }
                | AskError::NotRecorded { .. }
                | AskError::Unsuitable { .. } => Usage::default(),
            };
            Heard {
                outcome: Err(error.to_string()),
                again: None,
                usage,
            }
        };
        let model = match &juror.model {
            Ok(model) => model,
            Err(error) => return failed(error.clone()),
        };
        let answer = match model.ask(&question).await {
            Ok(answer) => answer,
            Err(error) => return failed(error),
        };
        match reading::read(self.inquiry, &answer) {
            Ok(judgement) => Heard {
                outcome: Ok(judgement),
                again: None,
                usage: answer.usage,
            },
            Err(reason) => Heard {
                again: Some(correction(question, &answer, &reason)),
                outcome: Err(format!(
                    "model `{}`: the judgement cannot be used: {reason}",
                    juror.name
                )),
                usage: answer.usage,
            },
        }
    }

    fn question(&self, juror: &Juror) -> Question {
        let Inquiry {
            subject,
            case,
            judge,
            seed,
            is_sample,
        } = self.inquiry;
        // One judgement is to be the same each time.
        let is_only = judge.samples <= 1 && self.number == 0 && !is_sample;
        Question {
            purpose: Purpose::Judge,
            messages: vec![
                Message::system(subject.rules(judge)),
                Message::user(self.material),
            ],
            schema: Some(subject.schema(case, judge)),
            seed: Some(seed_of(&[
                b"judge",
                &seed.to_be_bytes(),
                juror.name.as_str().as_bytes(),
                &juror.sample.to_be_bytes(),
                &self.number.to_be_bytes(),
            ])),
            temperature: is_only.then_some(0.0),
        }
    }
}

/// The question once more, with what is wrong with the answer. Both may repeat words of the conversation, so they are written as the material is.
fn correction(mut question: Question, answer: &Answer, reason: &str) -> Question {
    let given = answer
        .value
        .as_ref()
        .map_or_else(|| visible::inside(&answer.text), visible::json);
    question
        .messages
        .push(Message::assistant(excerpt(&given, MAX_SHOWN_BYTES)));
    let told = json!({
        "problem": reason,
        "task": "Your judgement cannot be used, for this reason. Judge the same material again by the same rules.",
    });
    question.messages.push(Message::user(visible::json(&told)));
    question
}
