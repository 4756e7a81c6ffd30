//! Suites that cannot be read, or say what cannot be.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use harness::{Up, run_in};

use super::{events, run_at};

/// More than any check needs, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

const PERSONA: &str = "\
apiVersion: rehearse/v1
kind: Persona
metadata: {name: Maria}
spec: {role: customer, background: someone}
";

fn metric(spec: &str) -> String {
    format!("apiVersion: rehearse/v1\nkind: Metric\nmetadata: {{name: m}}\nspec:\n  {spec}\n")
}

fn scenario(step: &str) -> String {
    format!(
        "apiVersion: rehearse/v1\nkind: Scenario\nmetadata: {{name: s}}\nspec:\n  objective: o\n  instructions: i\n  script:\n    - {step}\n"
    )
}

fn agent(connection: &str) -> String {
    format!(
        "apiVersion: rehearse/v1\nkind: Agent\nmetadata: {{name: a}}\nspec:\n  connection:\n    {connection}\n"
    )
}

fn graph(document: &str) -> String {
    format!(
        "apiVersion: rehearse/v1\nkind: ContextGraph\nmetadata: {{name: g}}\nspec:\n  document:\n    {document}\n"
    )
}

/// Every alias stands for nine of the one before it: 9^12 in all.
fn bomb() -> String {
    let mut text = graph("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]");
    for level in 1..12 {
        let before = [format!("*a{}", level - 1).as_str(); 9].join(", ");
        text.extend([format!("    a{level}: &a{level} [{before}]\n")]);
    }
    text
}

/// A text, and what is said about it.
type Case = (&'static str, Vec<u8>, &'static [&'static str]);

fn case(name: &'static str, text: impl Into<Vec<u8>>, words: &'static [&'static str]) -> Case {
    (name, text.into(), words)
}

/// What no YAML reader should be brought down by.
fn hostile() -> Vec<Case> {
    let deep = 100_000;
    let indents: String = (0..3_000)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    vec![
        case(
            "an alias in its own anchor",
            graph("a: &a {b: *a}"),
            &["suite.yaml:6:15: this alias stands within its own anchor"],
        ),
        case(
            "two anchors in a circle",
            graph("a: &a [*b]\n    b: &b [*a]"),
            &["suite.yaml:6:12: there is no anchor `&b`"],
        ),
        case(
            "a bomb of aliases",
            bomb(),
            &["larger than 32 MiB once its aliases are written out"],
        ),
        case(
            "open braces",
            "a: ".to_owned() + &"{a: ".repeat(deep),
            &["suite.yaml:1:256: ", "64 levels are allowed"],
        ),
        case(
            "brackets",
            "[".repeat(deep) + &"]".repeat(deep),
            &["suite.yaml:1:", "64 levels are allowed"],
        ),
        case(
            "lists in lists",
            "- ".repeat(deep) + "x\n",
            &["suite.yaml:1:129: ", "64 levels are allowed"],
        ),
        case(
            "indents",
            indents,
            &["suite.yaml:65:65: ", "64 levels are allowed"],
        ),
        case(
            "6 MB",
            format!("# {}\n", "x".repeat(6 * 1024 * 1024)),
            &["suite.yaml: is larger than 5 MiB; split it"],
        ),
        case(
            "a key of 1 MB",
            format!("{}: 1\n", "k".repeat(1024 * 1024)),
            &["suite.yaml:1:"],
        ),
        case(
            "not UTF-8",
            [PERSONA.as_bytes(), b"# caf\xe9\n"].concat(),
            &[
                "suite.yaml:5:6: this is not UTF-8 text",
                "Save the file as UTF-8.",
            ],
        ),
        case(
            "UTF-16",
            b"\xff\xfea\0p\0i\0".as_slice(),
            &["suite.yaml:1:1: this is not UTF-8 text"],
        ),
        case(
            "a NUL byte",
            PERSONA.replace("someone", "some\0one"),
            &["suite.yaml:4:40: this is not YAML"],
        ),
        case(
            "an escape sequence",
            PERSONA.replace("someone", "\x1b[2J"),
            &["suite.yaml:4:36: this is not YAML"],
        ),
        case(
            "tabs",
            "apiVersion: rehearse/v1\nkind: Persona\nmetadata:\n\tname: x\n",
            &["suite.yaml:4:2: ", "tabs disallowed"],
        ),
        case(
            "a tag",
            PERSONA.replace("someone", "!!python/object:os.system x"),
            &["suite.yaml:4:"],
        ),
        case(
            "a billion documents",
            "---\n".repeat(100_000),
            &["the files hold no document"],
        ),
        case(
            "a huge number",
            PERSONA.replace("someone", "1e999"),
            &["suite.yaml:4:36: the number 1e999 is too large"],
        ),
    ]
}

/// What people get wrong.
fn careless() -> Vec<Case> {
    let many: Vec<String> = (0..901)
        .map(|index| PERSONA.replace("Maria", &format!("p{index}")))
        .collect();
    vec![
        case(
            "empty",
            "",
            &[
                "the files hold no document",
                "`rehearse init` makes a suite to start from",
            ],
        ),
        case(
            "only comments",
            "# nothing\n---\n# here\n",
            &["the files hold no document"],
        ),
        case(
            "a scalar",
            "hello\n",
            &["suite.yaml:1:1: must be an object, this is text"],
        ),
        case(
            "a list",
            "- a\n- b\n",
            &["suite.yaml:1:1: must be an object, this is a list"],
        ),
        case(
            "a key twice",
            PERSONA.replace("kind: Persona\n", "kind: Persona\nkind: Persona\n"),
            &["suite.yaml:3:1: `kind` stands here twice; line 2 has it already"],
        ),
        case(
            "an unknown kind",
            PERSONA.replace("Persona", "Persone"),
            &[
                "suite.yaml:2:1: /kind: must be `Persona`, ",
                "did you mean `Persona`?",
            ],
        ),
        case(
            "another version",
            PERSONA.replace("v1", "v2"),
            &["suite.yaml:1:1: /apiVersion: must be `rehearse/v1`"],
        ),
        case(
            "an unknown field",
            PERSONA.replace("background", "backgruond"),
            &[
                "suite.yaml:4:1: /spec/background: is required",
                "suite.yaml:4:24: /spec/backgruond: unknown field; did you mean `background`?",
            ],
        ),
        case(
            "wrong types",
            "\
apiVersion: 1
kind: [Persona]
metadata: x
spec: 3
---
apiVersion: rehearse/v1
kind: UnitTest
metadata: {name: 3, tags: [a]}
spec: {service: 1, persona: [], scenario: {}, maxInteractions: many, criteria: yes}
",
            &[
                "suite.yaml:1:1: /apiVersion: must be `rehearse/v1`",
                "suite.yaml:2:1: /kind: ",
                "suite.yaml:3:1: /metadata: must be an object, this is text",
                "suite.yaml:8:12: /metadata/name: must be text, this is a number (write it in quotes)",
                "suite.yaml:8:21: /metadata/tags: must be an object, this is a list",
                "suite.yaml:9:8: /spec/service: must be text",
                "suite.yaml:9:20: /spec/persona: must be text, this is a list",
                "suite.yaml:9:33: /spec/scenario: must be text, this is an object",
                "suite.yaml:9:47: /spec/maxInteractions: must be a whole number from 1 to 100",
                "suite.yaml:9:70: /spec/criteria: must be a list",
                "the suite has 10 errors; nothing was changed",
            ],
        ),
        case(
            "an object twice",
            format!("{PERSONA}---\n{PERSONA}"),
            &[
                "suite.yaml:8:12: /metadata/name: persona `Maria` stands here a second time; suite.yaml:3:12 has it already",
            ],
        ),
        case(
            "901 objects",
            many.join("---\n"),
            &["suite.yaml:4501:1: a suite has at most 900 documents, these are 901; apply them in parts"],
        ),
        case(
            "a pattern",
            metric("judge: {regex: {pattern: '(', in: agent}}"),
            &["suite.yaml:5:19: /spec/judge/regex/pattern: is not a regular expression: unclosed group"],
        ),
        case(
            "a pattern of exponential size",
            metric("judge: {regex: {pattern: '((a{99}){99}){99}', in: agent}}"),
            &["suite.yaml:5:19: /spec/judge/regex/pattern: "],
        ),
        case(
            "a CEL expression",
            metric("judge: {cel: 'conversation.turns.filter('}"),
            &["suite.yaml:5:11: /spec/judge/cel: is not a CEL expression"],
        ),
        case(
            "a CEL function",
            metric("judge: {cel: 'nosuch(conversation)'}"),
            &["suite.yaml:5:11: /spec/judge/cel: there is no function `nosuch` in CEL"],
        ),
        case(
            "a JSON schema",
            metric("judge: {jsonSchema: {schema: {type: nonsense}, in: lastAgent}}"),
            &["suite.yaml:5:24: /spec/judge/jsonSchema/schema: is not a JSON Schema"],
        ),
        case(
            "a template",
            scenario("say: '{{ persona.name '"),
            &["suite.yaml:8:7: /spec/script/0/say: is not a template"],
        ),
        case(
            "a template's variable",
            scenario("say: '{{ nosuch }}'"),
            &["suite.yaml:8:7: /spec/script/0/say: there is no `nosuch` here; there are `agent`, `persona`"],
        ),
        case(
            "a time zone",
            PERSONA.replace("someone", "x, timezone: Mars/Olympus"),
            &["suite.yaml:4:39: /spec/timezone: must be an IANA time zone name, such as `Europe/Berlin`"],
        ),
        case(
            "a language",
            PERSONA.replace("someone", "x, preferredLanguage: klingon"),
            &["suite.yaml:4:39: /spec/preferredLanguage: must be an ISO 639-3 code of three letters"],
        ),
        case(
            "no URL",
            agent("openaiChat: {baseUrl: not a url, model: m}"),
            &["suite.yaml:6:18: /spec/connection/openaiChat/baseUrl: is not a URL"],
        ),
        case(
            "another scheme",
            agent("openaiChat: {baseUrl: 'ftp://x/', model: m}"),
            &["must begin with `http://` or `https://`"],
        ),
        case(
            "no program",
            agent("stdio: {command: []}"),
            &["suite.yaml:6:13: /spec/connection/stdio/command: "],
        ),
        case(
            "two protocols",
            agent("{stdio: {command: [cat]}, openaiChat: {baseUrl: 'http://x', model: m}}"),
            &["exactly one of `stdio`, `openaiChat`, `httpTemplate`"],
        ),
        case(
            "a broken document among good ones",
            format!("{PERSONA}---\nkind: [\n---\n{}", PERSONA.replace("Maria", "Eva")),
            &[
                "suite.yaml:6:7: this is not YAML: unclosed bracket '['",
                "nothing was changed",
            ],
        ),
    ]
}

fn write(directory: &Path, text: &[u8]) {
    fs::write(directory.join("suite.yaml"), text).unwrap();
}

#[test]
fn what_is_wrong_with_a_file_is_told_without_a_server() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text, words) in hostile().into_iter().chain(careless()) {
        write(directory.path(), &text);
        let started = Instant::now();
        let answer = run_in(directory.path(), &["validate", "-f", "suite.yaml"]);
        assert!(
            started.elapsed() < PATIENCE,
            "{name} took {:?}",
            started.elapsed()
        );
        assert_eq!(answer.code, 96, "{name}: {}{}", answer.stdout, answer.stderr);
        assert_eq!(answer.stdout, "", "{name}");
        for word in words {
            assert!(
                answer.stderr.contains(word),
                "{name}: no {word:?} in\n{}",
                answer.stderr
            );
        }
        assert!(
            !answer.stderr.contains('\x1b') && !answer.stderr.contains('\0'),
            "{name}: {:?}",
            answer.stderr
        );
        assert!(
            answer.stderr.len() < 32 * 1024,
            "{name}: {} bytes were said",
            answer.stderr.len()
        );
    }
}

/// A suite that is sound as far as a file can tell: persona, scenario, metrics, agent and service for a unit test.
fn sound() -> String {
    [
        PERSONA.to_owned(),
        scenario("say: hello"),
        metric("judge: {contains: {text: hello, in: agent}}"),
        agent("stdio: {command: [cat]}"),
        "apiVersion: rehearse/v1\nkind: Service\nmetadata: {name: v}\nspec: {description: d, agent: a}\n"
            .to_owned(),
    ]
    .join("---\n")
}

#[test]
fn a_suite_with_a_fault_changes_nothing() {
    let up = Up::start(1);
    let directory = tempfile::tempdir().unwrap();
    let apply = |text: &str| {
        write(directory.path(), text.as_bytes());
        run_at(&up, directory.path(), &["apply", "-f", "suite.yaml"])
    };
    apply(&sound().replace("Maria", "Anna")).expect(0);
    let before = events(&up);

    let test = "apiVersion: rehearse/v1\nkind: UnitTest\nmetadata: {name: t}\nspec:\n  service: v\n  persona: Maria\n  scenario: s\n";
    let with = |more: &str| format!("{}---\n{test}{more}", sound());
    let criteria = "  criteria: [{metric: m, equals: true}]\n";
    let faulty: &[(String, &[&str])] = &[
        (
            format!("{PERSONA}---\nkind: [\n"),
            &["suite.yaml:6:7: this is not YAML"],
        ),
        (
            with(criteria).replace("  service: v", "  service: ghost"),
            &["suite.yaml:37:3: /spec/service: there is no service `ghost`"],
        ),
        (
            with("  criteria: [{metric: ghost, equals: true}]\n"),
            &["suite.yaml:40:15: /spec/criteria/0/metric: there is no metric `ghost`"],
        ),
        (
            with(
                "  criteria:\n    - {metric: m, equals: true}\n    - {name: second, metric: m, atLeast: 3}\n",
            ),
            &[
                "suite.yaml:42:7: /spec/criteria/1: the metric `m` gives boolean values, the criterion is for numerical",
            ],
        ),
        (
            with(criteria).replace("  persona: Maria\n", "  persona: Maria\n  versionSet: ghost\n"),
            &["suite.yaml:", "ghost"],
        ),
        (
            sound().replace("Maria", "Anna").replace("customer", "spy"),
            &["suite.yaml:4:8: /spec/role: the role of persona `Anna` is `customer` for ever"],
        ),
        (
            sound()
                .replace(
                    "judge:",
                    "value: {numerical: {lowerBound: 0, upperBound: 9}}\n  judge:",
                )
                .replace("{contains: {text: hello, in: agent}}", "interactions"),
            &["suite.yaml:19:3: /spec/value: the metric's values are boolean for ever, not numerical"],
        ),
    ];
    for (text, words) in faulty {
        let refused = apply(text)
            .refused(96, words)
            .refused(96, &["nothing was changed"]);
        assert_eq!(refused.stdout, "");
        run_at(&up, directory.path(), &["diff", "-f", "suite.yaml"]).refused(96, words);
    }
    // Too much for one request, though every document is small enough.
    let graphs: Vec<String> = (0..20)
        .map(|index| {
            graph(&format!("t: {}", "x".repeat(500_000))).replace("name: g", &format!("name: g{index}"))
        })
        .collect();
    fs::write(directory.path().join("more.yaml"), graphs[10..].join("---\n")).unwrap();
    write(directory.path(), graphs[..10].join("---\n").as_bytes());
    run_at(
        &up,
        directory.path(),
        &["apply", "-f", "suite.yaml", "-f", "more.yaml"],
    )
    .refused(
        96,
        &[
            "as one request, and the server takes 8388608",
            "Apply the files in parts",
        ],
    );
    assert_eq!(events(&up), before, "a refused suite changed something");
    apply(&with(criteria)).expect(0);

    // In parts they are taken, and together, which is more than one answer may hold, they can be read.
    run_at(&up, directory.path(), &["apply", "-f", "more.yaml"]).expect(0);
    fs::write(directory.path().join("more.yaml"), graphs[..10].join("---\n")).unwrap();
    run_at(&up, directory.path(), &["apply", "-f", "more.yaml"]).expect(0);
    assert_eq!(
        events(&up).matches("context_graph.version_created").count(),
        21,
        "and the empty one"
    );
    assert_eq!(
        up.run(&["export"])
            .expect(0)
            .stdout
            .matches("kind: ContextGraph")
            .count(),
        21
    );
    assert_eq!(
        up.run(&["get", "context_graph"]).expect(0).stdout.lines().count(),
        22,
        "a heading and the graphs"
    );
}
