//! What tests of language models share, and whole models against a server.

use std::{collections::BTreeMap, sync::Arc};

use model::{LanguageModel, Provider};
use serde_json::{Value, json};

use super::*;
use crate::{
    Secrets,
    test_support::{
        loopback, name,
        server::{Response, Server},
        text,
    },
};

pub(super) const PROVIDERS: [Provider; 5] = [
    Provider::OpenAi,
    Provider::OpenAiResponses,
    Provider::Anthropic,
    Provider::Gemini,
    Provider::Ollama,
];

/// A model of a provider at `base`.
pub(super) fn definition(provider: Provider, base: &str) -> LanguageModel {
    LanguageModel {
        provider,
        base_url: Some(text(base)),
        model: text("some-model-high"),
        api_key_secret: None,
        max_output_tokens: 500,
        temperature: None,
        parameters: None,
        timeout_ms: 5000,
        max_attempts: 3,
        requests_per_minute: None,
        tokens_per_minute: None,
        price: None,
    }
}

/// A provider's answer with 11 tokens read and 7 written, and fields that nobody knows.
pub(super) fn success(provider: Provider, text: &str) -> Value {
    match provider {
        Provider::OpenAi => json!({
            "id": "c", "object": "chat.completion", "model": "some-model-2", "novelty": {"x": [1]},
            "choices": [{"index": 0, "finish_reason": "stop", "novelty": 1, "message": {"role": "assistant", "content": text, "refusal": null}}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18, "novelty": null},
        }),
        Provider::OpenAiResponses => json!({
            "id": "r", "object": "response", "status": "completed", "model": "some-model-2", "error": null, "novelty": true,
            "incomplete_details": null,
            "output": [{"type": "message", "id": "m", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": [], "novelty": 1}]}],
            "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18},
        }),
        Provider::Anthropic => json!({
            "id": "m", "type": "message", "role": "assistant", "model": "some-model-2", "novelty": 0,
            "content": [{"type": "text", "text": text, "novelty": 1}], "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 11, "output_tokens": 7},
        }),
        Provider::Gemini => json!({
            "candidates": [{"finishReason": "STOP", "index": 0, "novelty": 1, "content": {"role": "model", "parts": [{"text": text}]}}],
            "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18}, "modelVersion": "some-model-2",
        }),
        Provider::Ollama => json!({
            "model": "some-model-2", "created_at": "2025-01-01T00:00:00Z", "message": {"role": "assistant", "content": text},
            "done": true, "done_reason": "stop", "prompt_eval_count": 11, "eval_count": 7, "novelty": "x",
        }),
    }
}

fn models() -> LanguageModels {
    let options = LanguageModelsOptions {
        reach: loopback(),
        ..LanguageModelsOptions::default()
    };
    LanguageModels::new(&options, Secrets::new(BTreeMap::new())).unwrap()
}

fn question(schema: Option<AnswerSchema>) -> Question {
    Question {
        purpose: Purpose::Judge,
        messages: vec![Message::user("Is it so?")],
        schema,
        seed: Some(1),
        temperature: None,
    }
}

fn schema() -> AnswerSchema {
    AnswerSchema {
        name: "verdict",
        document: json!({
            "type": "object",
            "properties": { "value": { "type": "boolean" } },
            "required": ["value"],
            "additionalProperties": false,
        }),
    }
}

fn answer(text: &str) -> Response {
    Response::json(&success(Provider::OpenAi, text))
}

#[tokio::test]
async fn prose_is_asked_for_and_answered() {
    let server = Server::start(vec![answer("It is.")]).await;
    let model = models()
        .open(&name("judge"), &definition(Provider::OpenAi, &server.url))
        .unwrap();
    let answer = model.ask(&question(None)).await.unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.value, answer.requests),
        ("It is.", None, 1)
    );
    assert_eq!(answer.usage, Usage::of_tokens(11, 7));
    assert_eq!(model.name(), "judge");
}

#[tokio::test]
async fn what_is_known_of_an_endpoint_is_shared_by_who_opens_it_again() {
    let refused = Response::with(
        "400 Bad Request",
        &[],
        "{\"error\": \"response_format: unknown type json_schema\"}",
    );
    let server = Server::start(vec![
        refused,
        answer(r#"{"value": true}"#),
        answer(r#"{"value": false}"#),
    ])
    .await;
    let models = models();
    let definition = definition(Provider::OpenAi, &server.url);
    let first = models.open(&name("judge"), &definition).unwrap();
    let given = first.ask(&question(Some(schema()))).await.unwrap();
    assert_eq!((given.value, given.requests), (Some(json!({"value": true})), 2));
    assert_eq!(given.text, r#"{"value":true}"#);
    // Another conversation, with a budget.
    let budget = Budget::new(BudgetLimits {
        max_requests: Some(1),
        ..BudgetLimits::default()
    });
    let second = models.open_within(&name("judge"), &definition, &budget).unwrap();
    let given = second.ask(&question(Some(schema()))).await.unwrap();
    assert_eq!((given.value, given.requests), (Some(json!({"value": false})), 1));
    assert_eq!(server.body(2)["response_format"]["type"], "json_object");
    assert_eq!(budget.spent(), Usage::of_tokens(11, 7));
    let error = second.ask(&question(None)).await.unwrap_err();
    assert!(matches!(error, AskError::Exhausted { .. }), "{error}");
    // Another definition is another model.
    let mut other = definition;
    other.max_attempts = 1;
    let third = models.open(&name("judge"), &other).unwrap();
    let error = third.ask(&question(Some(schema()))).await.unwrap_err();
    assert!(matches!(error, AskError::Refused { status: 500, .. }), "{error}");
    assert_eq!(server.body(3)["response_format"]["type"], "json_schema");
}

#[tokio::test]
async fn what_passes_is_tried_again_and_counted() {
    let busy = Response::with("429 Too Many Requests", &["retry-after: 0"], "");
    let server = Server::start(vec![busy.clone(), busy, answer("It is.")]).await;
    let model = models()
        .open(&name("judge"), &definition(Provider::OpenAi, &server.url))
        .unwrap();
    assert_eq!(model.ask(&question(None)).await.unwrap().requests, 3);
}

#[tokio::test]
async fn a_stalled_answer_ends_in_time() {
    let server = Server::start(vec![Response::Hang]).await;
    let mut definition = definition(Provider::OpenAi, &server.url);
    definition.timeout_ms = 50;
    definition.max_attempts = 1;
    let model = models().open(&name("judge"), &definition).unwrap();
    let error = model.ask(&question(None)).await.unwrap_err();
    assert_eq!(error.to_string(), "model `judge`: no answer within 50 ms");
}

#[tokio::test]
async fn a_definition_that_cannot_work_is_refused_when_opened() {
    let models = models();
    let works = definition(Provider::OpenAi, "http://127.0.0.1:1");
    let mut no_tokens = works.clone();
    no_tokens.max_output_tokens = 0;
    let mut no_url = works.clone();
    no_url.base_url = Some(text("nonsense"));
    let mut streaming = works;
    streaming.parameters = Some(crate::test_support::json(&json!({"stream": true})));
    for (definition, says) in [
        (no_tokens, "max_output_tokens"),
        (no_url, "base_url"),
        (streaming, "`stream`"),
    ] {
        let error = models.open(&name("judge"), &definition).unwrap_err();
        assert!(matches!(error, AskError::Unsuitable { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn the_same_definition_is_one_model() {
    let models = models();
    let definition = definition(Provider::OpenAi, "http://127.0.0.1:1");
    let opened = |name: &str| {
        models
            .model(&crate::test_support::name(name), &definition)
            .unwrap()
    };
    assert!(Arc::ptr_eq(&opened("judge"), &opened("judge")));
    assert!(!Arc::ptr_eq(&opened("judge"), &opened("user")));
}
