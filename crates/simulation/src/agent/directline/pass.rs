//! What lets requests into a conversation: the channel's secret, or a token for one conversation, which is renewed in time.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use model::DirectLineCredential;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::{
    AgentError,
    caller::{Caller, Reply, Settings, Stamp},
    http::Request,
};

/// How long before its end a token is renewed, at the latest.
const MARGIN: Duration = Duration::from_secs(120);

/// What requests are let in with.
pub(super) struct Pass {
    credential: Credential,
    token: Mutex<Option<Token>>,
}

enum Credential {
    None,
    Secret(String),
    TokenUrl(Url),
}

#[derive(Clone)]
struct Token {
    text: String,
    /// When it is to be renewed; none: the service does not say how long it is good.
    renew_at: Option<Instant>,
}

impl Token {
    /// From a response that may give one.
    fn read(value: &Value) -> Option<Self> {
        let text = value
            .get("token")
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())?;
        let seconds = value
            .get("expires_in")
            .or_else(|| value.get("expiresIn"))
            .and_then(Value::as_u64);
        let good_for = seconds.map(Duration::from_secs);
        Some(Self {
            text: text.to_owned(),
            // A token that is good for less than the margin is renewed after half its time.
            renew_at: good_for
                .and_then(|time| Instant::now().checked_add(time.saturating_sub(MARGIN.min(time / 2)))),
        })
    }
}

impl Pass {
    pub(super) fn of(credential: &DirectLineCredential, settings: &Settings) -> Result<Self, AgentError> {
        let credential = match credential {
            DirectLineCredential::None => Credential::None,
            DirectLineCredential::Secret(secret) => Credential::Secret(settings.fill("secret", secret)?),
            DirectLineCredential::TokenUrl(url) => Credential::TokenUrl(settings.url("token_url", url)?),
        };
        Ok(Self {
            credential,
            token: Mutex::new(None),
        })
    }

    /// Starts a conversation and gives its id.
    pub(super) async fn start(
        &self,
        caller: &Caller,
        user: &str,
        session_id: &str,
    ) -> Result<String, AgentError> {
        let key = format!("{session_id}-open");
        let stamp = Stamp {
            turn_index: 0,
            idempotency_key: &key,
        };
        if let Credential::TokenUrl(url) = &self.credential {
            let mut request = caller.request(Method::GET, url)?;
            caller.stamp(&mut request, stamp)?;
            let place = request.place();
            let ask = || async { caller.ask(&request).await };
            let (reply, _calls) = caller.attempts.run(0, &place, ask).await?;
            let token = Token::read(&reply.value).ok_or_else(|| {
                // The body may hold a token under another name, so it is not quoted.
                caller
                    .http
                    .malformed(&request, "the response has no `token`", b"")
            })?;
            self.keep(Some(token));
        }
        let body = match &self.credential {
            Credential::Secret(_) => json!({ "user": { "id": user } }),
            Credential::None | Credential::TokenUrl(_) => json!({}),
        };
        let mut request = caller.post(&["conversations"], &body)?;
        caller.stamp(&mut request, stamp)?;
        let place = request.place();
        let ask = || async { self.ask(caller, request.clone()).await };
        let (reply, _calls) = caller.attempts.run(0, &place, ask).await?;
        if let Some(token) = Token::read(&reply.value) {
            self.keep(Some(token));
        }
        let conversation = reply.value.get("conversationId").and_then(Value::as_str);
        conversation
            .filter(|conversation| !conversation.is_empty())
            .map(ToOwned::to_owned)
            .ok_or_else(|| {
                let reason = "the response has no `conversationId`; is this a Direct Line service?";
                caller.http.malformed(&request, reason, b"")
            })
    }

    /// Sends a request as one who may. A token that is refused although it was given for the secret gives way to the secret.
    pub(super) async fn ask(&self, caller: &Caller, request: Request) -> Result<Reply, AgentError> {
        self.renew(caller).await?;
        let token = self.token();
        let outcome = caller.ask(&self.let_in(&request, token.as_ref())?).await;
        match outcome {
            Err(AgentError::Refused {
                status: 401 | 403, ..
            }) if token.is_some() && matches!(self.credential, Credential::Secret(_)) => {
                self.keep(None);
                caller.ask(&self.let_in(&request, None)?).await
            }
            outcome => outcome,
        }
    }

    fn let_in(&self, request: &Request, token: Option<&Token>) -> Result<Request, AgentError> {
        let mut request = request.clone();
        let bearer = match (token, &self.credential) {
            (Some(token), _) => token.text.as_str(),
            (None, Credential::Secret(secret)) => secret,
            (None, Credential::None | Credential::TokenUrl(_)) => return Ok(request),
        };
        request.header("secret", "authorization", &format!("Bearer {bearer}"))?;
        Ok(request)
    }

    /// Renews a token that is about to end.
    async fn renew(&self, caller: &Caller) -> Result<(), AgentError> {
        let Some(token) = self.token() else {
            return Ok(());
        };
        if token.renew_at.is_none_or(|at| Instant::now() < at) {
            return Ok(());
        }
        let request = self.let_in(&caller.post(&["tokens", "refresh"], &json!({}))?, Some(&token))?;
        let renewed = caller.ask(&request).await.and_then(|reply| {
            Token::read(&reply.value).ok_or_else(|| {
                caller
                    .http
                    .malformed(&request, "the response has no `token`", b"")
            })
        });
        match renewed {
            Ok(token) => self.keep(Some(token)),
            // The secret opens the conversation too.
            Err(error) if matches!(self.credential, Credential::Secret(_)) => {
                tracing::debug!(%error, "a Direct Line token could not be renewed");
                self.keep(None);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn token(&self) -> Option<Token> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, token: Option<Token>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }
}
