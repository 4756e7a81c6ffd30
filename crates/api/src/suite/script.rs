//! Scripts: the lines of a simulated user that no model plays. Also the shape under `rehearse.script` of a scenario version.

use model::{
    Condition, MAX_DEPTH, MAX_ROUNDS, MAX_STEPS, Script, ScriptAction, ScriptStep, Text, UserOutcome,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read as _, Word as _, list, variant, words},
};

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum StepDoc {
    /// Says something.
    Say(SayStep),
    /// Goes round.
    Repeat(RepeatStep),
    /// Does several steps, usually under a condition.
    Group(GroupStep),
    /// Ends the conversation.
    End(EndStep),
}

/// Says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SayStep {
    /// Do the step only if this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionDoc>,
    /// What to say: a template over `persona`, `scenario` and `conversation`, such as `My name is {{ persona.name }}.`
    pub say: String,
}

/// Does the nested steps again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RepeatStep {
    /// Do the step only if this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionDoc>,
    /// At most this many rounds.
    #[schemars(range(min = 1, max = 1000))]
    pub repeat: u32,
    /// No further round once this holds; checked before each round but the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<ConditionDoc>,
    /// What to do in each round.
    #[schemars(length(min = 1))]
    pub steps: Vec<StepDoc>,
}

/// Does the nested steps once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GroupStep {
    /// Do the step only if this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionDoc>,
    /// What to do.
    #[schemars(length(min = 1))]
    pub steps: Vec<StepDoc>,
}

/// Ends the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct EndStep {
    /// Do the step only if this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionDoc>,
    /// Whether the simulated user got what it wanted.
    #[schemars(extend("enum" = ["achieved", "gave_up"]))]
    pub end: String,
    /// Why, for the transcript.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub reason: Option<String>,
}

/// A condition on the conversation so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConditionDoc {
    /// The agent's last message matches this regular expression.
    Matches(String),
    /// The agent's last message does not match this regular expression, or there is none.
    NotMatches(String),
    /// This CEL expression over `agent`, `persona`, `scenario` and `conversation` is true.
    Cel(String),
}

words! {
    UserOutcome {
        Achieved = "achieved",
        GaveUp = "gave_up",
    }
}

/// Reads a script: a list of steps.
pub(crate) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Script> {
    let mut room = MAX_STEPS;
    let steps = steps(value, 1, &mut room, at, errors)?;
    Some(Script { steps })
}

fn steps(
    value: &Value,
    depth: usize,
    room: &mut usize,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<Vec<ScriptStep>> {
    if depth > MAX_DEPTH {
        errors.push(at, format!("steps nest at most {MAX_DEPTH} deep"));
        return None;
    }
    let n_steps = value.as_array().map_or(0, Vec::len);
    let Some(left) = room.checked_sub(n_steps) else {
        errors.push(
            at,
            format!("a script has at most {MAX_STEPS} steps, nested ones included"),
        );
        return None;
    };
    *room = left;
    list(value, &(1..=MAX_STEPS), at, errors, |value, at, errors| {
        step(value, depth, room, at, errors)
    })
}

fn step(
    value: &Value,
    depth: usize,
    room: &mut usize,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<ScriptStep> {
    let mut fields = Fields::of(value, at, errors)?;
    let when = fields.optional_with("when", condition);
    let has = |key: &str| value.get(key).is_some();
    let mut nested = |fields: &mut Fields<'_>| {
        fields.with("steps", |value, at, errors| {
            steps(value, depth + 1, room, at, errors)
        })
    };
    let action = if has("say") {
        fields.required("say").map(ScriptAction::Say)
    } else if has("end") {
        let outcome = fields.required("end");
        let reason = fields.optional("reason");
        outcome
            .zip(reason)
            .map(|(outcome, reason)| ScriptAction::End { outcome, reason })
    } else if has("repeat") {
        let times = fields.number("repeat", 1..=MAX_ROUNDS);
        let until = fields.optional_with("until", condition);
        let steps = nested(&mut fields);
        times
            .zip(until)
            .zip(steps)
            .map(|((times, until), steps)| ScriptAction::Repeat { times, until, steps })
    } else if has("steps") {
        nested(&mut fields).map(ScriptAction::Steps)
    } else {
        fields.fault_here("a step has one of `say`, `steps`, `repeat` (with `steps`) or `end`");
        return None;
    };
    fields.finish();
    Some(ScriptStep {
        when: when?,
        action: action?,
    })
}

fn condition(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Condition> {
    let (word, content, at) = variant(value, &["matches", "notMatches", "cel"], at, errors)?;
    let Some(content) = content else {
        errors.push(&at, format!("must be an object, such as `{{\"{word}\": …}}`"));
        return None;
    };
    let text = Text::read(content, &at, errors)?;
    match word {
        "matches" => Some(Condition::Matches(text)),
        "notMatches" => Some(Condition::NotMatches(text)),
        _ => Some(Condition::Cel(text)),
    }
}

/// Writes a script.
pub(crate) fn write(script: &Script) -> Vec<StepDoc> {
    write_steps(&script.steps)
}

fn write_steps(steps: &[ScriptStep]) -> Vec<StepDoc> {
    steps.iter().map(write_step).collect()
}

fn write_step(step: &ScriptStep) -> StepDoc {
    let when = step.when.as_ref().map(write_condition);
    match &step.action {
        ScriptAction::Say(text) => StepDoc::Say(SayStep {
            when,
            say: text.to_string(),
        }),
        ScriptAction::Steps(steps) => StepDoc::Group(GroupStep {
            when,
            steps: write_steps(steps),
        }),
        ScriptAction::Repeat { times, until, steps } => StepDoc::Repeat(RepeatStep {
            when,
            repeat: *times,
            until: until.as_ref().map(write_condition),
            steps: write_steps(steps),
        }),
        ScriptAction::End { outcome, reason } => StepDoc::End(EndStep {
            when,
            end: outcome.word().to_owned(),
            reason: reason.as_ref().map(ToString::to_string),
        }),
    }
}

fn write_condition(condition: &Condition) -> ConditionDoc {
    match condition {
        Condition::Matches(pattern) => ConditionDoc::Matches(pattern.to_string()),
        Condition::NotMatches(pattern) => ConditionDoc::NotMatches(pattern.to_string()),
        Condition::Cel(expression) => ConditionDoc::Cel(expression.to_string()),
    }
}
