mod suite;

use serde_json::json;

use super::*;

const FIXTURE: &str = include_str!("../../../../../tests/import/recorded.json");

fn fixture() -> Vec<RecordedConversation> {
    read(FIXTURE).unwrap()
}

fn one(messages: &Value) -> RecordedConversation {
    let mut read = read(&json!([{ "messages": messages }]).to_string()).unwrap();
    assert_eq!(read.len(), 1);
    read.remove(0)
}

fn refused(messages: &Value) -> String {
    read(&json!([{ "messages": messages }]).to_string())
        .unwrap_err()
        .to_string()
}

#[test]
fn calls_and_their_results_are_one_turn_with_what_is_said_then() {
    let conversation = &fixture()[0];
    assert_eq!((conversation.task.as_str(), conversation.trial), ("3", 1));
    assert_eq!(
        conversation.system.as_deref(),
        Some("You help the guests of a library.")
    );
    assert_eq!(conversation.turns.len(), 4);
    let turn = &conversation.turns[3];
    assert_eq!(turn.role, Role::Agent);
    assert_eq!(turn.text, "One moment.\n\nYour loan of Emma ends on 2 May.");
    assert_eq!(turn.messages, [4, 5, 6, 7, 8]);
    let names: Vec<&str> = turn.tool_calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["find_guest", "find_loan"]);
    assert_eq!(turn.tool_calls[0].arguments.value(), json!({"name": "Ada"}));
    let results: Vec<Value> = turn
        .tool_calls
        .iter()
        .map(|call| call.result.as_ref().unwrap().value())
        .collect();
    assert_eq!(results, [json!({"id": 7}), json!("Emma, until 2 May")]);
}

#[test]
fn values_are_what_stands_beside_the_messages() {
    let values = &fixture()[0].values;
    assert_eq!(values["reward"], RecordedValue::Number(1.0));
    assert_eq!(values["solved"], RecordedValue::Boolean(true));
    assert_eq!(values["agent"], RecordedValue::Text("a".to_owned()));
    assert_eq!(values.len(), 3, "{values:?}");
}

#[test]
fn ends_are_told_apart() {
    let ends: Vec<RecordedEnd> = fixture().into_iter().map(|read| read.end).collect();
    let left = |farewell: Option<&str>| RecordedEnd::UserLeft {
        farewell: farewell.map(str::to_owned),
    };
    assert_eq!(
        ends,
        [
            left(Some("Thanks!")),
            left(None),
            RecordedEnd::Transferred,
            RecordedEnd::CutShort,
            RecordedEnd::CutShort,
            RecordedEnd::Unmarked,
        ]
    );
}

#[test]
fn a_farewell_is_no_turn() {
    for conversation in fixture() {
        let last = conversation.turns.last().unwrap();
        assert!(!last.text.contains("###"), "{last:?}");
    }
    let conversation = one(&json!([
        {"role": "user", "content": "###STOP### is what I was told to say. Why?"},
        {"role": "assistant", "content": "Say ###STOP### or do not."},
    ]));
    assert_eq!(conversation.end, RecordedEnd::Unmarked);
    assert_eq!(conversation.turns.len(), 2);
    assert!(conversation.turns[0].text.starts_with("###STOP###"));
}

#[test]
fn lines_and_bare_lists_are_read_too() {
    let hello =
        json!({"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]});
    let lines = format!("{hello}\n{hello}\n\n{hello}\n");
    let tasks: Vec<String> = read(&lines).unwrap().into_iter().map(|read| read.task).collect();
    assert_eq!(tasks, ["0", "1", "2"]);
    assert_eq!(read(&hello.to_string()).unwrap().len(), 1);
    assert_eq!(read(&hello["messages"].to_string()).unwrap().len(), 1);
    let broken = read(&format!("{hello}\n{{\"messages\": [\n"))
        .unwrap_err()
        .to_string();
    assert!(broken.contains("after 1 values"), "{broken}");
}

#[test]
fn parts_are_joined_and_arguments_kept_as_they_were_sent() {
    let conversation = one(&json!([
        {"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "text", "text": "you"}]},
        {"role": "user", "content": "there"},
        {"role": "assistant", "tool_calls": [
            {"id": "a", "function": {"name": "x", "arguments": "{broken"}},
            {"id": "a", "name": "y", "arguments": {"n": 1}},
            {"id": "c", "function": {"name": "z", "arguments": ""}},
        ]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "a", "content": null},
        {"role": "assistant", "content": "Done."},
    ]));
    assert_eq!(conversation.turns[0].text, "Hello\nyou\n\nthere");
    let calls = &conversation.turns[1].tool_calls;
    assert_eq!(calls[0].arguments.value(), json!("{broken"));
    assert_eq!(calls[0].result.as_ref().unwrap().value(), json!(1));
    assert_eq!(calls[1].arguments.value(), json!({"n": 1}));
    assert_eq!(calls[1].result.as_ref().unwrap().value(), json!(""));
    assert_eq!(calls[2].arguments.value(), json!({}));
    assert_eq!(calls[2].result, None);
}

#[test]
fn every_faulty_message_is_named() {
    let faults = refused(&json!([
        {"role": "user", "content": ""},
        {"role": "robot", "content": "x"},
        "hello",
        {"role": "assistant", "content": 5, "tool_calls": [{"id": "a"}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {}}]},
    ]));
    for fault in [
        "/0/messages/0/content: must say something",
        "/0/messages/1/role: must be system",
        "/0/messages/2: must be an object",
        "/0/messages/3/content: must be text",
        "/0/messages/3/tool_calls/0/name: is required",
        "/0/messages/4/content/0/text: is required",
    ] {
        assert!(faults.contains(fault), "{fault} is missing in {faults}");
    }
}

#[test]
fn a_result_must_belong_to_a_call() {
    let hello = json!({"role": "user", "content": "Hello"});
    let result = json!({"role": "tool", "tool_call_id": "b", "content": "x"});
    let call = json!({"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "x"}}]});
    assert!(refused(&json!([hello, result])).contains("/0/messages/1/tool_call_id: must follow"));
    assert!(refused(&json!([hello, call, result])).contains("/0/messages/2/tool_call_id: must name"));
}

#[test]
fn what_holds_no_conversations_is_refused() {
    for text in [
        "",
        "[]",
        "7",
        "[7]",
        "{}",
        "[{\"messages\": []}]",
        "[{\"traj\": 1}]",
        "x",
        "[{\"messages\": [{\"role\": \"system\", \"content\": \"a\"}]}]",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    let double = json!({"task_id": 1, "messages": [{"role": "user", "content": "a"}]});
    let refused = read(&json!([double, double]).to_string())
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "/1: is trial 0 of task `1`, like conversation 0 of the file"
    );
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_odd(text in ".{0,200}") {
        let _read_or_refused = read(&text);
        let messages = json!([{"role": "user", "content": text}, {"role": "assistant", "content": text}]);
        let read = read(&json!([{"messages": messages}]).to_string());
        if let Ok(read) = read {
            proptest::prop_assert_eq!(&read[0].turns[1].text, text.trim());
        }
    }
}
