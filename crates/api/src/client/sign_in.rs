//! Signing in, and keeping what that gives.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use model::Time;
use reqwest::header::HeaderValue;
use tokio::{sync::Mutex, time::Instant};

use super::{
    Address, ClientError, Credentials, Secret,
    send::{Refusal, Sender},
};
use crate::{
    error::{ErrorCode, Problem},
    http::Method,
    session::SignedIn,
};

/// A token is not used within this time of its end.
const MARGIN: Duration = Duration::from_secs(60);
/// A new token is used for at least this long, whatever the clock of this machine says.
const LEAST_USE: Duration = Duration::from_secs(30);
/// For how long a refusal is taken for the answer to whoever else was waiting to sign in.
const REFUSED_FOR: Duration = Duration::from_secs(1);

/// Keeps tokens beyond the life of a client, so that not every process has to sign in. What it is given opens the API until it
/// expires: it is to be kept as a key is.
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// What was saved last, if there is something.
    fn load(&self) -> Option<SignedIn>;
    /// Keeps what a sign-in gave. Nothing depends on it.
    fn save(&self, signed_in: &SignedIn);
    /// The server no longer accepts what was saved.
    fn forget(&self);
}

/// Opens the API for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token(Arc<Secret>);

impl Token {
    pub(super) fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Signs in, once for all that wait.
#[derive(Debug)]
pub(super) struct SignIn {
    credentials: Credentials,
    store: Option<Arc<dyn TokenStore>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    was_loaded: bool,
    /// The server's last refusal, and when it came.
    refused: Option<(Instant, Box<Problem>)>,
}

#[derive(Debug)]
struct Held {
    token: Token,
    /// From then on it is not used any more.
    until: Instant,
}

impl SignIn {
    pub(super) fn new(credentials: Credentials, store: Option<Arc<dyn TokenStore>>) -> Self {
        Self {
            credentials,
            store,
            state: Mutex::default(),
        }
    }

    /// A token that is good for a while and is not `refused`. Whoever comes while someone signs in waits for that.
    pub(super) async fn token(
        &self,
        sender: &Sender,
        address: &Address,
        refused: Option<&Token>,
    ) -> Result<Token, Refusal> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if !state.was_loaded {
            state.was_loaded = true;
            let saved = self.store.as_ref().and_then(|store| store.load());
            state.held = saved.and_then(|saved| held(saved, Duration::ZERO));
        }
        if let Some(held) = &state.held {
            if refused != Some(&held.token) && Instant::now() < held.until {
                return Ok(held.token.clone());
            }
            state.held = None;
            if let Some(store) = &self.store {
                store.forget();
            }
        }
        if let Some((at, problem)) = &state.refused
            && asked < *at + REFUSED_FOR
        {
            return Err(Refusal::new(self.refusal(sender, problem.clone())));
        }
        match self.sign_in(sender, address).await {
            Ok(signed_in) => {
                if let Some(store) = &self.store {
                    store.save(&signed_in);
                }
                let fresh = held(signed_in, LEAST_USE);
                let token = fresh.as_ref().map(|held| held.token.clone());
                state.held = fresh;
                state.refused = None;
                token.ok_or_else(|| {
                    let detail = "the server gave a token that has expired";
                    Refusal::new(ClientError::Problem(Box::new(Problem::new(
                        ErrorCode::Internal,
                        detail,
                    ))))
                })
            }
            Err(Refusal {
                error: ClientError::Problem(problem),
                ..
            }) if matches!(problem.code, ErrorCode::Unauthenticated | ErrorCode::NotFound) => {
                state.refused = Some((Instant::now(), problem.clone()));
                Err(Refusal::new(self.refusal(sender, problem)))
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn refusal(&self, sender: &Sender, problem: Box<Problem>) -> ClientError {
        ClientError::SignIn {
            base_url: sender.base_url().to_owned(),
            source: problem,
        }
    }

    async fn sign_in(&self, sender: &Sender, address: &Address) -> Result<SignedIn, Refusal> {
        let Credentials {
            api_key_id,
            api_key,
            user_id,
        } = &self.credentials;
        let url = address.of_sign_in().map_err(Refusal::new)?;
        let mut secret = HeaderValue::from_str(api_key.expose()).map_err(|_why| {
            Refusal::new(ClientError::Options {
                reason: "the API key holds characters that no API key has".to_owned(),
                source: None,
            })
        })?;
        secret.set_sensitive(true);
        let request = sender
            .request(Method::Post, url)
            .header("x-api-key", secret)
            .header("x-api-key-id", api_key_id.to_string())
            .header("x-user-id", user_id.as_str());
        let answer = sender.send(request).await?;
        let what = "signing in";
        let value = answer
            .json(what)
            .map_err(|error| Refusal::new(sender.placed(error)))?;
        serde_json::from_value(value).map_err(|source| {
            Refusal::new(ClientError::Unreadable {
                what: what.to_owned(),
                source,
            })
        })
    }
}

/// For how long to use what a sign-in gave, `least` at least; none if that is over.
fn held(signed_in: SignedIn, least: Duration) -> Option<Held> {
    let left = Duration::from_millis(signed_in.expires_at.millis_since(now()));
    let usable = left.saturating_sub(MARGIN).max(least);
    (!usable.is_zero()).then(|| Held {
        token: Token(Arc::new(Secret::new(signed_in.id_token))),
        until: Instant::now() + usable,
    })
}

fn now() -> Time {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
