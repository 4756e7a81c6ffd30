//! How often requests may be made, and telling callers how many are left.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    net::IpAddr,
    num::NonZeroU32,
};

use api::{
    error::{ErrorCode, Problem},
    http::{Operation, operation, operations},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};
use http::{HeaderMap, HeaderName, HeaderValue, header::RETRY_AFTER};
use model::Time;

use super::HttpError;
use crate::Caller;

/// How many callers are remembered apart, for each limit. Beyond that callers from one place, or of one user, share an allowance.
const MAX_KEYS: usize = 50_000;

/// How often requests may be made. All of it is per minute, with bursts of as many.
#[derive(Clone, Debug)]
pub struct RateLimits {
    /// Sign-ins from one address with one key; 0: any number.
    pub sign_in_per_minute: u32,
    /// Whether every operation is limited to what the API documents.
    pub operations: bool,
    /// The documented limits are multiplied by this.
    pub factor: f64,
    /// Limits of single operations by their name, whatever `operations` says and without the factor; 0: any number.
    pub per_operation: BTreeMap<String, u32>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            sign_in_per_minute: 5,
            operations: false,
            factor: 1.0,
            per_operation: BTreeMap::new(),
        }
    }
}

/// The limits in force.
#[derive(Debug)]
pub(super) struct Limits {
    /// Who asks is remembered as a hash under this key, so that nobody can choose to share an allowance.
    salt: [u8; 32],
    sign_in: Option<Limiter>,
    operations: HashMap<&'static str, Limiter>,
}

impl Limits {
    /// # Errors
    /// A limit for an operation that does not exist, or a factor that is no positive number.
    pub(super) fn new(wanted: &RateLimits) -> Result<Self, HttpError> {
        if !wanted.factor.is_finite() || wanted.factor <= 0.0 {
            return Err(HttpError::Factor {
                factor: wanted.factor,
            });
        }
        if let Some(unknown) = wanted.per_operation.keys().find(|id| operation(id).is_none()) {
            return Err(HttpError::Operation {
                operation: unknown.clone(),
            });
        }
        let limiters = operations().filter_map(|operation| {
            let documented = || {
                wanted
                    .operations
                    .then(|| multiplied(operation.per_minute, wanted.factor))
            };
            let per_minute = wanted.per_operation.get(operation.id).copied();
            let limiter = Limiter::new(per_minute.or_else(documented)?)?;
            Some((operation.id, limiter))
        });
        Ok(Self {
            salt: rand::random(),
            sign_in: Limiter::new(wanted.sign_in_per_minute),
            operations: limiters.collect(),
        })
    }

    /// One more request of `operation`; none: it is not limited.
    pub(super) fn operation(&self, operation: &Operation, caller: &Caller, now: Time) -> Option<Allowance> {
        let limiter = self.operations.get(operation.id)?;
        // Each operation has a limiter of its own.
        let key = self.key(&[caller.org.as_str(), caller.user.as_str()]);
        let shared = self.key(&[caller.org.as_str()]);
        Some(limiter.take(key, shared, now))
    }

    /// One more sign-in; none: they are not limited.
    pub(super) fn sign_in(&self, peer: IpAddr, org: &str, key_id: &str, now: Time) -> Option<Allowance> {
        let limiter = self.sign_in.as_ref()?;
        let place = place(peer);
        let key = self.key(&[&place, org, key_id]);
        let shared = self.key(&[&place]);
        Some(limiter.take(key, shared, now))
    }

    fn key(&self, parts: &[&str]) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.salt);
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        u128::from_be_bytes(key)
    }
}

/// Where a connection comes from. Who has one IPv6 address has 2⁶⁴.
fn place(peer: IpAddr) -> String {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// At least 1.
fn multiplied(per_minute: u32, factor: f64) -> u32 {
    let product = f64::from(per_minute) * factor;
    if product >= f64::from(u32::MAX) {
        return u32::MAX;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was compared with the largest; the factor is positive"
    )]
    let whole = product as u32;
    whole.max(1)
}

type Key = u128;

/// One limit, with what its callers have used of it.
struct Limiter {
    per_minute: NonZeroU32,
    used: RateLimiter<Key, HashMapStateStore<Key>, DefaultClock, StateInformationMiddleware>,
    clock: DefaultClock,
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("per_minute", &self.per_minute)
            .finish_non_exhaustive()
    }
}

impl Limiter {
    /// None: 0 stands for any number.
    fn new(per_minute: u32) -> Option<Self> {
        let per_minute = NonZeroU32::new(per_minute)?;
        let used = RateLimiter::hashmap(Quota::per_minute(per_minute));
        Some(Self {
            per_minute,
            used: used.with_middleware::<StateInformationMiddleware>(),
            clock: DefaultClock::default(),
        })
    }

    /// One more request by `key`, or by `shared` if there are too many keys to remember.
    fn take(&self, key: Key, shared: Key, now: Time) -> Allowance {
        if self.used.len() >= MAX_KEYS {
            // Whoever has been quiet for long enough has everything left, and need not be remembered.
            self.used.retain_recent();
            self.used.shrink_to_fit();
        }
        let key = if self.used.len() < MAX_KEYS { key } else { shared };
        let limit = self.per_minute.get();
        let now = u64::try_from(now.as_micros().div_euclid(1_000_000)).unwrap_or(0);
        match self.used.check_key(&key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = u64::from(limit.saturating_sub(remaining));
                Allowance {
                    limit,
                    remaining,
                    reset: now.saturating_add((used * 60).div_ceil(u64::from(limit))),
                    retry_after: None,
                }
            }
            Err(refused) => {
                let wait = refused.wait_time_from(self.clock.now());
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Allowance {
                    limit,
                    remaining: 0,
                    reset: now.saturating_add(60),
                    retry_after: Some(seconds.max(1)),
                }
            }
        }
    }
}

/// What a caller has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Requests per minute.
    limit: u32,
    /// How many may be made at once now.
    remaining: u32,
    /// When everything is left again, in seconds since 1970.
    reset: u64,
    /// The request is refused; the next one is not after so many seconds.
    retry_after: Option<u64>,
}

impl Allowance {
    /// # Errors
    /// There was nothing left.
    pub(super) fn require(&self) -> Result<(), Problem> {
        let Some(seconds) = self.retry_after else {
            return Ok(());
        };
        let detail = format!(
            "more than {} requests a minute; try again in {seconds} s",
            self.limit
        );
        Err(Problem::new(ErrorCode::RateLimited, detail))
    }

    /// Puts it into the headers of the answer.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let mut put = |name: &'static str, value: u64| {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        };
        put("x-ratelimit-limit", self.limit.into());
        put("x-ratelimit-remaining", self.remaining.into());
        put("x-ratelimit-reset", self.reset);
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

#[cfg(test)]
mod tests;
