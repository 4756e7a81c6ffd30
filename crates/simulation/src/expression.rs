//! CEL expressions with a budget.
//!
//! CEL has no loops but its comprehensions (`map`, `filter`, `all`, `exists`, `exists_one`), yet nested over a long
//! conversation, or chained so that each doubles a text, they outlast any worker and its memory. So an expression is
//! bounded four ways: its length, the depth of its tree, a [`Budget`] that every operand and every round of a
//! comprehension is charged to (see `instrument`), and regular expressions of bounded size. Once the budget is spent every
//! further charge fails, so that evaluation unwinds; and the whole evaluation fails even if CEL absorbed those errors, as
//! `error || true` does. Evaluation recurses as deep as the tree: run it `isolated`.

mod budget;
mod instrument;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) use budget::Budget;
use cel::{
    Context, ExecutionError, Value,
    common::ast::IdedExpr,
    parser::{ParseErrors, PrattParser},
};
use model::Invalid;

use crate::template::list;

/// The longest expression, in bytes.
const MAX_SOURCE_BYTES: usize = 8 * 1024;
/// The deepest nesting of parentheses, calls and literals.
const MAX_NESTING: u16 = 48;
/// The most nodes on the way from the root of the tree to a leaf; a chain of operators counts each.
const MAX_TREE_DEPTH: usize = 256;

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    root: IdedExpr,
}

/// An expression that gave no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpressionError {
    /// The budget is spent.
    #[error("the expression takes too much work or memory for this conversation")]
    OutOfBudget,
    /// The evaluation failed.
    #[error("the expression failed: {0}")]
    Failed(String),
}

/// What an expression gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// `null`
    Null,
    /// A boolean.
    Boolean(bool),
    /// Any number.
    Number(f64),
    /// A string.
    Text(String),
    /// Something else, by the name of its type.
    Other(String),
}

/// What an expression sees, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings {
    values: BTreeMap<&'static str, Value>,
}

impl Bindings {
    /// Adds a value.
    pub(crate) fn with(mut self, name: &'static str, value: &serde_json::Value) -> Self {
        self.values.insert(name, to_cel(value));
        self
    }
}

impl Program {
    /// Compiles an expression that may name the `allowed` variables.
    pub(crate) fn compile(source: &str, allowed: &[&str]) -> Result<Self, Invalid> {
        if source.len() > MAX_SOURCE_BYTES {
            return Err(Invalid::new(format!(
                "an expression has at most {MAX_SOURCE_BYTES} bytes"
            )));
        }
        let root = PrattParser::new()
            .max_recursion_depth(MAX_NESTING)
            .max_expression_node_count(MAX_SOURCE_BYTES)
            .parse(source)
            .map_err(|why| Invalid::new(format!("is not a CEL expression: {}", describe(&why))))?;
        if instrument::depth(&root, MAX_TREE_DEPTH).is_none() {
            return Err(Invalid::new(format!(
                "chains or nests more than {MAX_TREE_DEPTH} operations"
            )));
        }
        let mut free = BTreeSet::new();
        instrument::free_variables(&root, &mut Vec::new(), &mut free);
        if let Some(unknown) = free.iter().find(|name| !allowed.contains(&name.as_str())) {
            return Err(Invalid::new(format!(
                "there is no `{unknown}` here; there are {}",
                list(allowed)
            )));
        }
        for function in root.references().functions() {
            if !is_known(function) {
                return Err(Invalid::new(format!("there is no function `{function}` in CEL")));
            }
        }
        Ok(Self {
            root: instrument::instrument(root),
        })
    }

    /// Evaluates the expression. Deterministic: the same bindings give the same outcome.
    pub(crate) fn run(&self, bindings: &Bindings, budget: &Budget) -> Result<Outcome, ExpressionError> {
        let mut context = Context::default();
        budget.install(&mut context);
        for (name, value) in &bindings.values {
            context.add_variable_from_value(*name, value.clone());
        }
        let value = Value::resolve(&self.root, &context);
        if budget.is_spent() {
            return Err(ExpressionError::OutOfBudget);
        }
        let value = value.map_err(|why| {
            ExpressionError::Failed(crate::excerpt::excerpt(
                &why.to_string(),
                crate::excerpt::EXCERPT_BYTES,
            ))
        })?;
        Ok(outcome(&value))
    }
}

/// Whether there is a function, method or operator of this name. It is called without what it needs, and only the complaint that it does
/// not exist counts.
fn is_known(function: &str) -> bool {
    let is_name = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    // Operators and macros have names that nobody can write.
    if !is_name(function) || function.starts_with('_') {
        return true;
    }
    let unknown = |call: String| {
        let Ok(root) = PrattParser::new().parse(&call) else {
            return false;
        };
        matches!(
            Value::resolve(&root, &Context::default()),
            Err(ExecutionError::UndeclaredReference(_))
        )
    };
    !(unknown(format!("{function}()")) && unknown(format!("null.{function}()")))
}

fn outcome(value: &Value) -> Outcome {
    match value {
        Value::Null => Outcome::Null,
        Value::Bool(value) => Outcome::Boolean(*value),
        Value::Float(value) => Outcome::Number(*value),
        Value::Int(value) => to_number(value),
        Value::UInt(value) => to_number(value),
        Value::String(text) => Outcome::Text(text.as_ref().clone()),
        Value::List(_)
        | Value::Map(_)
        | Value::Function(..)
        | Value::Bytes(_)
        | Value::Duration(_)
        | Value::Timestamp(_)
        | Value::Opaque(_)
        | Value::Struct(_) => Outcome::Other(value.type_of().to_string()),
    }
}

/// By way of the text, which rounds to the nearest number and needs no cast.
fn to_number(value: &impl std::fmt::Display) -> Outcome {
    value
        .to_string()
        .parse()
        .map_or_else(|_why| Outcome::Other("int".to_owned()), Outcome::Number)
}

fn to_cel(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map(Value::Int)
            .or_else(|| number.as_f64().map(Value::Float))
            .unwrap_or(Value::Null),
        serde_json::Value::String(text) => Value::from(text.clone()),
        serde_json::Value::Array(items) => Value::from(items.iter().map(to_cel).collect::<Vec<_>>()),
        serde_json::Value::Object(fields) => Value::from(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), to_cel(value)))
                .collect::<HashMap<_, _>>(),
        ),
    }
}

fn describe(errors: &ParseErrors) -> String {
    let first = errors.errors.first().map_or_else(
        || "it cannot be read".to_owned(),
        |error| match error.pos {
            (line, column) if line > 0 => format!("{} (line {line}, column {column})", error.msg),
            _ => error.msg.clone(),
        },
    );
    crate::excerpt::excerpt(&first, crate::excerpt::EXCERPT_BYTES)
}

#[cfg(test)]
mod tests;
