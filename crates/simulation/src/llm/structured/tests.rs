use serde_json::json;

use super::*;
use crate::llm::{
    Purpose,
    fake::{Fake, SPENT, refused, timeout},
    layer::Form,
};

const GOOD: &str = r#"{"value": true, "why": "he said so"}"#;
const WRONG: &str = r#"{"value": "maybe", "why": "he said so"}"#;

fn schema() -> AnswerSchema {
    AnswerSchema {
        name: "verdict",
        document: json!({
            "type": "object",
            "properties": { "value": { "type": "boolean" }, "why": { "type": "string" } },
            "required": ["value", "why"],
            "additionalProperties": false,
        }),
    }
}

fn question() -> Question {
    Question {
        purpose: Purpose::Judge,
        messages: vec![Message::system("Judge."), Message::user("Did he say so?")],
        schema: Some(schema()),
        seed: Some(7),
        temperature: Some(0.5),
    }
}

async fn ask(ladder: &Ladder, fake: &Fake) -> Result<(Value, Spent), Failed> {
    ladder.ask("m", fake, &question(), &schema()).await
}

fn forms(fake: &Fake) -> Vec<&'static str> {
    let forms = fake.seen().into_iter().map(|request| match request.form {
        Form::Text => "text",
        Form::JsonSchema(_) => "json_schema",
        Form::JsonObject => "json_object",
        Form::Tool(_) => "tool",
    });
    forms.collect()
}

#[tokio::test]
async fn the_strictest_way_is_enough_where_it_works() {
    let ladder = Ladder::new(Provider::OpenAi);
    let fake = Fake::answers(vec![Ok(GOOD)]);
    let (value, spent) = ask(&ladder, &fake).await.unwrap();
    assert_eq!(value, json!({"value": true, "why": "he said so"}));
    assert_eq!(spent, SPENT);
    let seen = fake.seen();
    assert_eq!(seen[0].messages, question().messages);
    assert_eq!((seen[0].seed, seen[0].temperature), (Some(7), Some(0.5)));
}

#[tokio::test]
async fn a_way_that_is_refused_is_left_for_good() {
    for status in [400, 404, 422, 501] {
        let ladder = Ladder::new(Provider::OpenAi);
        let fake = Fake::answers(vec![
            Err(refused(status, None)),
            Err(refused(status, None)),
            Ok(GOOD),
            Ok(GOOD),
        ]);
        let (_value, spent) = ask(&ladder, &fake).await.unwrap();
        assert_eq!(spent.requests, 3);
        let (_value, spent) = ask(&ladder, &fake).await.unwrap();
        assert_eq!(spent.requests, 1);
        assert_eq!(forms(&fake), ["json_schema", "json_object", "tool", "tool"]);
    }
}

#[tokio::test]
async fn a_way_that_is_ignored_is_left_for_good() {
    let ladder = Ladder::new(Provider::OpenAi);
    let fake = Fake::answers(vec![
        Ok("I think he did."),
        Ok("Yes."),
        Ok("Sure."),
        Ok("Here you are:\n```json\n{\"value\": true, \"why\": \"so\"}\n```"),
        Ok(GOOD),
    ]);
    let (value, spent) = ask(&ladder, &fake).await.unwrap();
    assert_eq!(value["why"], "so");
    assert_eq!((spent.requests, spent.usage.input_tokens), (4, 40));
    ask(&ladder, &fake).await.unwrap();
    assert_eq!(
        forms(&fake),
        ["json_schema", "json_object", "tool", "text", "text"]
    );
    let told = &fake.seen()[3].messages[0];
    assert!(
        told.text.starts_with("Judge.\n\nAnswer with one JSON object")
            && told.text.contains("additionalProperties"),
        "{told:?}"
    );
}

#[tokio::test]
async fn nothing_is_learned_from_an_outage() {
    for error in [
        refused(500, None),
        refused(429, None),
        refused(401, None),
        timeout(),
    ] {
        let ladder = Ladder::new(Provider::OpenAi);
        let fake = Fake::answers(vec![Err(error.clone()), Ok(GOOD)]);
        let failed = ask(&ladder, &fake).await.unwrap_err();
        assert_eq!(*failed.error, error);
        ask(&ladder, &fake).await.unwrap();
        assert_eq!(forms(&fake), ["json_schema", "json_schema"], "{error}");
    }
}

#[tokio::test]
async fn nothing_is_learned_if_every_way_is_refused() {
    let ladder = Ladder::new(Provider::OpenAi);
    let fake = Fake::answers(vec![
        Err(refused(400, None)),
        Err(refused(400, None)),
        Err(refused(400, None)),
        Err(refused(404, None)),
        Ok(GOOD),
    ]);
    let failed = ask(&ladder, &fake).await.unwrap_err();
    assert_eq!(*failed.error, refused(404, None));
    assert_eq!(failed.spent.requests, 4);
    ask(&ladder, &fake).await.unwrap();
    assert_eq!(forms(&fake)[4], "json_schema");
}

#[tokio::test]
async fn a_wrong_answer_is_corrected_once() {
    let ladder = Ladder::new(Provider::OpenAi);
    let fake = Fake::answers(vec![Ok(WRONG), Ok(GOOD)]);
    let (value, spent) = ask(&ladder, &fake).await.unwrap();
    assert_eq!(value["value"], true);
    assert_eq!(spent.requests, 2);
    let seen = fake.seen();
    assert_eq!(seen[1].form, seen[0].form);
    assert_eq!(seen[1].messages[2], Message::assistant(WRONG));
    let correction = &seen[1].messages[3];
    assert!(
        correction.text.contains("at `/value`") && correction.text.contains("\"maybe\" is not of type"),
        "{correction:?}"
    );
}

#[tokio::test]
async fn what_stays_wrong_is_unusable_with_everything_it_took() {
    for (bad, says) in [
        (WRONG, "is not of type"),
        (r#"{"value": true, "why": "he sa"#, "JSON that is cut short"),
        (r#"{"value": true}"#, "\"why\" is a required property"),
        (
            r#"{"value": true, "why": "x", "more": 1}"#,
            "Additional properties are not allowed",
        ),
        ("[]", "is not of type"),
        (
            "{\"value\": true, \"why\": \"x\"} or {\"value\": false, \"why\": \"x\"}",
            "more than one answer",
        ),
    ] {
        let ladder = Ladder::new(Provider::OpenAi);
        let fake = Fake::answers(vec![Ok(bad), Ok(bad)]);
        let failed = ask(&ladder, &fake).await.unwrap_err();
        let AskError::Unusable { usage, .. } = *failed.error else {
            panic!("{:?}", failed.error)
        };
        assert_eq!(
            (usage.input_tokens, usage.output_tokens, usage.cost_micros),
            (20, 10, 14)
        );
        let text = failed.error.to_string();
        assert!(
            text.contains(says) && text.contains("after a correction"),
            "{text}"
        );
        assert_eq!(forms(&fake), ["json_schema", "json_schema"]);
    }
}

#[tokio::test]
async fn prose_to_the_end_is_unusable() {
    let ladder = Ladder::new(Provider::OpenAi);
    let fake = Fake::always_ok("I would rather not say.");
    let failed = ask(&ladder, &fake).await.unwrap_err();
    assert!(
        failed
            .error
            .to_string()
            .contains("it is not JSON, after a correction: I would rather"),
        "{}",
        failed.error
    );
    assert_eq!(
        forms(&fake),
        ["json_schema", "json_object", "tool", "text", "text"]
    );
}

#[tokio::test]
async fn an_answer_that_was_cut_off_is_not_asked_for_again() {
    let ladder = Ladder::new(Provider::OpenAi);
    let cut = AskError::Unusable {
        model: "m".to_owned(),
        reason: "it was cut off".to_owned(),
        detail: String::new(),
        usage: SPENT.usage,
    };
    let fake = Fake::answers(vec![Err(refused(400, None)), Err(cut)]);
    let failed = ask(&ladder, &fake).await.unwrap_err();
    assert!(failed.error.to_string().contains("cut off"));
    assert_eq!(failed.spent.requests, 2);
}

#[tokio::test]
async fn providers_are_asked_in_the_ways_that_they_have() {
    for (provider, expected) in [
        (Provider::Anthropic, vec!["json_schema", "tool", "text"]),
        (Provider::Ollama, vec!["json_schema", "json_object", "text"]),
        (
            Provider::Gemini,
            vec!["json_schema", "json_object", "tool", "text"],
        ),
    ] {
        let fake = Fake::answers(vec![Err(refused(400, None)); 4]);
        ask(&Ladder::new(provider), &fake).await.unwrap_err();
        assert_eq!(forms(&fake), expected, "{provider:?}");
    }
}

#[tokio::test]
async fn a_schema_that_is_none_is_named() {
    let mut broken = schema();
    broken.document = json!({"type": "nonsense"});
    let fake = Fake::always_ok(GOOD);
    let failed = Ladder::new(Provider::OpenAi)
        .ask("m", &fake, &question(), &broken)
        .await
        .unwrap_err();
    assert!(
        matches!(*failed.error, AskError::Unsuitable { .. }),
        "{:?}",
        failed.error
    );
    assert!(fake.seen().is_empty());
}
