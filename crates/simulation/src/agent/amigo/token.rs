//! Signing in: an API key gives a token for a user, which is good for a while.
//!
//! Signing in is rate limited per user, so all conversations of a worker share the tokens. Nothing that holds one is shown.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use model::{Amigo, Digest, Time};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::Mutex as AsyncMutex;

use super::super::{
    AgentError,
    caller::{Caller, Reply, Settings},
    http::{Body, Request},
};

/// How long before its end a token is no longer used.
const MARGIN: Duration = Duration::from_secs(300);
/// The most accounts whose tokens are remembered.
const MAX_ACCOUNTS: usize = 10_000;

/// One account's token; who holds the lock signs in.
type Slot = Arc<AsyncMutex<Option<Token>>>;

/// The tokens of all accounts that this process uses.
#[derive(Clone, Default)]
pub(in crate::agent) struct Tokens(Arc<Mutex<BTreeMap<[u8; 32], Slot>>>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    fn slot(&self, account: [u8; 32]) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MAX_ACCOUNTS {
            // Those that a session uses live on with it.
            slots.clear();
        }
        Arc::clone(slots.entry(account).or_default())
    }
}

#[derive(Clone)]
struct Token {
    text: String,
    expires_at: SystemTime,
}

impl Token {
    fn is_good(&self) -> bool {
        SystemTime::now() + MARGIN < self.expires_at
    }
}

/// Who talks to the service.
pub(super) struct Account {
    sign_in: Request,
    slot: Slot,
}

impl Account {
    pub(super) fn of(
        amigo: &Amigo,
        settings: &Settings,
        caller: &Caller,
        organization: &str,
        tokens: &Tokens,
    ) -> Result<Self, AgentError> {
        let url = caller.url(&["v1", organization, "user", "signin_with_api_key"]);
        let mut sign_in = caller.request(Method::POST, &url)?;
        let mut account = url.to_string();
        for (field, header, source) in [
            ("api_key", "x-api-key", &amigo.api_key),
            ("api_key_id", "x-api-key-id", &amigo.api_key_id),
            ("user_id", "x-user-id", &amigo.user_id),
        ] {
            let value = settings.fill(field, source)?;
            sign_in.header(field, header, &value)?;
            account = Digest::of_parts(&[account.as_bytes(), value.as_bytes()]).to_string();
        }
        Ok(Self {
            sign_in,
            slot: tokens.slot(*Digest::of(account.as_bytes()).as_bytes()),
        })
    }

    /// A token that is good, and not the one that was just refused.
    async fn token(&self, caller: &Caller, refused: Option<&str>) -> Result<String, AgentError> {
        let mut slot = self.slot.lock().await;
        if let Some(token) = slot.as_ref()
            && token.is_good()
            && refused != Some(token.text.as_str())
        {
            return Ok(token.text.clone());
        }
        *slot = None;
        let reply = caller.ask(&self.sign_in).await?;
        // The body holds the token, so it is not quoted.
        let malformed = |reason: &str| caller.http.malformed(&self.sign_in, reason, b"");
        let token = Token {
            text: reply
                .value
                .get("id_token")
                .and_then(Value::as_str)
                .filter(|token| !token.is_empty())
                .ok_or_else(|| malformed("the response has no `id_token`"))?
                .to_owned(),
            expires_at: reply
                .value
                .get("expires_at")
                .and_then(Value::as_str)
                .and_then(|at| at.parse::<Time>().ok())
                .and_then(|at| u64::try_from(at.as_micros()).ok())
                .and_then(|at| SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(at)))
                .ok_or_else(|| malformed("`expires_at` is not a time"))?,
        };
        let text = token.text.clone();
        *slot = Some(token);
        Ok(text)
    }

    /// Sends a request as this user and waits for the head of the response. A token that is refused is replaced once.
    pub(super) async fn begin(&self, caller: &Caller, request: &Request) -> Result<Body, AgentError> {
        let token = self.token(caller, None).await?;
        let outcome = caller
            .http
            .begin(&let_in(request, &token)?, &caller.connection)
            .await;
        match outcome {
            Err(AgentError::Refused { status: 401, .. }) => {
                let token = self.token(caller, Some(&token)).await?;
                caller
                    .http
                    .begin(&let_in(request, &token)?, &caller.connection)
                    .await
            }
            outcome => outcome,
        }
    }

    /// Sends a request as this user and reads the JSON that comes back.
    pub(super) async fn ask(&self, caller: &Caller, request: &Request) -> Result<Reply, AgentError> {
        let bytes = self.begin(caller, request).await?.rest().await?;
        let value = serde_json::from_slice(&bytes).map_err(|why| {
            caller
                .http
                .malformed(request, format!("the response is not JSON ({why})"), &bytes)
        })?;
        Ok(Reply { value, bytes })
    }
}

fn let_in(request: &Request, token: &str) -> Result<Request, AgentError> {
    let mut request = request.clone();
    request.header("id_token", "authorization", &format!("Bearer {token}"))?;
    Ok(request)
}
