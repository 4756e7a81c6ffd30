use model::{ToolCall, Usage};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{AgentError, AgentReply, Answer, AskError};

/// Texts that YAML could take for something else.
fn nasty() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "",
        "~",
        "null",
        "yes",
        "No",
        "on",
        "1",
        "1.0",
        "0x1F",
        "1e3",
        ".nan",
        "-.inf",
        "2001-01-01",
        "1:20",
        "---",
        "...",
        "- a",
        "a: b",
        "a #b",
        "# c",
        "&x",
        "*x",
        "!t",
        "|",
        ">",
        "|-\n x",
        "{",
        "}",
        "[",
        "]",
        ",",
        "?",
        "%YAML",
        "@",
        "`",
        "'",
        "\"",
        "\\",
        "\n",
        "\n\n",
        " \n",
        "\t",
        "\r",
        "\r\n",
        "\u{0}",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{2028}",
        "\u{feff}",
        "\u{fffe}",
        "\u{1f600}",
        "\u{1b}[0m",
        " lead",
        "trail ",
        "\n---\n",
        "\n...\n",
        "é",
    ];
    let word = prop_oneof![
        proptest::sample::select(WORDS).prop_map(str::to_owned),
        "[ -~]{0,12}",
        "\\PC{0,8}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(word, 0..8).prop_map(|words| words.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1000_i32..1000).prop_map(|n| Value::from(f64::from(n))),
        nasty().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((nasty(), inner), 0..5).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let usage = (any::<u64>(), any::<u64>(), any::<u64>(), any::<bool>()).prop_map(
        |(input_tokens, output_tokens, cost_micros, estimated)| Usage {
            input_tokens,
            output_tokens,
            cost_micros,
            estimated,
        },
    );
    let object =
        proptest::collection::vec((nasty(), value()), 0..5).prop_map(|fields| fields.into_iter().collect());
    let answer = (
        nasty(),
        proptest::option::of(object),
        usage.clone(),
        any::<bool>(),
    )
        .prop_map(
            |(text, value, usage, follows): (String, Option<Value>, Usage, bool)| Answer {
                text: value
                    .as_ref()
                    .filter(|_value| follows)
                    .map_or(text, Value::to_string),
                value,
                usage,
                latency_ms: 3,
                requests: 2,
            },
        );
    let call = (nasty(), value(), proptest::option::of(value())).prop_filter_map(
        "too deep",
        |(name, arguments, result)| {
            Some(ToolCall {
                name,
                arguments: model::Json::from_value(&arguments).ok()?,
                result: result
                    .map(|result| model::Json::from_value(&result))
                    .transpose()
                    .ok()?,
            })
        },
    );
    let reply = (
        nasty(),
        proptest::collection::vec(call, 0..3),
        proptest::option::of(usage),
        any::<bool>(),
    )
        .prop_map(|(text, tool_calls, usage, completed)| AgentReply {
            text,
            tool_calls,
            usage,
            completed,
            latency_ms: u64::MAX,
            calls: 1,
            session: None,
        });
    let refused = (nasty(), any::<u16>(), proptest::option::of(any::<u64>()));
    let refused = refused.prop_map(|(detail, status, retry_after_ms)| AskError::Refused {
        model: "m".to_owned(),
        status,
        retry_after_ms,
        detail,
    });
    let exited = (nasty(), nasty()).prop_map(|(status, output)| AgentError::Exited {
        place: "there".to_owned(),
        status,
        output,
    });
    prop_oneof![
        answer.prop_map(|answer| Outcome::Answer(answer.into())),
        reply.prop_map(|reply| Outcome::Reply(reply.into())),
        refused.prop_map(Outcome::AnswerError),
        exited.prop_map(Outcome::ReplyError),
    ]
}

fn entry(request: Value, outcome: Outcome) -> Entry {
    Entry {
        kind: Kind::Judge,
        key: Key {
            repetition: 1,
            attempt: 2,
            occurrence: 3,
            digest: Digest::of(b"request"),
        },
        request,
        outcome,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(request in value(), outcome in outcome()) {
        let written = entry(request, outcome);
        let document = encode(&written).unwrap();
        // Whatever stands in an entry, its neighbours are told apart from it.
        let file = format!("{document}{document}");
        let found = documents(&file, 1).unwrap();
        prop_assert_eq!(found.len(), 2);
        for (line, body) in found {
            prop_assert_eq!(&decode::<Entry>(line, body).unwrap(), &written);
        }
    }

    #[test]
    fn answers_and_replies_survive_as_they_were(outcome in outcome()) {
        match outcome.clone() {
            Outcome::Answer(record) => {
                prop_assert_eq!(Outcome::Answer(Answer::from(record).into()), outcome);
            }
            Outcome::Reply(record) => {
                prop_assert_eq!(Outcome::Reply(AgentReply::from(record).into()), outcome);
            }
            Outcome::AnswerError(_) | Outcome::ReplyError(_) => prop_assert!(!outcome.is_success()),
        }
    }

    #[test]
    fn a_file_that_was_cut_short_never_reads_as_a_shorter_one(outcome in outcome(), at in any::<proptest::sample::Index>()) {
        let document = encode(&entry(json!("request"), outcome)).unwrap();
        let file = format!("{document}{document}");
        let cut = file.floor_char_boundary(at.index(file.len()));
        let read = documents(&file[..cut], 1);
        if cut == 0 || cut == document.len() {
            prop_assert_eq!(read.unwrap().len(), cut / document.len());
        } else {
            prop_assert!(read.is_err(), "{:?}", &file[..cut]);
        }
    }
}

#[test]
fn an_entry_is_readable() {
    let request = json!({
        "temperature": 0.0,
        "messages": [{"role": "system", "text": "Be brief.\n\n- No lists.\n"}, {"role": "user", "text": "a ".repeat(60)}],
    });
    let answer = Answer {
        text: r#"{"message":"Hello, it's me.","state":"continuing"}"#.to_owned(),
        value: Some(json!({"message": "Hello, it's me.", "state": "continuing"})),
        usage: Usage::of_tokens(10, 5),
        latency_ms: 120,
        requests: 1,
    };
    let document = encode(&entry(request, Outcome::Answer(answer.into()))).unwrap();
    let digest = Digest::of(b"request");
    let long = "a ".repeat(60);
    let expected = format!(
        r#"---
kind: judge
key:
  repetition: 1
  attempt: 2
  occurrence: 3
  digest: {digest}
request:
  temperature: 0.0
  messages:
  - role: system
    text: |
      Be brief.

      - No lists.
  - role: user
    text: "{long}"
outcome:
  answer:
    value:
      message: Hello, it's me.
      state: continuing
    usage:
      input_tokens: 10
      output_tokens: 5
      cost_micros: 0
      estimated: false
    latency_ms: 120
    requests: 1
...
"#
    );
    assert_eq!(document, expected);
}

#[test]
fn what_a_session_goes_on_with_is_not_written() {
    let reply = AgentReply {
        text: "Hello".to_owned(),
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        latency_ms: 1,
        calls: 1,
        session: Some("resume-me".to_owned()),
    };
    let document = encode(&entry(json!({}), Outcome::Reply(reply.clone().into()))).unwrap();
    assert!(!document.contains("resume-me"), "{document}");
    let record: super::super::outcome::ReplyRecord = reply.clone().into();
    assert_eq!(
        AgentReply::from(record),
        AgentReply {
            session: None,
            ..reply
        }
    );
}
