use super::*;

fn report(files: &[(&str, &str)]) -> Vec<String> {
    let sources = files
        .iter()
        .map(|(name, text)| Source::new(*name, *text))
        .collect();
    read(sources).expect_err("something is wrong").lines(false)
}

const PERSONA: &str = "\
apiVersion: rehearse/v1
kind: Persona
metadata: {name: Maria}
spec: {role: customer, background: Orders groceries., preferredLanguage: eng}
";

#[test]
fn a_good_suite_is_read() {
    let suite = read(vec![Source::new("a.yaml", PERSONA)]).expect("it is good");
    assert_eq!(suite.documents.len(), 1);
    assert_eq!(suite.documents[0].object.name.as_str(), "Maria");
    assert!(suite.warnings.is_empty());
}

#[test]
fn every_fault_of_every_file_is_told_at_once() {
    let lines = report(&[
        (
            "b.yaml",
            "apiVersion: rehearse/v1\nkind: Persna\nmetadata: {name: x}\nspec: {}\n---\na: [\n",
        ),
        ("a.yaml", &PERSONA.replace("role: customer", "rol: customer")),
    ]);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_name_stands_once_in_all_files() {
    let lines = report(&[("a.yaml", PERSONA), ("b.yaml", PERSONA)]);
    insta::assert_snapshot!(lines.join("\n"), @"b.yaml:3:12: /metadata/name: persona `Maria` stands here a second time; a.yaml:3:12 has it already");
}

#[test]
fn what_does_not_compile_is_told_with_its_place() {
    let scenario = "\
apiVersion: rehearse/v1
kind: Scenario
metadata: {name: asks}
spec:
  objective: Learn it.
  instructions: Ask.
  script:
    - say: Hello {{ persona.name
    - when: {matches: \"(\"}
      end: achieved
";
    let lines = report(&[("a.yaml", scenario)]);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("a.yaml:8:7: /spec/script/0/say: "),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("a.yaml:9:14: /spec/script/1/when/matches: "),
        "{lines:?}"
    );
}

#[test]
fn names_that_only_a_server_can_know_are_warnings() {
    let test = "\
apiVersion: rehearse/v1
kind: UnitTest
metadata: {name: greets}
spec:
  service: shop
  persona: Maria
  scenario: hello
  criteria:
    - metric: polite
      equals: true
";
    let suite = read(vec![Source::new("p.yaml", PERSONA), Source::new("t.yaml", test)]).expect("it is good");
    insta::assert_snapshot!(suite.warnings.lines(false).join("\n"), @r"
    t.yaml:5:3: /spec/service: these files hold no service `shop`; it must exist on the server
    t.yaml:7:3: /spec/scenario: these files hold no scenario `hello`; it must exist on the server
    t.yaml:9:7: /spec/criteria/0/metric: these files hold no metric `polite`; it must exist on the server
    ");
}

#[test]
fn a_refusal_is_shown_at_the_name_it_mentions() {
    let service = "\
apiVersion: rehearse/v1
kind: Service
metadata: {name: shop}
spec:
  description: Sells.
  agent: bot
";
    let suite = read(vec![Source::new("s.yaml", service)]).expect("it is good");
    let document = &suite.documents[0];
    let refused = document.refusal("", "there is no agent `bot`");
    assert_eq!(refused.line(), "s.yaml:6:3: /spec/agent: there is no agent `bot`");
    assert_eq!(
        document.refusal("", "something else").line(),
        "s.yaml:1:1: something else"
    );
    assert_eq!(
        document.refusal("/spec/description", "is odd").line(),
        "s.yaml:5:3: /spec/description: is odd"
    );
}
