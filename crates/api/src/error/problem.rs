//! The body of every error.

use serde::{Deserialize, Serialize};

use super::ErrorCode;
use crate::{FieldError, FieldErrors};

/// The media type of [`Problem`] (RFC 9457).
pub const PROBLEM_CONTENT_TYPE: &str = "application/problem+json";

/// The body of every error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// A URI for the kind of error: `urn:rehearse:error:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in a few words that are the same every time.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The stable code.
    pub code: ErrorCode,
    /// Names the request in the server's logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
    /// The fields that are wrong, if some are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// An error of this code; `detail` says what happened this time.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:rehearse:error:{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            request_id: None,
            errors: Vec::new(),
        }
    }

    /// The same, for the request with this id.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        let n_errors = errors.as_slice().len();
        let detail = match errors.as_slice() {
            [] => "a field is not acceptable".to_owned(),
            [error] if error.pointer.is_empty() => format!("the body {}", error.detail),
            [error] => format!("{}: {}", error.pointer, error.detail),
            [first, ..] => format!(
                "{n_errors} fields are not acceptable, the first is {}: {}",
                first.pointer, first.detail
            ),
        };
        Self {
            errors: errors.into(),
            ..Self::new(ErrorCode::ValidationFailed, detail)
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.detail, self.code)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Pointer;

    #[test]
    fn wrong_fields_are_listed() {
        let mut errors = FieldErrors::one(&Pointer::root().key("name"), "is required");
        errors.push(&Pointer::root().key("tags"), "must be an object, this is a list");
        let problem = Problem::from(errors).with_request_id("r1");
        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            json!({
                "type": "urn:rehearse:error:validation_failed",
                "title": "Fields of the request are not acceptable",
                "status": 422,
                "detail": "2 fields are not acceptable, the first is /name: is required",
                "code": "validation_failed",
                "request_id": "r1",
                "errors": [
                    {"pointer": "/name", "detail": "is required"},
                    {"pointer": "/tags", "detail": "must be an object, this is a list"},
                ],
            })
        );
    }

    #[test]
    fn problems_survive_json() {
        let problem = Problem::new(ErrorCode::NotFound, "there is no persona `x`");
        let json = serde_json::to_string(&problem).unwrap();
        assert!(!json.contains("errors"), "{json}");
        assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem);
    }
}
