//! Signing in: an API key is exchanged for a token.
//!
//! Whatever is wrong with what was presented, the answer is the same and so is the work: nobody learns which organizations, keys and
//! users there are.

use std::sync::Arc;

use api::{
    FieldErrors, Pointer,
    error::{ErrorCode, Problem},
    session::{API_KEY_HEADER, API_KEY_ID_HEADER, SignedIn, USER_ID_HEADER},
};
use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
};
use http::{HeaderMap, Response, StatusCode};
use model::{ApiKey, ApiKeyId, Directory as _, Kind, Object, ObjectRef, Oid, OrgId, User, UserId};
use projections::OrgView;

use super::{
    app::{App, Peer},
    body::RequestBody,
    headers::single,
    limit::Allowance,
    request::organization,
    respond::{json, refuse},
};
use crate::gateway::{internal, of_read, opens_for};

/// What is presented. An id that cannot be one is none.
struct Presented {
    secret: String,
    key: Option<ApiKeyId>,
    user: Option<UserId>,
}

/// Answers a request to sign in. A body is not needed; one that comes is not read.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = RequestBody::new(body, &parts.headers, app.options());
    let mut allowance = None;
    let mut answer = match organization(parts.uri.path()) {
        Err(problem) => refuse(problem),
        Ok(org) => {
            let key_id = parts.headers.get(API_KEY_ID_HEADER);
            let key_id = key_id.map(|id| String::from_utf8_lossy(id.as_bytes()));
            let now = app.gateway().now();
            allowance = app
                .limits()
                .sign_in(peer, org.as_str(), key_id.as_deref().unwrap_or(""), now);
            match sign_in(&app, org, &parts.headers, allowance.as_ref()).await {
                Ok(signed_in) => json(StatusCode::OK, &signed_in),
                Err(problem) => refuse(problem),
            }
        }
    };
    if let Some(allowance) = allowance {
        answer.extensions_mut().insert(allowance);
    }
    body.drain().await;
    answer
}

async fn sign_in(
    app: &App,
    org: OrgId,
    headers: &HeaderMap,
    allowance: Option<&Allowance>,
) -> Result<SignedIn, Problem> {
    allowance.map_or(Ok(()), Allowance::require)?;
    let presented = read(headers)?;
    let gateway = app.gateway().clone();
    let now = gateway.now();
    let hasher = gateway.key_hasher().clone();
    let found = gateway.look(&org, move |view| {
        let key = api_key(view, presented.key)?;
        let user = user(view, presented.user.as_ref())?;
        // A key that does not exist is compared with something as well.
        let hash = key.as_ref().map_or([0; 32], |key| key.secret_hash);
        let is_secret = hasher.verify(&presented.secret, &hash);
        let opens = match (&key, &user) {
            (Some(key), Some(user)) => {
                !key.life.is_deleted()
                    && !user.life.is_deleted()
                    && key.expires_at.is_none_or(|end| end > now)
                    && opens_for(view, key, user)?
            }
            (Some(_), None) | (None, Some(_) | None) => false,
        };
        Ok(key
            .zip(user)
            .filter(|_| is_secret & opens)
            .map(|(key, user)| (key.id, user.id)))
    });
    let Some((key, user)) = found.await? else {
        return Err(Problem::new(
            ErrorCode::Unauthenticated,
            "the organization, the API key or the user is not known, or the key opens nothing any more",
        ));
    };
    let issued = app.tokens().issue(org, user, key);
    let (id_token, expires_at) = issued.map_err(|failure| internal(&failure))?;
    Ok(SignedIn { id_token, expires_at })
}

/// Reads the three headers; all that are missing are named.
fn read(headers: &HeaderMap) -> Result<Presented, FieldErrors> {
    let mut errors = FieldErrors::default();
    let [secret, key, user] =
        [API_KEY_HEADER, API_KEY_ID_HEADER, USER_ID_HEADER].map(|name| match single(headers, name) {
            // An empty one is as wrong as any other.
            Ok(Some(value)) => Some(value),
            Ok(None) => {
                errors.push(&Pointer::root().key(name), "the header is required");
                None
            }
            Err(wrong) => {
                errors.extend(wrong);
                None
            }
        });
    match (secret, key, user) {
        (Some(secret), Some(key), Some(user)) => Ok(Presented {
            secret: secret.to_owned(),
            key: key.parse().ok(),
            user: user.parse().ok(),
        }),
        _ => Err(errors),
    }
}

/// The key, deleted or not. For an id that cannot be one the work is the same.
fn api_key(view: &OrgView<'_>, id: Option<ApiKeyId>) -> Result<Option<ApiKey>, Problem> {
    let wanted = id.unwrap_or(ApiKeyId(Oid::from_bytes([0; 12])));
    let object = ObjectRef::new(Kind::ApiKey, wanted);
    match view.object(&object).map_err(|error| of_read(&error))? {
        Some(Object::ApiKey(key)) => Ok(Some(key).filter(|_| id.is_some())),
        Some(_) | None => Ok(None),
    }
}

/// The user, deleted or not.
fn user(view: &OrgView<'_>, id: Option<&UserId>) -> Result<Option<User>, Problem> {
    let Some(id) = id else {
        return Ok(None);
    };
    let object = ObjectRef::new(Kind::User, id.clone());
    match view.object(&object).map_err(|error| of_read(&error))? {
        Some(Object::User(user)) => Ok(Some(user)),
        Some(_) | None => Ok(None),
    }
}
