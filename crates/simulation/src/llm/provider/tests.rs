//! Each provider's protocol, and everything that a server can do wrong.

use std::{collections::BTreeMap, time::Duration};

use model::{Price, Provider};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::*;
use crate::{
    Reach,
    llm::{
        AnswerSchema, Message,
        fake::request,
        layer::Form,
        tests::{PROVIDERS, definition, success},
    },
    test_support::{
        self, loopback, name,
        server::{Response, Server},
    },
};

const KEY: &str = "sk-very-secret-1";

fn layer_to(
    definition: &LanguageModel,
    reach: Reach,
    max_answer_bytes: usize,
) -> Result<ProviderLayer, AskError> {
    let keys = BTreeMap::from([("MODEL_KEY".to_owned(), KEY.to_owned())]);
    let means = Means {
        codec: Codec::new().unwrap(),
        clients: Clients::new(reach, Duration::from_secs(5), 4).unwrap(),
        secrets: Secrets::new(keys),
        max_answer_bytes,
    };
    ProviderLayer::new("m", definition, means)
}

fn layer(definition: &LanguageModel) -> ProviderLayer {
    layer_to(definition, loopback(), 64 * 1024).unwrap()
}

fn with_key(provider: Provider, base: &str) -> LanguageModel {
    let mut definition = definition(provider, base);
    definition.api_key_secret = Some(name("MODEL_KEY"));
    definition
}

/// What one request came to, at a server that answers so.
async fn outcome(provider: Provider, response: Response) -> Result<Reply, Failed> {
    let server = Server::start(vec![response]).await;
    layer(&with_key(provider, &server.url))
        .send(&request("hello"))
        .await
}

async fn error(provider: Provider, response: Response) -> String {
    let failed = outcome(provider, response).await.unwrap_err();
    let text = failed.error.to_string();
    assert!(
        !text.contains(KEY) && !format!("{:?}", failed.error).contains(KEY),
        "{text}"
    );
    assert_eq!(failed.spent.requests, 1);
    text
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

fn conversation(form: Form) -> Request {
    Request {
        messages: vec![
            Message::system("Be brief."),
            Message::user("one"),
            Message::assistant("two"),
            Message::user("three"),
        ],
        form,
        seed: Some(u64::MAX),
        temperature: Some(0.25),
    }
}

#[tokio::test]
async fn every_provider_is_asked_in_its_own_words() {
    for provider in PROVIDERS {
        let server = Server::start(vec![Response::json(&success(provider, "Hi!"))]).await;
        let reply = layer(&with_key(provider, &server.url))
            .send(&conversation(Form::Text))
            .await
            .unwrap();
        assert_eq!(reply.text, "Hi!", "{provider:?}");
        let usage = reply.spent.usage;
        assert_eq!(
            (usage.input_tokens, usage.output_tokens, usage.estimated),
            (11, 7, false),
            "{provider:?}"
        );

        let head = server.requests()[0].to_lowercase();
        let (path, key) = match provider {
            Provider::OpenAi => ("/chat/completions", "authorization: bearer "),
            Provider::OpenAiResponses => ("/responses", "authorization: bearer "),
            Provider::Anthropic => ("/messages", "x-api-key: "),
            Provider::Gemini => ("/models/some-model-high:generatecontent", "x-goog-api-key: "),
            Provider::Ollama => ("/api/chat", "authorization: bearer "),
        };
        assert!(head.starts_with(&format!("post {path} http/1.1\r\n")), "{head}");
        assert!(head.contains(&format!("\r\n{key}{KEY}\r\n")), "{head}");
        assert_eq!(
            head.contains("anthropic-version: 2023-06-01"),
            provider == Provider::Anthropic
        );
        assert!(!head.contains("accept-encoding"), "{head}");

        let body = server.body(0);
        let (messages, system, temperature, tokens, seed) = match provider {
            Provider::OpenAi => (
                "/messages/3/content",
                "/messages/0/content",
                "/temperature",
                "/max_tokens",
                Some("/seed"),
            ),
            Provider::OpenAiResponses => (
                "/input/2/content",
                "/instructions",
                "/temperature",
                "/max_output_tokens",
                None,
            ),
            Provider::Anthropic => (
                "/messages/2/content",
                "/system",
                "/temperature",
                "/max_tokens",
                None,
            ),
            Provider::Gemini => (
                "/contents/2/parts/0/text",
                "/systemInstruction/parts/0/text",
                "/generationConfig/temperature",
                "/generationConfig/maxOutputTokens",
                Some("/generationConfig/seed"),
            ),
            Provider::Ollama => (
                "/messages/3/content",
                "/messages/0/content",
                "/options/temperature",
                "/options/num_predict",
                Some("/options/seed"),
            ),
        };
        let at = |pointer: &str| body.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(at(messages), "three", "{provider:?} {body}");
        assert_eq!(at(system), "Be brief.", "{provider:?} {body}");
        assert_eq!(
            (at(temperature), at(tokens)),
            (json!(0.25), json!(500)),
            "{provider:?} {body}"
        );
        match seed {
            Some(seed) => assert_eq!(at(seed), json!(0x7fff_ffff), "{provider:?} {body}"),
            None => assert!(!body.to_string().contains("seed"), "{provider:?} {body}"),
        }
        // The name's ending is part of the name.
        let model = if provider == Provider::Gemini {
            Value::Null
        } else {
            json!("some-model-high")
        };
        assert_eq!(at("/model"), model, "{provider:?} {body}");
        let text = body.to_string();
        assert!(
            !text.contains("effort") && !text.contains("thinking"),
            "{provider:?} {body}"
        );
    }
}

#[tokio::test]
async fn every_provider_is_asked_for_json_in_its_own_way() {
    for provider in PROVIDERS {
        let answer = r#"{"value":true}"#;
        let server = Server::start(vec![Response::json(&success(provider, answer)); 2]).await;
        let layer = layer(&definition(provider, &server.url));
        let reply = layer
            .send(&conversation(Form::JsonSchema(schema())))
            .await
            .unwrap();
        assert_eq!(reply.text, answer);
        let body = server.body(0);
        let place = match provider {
            Provider::OpenAi => "/response_format/json_schema/schema",
            Provider::OpenAiResponses => "/text/format/schema",
            Provider::Anthropic => "/output_config/format/schema",
            Provider::Gemini => "/generationConfig/responseJsonSchema",
            Provider::Ollama => "/format",
        };
        assert_eq!(
            body.pointer(place)
                .and_then(|schema| schema.pointer("/properties/value/type")),
            Some(&json!("boolean")),
            "{provider:?} {body}"
        );
        let form = if provider == Provider::Anthropic {
            continue;
        } else {
            Form::JsonObject
        };
        layer.send(&conversation(form)).await.unwrap();
        let body = server.body(1);
        let (place, said) = match provider {
            Provider::OpenAi => ("/response_format/type", "json_object"),
            Provider::OpenAiResponses => ("/text/format/type", "json_object"),
            Provider::Gemini => ("/generationConfig/responseMimeType", "application/json"),
            Provider::Anthropic | Provider::Ollama => ("/format", "json"),
        };
        assert_eq!(body.pointer(place), Some(&json!(said)), "{provider:?} {body}");
    }
}

#[tokio::test]
async fn a_tool_that_must_be_called_takes_the_answer() {
    let called = [
        (
            Provider::OpenAi,
            json!({"choices": [{"finish_reason": "tool_calls", "message": {"role": "assistant", "content": null, "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "verdict", "arguments": "{\"value\":true}"}}]}}]}),
            "/tool_choice/function/name",
        ),
        (
            Provider::OpenAiResponses,
            json!({"id": "r", "status": "completed", "model": "m", "output": [
                {"type": "function_call", "id": "f", "call_id": "1", "name": "verdict", "arguments": "{\"value\":true}"}]}),
            "/tool_choice/name",
        ),
        (
            Provider::Anthropic,
            json!({"stop_reason": "tool_use", "content": [{"type": "tool_use", "id": "1", "name": "verdict", "input": {"value": true}}]}),
            "/tool_choice/name",
        ),
        (
            Provider::Gemini,
            json!({"candidates": [{"finishReason": "STOP", "content": {"parts": [{"functionCall": {"name": "verdict", "args": {"value": true}}}]}}]}),
            "/toolConfig/functionCallingConfig/allowedFunctionNames/0",
        ),
    ];
    for (provider, body, choice) in called {
        let server = Server::start(vec![Response::json(&body)]).await;
        let reply = layer(&definition(provider, &server.url))
            .send(&conversation(Form::Tool(schema())))
            .await
            .unwrap();
        assert_eq!(reply.text, r#"{"value":true}"#, "{provider:?}");
        assert!(reply.spent.usage.estimated, "{provider:?}");
        assert_eq!(
            server.body(0).pointer(choice),
            Some(&json!("verdict")),
            "{provider:?} {}",
            server.body(0)
        );
    }
}

#[tokio::test]
async fn parameters_go_on_top_and_merge() {
    let server = Server::start(vec![
        Response::json(&success(Provider::Gemini, "hi")),
        Response::json(&success(Provider::OpenAi, "hi")),
        Response::json(&success(Provider::Ollama, "hi")),
    ])
    .await;
    let mut gemini = definition(Provider::Gemini, &server.url);
    gemini.parameters = Some(test_support::json(&json!({"generationConfig": {"topK": 3}})));
    layer(&gemini)
        .send(&conversation(Form::JsonObject))
        .await
        .unwrap();
    let config = &server.body(0)["generationConfig"];
    assert_eq!(
        (&config["topK"], &config["maxOutputTokens"]),
        (&json!(3), &json!(500))
    );

    let mut openai = definition(Provider::OpenAi, &server.url);
    openai.parameters = Some(test_support::json(
        &json!({"max_completion_tokens": 9, "reasoning_effort": "low"}),
    ));
    layer(&openai).send(&request("hello")).await.unwrap();
    let body = server.body(1);
    assert_eq!(
        (&body["max_completion_tokens"], &body["reasoning_effort"]),
        (&json!(9), &json!("low"))
    );
    assert_eq!(body.get("max_tokens"), None);

    let mut ollama = definition(Provider::Ollama, &server.url);
    ollama.parameters = Some(test_support::json(
        &json!({"think": false, "options": {"num_ctx": 8192}}),
    ));
    layer(&ollama).send(&request("hello")).await.unwrap();
    let body = server.body(2);
    assert_eq!(
        (&body["think"], &body["options"]["num_ctx"]),
        (&json!(false), &json!(8192))
    );
    assert_eq!(body["options"]["num_predict"], 500);
}

#[tokio::test]
async fn usage_that_is_not_told_is_estimated_and_cost_follows() {
    let mut body = success(Provider::OpenAi, "12345678");
    body.as_object_mut().unwrap().remove("usage");
    let server = Server::start(vec![
        Response::json(&body),
        Response::json(&success(Provider::OpenAi, "12345678")),
    ])
    .await;
    let mut definition = definition(Provider::OpenAi, &server.url);
    definition.price = Some(Price {
        input_micros_per_million: 1_000_000,
        output_micros_per_million: 2_000_000,
    });
    let layer = layer(&definition);
    // "four" is one token, and four stand around it; two are written.
    let usage = layer.send(&request("four")).await.unwrap().spent.usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (5, 2));
    assert_eq!((usage.cost_micros, usage.estimated), (9, true));
    let usage = layer.send(&request("four")).await.unwrap().spent.usage;
    assert_eq!((usage.cost_micros, usage.estimated), (11 + 14, false));
}

#[tokio::test]
async fn statuses_are_told_with_how_long_to_wait() {
    let busy = Response::with(
        "429 Too Many Requests",
        &["retry-after: 7"],
        "{\"error\": \"slow down\"}",
    );
    let failed = outcome(Provider::OpenAi, busy).await.unwrap_err();
    assert_eq!(
        *failed.error,
        AskError::Refused {
            model: "m".to_owned(),
            status: 429,
            retry_after_ms: Some(7000),
            detail: ": {\"error\": \"slow down\"}".to_owned(),
        }
    );
    let wrong_key = Response::with("401 Unauthorized", &[], &format!("no such key: {KEY}"));
    assert_eq!(
        error(Provider::Anthropic, wrong_key).await,
        "model `m`: the provider answered 401: no such key: ***"
    );
    let redirect = Response::with(
        "302 Found",
        &["location: http://169.254.169.254/latest?token=x"],
        "",
    );
    let text = error(Provider::Gemini, redirect).await;
    assert!(
        text.contains("302: it redirects to http://169.254.169.254/latest; use that URL"),
        "{text}"
    );
}

#[tokio::test]
async fn a_success_that_is_none_says_what_is_wrong() {
    for provider in PROVIDERS {
        let empty = match provider {
            Provider::OpenAi => json!({"choices": []}),
            Provider::OpenAiResponses => {
                json!({"id": "r", "status": "completed", "model": "m", "output": []})
            }
            Provider::Anthropic => json!({"content": [], "stop_reason": "end_turn"}),
            Provider::Gemini => json!({"candidates": []}),
            Provider::Ollama => json!({"done": true}),
        };
        for (body, says) in [
            (empty, "the answer "),
            (json!({}), "the answer has no"),
            (json!([1]), "not an object"),
            (
                json!({"error": {"message": "overloaded"}}),
                "an error with the status of a success (overloaded)",
            ),
            (json!({"error": "model is loading"}), "(model is loading)"),
            (success(provider, ""), "the answer is empty"),
        ] {
            let failed = outcome(provider, Response::json(&body)).await.unwrap_err();
            assert!(
                matches!(*failed.error, AskError::Malformed { .. }),
                "{provider:?} {body}: {:?}",
                failed.error
            );
            assert!(
                failed.error.to_string().contains(says),
                "{provider:?} {body}: {}",
                failed.error
            );
        }
        let plain = Response::with("200 OK", &["content-type: text/html"], "<html>Sign in</html>");
        assert!(
            error(provider, plain).await.contains("not JSON: <html>Sign in"),
            "{provider:?}"
        );
        let text = success(provider, "hi").to_string();
        let cut = Response::with(
            "200 OK",
            &["content-type: application/json"],
            &text[..text.len() - 9],
        );
        assert!(error(provider, cut).await.contains("cut short"), "{provider:?}");
    }
}

#[tokio::test]
async fn a_refusal_and_an_answer_cut_off_are_unusable_with_what_they_took() {
    let stopped = |provider, reason: &str| {
        let mut body = success(provider, "half an ans");
        let place = match provider {
            Provider::OpenAi => "/choices/0/finish_reason",
            Provider::OpenAiResponses => "/status",
            Provider::Anthropic => "/stop_reason",
            Provider::Gemini => "/candidates/0/finishReason",
            Provider::Ollama => "/done_reason",
        };
        *body.pointer_mut(place).unwrap() = json!(reason);
        body
    };
    let mut refusal = success(Provider::OpenAi, "");
    refusal["choices"][0]["message"]["refusal"] = json!("I cannot help with that.");
    let mut filtered = stopped(Provider::OpenAiResponses, "incomplete");
    filtered["incomplete_details"] = json!({"reason": "content_filter"});
    let mut declined = success(Provider::OpenAiResponses, "");
    declined["output"][0]["content"] = json!([{"type": "refusal", "refusal": "Not that."}]);
    let mut full = stopped(Provider::OpenAiResponses, "incomplete");
    full["incomplete_details"] = json!({"reason": "max_output_tokens"});
    let cases = [
        (
            Provider::OpenAi,
            stopped(Provider::OpenAi, "length"),
            "max_output_tokens (500)",
        ),
        (
            Provider::OpenAi,
            stopped(Provider::OpenAi, "content_filter"),
            "declined to answer (content_filter)",
        ),
        (
            Provider::OpenAi,
            refusal,
            "declined to answer (I cannot help with that.)",
        ),
        (Provider::OpenAiResponses, full, "max_output_tokens (500)"),
        (
            Provider::OpenAiResponses,
            filtered,
            "declined to answer (content_filter)",
        ),
        (
            Provider::OpenAiResponses,
            declined,
            "declined to answer (Not that.)",
        ),
        (
            Provider::Anthropic,
            stopped(Provider::Anthropic, "max_tokens"),
            "max_output_tokens (500)",
        ),
        (
            Provider::Anthropic,
            stopped(Provider::Anthropic, "refusal"),
            "declined to answer (refusal)",
        ),
        (
            Provider::Gemini,
            stopped(Provider::Gemini, "MAX_TOKENS"),
            "max_output_tokens (500)",
        ),
        (
            Provider::Gemini,
            stopped(Provider::Gemini, "SAFETY"),
            "declined to answer (SAFETY)",
        ),
        (
            Provider::Gemini,
            json!({"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": {"promptTokenCount": 11}}),
            "declined to answer (OTHER)",
        ),
        (
            Provider::Ollama,
            stopped(Provider::Ollama, "length"),
            "max_output_tokens (500)",
        ),
    ];
    for (provider, body, says) in cases {
        let failed = outcome(provider, Response::json(&body)).await.unwrap_err();
        let AskError::Unusable { usage, .. } = *failed.error else {
            panic!("{provider:?} {body}: {:?}", failed.error)
        };
        assert!(
            failed.error.to_string().contains(says),
            "{provider:?}: {}",
            failed.error
        );
        assert!(
            usage.input_tokens > 0 && usage == failed.spent.usage,
            "{provider:?} {usage:?}"
        );
    }
}

#[tokio::test]
async fn bodies_are_bounded_and_broken_connections_told() {
    let text = error(Provider::OpenAi, Response::Endless).await;
    assert!(text.contains("longer than 65536 bytes: xxxx"), "{text}");
    assert!(text.len() < 700, "{}", text.len());
    let huge = success(Provider::OpenAi, &"y".repeat(70_000));
    assert!(
        error(Provider::OpenAi, Response::json(&huge))
            .await
            .contains("longer than 65536 bytes")
    );
    for response in [
        Response::Cut,
        Response::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"choices\": [".to_vec()),
        Response::Raw(b"not HTTP at all".to_vec()),
    ] {
        let failed = outcome(Provider::OpenAi, response).await.unwrap_err();
        assert!(
            matches!(*failed.error, AskError::Unreachable { .. }),
            "{:?}",
            failed.error
        );
        assert!(failed.error.is_passing());
    }
}

#[tokio::test]
async fn tls_that_fails_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}/v1", listener.local_addr().unwrap());
    // A server that speaks plain HTTP where TLS is expected.
    let server = tokio::spawn(async move {
        let (mut stream, _address) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        stream
    });
    let failed = layer(&with_key(Provider::OpenAi, &base))
        .send(&request("hello"))
        .await
        .unwrap_err();
    let AskError::Unreachable { place, reason, .. } = &*failed.error else {
        panic!("{:?}", failed.error)
    };
    assert_eq!(*place, format!("{base}/chat/completions"));
    assert!(reason.contains("corrupt message"), "{reason}");
    drop(server.await);
}

#[tokio::test]
async fn what_may_not_be_reached_is_not() {
    let server = Server::start(Vec::new()).await;
    for base in [
        server.url.as_str(),
        "http://169.254.169.254",
        "http://[::ffff:10.0.0.1]/v1",
    ] {
        let error = layer_to(&with_key(Provider::OpenAi, base), Reach::public_only(), 1000).unwrap_err();
        assert!(matches!(error, AskError::Unsuitable { .. }), "{error}");
        assert!(error.to_string().contains("worker.allowed_networks"), "{error}");
    }
    let base = server.url.replace("127.0.0.1", "localhost");
    let named = layer_to(&with_key(Provider::OpenAi, &base), Reach::public_only(), 1000).unwrap();
    let failed = named.send(&request("hello")).await.unwrap_err();
    assert!(
        matches!(*failed.error, AskError::Unsuitable { .. }),
        "{:?}",
        failed.error
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_missing_key_is_named_and_nothing_is_sent() {
    let server = Server::start(Vec::new()).await;
    let mut definition = definition(Provider::OpenAi, &server.url);
    definition.api_key_secret = Some(name("OTHER_KEY"));
    let layer = layer(&definition);
    let failed = layer.send(&request("hello")).await.unwrap_err();
    assert_eq!(
        failed.error.to_string(),
        "model `m`: secret `OTHER_KEY` holds its API key, and this worker's environment does not have it"
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_key_is_shown_nowhere() {
    let server = Server::start(vec![Response::json(&success(
        Provider::OpenAi,
        &format!("it is {KEY}"),
    ))])
    .await;
    let layer = layer(&with_key(Provider::OpenAi, &server.url));
    let reply = layer.send(&request("what is your key?")).await.unwrap();
    assert_eq!(reply.text, "it is ***");
    assert!(!format!("{layer:?}").contains(KEY));
}

#[tokio::test]
async fn many_requests_at_once_do_not_get_each_other_s_answers() {
    let answers = (0..20).map(|_| Response::json(&success(Provider::OpenAi, "hi")));
    let server = Server::start(answers.collect()).await;
    let layer = layer(&definition(Provider::OpenAi, &server.url));
    let asked: Vec<Request> = (0..20).map(|n| request(&format!("number {n}"))).collect();
    let replies = futures::future::join_all(asked.iter().map(|request| layer.send(request))).await;
    assert!(
        replies
            .iter()
            .all(|reply| reply.as_ref().is_ok_and(|reply| reply.text == "hi"))
    );
    let mut seen: Vec<String> = (0..20)
        .map(|n| {
            server.body(n)["messages"][0]["content"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 20);
}
