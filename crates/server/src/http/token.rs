//! Tokens: what a caller presents after it has signed in.
//!
//! A token is a JWT signed with Ed25519 (RFC 7519, RFC 8037). Only what was made here is accepted, so nothing of a foreign header is
//! ever interpreted: the header must be, byte for byte, the one that goes with a key in force. There is no algorithm to choose, and
//! no key to look up.

mod keys;

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::{body::Body, extract::State};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use http::{HeaderValue, Response, StatusCode, header::CACHE_CONTROL};
use keys::{PERIOD_SECONDS, Ring, period_of};
use model::{ApiKeyId, OrgId, Time, UserId};
use serde::{Deserialize, Serialize};

use super::{HttpError, app::App, respond::json};

/// Who makes the tokens.
const ISSUER: &str = "rehearse";

/// How long a token lives unless something else is asked for.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The shortest life: the official client signs in again five minutes before the end.
const MIN_LIFETIME: Duration = Duration::from_secs(360);

/// How far the clocks of two servers may differ, in seconds.
const LEEWAY: i64 = 30;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 2048;

/// Makes tokens and recognizes them. Servers with the same secret key recognize each other's.
#[derive(Clone)]
pub struct Tokens {
    secret: Arc<[u8; 32]>,
    clock: Arc<dyn Fn() -> Time + Send + Sync>,
    lifetime: Duration,
    ring: Arc<RwLock<Arc<Ring>>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    /// The user.
    pub(crate) sub: UserId,
    /// The user's organization.
    pub(crate) org: OrgId,
    /// The API key that it was made for.
    pub(crate) key: ApiKeyId,
    iat: i64,
    nbf: i64,
    /// When it ends, in seconds since 1970.
    exp: i64,
    jti: String,
}

/// A token that opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// It was not made here, or not with a key that is still in force.
    #[error("the token is not valid; sign in again")]
    Foreign,
    /// It is too old.
    #[error("the token has expired; sign in again")]
    Expired,
    /// It is from the future.
    #[error("the token is not valid yet; the clocks of two servers differ")]
    TooEarly,
}

impl Tokens {
    /// Tokens under this key, which live for an hour.
    pub fn new(secret_key: [u8; 32], clock: Arc<dyn Fn() -> Time + Send + Sync>) -> Self {
        let ring = Ring::of(&secret_key, period_of(seconds(clock())));
        Self {
            secret: Arc::new(secret_key),
            clock,
            lifetime: LIFETIME,
            ring: Arc::new(RwLock::new(Arc::new(ring))),
        }
    }

    /// The same, with another life.
    ///
    /// # Errors
    /// Less than 6 minutes, or more than a day: a signing key is in force for as long.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Result<Self, HttpError> {
        if !(MIN_LIFETIME..=Duration::from_secs(PERIOD_SECONDS.unsigned_abs())).contains(&lifetime) {
            return Err(HttpError::TokenLifetime {
                seconds: lifetime.as_secs(),
            });
        }
        self.lifetime = lifetime;
        Ok(self)
    }

    /// A token for a user who signed in with a key, and when it ends.
    pub(crate) fn issue(
        &self,
        org: OrgId,
        user: UserId,
        key: ApiKeyId,
    ) -> Result<(String, Time), serde_json::Error> {
        let now = seconds((self.clock)());
        let exp = now.saturating_add(i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX));
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user,
            org,
            key,
            iat: now,
            nbf: now,
            exp,
            jti: hex::encode(rand::random::<[u8; 16]>()),
        };
        let key = self.ring(now);
        let key = key.current();
        let message = format!("{}.{}", key.header(), BASE64.encode(serde_json::to_vec(&claims)?));
        let signature = BASE64.encode(key.sign(message.as_bytes()));
        Ok((
            format!("{message}.{signature}"),
            Time::from_micros(exp.saturating_mul(1_000_000)),
        ))
    }

    /// What a token says, if it was made here and is in force.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let now = seconds((self.clock)());
        let claims = self.read(token, now).ok_or(TokenError::Foreign)?;
        self.check_time(&claims)?;
        Ok(claims)
    }

    /// Whether a token that was recognized before is in force.
    pub(crate) fn check_time(&self, claims: &Claims) -> Result<(), TokenError> {
        let now = seconds((self.clock)());
        if now >= claims.exp.saturating_add(LEEWAY) {
            return Err(TokenError::Expired);
        }
        if now < claims.nbf.saturating_sub(LEEWAY) {
            return Err(TokenError::TooEarly);
        }
        Ok(())
    }

    fn read(&self, token: &str, now: i64) -> Option<Claims> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let ring = self.ring(now);
        let key = ring.with_header(header)?;
        let signature: [u8; 64] = BASE64.decode(signature).ok()?.try_into().ok()?;
        if !key.has_signed(message.as_bytes(), &signature) {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&BASE64.decode(payload).ok()?).ok()?;
        (claims.iss == ISSUER).then_some(claims)
    }

    /// The public keys of those in force, as a JSON Web Key Set (RFC 7517).
    fn public_keys(&self) -> serde_json::Value {
        self.ring(seconds((self.clock)())).public_keys()
    }

    /// The keys in force.
    fn ring(&self, now: i64) -> Arc<Ring> {
        let period = period_of(now);
        let known = Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner));
        if known.period() == period {
            return known;
        }
        let ring = Arc::new(Ring::of(&self.secret, period));
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&ring);
        ring
    }
}

fn seconds(time: Time) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}

/// `GET /.well-known/jwks.json`: the public keys, for those who want to recognize tokens themselves.
pub(super) async fn jwks(State(app): State<Arc<App>>) -> Response<Body> {
    let mut answer = json(StatusCode::OK, &app.tokens().public_keys());
    let five_minutes = HeaderValue::from_static("public, max-age=300");
    answer.headers_mut().insert(CACHE_CONTROL, five_minutes);
    answer
}

#[cfg(test)]
mod tests;
