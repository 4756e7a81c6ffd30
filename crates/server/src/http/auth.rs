//! Who makes a request: the token says it, and the projections say whether it is still true and what they may do.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::{
    error::{ErrorCode, Problem},
    session::ORG_ID_HEADER,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, header::AUTHORIZATION};
use model::{Access, Directory as _, DirectoryExt as _, Kind, Object, ObjectRef, OrgId, Time};
use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::{app::App, headers::single, request::no_organization, token::Claims};
use crate::{
    Caller,
    gateway::{access_of, of_read, opens_for},
};

/// How many tokens are remembered. More are recognized as well, but every time anew.
const MAX_SESSIONS: usize = 10_000;

/// How long it is taken for granted what a user may do, if nothing happens: grants may end by themselves.
const MAX_AGE: Duration = Duration::from_secs(2);

/// The longest value of `Authorization` that is looked at, in bytes.
const MAX_AUTHORIZATION: usize = 4096;

/// Tokens that were recognized before.
#[derive(Debug)]
pub(super) struct Sessions {
    /// Tokens are remembered as hashes under this key.
    salt: [u8; 32],
    known: Cache<[u8; 32], Arc<Session>>,
}

/// One recognized token.
#[derive(Debug)]
struct Session {
    claims: Claims,
    standing: Mutex<Option<Standing>>,
}

/// What a user may do, as the projections said.
#[derive(Clone, Debug)]
struct Standing {
    access: Arc<Access>,
    /// After this the key opens nothing.
    key_expires_at: Option<Time>,
    /// The projections had come at least that far.
    sequence: u64,
    at: Instant,
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self {
            salt: rand::random(),
            known: Cache::new(MAX_SESSIONS),
        }
    }

    /// Who makes a request about `org`.
    ///
    /// # Errors
    /// It is not said, or not convincingly; or it is someone of another organization.
    pub(super) async fn caller(
        &self,
        app: &App,
        headers: &HeaderMap,
        org: &OrgId,
    ) -> Result<Caller, Problem> {
        let token = token(headers)?;
        let session = self.session(app, &token.text)?;
        let claims = &session.claims;
        let basic = token.user.as_ref();
        if basic.is_some_and(|user| *user != format!("{}_{}", claims.org, claims.sub)) {
            return Err(refused("the token is not that of the user name"));
        }
        let issuer =
            single(headers, ORG_ID_HEADER).map_err(|_wrong| refused("X-ORG-ID must stand there once"))?;
        if issuer.is_some_and(|issuer| issuer != claims.org.as_str()) {
            return Err(refused("X-ORG-ID is not the organization of the token"));
        }
        if claims.org != *org {
            return Err(no_organization(org.as_str()));
        }
        let access = session.access(app).await?;
        Ok(Caller {
            org: claims.org.clone(),
            user: claims.sub.clone(),
            access,
        })
    }

    /// The token's session.
    fn session(&self, app: &App, token: &str) -> Result<Arc<Session>, Problem> {
        let key = *blake3::keyed_hash(&self.salt, token.as_bytes()).as_bytes();
        if let Some(session) = self.known.get(&key) {
            let in_force = app.tokens().check_time(&session.claims);
            in_force.map_err(|error| refused(&error.to_string()))?;
            return Ok(session);
        }
        let claims = app.tokens().verify(token);
        let session = Arc::new(Session {
            claims: claims.map_err(|error| refused(&error.to_string()))?,
            standing: Mutex::new(None),
        });
        self.known.insert(key, Arc::clone(&session));
        Ok(session)
    }
}

impl Session {
    /// What the user may do now.
    async fn access(&self, app: &App) -> Result<Arc<Access>, Problem> {
        let gateway = app.gateway();
        let now = gateway.now();
        let sequence = gateway.database().sequences().events;
        let remembered = self
            .standing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let standing = match remembered {
            Some(standing) if standing.sequence == sequence && standing.at.elapsed() < MAX_AGE => standing,
            Some(_) | None => {
                let standing = self.look(app, now, sequence).await?;
                *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing.clone());
                standing
            }
        };
        if standing.key_expires_at.is_some_and(|end| end <= now) {
            return Err(refused("the API key of the token has expired"));
        }
        Ok(standing.access)
    }

    /// Asks the projections.
    async fn look(&self, app: &App, now: Time, sequence: u64) -> Result<Standing, Problem> {
        let at = Instant::now();
        let (key, user) = (self.claims.key, self.claims.sub.clone());
        let found = app.gateway().look(&self.claims.org, move |view| {
            let key = view
                .object(&ObjectRef::new(Kind::ApiKey, key))
                .map_err(|error| of_read(&error))?;
            let Some(Object::ApiKey(key)) = key.filter(|key| !key.life().is_deleted()) else {
                return Ok(None);
            };
            let user = view.user(user).map_err(|error| of_read(&error))?;
            let Some(user) = user else {
                return Ok(None);
            };
            if !opens_for(view, &key, &user)? {
                return Ok(None);
            }
            Ok(access_of(view, &user.id, now)?.map(|access| Standing {
                access: Arc::new(access),
                key_expires_at: key.expires_at,
                sequence,
                at,
            }))
        });
        let gone =
            || refused("the API key of the token no longer opens for its user, or one of them is gone");
        found.await?.ok_or_else(gone)
    }
}

/// A token as it was presented.
struct Presented {
    text: String,
    /// The user name that came with it.
    user: Option<String>,
}

/// The token of a request: as a bearer token, or as the password of Basic authentication.
fn token(headers: &HeaderMap) -> Result<Presented, Problem> {
    let header = single(headers, AUTHORIZATION.as_str());
    let header = header.map_err(|_wrong| refused("Authorization must stand there once, in ASCII"))?;
    let header = header.ok_or_else(|| refused("the request has no Authorization; sign in first"))?;
    let unreadable =
        || refused("Authorization must be `Bearer` and a token, or `Basic` with a token as password");
    if header.len() > MAX_AUTHORIZATION {
        return Err(unreadable());
    }
    let (scheme, value) = header.split_once(' ').ok_or_else(unreadable)?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Presented {
            text: value.to_owned(),
            user: None,
        });
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unreadable());
    }
    let decoded = BASE64_STANDARD.decode(value).ok();
    let decoded = decoded.and_then(|decoded| String::from_utf8(decoded).ok());
    let decoded = decoded.ok_or_else(unreadable)?;
    let (user, text) = decoded.split_once(':').ok_or_else(unreadable)?;
    Ok(Presented {
        text: text.to_owned(),
        user: Some(user.to_owned()),
    })
}

fn refused(why: &str) -> Problem {
    Problem::new(ErrorCode::Unauthenticated, why)
}
