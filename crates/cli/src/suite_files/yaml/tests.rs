use std::fmt::Write as _;

use serde_json::json;

use super::*;

fn one(text: &str) -> Rc<Node> {
    let (mut documents, faults) = parse(text);
    assert_eq!(faults, []);
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn fault(text: &str) -> Fault {
    let (documents, mut faults) = parse(text);
    assert_eq!(documents.len(), 0, "{documents:?}");
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

fn at(mark: Mark) -> (usize, usize, usize) {
    (mark.line, mark.column, mark.len)
}

#[test]
fn values_are_what_they_look_like() {
    let document = one("a: 1\nb: [x, 'y', true, ~]\nc:\n  d: |\n    two\n    lines\n");
    let expected = json!({"a": 1, "b": ["x", "y", true, null], "c": {"d": "two\nlines\n"}});
    assert_eq!(document.to_value(), Ok(expected));
}

#[test]
fn pointers_lead_to_lines_and_columns() {
    let document = one(
        "kind: Persona\nspec:\n  criteria:\n    - name: a\n      metric: größe\n    - {b: 2}\n  x/y: 3\n",
    );
    assert_eq!(at(document.locate("/kind")), (1, 1, 13));
    assert_eq!(at(document.locate("/spec/criteria/0/metric")), (5, 7, 15));
    assert_eq!(at(document.locate("/spec/criteria/0")), (4, 7, 1));
    assert_eq!(at(document.locate("/spec/criteria/1/b")), (6, 8, 4));
    assert_eq!(at(document.locate("/spec/x~1y")), (7, 3, 6));
}

#[test]
fn what_is_missing_is_shown_where_it_should_be() {
    let document = one("metadata:\n  name: a\nspec:\n  list: [1]\n");
    assert_eq!(at(document.locate("/spec/absent/deep")), (3, 1, 4));
    assert_eq!(at(document.locate("/spec/list/7")), (4, 3, 4));
    assert_eq!(at(document.locate("")), (1, 1, 1));
}

#[test]
fn documents_are_told_apart_and_empty_ones_left_out() {
    let (documents, faults) = parse("---\na: 1\n---\n---\nb: 2\n...\n---\n# nothing\n");
    assert_eq!(faults, []);
    let values: Vec<_> = documents
        .iter()
        .map(|document| document.to_value().expect("small"))
        .collect();
    assert_eq!(values, [json!({"a": 1}), json!({"b": 2})]);
    assert_eq!(documents[1].locate("/b").line, 5);
}

#[test]
fn a_fault_does_not_hide_the_next_document() {
    let (documents, faults) = parse("a: [1\n---\nb: 2\n---\nc: {\n");
    assert_eq!(documents.len(), 1);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults
            .iter()
            .all(|fault| fault.message.starts_with("this is not YAML: ")),
        "{faults:?}"
    );
}

#[test]
fn aliases_stand_for_their_anchor() {
    let document = one("base: &base {a: 1, b: 2}\nsame: *base\nmore: {<<: *base, b: 3}\n");
    let value = document.to_value().expect("small");
    assert_eq!(value["same"], json!({"a": 1, "b": 2}));
    assert_eq!(value["more"], json!({"b": 3, "a": 1}));
    assert_eq!(at(document.locate("/same")), (2, 1, 11));
}

#[test]
fn doubled_keys_are_refused() {
    let fault = fault("a: 1\nb: 2\na: 3\n");
    assert_eq!(at(fault.mark), (3, 1, 1));
    assert_eq!(fault.message, "`a` stands here twice; line 1 has it already");
}

#[test]
fn an_anchor_that_holds_itself_is_refused() {
    let fault = fault("a: &a [1, *a]\n");
    assert_eq!((fault.mark.line, fault.mark.column), (1, 11));
    assert_eq!(fault.message, "this alias stands within its own anchor");
}

#[test]
fn an_unknown_anchor_is_refused() {
    assert_eq!(
        fault("a: *nowhere\n").message,
        "there is no anchor `&nowhere` before this in the document"
    );
}

#[test]
fn deep_nesting_is_refused() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        let (documents, faults) = parse(&text);
        assert_eq!(documents.len(), 0);
        assert!(faults[0].message.contains("nested too deeply"), "{:?}", faults[0]);
    }
}

#[test]
fn nesting_by_aliases_is_refused() {
    let mut text = String::from("- &a0 [x]\n");
    for level in 1..10_000 {
        writeln!(text, "- &a{level} [*a{}]", level - 1).expect("a string takes all text");
    }
    let fault = fault(&text);
    assert!(fault.message.contains("nested too deeply"), "{fault:?}");
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..10 {
        let below = format!("*a{}", level - 1);
        writeln!(text, "a{level}: &a{level} [{}]", vec![below; 9].join(", "))
            .expect("a string takes all text");
    }
    let fault = one(&text).to_value().expect_err("it is large");
    assert!(fault.message.contains("larger than 32 MiB"), "{fault:?}");
}

#[test]
fn tags_without_meaning_are_refused() {
    assert_eq!(
        fault("a: !env HOME\n").message,
        "the tag `!env` has no meaning here; leave it out"
    );
    assert_eq!(one("a: !!str 12\n").to_value(), Ok(json!({"a": "12"})));
}

#[test]
fn keys_must_be_text() {
    assert_eq!(fault("? [a, b]\n: 1\n").message, "a key must be text");
    assert_eq!(one("12: x\n").to_value(), Ok(json!({"12": "x"})));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[-\\[\\]{}:,&*!|>'\"#%@`a-c0-9 \n\t]{0,200}") {
        let (documents, faults) = parse(&text);
        for document in &documents {
            let _value = document.to_value();
        }
        for fault in faults {
            proptest::prop_assert!(fault.mark.len >= 1);
        }
    }
}
