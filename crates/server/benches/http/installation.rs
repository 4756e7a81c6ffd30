//! A server with an organization in it, and somebody who is signed in.

use std::{
    collections::BTreeMap,
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use journal::{Journal, MemoryJournal};
use model::{
    ADMINISTRATOR_ROLE, Capabilities, Commit, CommitMeta, Digest, Event, FirstVersion, Kind, ObjectRef, Oid,
    OrgId, PersonaContent, PersonaCreated, Tags, Time, Variables,
};
use projections::Database;
use serde_json::{Value, json};
use server::{
    Caller, DispatcherOptions, Gateway, Http, HttpOptions, KeyHasher, Metadata, Options, Server, Tokens,
};

use super::load::once;

type Failure = Box<dyn Error + Send + Sync>;

const KEY: [u8; 32] = [7; 32];
/// How many personas are put into the log together.
const BATCH: usize = 1_000;
/// When the first persona was made, in microseconds; each next one a second later.
const START: i64 = 1_700_000_000_000_000;

/// A server that somebody is signed in to.
pub(crate) struct Installation {
    server: Server,
    http: Http,
    token: String,
}

impl Installation {
    pub(crate) async fn start(journal: Arc<dyn Journal>) -> Result<Self, Failure> {
        let clock = || -> Arc<dyn Fn() -> Time + Send + Sync> { Arc::new(now) };
        let options = Options {
            commands: commands::Options {
                clock: clock(),
                catch_up_timeout: Duration::from_secs(10),
                capabilities: Capabilities {
                    build: "bench".to_owned(),
                    models: model::Models::default(),
                },
            },
            dispatcher: DispatcherOptions {
                holder: "bench".to_owned(),
                max_in_flight: 10,
                max_in_flight_per_run: 10,
                lead_ttl: Duration::from_secs(10),
                resync_interval: Duration::from_secs(30),
                min_interval: Duration::from_millis(100),
            },
            key_hasher: KeyHasher::new(KEY),
            webhooks: server::WebhookOptions::default(),
            language_models: simulation::LanguageModels::new(
                &simulation::LanguageModelsOptions::default(),
                simulation::Secrets::new(BTreeMap::new()),
            )?,
        };
        let server = Server::start(journal, Database::in_memory()?, options).await?;
        let gateway = Gateway::of(&server);
        let caller = Caller::trusted("acme".parse()?, "system".parse()?);
        let user = json!({"id": "ann", "name": "Ann", "role": ADMINISTRATOR_ROLE});
        command(&gateway, &caller, "user", "create", &user).await?;
        let key = json!({"name": "bench", "duration": "P30D", "rehearse": {"user_id": "ann"}});
        let key = command(&gateway, &caller, "api_key", "create", &key).await?;
        let options = HttpOptions {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            ..HttpOptions::default()
        };
        let http = Http::start(options, gateway, Tokens::new(KEY, clock())).await?;
        let text = |field: &str| key.get(field).and_then(Value::as_str).unwrap_or_default();
        let request = format!(
            "POST /v1/acme/user/signin_with_api_key HTTP/1.1\r\nHost: {}\r\nx-api-key: {}\r\nx-api-key-id: {}\r\n\
             x-user-id: ann\r\nContent-Length: 0\r\n\r\n",
            http.local_addr(),
            text("api_key"),
            text("api_key_id"),
        );
        let signed_in: Value = serde_json::from_slice(&once(http.local_addr(), &request).await?)?;
        let token = signed_in.get("id_token").and_then(Value::as_str);
        let token = token.ok_or("signing in gave no token")?.to_owned();
        Ok(Self { server, http, token })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.http.local_addr()
    }

    /// A request as it goes over the wire.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> String {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n",
            self.address(),
            self.token
        );
        if !body.is_empty() {
            request.push_str("Content-Type: application/json\r\n");
            request.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        request.push_str("\r\n");
        request.push_str(body);
        request
    }

    pub(crate) async fn stop(self) {
        self.http.stop(Duration::from_secs(5)).await;
        self.server.stop().await;
    }
}

fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.map_or(0, |since| since.as_micros());
    Time::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

async fn command(
    gateway: &Gateway,
    caller: &Caller,
    kind: &str,
    verb: &str,
    body: &Value,
) -> Result<Value, Failure> {
    let done = gateway
        .command_value(caller, Metadata::default(), kind, verb, body)
        .await;
    Ok(done?.body)
}

/// Puts personas into the log; every tenth is tagged `area: north`.
pub(crate) async fn personas(journal: &MemoryJournal, count: usize) -> Result<(), Failure> {
    let org: OrgId = "acme".parse()?;
    let mut tail = 0;
    for first in (0..count).step_by(BATCH) {
        let last = count.min(first + BATCH);
        let batch: Vec<Commit> = (first..last)
            .map(|index| persona(&org, index, index - first, last - first))
            .collect::<Result<_, _>>()?;
        tail = journal.append(&batch, tail).await?.last;
    }
    Ok(())
}

fn persona(org: &OrgId, index: usize, position: usize, count: usize) -> Result<Commit, Failure> {
    let id = Oid::derived(&[b"persona", &index.to_be_bytes()]);
    let area = if index.is_multiple_of(10) {
        "north"
    } else {
        "south"
    };
    let created = PersonaCreated {
        name: format!("Persona {index}").try_into()?,
        role: "customer".try_into()?,
        tags: Tags::try_from(BTreeMap::from([("area".to_owned(), Some(area.to_owned()))]))?,
        first: FirstVersion {
            version_id: id,
            content: PersonaContent {
                background: "35, first-time user with little time".try_into()?,
                preferred_language: None,
                timezone: None,
                user_models: Vec::new(),
                nonsensitive_user_variables: Variables::default(),
                sensitive_user_variables: Variables::default(),
            },
        },
    };
    Ok(Commit {
        org: org.clone(),
        object: ObjectRef::new(Kind::Persona, id),
        meta: CommitMeta {
            actor: "ann".parse()?,
            at: Time::from_micros(START + i64::try_from(index)? * 1_000_000),
            command_id: format!("c{}", index / BATCH).parse()?,
            command_digest: Digest::of(b"command"),
            index: u32::try_from(position)?,
            count: u32::try_from(count)?,
            traceparent: None,
        },
        events: vec![Event::PersonaCreated(created)],
    })
}
