//! Reading a task. Keys that are absent or null are empty; keys that nothing is made of are remembered, so that the summary can
//! name them.

use std::collections::BTreeSet;

use model::{Json, Text};
use serde_json::{Map, Value};

use crate::{
    FieldErrors, Pointer,
    import::{has_content, prose::prose, read_id, shown_key},
    read::{Fields, Read as _, described, list},
};

/// The most entries of each list of a task.
const MAX_ENTRIES: usize = 1_000;

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) domain: Option<String>,
    /// What the task is for, in words for people. The simulated user must not learn it.
    pub(super) purpose: Option<String>,
    pub(super) brief: Brief,
    pub(super) checks: Checks,
    /// Keys with content that nothing is made of.
    pub(super) ignored: BTreeSet<String>,
}

/// What the simulated user is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Brief {
    pub(super) persona: Option<String>,
    pub(super) known: Option<String>,
    pub(super) unknown: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) instructions: Option<String>,
}

/// What the conversation is checked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Checks {
    pub(super) actions: Vec<Action>,
    pub(super) communicate: Vec<Text>,
    pub(super) assertions: Vec<Text>,
    /// None: the task names none.
    pub(super) basis: Option<BTreeSet<String>>,
}

/// A tool call of the reference path.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Action {
    pub(super) name: Text,
    /// Those arguments that count; none: any.
    pub(super) arguments: Option<Map<String, Value>>,
    /// The user's own device is meant, not a tool of the agent.
    pub(super) by_user: bool,
}

/// The task's id, if it has a usable one.
pub(super) fn id_of(value: &Value) -> Option<String> {
    value.get("id").and_then(read_id)
}

/// Reads a task.
pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Task> {
    let mut ignored = BTreeSet::new();
    let mut fields = Fields::of(value, at, errors)?;
    let id = fields.with("id", |value, at, errors| {
        let id = read_id(value);
        if id.is_none() {
            errors.push(
                at,
                format!("must be text or a whole number, this is {}", described(value)),
            );
        }
        id
    });
    let purpose = fields.optional_with("description", purpose);
    let brief = fields.with("user_scenario", |value, at, errors| {
        user_scenario(value, at, errors, &mut ignored)
    });
    let checks = fields.optional_with("evaluation_criteria", |value, at, errors| {
        evaluation_criteria(value, at, errors, &mut ignored)
    });
    ignore(
        value,
        "",
        &["id", "description", "user_scenario", "evaluation_criteria"],
        &mut ignored,
    );
    let (domain, brief) = brief?;
    Some(Task {
        id: id?,
        domain,
        purpose: purpose?.flatten(),
        brief,
        checks: checks?.unwrap_or_default(),
        ignored,
    })
}

/// A description is text, or an object of which only the texts matter.
fn purpose(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Option<String>> {
    let Value::Object(_) = value else {
        return prose(value, at, errors);
    };
    let mut fields = Fields::of(value, at, errors)?;
    let purpose = fields.optional_with("purpose", prose);
    let policies = fields.optional_with("relevant_policies", prose);
    let notes = fields.optional_with("notes", prose);
    let parts: Vec<String> = [purpose?, policies?, notes?]
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    Some((!parts.is_empty()).then(|| parts.join("\n\n")))
}

fn user_scenario(
    value: &Value,
    at: &Pointer,
    errors: &mut FieldErrors,
    ignored: &mut BTreeSet<String>,
) -> Option<(Option<String>, Brief)> {
    if value.is_string() {
        return instructions(value, at, errors, ignored);
    }
    let mut fields = Fields::of(value, at, errors)?;
    let persona = fields.optional_with("persona", prose);
    let read = fields.with("instructions", |value, at, errors| {
        instructions(value, at, errors, ignored)
    });
    ignore(value, "user_scenario.", &["persona", "instructions"], ignored);
    let (domain, brief) = read?;
    Some((
        domain,
        Brief {
            persona: persona?.flatten(),
            ..brief
        },
    ))
}

/// Instructions are text, or an object that tells reason, knowledge and way apart.
fn instructions(
    value: &Value,
    at: &Pointer,
    errors: &mut FieldErrors,
    ignored: &mut BTreeSet<String>,
) -> Option<(Option<String>, Brief)> {
    let (domain, brief) = if value.is_object() {
        let mut fields = Fields::of(value, at, errors)?;
        let domain = fields.optional_with("domain", prose);
        let reason = fields.optional_with("reason_for_call", prose);
        let known = fields.optional_with("known_info", prose);
        let unknown = fields.optional_with("unknown_info", prose);
        let way = fields.optional_with("task_instructions", prose);
        let known_keys = [
            "domain",
            "reason_for_call",
            "known_info",
            "unknown_info",
            "task_instructions",
        ];
        ignore(value, "user_scenario.instructions.", &known_keys, ignored);
        let brief = Brief {
            persona: None,
            known: known?.flatten(),
            unknown: unknown?.flatten(),
            reason: reason?.flatten(),
            instructions: way?.flatten(),
        };
        (domain?.flatten(), brief)
    } else {
        let brief = Brief {
            instructions: prose(value, at, errors)?,
            ..Brief::default()
        };
        (None, brief)
    };
    if brief.reason.is_none() && brief.instructions.is_none() {
        errors.push(at, "must say what the user wants: it is empty");
        return None;
    }
    Some((domain, brief))
}

fn evaluation_criteria(
    value: &Value,
    at: &Pointer,
    errors: &mut FieldErrors,
    ignored: &mut BTreeSet<String>,
) -> Option<Checks> {
    let mut fields = Fields::of(value, at, errors)?;
    let actions = fields.optional_with("actions", |value, at, errors| {
        list(value, &(0..=MAX_ENTRIES), at, errors, action)
    });
    let texts = |value: &Value, at: &Pointer, errors: &mut FieldErrors| {
        list(value, &(0..=MAX_ENTRIES), at, errors, one_text)
    };
    let communicate = fields.optional_with("communicate_info", texts);
    let assertions = fields.optional_with("nl_assertions", texts);
    let basis = fields.optional_with("reward_basis", |value, at, errors| {
        list(value, &(0..=MAX_ENTRIES), at, errors, String::read)
    });
    let known = ["actions", "communicate_info", "nl_assertions", "reward_basis"];
    ignore(value, "evaluation_criteria.", &known, ignored);
    Some(Checks {
        actions: actions?.unwrap_or_default(),
        communicate: communicate?.unwrap_or_default(),
        assertions: assertions?.unwrap_or_default(),
        basis: basis?.map(|words| words.iter().map(|word| shown_key(word.trim())).collect()),
    })
}

/// Text, or a number as text.
fn one_text(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Text> {
    if let Value::Number(number) = value {
        return Text::try_from(number.to_string()).ok();
    }
    Text::read(value, at, errors)
}

fn action(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Action> {
    let mut fields = Fields::of(value, at, errors)?;
    let name = fields.required("name");
    let key = if value.get("arguments").is_some() {
        "arguments"
    } else {
        "kwargs"
    };
    let arguments = fields.optional_with(key, |value, at, errors| {
        let object = value.as_object();
        if object.is_none() {
            errors.push(at, format!("must be an object, this is {}", described(value)));
        }
        let object = object?;
        // What a metric may hold.
        match Json::from_value(value) {
            Ok(_) => Some(object.clone()),
            Err(reason) => {
                errors.push(at, reason.to_string());
                None
            }
        }
    });
    let compared: Option<Option<Vec<String>>> = fields.optional_list("compare_args", 0..=MAX_ENTRIES);
    let requestor: Option<Option<String>> = fields.optional("requestor");
    let (arguments, compared) = (arguments?, compared?);
    let arguments = arguments.map(|arguments| {
        arguments
            .into_iter()
            .filter(|(key, _)| compared.as_ref().is_none_or(|compared| compared.contains(key)))
            .collect::<Map<_, _>>()
    });
    Some(Action {
        name: name?,
        arguments: arguments.filter(|arguments| !arguments.is_empty()),
        by_user: requestor?.as_deref() == Some("user"),
    })
}

/// Remembers the keys of an object that have content and are not `known`.
fn ignore(value: &Value, prefix: &str, known: &[&str], ignored: &mut BTreeSet<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        if !known.contains(&key.as_str()) && has_content(value) {
            ignored.insert(format!("{prefix}{}", shown_key(key)));
        }
    }
}
