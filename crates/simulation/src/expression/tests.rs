use serde_json::json;

use super::*;
use crate::isolated::{DEADLINE, isolated_blocking};

fn bindings() -> Bindings {
    let turn = |index: usize| {
        json!({"index": index, "role": if index.is_multiple_of(2) { "user" } else { "agent" }, "text": format!("message {index}"),
            "latency_ms": index * 10, "tool_calls": [{"name": "lookup", "arguments": {"id": index}}]})
    };
    let turns: Vec<_> = (0..200).map(turn).collect();
    Bindings::default().with("conversation", &json!({"turns": turns, "interactions": 100}))
}

fn run(source: &str) -> Result<Outcome, String> {
    run_within(source, Budget::default())
}

fn run_within(source: &str, budget: Budget) -> Result<Outcome, String> {
    let source = source.to_owned();
    let work = move || {
        let program = Program::compile(&source, &["conversation"]).map_err(|invalid| invalid.to_string())?;
        program
            .run(&bindings(), &budget)
            .map_err(|error| error.to_string())
    };
    isolated_blocking(DEADLINE, work).unwrap()
}

#[test]
fn instrumented_expressions_mean_what_they_say() {
    let yes = Ok(Outcome::Boolean(true));
    for source in [
        "conversation.turns.exists(t, t.role == 'agent' && t.text.contains('199'))",
        "conversation.turns.all(t, t.index < 200)",
        "!conversation.turns.all(t, t.index < 199)",
        "conversation.turns.exists_one(t, t.text == 'message 7')",
        "conversation.turns.filter(t, t.role == 'agent').map(t, t.index)[0] == 1",
        "size(conversation.turns.map(t, t.role == 'user', t.latency_ms)) == 100",
        "conversation.turns[3].tool_calls[0].arguments.id == 3",
        "conversation.turns[3].latency_ms / 10 + 1 == 4",
        "'agent' in conversation.turns.map(t, t.role)",
        "has(conversation.interactions) && !has(conversation.missing)",
        "conversation.turns.exists(t, t.text.matches('^message [0-9]{3}$'))",
        "{'a': [1, 2]}.a[1] == 2 && 'x' + 'y' == 'xy' && (true ? 1 : 2) == 1",
        "[1, 2, 3].map(a, [10, 20].map(b, a * b)) == [[10, 20], [20, 40], [30, 60]]",
        "conversation.turns.exists(t, t.missing == 1) || true",
    ] {
        assert_eq!(run(source), yes, "{source}");
    }
    assert_eq!(run("null"), Ok(Outcome::Null));
    assert_eq!(run("conversation.interactions"), Ok(Outcome::Number(100.0)));
    assert_eq!(run("0.5 * 3.0"), Ok(Outcome::Number(1.5)));
    assert_eq!(
        run("conversation.turns[0].role"),
        Ok(Outcome::Text("user".to_owned()))
    );
    assert_eq!(run("[1]"), Ok(Outcome::Other("list".to_owned())));
    assert!(run("conversation.nothing").unwrap_err().contains("No such key"));
    assert!(
        run("'a'.matches('(')")
            .unwrap_err()
            .contains("not a regular expression")
    );
}

#[test]
fn expressions_that_would_never_end_run_out_of_budget() {
    let turns = "conversation.turns";
    let many = format!("[{}]", vec!["true"; 200].join(","));
    let doubling = format!("['x']{}", ".map(a, a + a)".repeat(60));
    let nesting = format!("[[1]]{}", ".map(a, [a, a])".repeat(60));
    let list_doubling = format!("[[1]]{}", ".map(a, a + a)".repeat(60));
    for source in [
        format!("{turns}.map(a, {turns}.map(b, {turns}.map(c, {turns}.map(d, 1))))"),
        format!("{turns}.all(a, {turns}.all(b, {turns}.all(c, {turns}.all(d, a != 1))))"),
        format!("{turns}.exists(a, {turns}.exists(b, {turns}.exists(c, {turns}.exists(d, false))))"),
        format!(
            "{turns}.exists_one(a, {turns}.exists_one(b, {turns}.exists_one(c, {turns}.exists_one(d, true))))"
        ),
        format!("{turns}.filter(a, {turns}.filter(b, {turns}.filter(c, {turns} == []) != [])  != []) == []"),
        format!(
            "{turns}.exists(a, {turns}.exists(b, {turns}.exists(c, {turns} == {turns} && false))) || true"
        ),
        format!(
            "{turns}.map(a, {turns}.map(b, a.text.matches('(' + b.text + string(a.index * 1000) + ')')))"
        ),
        format!(
            "{many}.all(a, {many}.all(b, {many}.all(c, {})))",
            vec!["c"; 50].join(" && ")
        ),
        format!("{many}.exists(a, {many}.exists(b, {many}.exists(c, {many}[0] && !a)))"),
        format!("{many}.map(a, {many}.map(b, {many}.map(c, c ? {many} : [])))"),
        doubling,
        nesting,
        list_doubling,
    ] {
        let started = std::time::Instant::now();
        assert_eq!(
            run_within(&source, Budget::of(400_000)),
            Err(ExpressionError::OutOfBudget.to_string()),
            "{source}"
        );
        assert!(
            started.elapsed() < DEADLINE / 2,
            "{source} took {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn deep_and_long_expressions_are_refused() {
    let nested = format!("{}1{}", "(1 + ".repeat(1000), ")".repeat(1000));
    assert_eq!(
        run(&format!("{}1{}", "(".repeat(2000), ")".repeat(2000))),
        Ok(Outcome::Number(1.0))
    );
    let lists = format!("{}{}", "[".repeat(4000), "]".repeat(4000));
    assert_eq!(run(&("!".repeat(8000) + "true")), Ok(Outcome::Boolean(true)));
    for source in [nested, lists] {
        assert!(run(&source).is_err(), "{}", &source[..20]);
    }
    assert!(run(&"1+".repeat(1000)).is_err());
    assert!(
        run(&format!("{}1", "1 + ".repeat(1000)))
            .unwrap_err()
            .contains("more than 256")
    );
    assert!(run(&format!("{}1", "true ? 1 : ".repeat(700))).is_err());
    assert!(run(&format!("conversation{}", ".turns".repeat(1000))).is_err());
    assert!(run(&" ".repeat(9000)).unwrap_err().contains("8192 bytes"));
    assert_eq!(
        run(&format!("{}1", "1 + ".repeat(254))),
        Ok(Outcome::Number(255.0))
    );
}

#[test]
fn unknown_names_are_found_before_anything_runs() {
    let error = run("conversation.turns.all(t, u.text == t.text)").unwrap_err();
    assert_eq!(error, "there is no `u` here; there are `conversation`");
    assert!(run("1 +").unwrap_err().starts_with("is not a CEL expression: "));
}

#[test]
fn unknown_functions_are_found_before_anything_runs() {
    for (source, function) in [
        ("conversation.turns.all(t, t.text.trim() != '')", "trim"),
        ("lower('A') == 'a'", "lower"),
        ("false && nothing()", "nothing"),
    ] {
        assert_eq!(
            run(source).unwrap_err(),
            format!("there is no function `{function}` in CEL")
        );
    }
    for source in [
        "size('abc') == 3 && 'abc'.size() == 3",
        "'abc'.startsWith('a') && 'abc'.endsWith('c') && 'abc'.contains('b') && 'abc'.matches('^a')",
        "int('3') + int(3.0) == 6 && double('1.5') < 2.0 && string(3) == '3'",
        "[1, 2].exists(x, x == 2) && [1].all(x, x > 0) && [1, 2].map(x, x * 2)[1] == 4 && [1].filter(x, x > 1) == []",
        "has(conversation.turns) && !has(conversation.nothing) && 1 in [1] && (true ? true : false) && -1 < 0",
        "duration('1s') < duration('2s') && timestamp('2026-01-01T00:00:00Z').getFullYear() == 2026",
    ] {
        assert_eq!(run(source), Ok(Outcome::Boolean(true)), "{source}");
    }
}
