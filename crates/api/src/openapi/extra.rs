//! The operations that are no endpoints of the bus: a table, each with what it takes and answers.

use model::RunId;
use serde_json::{Value, json};
use utoipa::openapi::{path::ParameterIn, security::SecurityRequirement};

use super::{
    parameters::{self, Part},
    responses::Body,
    schemas::Components,
};
use crate::{
    bus::LogStatus,
    http::{Method, PATH_PREFIX},
    request::schema::{refer, referred},
    run::{
        ARTIFACT_CONTENT_TYPE, ARTIFACT_PATH, ConversationFinished, EVENTS_CONTENT_TYPE, EVENTS_PATH,
        EventId, EventName, Instance, LAST_EVENT_ID_HEADER, MAX_EXPIRES, Signature,
    },
    session::{API_KEY_HEADER, API_KEY_ID_HEADER, SIGN_IN_PATH, SignedIn, USER_ID_HEADER},
};

/// Who may use an operation.
#[derive(Clone, Copy)]
pub(super) enum Callers {
    /// Anybody.
    All,
    /// Whoever has an API key.
    KeyHolders,
    /// Whoever has signed in.
    Users,
}

/// An operation that is no endpoint.
pub(super) struct Extra {
    pub(super) id: &'static str,
    pub(super) method: Method,
    /// The whole path.
    pub(super) path: String,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) callers: Callers,
    pub(super) parameters: Vec<Part<'static>>,
    pub(super) status: u16,
    /// What it answers with `status`, and the components that the answer refers to.
    pub(super) body: fn(&mut Components) -> Body,
    /// Other statuses with the same body.
    pub(super) also: &'static [u16],
    /// Other statuses of a success, without a body.
    pub(super) empty: &'static [u16],
    /// Every status of an error that is told as a problem.
    pub(super) errors: &'static [u16],
}

/// All of them.
pub(super) fn extras() -> Vec<Extra> {
    vec![
        Extra {
            id: "sign-in-with-api-key",
            method: Method::Post,
            path: format!("{PATH_PREFIX}{SIGN_IN_PATH}"),
            tag: "session",
            summary: "Exchanges an API key for a token that lives for a while.",
            callers: Callers::KeyHolders,
            parameters: vec![
                parameters::organization(),
                header(API_KEY_HEADER, "The key's secret."),
                header(API_KEY_ID_HEADER, "The key's id."),
                header(USER_ID_HEADER, "The user whose key it is."),
            ],
            status: 200,
            body: signed_in,
            also: &[],
            empty: &[],
            errors: &[401, 404, 422, 429, 503],
        },
        Extra {
            id: "follow-run",
            method: Method::Get,
            path: format!("{PATH_PREFIX}{EVENTS_PATH}"),
            tag: "run",
            summary: "Follows a run: server-sent events, from the beginning or after the last one that was seen. 204: nothing follows.",
            callers: Callers::Users,
            parameters: vec![
                parameters::organization(),
                run_id(),
                Part {
                    name: "last_event_id",
                    place: ParameterIn::Query,
                    required: false,
                    schema: refer::<EventId>(),
                    example: None,
                },
                Part {
                    name: LAST_EVENT_ID_HEADER,
                    place: ParameterIn::Header,
                    required: false,
                    schema: refer::<EventId>(),
                    example: None,
                },
            ],
            status: 200,
            body: run_events,
            also: &[],
            empty: &[204],
            errors: &[401, 403, 404, 422, 503],
        },
        Extra {
            id: "fetch-run-artifact",
            method: Method::Get,
            path: format!("{PATH_PREFIX}{ARTIFACT_PATH}"),
            tag: "run",
            summary: "Fetches a run's artifact, whole or a range of it, from an address that was signed for a while.",
            callers: Callers::All,
            parameters: vec![
                parameters::organization(),
                run_id(),
                Part {
                    name: "expires",
                    place: ParameterIn::Query,
                    required: false,
                    schema: json!({
                        "description": "When the address ends, in seconds since 1970.",
                        "type": "integer", "minimum": 0, "maximum": MAX_EXPIRES,
                    }),
                    example: None,
                },
                Part {
                    name: "signature",
                    place: ParameterIn::Query,
                    required: false,
                    schema: refer::<Signature>(),
                    example: None,
                },
            ],
            status: 200,
            body: artifact,
            also: &[206],
            empty: &[304],
            errors: &[403, 404, 412, 416, 422, 503],
        },
        Extra {
            body: health,
            ..probe("health", "/healthz", "Says that the server runs.")
        },
        Extra {
            body: readiness,
            also: &[503],
            ..probe(
                "readiness",
                "/readyz",
                "Says whether the server can answer: the log is reachable, and the projections are up to date.",
            )
        },
        Extra {
            body: key_set,
            tag: "session",
            ..probe(
                "get-key-set",
                "/.well-known/jwks.json",
                "Tells the public keys that tokens are signed with (JWKS, RFC 7517).",
            )
        },
        probe("get-openapi", "/openapi.json", "Tells this document."),
    ]
}

/// An operation that anybody may use, which takes nothing and answers an object.
fn probe(id: &'static str, path: &str, summary: &'static str) -> Extra {
    Extra {
        id,
        method: Method::Get,
        path: path.to_owned(),
        tag: "server",
        summary,
        callers: Callers::All,
        parameters: Vec::new(),
        status: 200,
        body: any_object,
        also: &[],
        empty: &[],
        errors: &[],
    }
}

fn header(name: &'static str, description: &str) -> Part<'static> {
    Part {
        name,
        place: ParameterIn::Header,
        required: true,
        schema: json!({"description": description, "type": "string"}),
        example: None,
    }
}

fn run_id() -> Part<'static> {
    let mut schema = refer::<RunId>();
    schema["description"] = json!("The run.");
    Part {
        name: "run_id",
        place: ParameterIn::Path,
        required: true,
        schema,
        example: Some(json!("6618791275130b73714e8d90")),
    }
}

fn run_events(components: &mut Components) -> Body {
    referred::<RunId>(components);
    referred::<EventId>(components);
    referred::<ConversationFinished>(components);
    referred::<Instance>(components);
    let (run, finished) = (refer::<Instance>(), refer::<ConversationFinished>());
    let names = [
        (EventName::RunStarted, &run),
        (EventName::ConversationFinished, &finished),
        (EventName::RunCancelled, &run),
        (EventName::RunCompleted, &run),
    ];
    let data: serde_json::Map<String, Value> = names
        .into_iter()
        .map(|(name, data)| (name.as_str().to_owned(), data.clone()))
        .collect();
    let schema = json!({
        "description": "Events with `id`, `event` and `data`. The stream ends after `run.completed`; after any other end, go on with the id of the last event. What `data` holds for each event stands under `x-event-data`.",
        "type": "string",
        "x-event-data": data,
    });
    Body {
        media_type: EVENTS_CONTENT_TYPE,
        schema,
        example: None,
    }
}

fn artifact(components: &mut Components) -> Body {
    referred::<RunId>(components);
    referred::<Signature>(components);
    Body {
        media_type: ARTIFACT_CONTENT_TYPE,
        schema: json!({
            "description": "A zip. Its digest is the entity tag; `Range` and `If-Range`, `If-None-Match` and `If-Match` are minded, and `HEAD` is answered too.",
            "type": "string",
            "format": "binary",
        }),
        example: None,
    }
}

fn json_body(schema: Value, example: Option<Value>) -> Body {
    Body {
        media_type: "application/json",
        schema,
        example,
    }
}

fn signed_in(components: &mut Components) -> Body {
    referred::<SignedIn>(components);
    let example = json!({"id_token": "<token>", "expires_at": "2026-01-01T01:00:00.000Z"});
    json_body(refer::<SignedIn>(), Some(example))
}

fn any_object(_none: &mut Components) -> Body {
    json_body(json!({"type": "object"}), None)
}

fn health(_none: &mut Components) -> Body {
    let schema = json!({
        "type": "object",
        "properties": {"status": {"type": "string", "const": "ok"}},
        "required": ["status"],
    });
    json_body(schema, Some(json!({"status": "ok"})))
}

fn readiness(components: &mut Components) -> Body {
    referred::<LogStatus>(components);
    let schema = json!({
        "type": "object",
        "properties": {
            "ready": {"description": "Whether requests should be sent here.", "type": "boolean"},
            "reasons": {"description": "Why not.", "type": "array", "items": {"type": "string"}},
            "events": refer::<LogStatus>(),
            "results": refer::<LogStatus>(),
        },
        "required": ["ready", "reasons"],
    });
    json_body(
        schema,
        Some(json!({"ready": false, "reasons": ["the log cannot be reached"]})),
    )
}

fn key_set(_none: &mut Components) -> Body {
    let schema = json!({
        "type": "object",
        "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
        "required": ["keys"],
    });
    json_body(schema, None)
}

impl Callers {
    /// What they show to be let in; none: what the document says for all operations.
    pub(super) fn security(self) -> Option<Vec<SecurityRequirement>> {
        match self {
            Self::All => Some(vec![SecurityRequirement::default()]),
            Self::KeyHolders => Some(vec![
                SecurityRequirement::default()
                    .add::<_, [&str; 0], &str>("apiKey", [])
                    .add::<_, [&str; 0], &str>("apiKeyId", [])
                    .add::<_, [&str; 0], &str>("apiKeyUser", []),
            ]),
            Self::Users => None,
        }
    }
}
