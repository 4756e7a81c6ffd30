//! `kind: ContextGraph`.

use model::ContextGraphContent;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::read::{Fields, json_object};

/// A document that is handed to the agent as it is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ContextGraphSpec {
    /// The document: any object.
    pub document: Map<String, Value>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<ContextGraphContent> {
    let document = fields.with("document", json_object)?;
    Some(ContextGraphContent { document })
}

pub(super) fn write(content: &ContextGraphContent) -> ContextGraphSpec {
    ContextGraphSpec {
        document: crate::wire::object(&content.document),
    }
}
