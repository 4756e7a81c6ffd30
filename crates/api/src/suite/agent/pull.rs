//! Connections that the agent makes: it waits for requests on NATS.

use model::Protocol;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{FieldErrors, Pointer, read::Fields};

/// The agent connects out to NATS and answers there: write `pull: {}`. Where it subscribes follows from its organization and its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PullDoc {}

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    Fields::of(value, at, errors)?.finish();
    Some(Protocol::Pull)
}
