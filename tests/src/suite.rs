//! A suite for the counting agent, as files.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// Writes a suite of `n_tests` tests with `repetitions` each into `directory`; its set is called `all`. Every call of the agent is
/// noted in the file `calls`, and takes `pause_seconds`.
pub fn write_suite(directory: &Path, n_tests: u32, repetitions: u32, pause_seconds: f64) -> PathBuf {
    let agent = crate::repository().join("tests/agents/counter.py");
    let calls = directory.join("calls");
    let mut suite = format!(
        r#"apiVersion: rehearse/v1
kind: Agent
metadata: {{name: counter}}
spec:
  connection:
    stdio:
      command: [python3, "{}"]
      env: {{CALLS: "{}", PAUSE_SECONDS: "{pause_seconds}"}}
      continuation: continue
---
apiVersion: rehearse/v1
kind: Service
metadata: {{name: counter}}
spec: {{description: counts, agent: counter}}
---
apiVersion: rehearse/v1
kind: Persona
metadata: {{name: Maria}}
spec: {{role: customer, background: someone}}
---
apiVersion: rehearse/v1
kind: Scenario
metadata: {{name: three words}}
spec:
  objective: be counted
  instructions: say three words
  script: [{{say: one}}, {{say: two}}, {{say: three}}]
---
apiVersion: rehearse/v1
kind: Metric
metadata: {{name: counts}}
spec:
  judge: {{contains: {{text: "message 3: three", in: lastAgent}}}}
---
apiVersion: rehearse/v1
kind: Metric
metadata: {{name: interactions}}
spec:
  value: {{numerical: {{lowerBound: 0, upperBound: 100}}}}
  judge: interactions
"#,
        agent.display(),
        calls.display(),
    );
    let mut tests = Vec::new();
    for number in 1..=n_tests {
        let _ = write!(
            suite,
            r#"---
apiVersion: rehearse/v1
kind: UnitTest
metadata: {{name: counting {number}}}
spec:
  service: counter
  persona: Maria
  scenario: three words
  criteria: [{{metric: counts, equals: true}}, {{metric: interactions, equals: 3}}]
"#
        );
        tests.push(format!("{{test: counting {number}, repetitions: {repetitions}}}"));
    }
    let _ = write!(
        suite,
        "---\napiVersion: rehearse/v1\nkind: UnitTestSet\nmetadata: {{name: all}}\nspec: {{tests: [{}]}}\n",
        tests.join(", ")
    );
    let file = directory.join("suite.yaml");
    std::fs::write(&file, suite).expect("the suite can be written");
    file
}
