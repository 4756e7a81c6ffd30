//! Checks of what people write: everything that can be found out before a conversation is held is found out here.
//!
//! The checks of the domain types come first; these compile what those only store: templates, expressions, patterns,
//! schemas, pointers and header names.

mod connection;

use model::{
    Condition, Connection, Invalid, Judge, MetricContent, MetricDomain, MetricType, Script, ScriptAction,
    ScriptStep,
};

use crate::{
    expression::Program,
    isolated::{DEADLINE, isolated_blocking},
    judge::{CEL_VARIABLES, compile_schema},
    pattern, template,
    user::{Conditions, SCRIPT_VARIABLES, condition_path, step_path},
};

/// Something that is not acceptable, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Finding {
    /// The place within what was checked, such as `steps[2].say`; empty: all of it.
    pub path: String,
    /// What is wrong and what would be accepted.
    pub reason: Invalid,
}

/// Checks a script: its bounds, and every template, pattern and expression in it.
pub fn check_script(script: &Script) -> Result<(), Vec<Finding>> {
    if let Err(reason) = script.check() {
        return Err(vec![Finding {
            path: "steps".to_owned(),
            reason,
        }]);
    }
    let script = script.clone();
    checked(move |findings| findings.steps(&script.steps, ""))
}

/// Checks a metric: its domain, its judge, and what the judge compiles.
pub fn check_metric(metric: &MetricContent) -> Result<(), Vec<Finding>> {
    let metric = metric.clone();
    checked(move |findings| {
        findings.add("", metric.check());
        findings.judge(&metric);
    })
}

/// Checks how an agent is reached: bounds, templates and the names they use, pointers, headers.
pub fn check_connection(connection: &Connection) -> Result<(), Vec<Finding>> {
    let connection = connection.clone();
    checked(move |findings| {
        findings.add("", connection.check());
        findings.protocol(&connection.protocol);
    })
}

/// Compiling recurses as deep as what is compiled, so it happens on a deep stack.
fn checked(work: impl FnOnce(&mut Findings) + Send + 'static) -> Result<(), Vec<Finding>> {
    let found = isolated_blocking(DEADLINE, move || {
        let mut findings = Findings::default();
        work(&mut findings);
        findings.found
    });
    let found = found.unwrap_or_else(|why| {
        vec![Finding {
            path: String::new(),
            reason: Invalid::new(format!("the check {why}")),
        }]
    });
    if found.is_empty() { Ok(()) } else { Err(found) }
}

#[derive(Default)]
struct Findings {
    found: Vec<Finding>,
}

impl Findings {
    fn add<T>(&mut self, path: impl Into<String>, checked: Result<T, Invalid>) -> Option<T> {
        checked
            .map_err(|reason| {
                self.found.push(Finding {
                    path: path.into(),
                    reason,
                })
            })
            .ok()
    }

    fn refuse(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.found.push(Finding {
            path: path.into(),
            reason: Invalid::new(reason),
        });
    }

    fn steps(&mut self, steps: &[ScriptStep], parent: &str) {
        for (index, step) in steps.iter().enumerate() {
            let path = step_path(parent, index);
            if let Some(when) = &step.when {
                self.condition(when, &path, "when");
            }
            match &step.action {
                ScriptAction::Say(text) => {
                    self.add(
                        format!("{path}.say"),
                        template::check(text.as_str(), SCRIPT_VARIABLES),
                    );
                }
                ScriptAction::Steps(steps) => self.steps(steps, &path),
                ScriptAction::Repeat {
                    times: _,
                    until,
                    steps,
                } => {
                    let path = format!("{path}.repeat");
                    if let Some(until) = until {
                        self.condition(until, &path, "until");
                    }
                    self.steps(steps, &path);
                }
                ScriptAction::End { .. } => {}
            }
        }
    }

    fn condition(&mut self, condition: &Condition, parent: &str, place: &str) {
        self.add(
            condition_path(parent, place, condition),
            Conditions::check(condition),
        );
    }

    fn judge(&mut self, metric: &MetricContent) {
        match &metric.judge {
            Judge::Regex { pattern, scope: _ } => {
                let compiled = self.add("judge.regex.pattern", pattern::compile(pattern.as_str()));
                let has_group = compiled.is_none_or(|regex| regex.captures_len() > 1);
                if metric.value.metric_type() == MetricType::Categorical && !has_group {
                    self.refuse(
                        "judge.regex.pattern",
                        "needs a group, as in `(yes|no)`, whose text is the category",
                    );
                }
            }
            Judge::JsonSchema { schema, scope: _ } => {
                self.add("judge.json_schema.schema", compile_schema(schema));
            }
            Judge::Cel { expression } => {
                self.add(
                    "judge.cel.expression",
                    Program::compile(expression.as_str(), CEL_VARIABLES),
                );
            }
            Judge::ToolCalled {
                name: _,
                arguments: Some(arguments),
            } => {
                if !arguments.value().is_object() {
                    self.refuse("judge.tool_called.arguments", "must be an object");
                }
            }
            Judge::Model(judge) => {
                for (index, name) in judge.models.iter().enumerate() {
                    if judge.models.iter().take(index).any(|other| other == name) {
                        self.refuse(
                            format!("judge.model.models[{index}]"),
                            format!("`{name}` is named already; ask it several times with `samples`"),
                        );
                    }
                }
            }
            Judge::Milestones => self.share(&metric.value),
            Judge::Contains { .. }
            | Judge::ToolCalled {
                name: _,
                arguments: None,
            }
            | Judge::Interactions
            | Judge::Latency { .. }
            | Judge::ScriptOutcome
            | Judge::Recorded { .. } => {}
        }
    }

    /// Whether every share, from none to all, is a value that may come out.
    fn share(&mut self, domain: &MetricDomain) {
        if let MetricDomain::Numerical {
            lower_bound,
            upper_bound,
        } = domain
            && (*lower_bound > 0.0 || *upper_bound < 1.0)
        {
            self.refuse(
                "",
                format!(
                    "a `milestones` judge gives shares from 0 to 1; the bounds {lower_bound} to {upper_bound} must hold them all"
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests;
