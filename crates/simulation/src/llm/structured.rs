//! Answers of a shape that was asked for, from endpoints that differ in how they can be made to give one.
//!
//! The ways are tried from the strictest down ([`rung`]), and the one that works is remembered for the model. A way is left only for what
//! shows that the endpoint does not have it: it refuses the request (400, 404, 422, 501), or answers with something that is no JSON at all. An outage
//! is not such a thing and ends the question. JSON that does not follow the schema is shown to the model once, with what is wrong; if it does
//! not get it right then, the answer is unusable.

mod extract;
mod rung;

use std::sync::atomic::{AtomicUsize, Ordering};

use jsonschema::Validator;
use model::Provider;
use rung::Rung;
use serde_json::Value;

use super::{
    AnswerSchema, AskError, Message, Question,
    layer::{Failed, Layer, Request, Spent},
};
use crate::excerpt::{EXCERPT_BYTES, excerpt};

/// How much of an answer the model is shown again, in bytes.
const MAX_SHOWN_BYTES: usize = 16 * 1024;

/// The ways of one endpoint, and which of them is known to work.
#[derive(Debug)]
pub(super) struct Ladder {
    rungs: &'static [Rung],
    known: AtomicUsize,
}

/// Why a text is not the value that was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing in it is JSON.
    NotJson,
    /// It is JSON, or meant to be.
    Invalid(String),
}

impl Ladder {
    pub(super) const fn new(provider: Provider) -> Self {
        Self {
            rungs: rung::of(provider),
            known: AtomicUsize::new(0),
        }
    }

    /// A value that follows the schema, and what it took.
    pub(super) async fn ask(
        &self,
        model: &str,
        layer: &dyn Layer,
        question: &Question,
        schema: &AnswerSchema,
    ) -> Result<(Value, Spent), Failed> {
        let validator = compile(model, schema)?;
        let mut spent = Spent::default();
        let from = self.known.load(Ordering::Relaxed);
        for (index, rung) in self.rungs.iter().enumerate().skip(from) {
            let is_last = index + 1 == self.rungs.len();
            let request = rung.request(question, schema);
            let reply = match layer.send(&request).await {
                Ok(reply) => reply,
                Err(failed) => {
                    spent.add(failed.spent);
                    if !is_last && shows_inability(&failed.error) {
                        tracing::debug!(model, ?rung, error = %failed.error, "the endpoint does not have this way");
                        continue;
                    }
                    return Err(total(*failed.error, spent));
                }
            };
            spent.add(reply.spent);
            let value = match check(&validator, &reply.text) {
                Ok(value) => value,
                Err(Fault::NotJson) if !is_last => {
                    tracing::debug!(model, ?rung, "the endpoint ignores this way");
                    continue;
                }
                Err(fault) => {
                    let reason = fault.reason();
                    repaired(
                        model,
                        layer,
                        request,
                        &reply.text,
                        &reason,
                        &validator,
                        &mut spent,
                    )
                    .await?
                }
            };
            self.known.fetch_max(index, Ordering::Relaxed);
            return Ok((value, spent));
        }
        // The last rung is never left, so this is not reached; if it were, there is no answer.
        Err(Failed::new(
            unusable(model, "there is no way to ask for it", "", spent),
            spent,
        ))
    }
}

/// The value, after the model was shown its answer and what is wrong with it.
async fn repaired(
    model: &str,
    layer: &dyn Layer,
    mut request: Request,
    text: &str,
    reason: &str,
    validator: &Validator,
    spent: &mut Spent,
) -> Result<Value, Failed> {
    let mut shown = text[..text.floor_char_boundary(MAX_SHOWN_BYTES)].to_owned();
    if shown.len() < text.len() {
        shown.push('…');
    }
    request.messages.push(Message::assistant(shown));
    request.messages.push(Message::user(format!(
        "That answer cannot be used: {reason}. Answer the same again, as one JSON object that follows the schema, and with nothing else."
    )));
    let reply = match layer.send(&request).await {
        Ok(reply) => reply,
        Err(failed) => {
            spent.add(failed.spent);
            return Err(total(*failed.error, *spent));
        }
    };
    spent.add(reply.spent);
    check(validator, &reply.text).map_err(|fault| {
        let reason = format!("{}, after a correction", fault.reason());
        Failed::new(unusable(model, &reason, &reply.text, *spent), *spent)
    })
}

fn compile(model: &str, schema: &AnswerSchema) -> Result<Validator, Failed> {
    jsonschema::options()
        .offline()
        .build(&schema.document)
        .map_err(|why| {
            let error = AskError::Unsuitable {
                model: model.to_owned(),
                reason: format!(
                    "the schema `{}` that answers must follow is none ({})",
                    schema.name,
                    excerpt(&why.to_string(), 300)
                ),
            };
            Failed::new(error, Spent::default())
        })
}

/// The one value in a text that follows the schema.
fn check(validator: &Validator, text: &str) -> Result<Value, Fault> {
    let candidates = match extract::values(text) {
        Ok(candidates) => candidates,
        Err(extract::Nothing::Prose) => return Err(Fault::NotJson),
        Err(extract::Nothing::Broken(why)) => return Err(Fault::Invalid(why)),
    };
    let mut valid: Option<&Value> = None;
    let mut problem = None;
    for candidate in &candidates {
        match validator.validate(candidate) {
            Ok(()) if valid.is_some_and(|valid| valid != candidate) => {
                return Err(Fault::Invalid("it holds more than one answer".to_owned()));
            }
            Ok(()) => valid = Some(candidate),
            Err(why) => {
                let place = why.instance_path().to_string();
                let place = if place.is_empty() {
                    String::new()
                } else {
                    format!("at `{}`, ", excerpt(&place, 100))
                };
                problem = Some(format!("{place}{}", excerpt(&why.to_string(), 300)));
            }
        }
    }
    match valid {
        Some(valid) => Ok(valid.clone()),
        None => Err(Fault::Invalid(
            problem.unwrap_or_else(|| "it holds no value".to_owned()),
        )),
    }
}

/// Whether a failure shows that the endpoint does not have a way of asking, as opposed to being out of order.
const fn shows_inability(error: &AskError) -> bool {
    matches!(
        error,
        AskError::Refused {
            status: 400 | 404 | 422 | 501,
            ..
        }
    )
}

impl Fault {
    fn reason(self) -> String {
        match self {
            Self::NotJson => "it is not JSON".to_owned(),
            Self::Invalid(reason) => reason,
        }
    }
}

fn unusable(model: &str, reason: &str, text: &str, spent: Spent) -> AskError {
    let detail = if text.trim().is_empty() {
        String::new()
    } else {
        format!(": {}", excerpt(text.trim(), EXCERPT_BYTES))
    };
    AskError::Unusable {
        model: model.to_owned(),
        reason: reason.to_owned(),
        detail,
        usage: spent.usage,
    }
}

/// A failure that tells of everything that the question took.
fn total(mut error: AskError, spent: Spent) -> Failed {
    if let AskError::Unusable { usage, .. } = &mut error {
        *usage = spent.usage;
    }
    Failed::new(error, spent)
}

#[cfg(test)]
mod tests;
