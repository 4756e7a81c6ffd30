//! The first organization, its user and its API key. Done at every start; what exists already stays as it is.

use commands::{ExecuteError, Executor, Request};
use model::{
    ADMINISTRATOR_ROLE, ApiKeyId, Command, Directory, DirectoryExt, Kind, Oid, OrgId, OrganizationProfile,
    Rejection, Time, UserId,
};
use serde::{Deserialize, Serialize};
use server::{KeyHasher, Server};

use crate::{
    embedded::Accounts,
    failure::{Failure, chain},
    secret::{Secret, random_bytes},
    settings::Settings,
};

/// The organization of an installation that nobody has named.
pub(crate) const ORGANIZATION: &str = "local";
/// Its first user.
pub(crate) const USER: &str = "admin";
/// What the log calls whoever sets an installation up.
const ACTOR: &str = "system";

/// Everything secret of an installation, kept from its first start on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The organization.
    pub(crate) organization_id: OrgId,
    /// Its first user.
    pub(crate) user_id: UserId,
    /// That user's API key.
    pub(crate) api_key_id: ApiKeyId,
    /// The key's secret.
    pub(crate) api_key: Secret,
    /// The users of the embedded nats-server.
    pub(crate) nats: Accounts,
}

impl Keys {
    /// New keys for a new installation.
    pub(crate) fn generate(now: Time) -> Result<Self, Failure> {
        let token = |invalid: model::Invalid| Failure::bug(format!("a built-in id is not valid: {invalid}"));
        Ok(Self {
            organization_id: ORGANIZATION.parse().map_err(token)?,
            user_id: USER.parse().map_err(token)?,
            api_key_id: ApiKeyId(new_oid(now)?),
            api_key: Secret::generate()?,
            nats: Accounts::generate(ORGANIZATION, USER)?,
        })
    }
}

fn new_oid(now: Time) -> Result<Oid, Failure> {
    let mut bytes = [0; 12];
    let seconds = u32::try_from(now.as_micros().div_euclid(1_000_000)).unwrap_or(0);
    let (time, random) = bytes.split_at_mut(4);
    time.copy_from_slice(&seconds.to_be_bytes());
    random.copy_from_slice(&random_bytes::<8>()?);
    Ok(Oid::from_bytes(bytes))
}

/// Makes what is missing.
pub(crate) async fn provision(
    server: &Server,
    keys: &Keys,
    hasher: &KeyHasher,
    settings: &Settings,
) -> Result<(), Failure> {
    let name = |text: &str| {
        model::Name::try_from(text)
            .map_err(|invalid| Failure::configuration(format!("`{text}` is no name: {invalid}")))
    };
    let executor = server.executor();
    let profile = OrganizationProfile {
        title: name(&settings.server.organization_title)?,
        preferred_language: None,
        timezone: None,
    };
    execute(executor, keys, Command::CreateOrganization(profile)).await?;
    let user = Command::CreateUser {
        id: keys.user_id.clone(),
        name: name("Administrator")?,
        role: name(ADMINISTRATOR_ROLE)?,
    };
    execute(executor, keys, user).await?;
    if has_former_role(server, keys)? {
        let assign = Command::AssignRole {
            role: name(ADMINISTRATOR_ROLE)?,
            user_id: keys.user_id.clone(),
        };
        execute(executor, keys, assign).await?;
    }
    let secret_hash = hasher.hash(keys.api_key.expose());
    let api_key = Command::CreateApiKey {
        id: Some(keys.api_key_id),
        user_id: keys.user_id.clone(),
        name: name("first start")?,
        secret_hash,
        lifetime_ms: None,
        role: None,
    };
    execute(executor, keys, api_key).await
}

/// The role that the first user had before there were roles.
const FORMER_ROLE: &str = "admin";

/// Whether the first user has the role of old, and nobody has made a role of that name since.
fn has_former_role(server: &Server, keys: &Keys) -> Result<bool, Failure> {
    let unreadable = |error: &(dyn std::error::Error + 'static)| {
        Failure::bug(format!(
            "the installation's first user cannot be read: {}",
            chain(error)
        ))
    };
    let view = server.database().view().map_err(|error| unreadable(&error))?;
    let organization = view.organization(keys.organization_id.clone());
    let user = organization.user(keys.user_id.clone());
    let role = organization.named(Kind::Role, FORMER_ROLE);
    let user = user.map_err(|error| unreadable(&error))?;
    let role = role.map_err(|error| unreadable(&error))?;
    Ok(role.is_none()
        && user.is_some_and(|user| !user.life.is_deleted() && user.role.as_str() == FORMER_ROLE))
}

async fn execute(executor: &Executor, keys: &Keys, command: Command) -> Result<(), Failure> {
    let actor = ACTOR
        .parse()
        .map_err(|invalid| Failure::bug(format!("a built-in id is not valid: {invalid}")))?;
    let request = Request {
        org: keys.organization_id.clone(),
        actor,
        command_id: None,
        traceparent: None,
        precondition: None,
        command,
    };
    match executor.execute(request).await {
        Ok(_) | Err(ExecuteError::Rejected(Rejection::AlreadyExists { .. })) => Ok(()),
        Err(error) => Err(Failure::bug(format!(
            "the installation cannot be set up: {}",
            chain(&error)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use journal::{Journal as _, MemoryJournal};
    use model::{Capabilities, Commit, CommitMeta, Digest, Event, Name, ObjectRef, UserCreated};
    use projections::Database;
    use server::{DispatcherOptions, Options};

    use super::*;
    use crate::settings::{Places, read};

    async fn server_on(journal: &MemoryJournal) -> Server {
        let clock = journal.clone();
        let options = Options {
            commands: commands::Options {
                clock: Arc::new(move || clock.now()),
                catch_up_timeout: Duration::from_secs(5),
                capabilities: Capabilities {
                    build: "test".to_owned(),
                    models: model::Models::default(),
                },
            },
            dispatcher: DispatcherOptions {
                holder: "test".to_owned(),
                max_in_flight: 1,
                max_in_flight_per_run: 1,
                lead_ttl: Duration::from_secs(9),
                resync_interval: Duration::from_secs(5),
                min_interval: Duration::from_millis(10),
            },
            key_hasher: KeyHasher::new([7; 32]),
            webhooks: server::WebhookOptions::default(),
            language_models: simulation::LanguageModels::new(
                &simulation::LanguageModelsOptions::default(),
                simulation::Secrets::new(std::collections::BTreeMap::new()),
            )
            .expect("language models"),
        };
        let database = Database::in_memory().expect("a database in memory");
        Server::start(Arc::new(journal.clone()), database, options)
            .await
            .expect("a server in memory starts")
    }

    fn role_of(server: &Server, keys: &Keys) -> Name {
        let view = server.database().view().expect("it can be read");
        let organization = view.organization(keys.organization_id.clone());
        let user = organization.user(keys.user_id.clone());
        user.expect("it can be read").expect("the user was made").role
    }

    async fn set_up(server: &Server, keys: &Keys) {
        let (settings, _layers) = read(&Places::default()).expect("the defaults are good");
        provision(server, keys, &KeyHasher::new([7; 32]), &settings)
            .await
            .expect("nothing keeps it from being set up");
    }

    #[tokio::test]
    async fn the_first_user_administers_and_nothing_is_made_twice() {
        let journal = MemoryJournal::new();
        let keys = Keys::generate(journal.now()).expect("random bytes");
        let server = server_on(&journal).await;
        set_up(&server, &keys).await;
        assert_eq!(role_of(&server, &keys).as_str(), ADMINISTRATOR_ROLE);
        let tail = journal.org_tail(&keys.organization_id).await.expect("a tail");
        set_up(&server, &keys).await;
        assert_eq!(
            journal.org_tail(&keys.organization_id).await.expect("a tail"),
            tail
        );
        server.stop().await;
    }

    #[tokio::test]
    async fn the_first_user_of_an_older_log_is_given_the_built_in_role() {
        let journal = MemoryJournal::new();
        let keys = Keys::generate(journal.now()).expect("random bytes");
        let name = |text: &str| Name::try_from(text).expect("a name");
        let made = Commit {
            org: keys.organization_id.clone(),
            object: ObjectRef::new(Kind::User, keys.user_id.clone()),
            meta: CommitMeta {
                actor: ACTOR.parse().expect("a token"),
                at: journal.now(),
                command_id: "c1".parse().expect("a token"),
                command_digest: Digest::of(b"command"),
                index: 0,
                count: 1,
                traceparent: None,
            },
            events: vec![Event::UserCreated(UserCreated {
                name: name("Administrator"),
                role: name(FORMER_ROLE),
            })],
        };
        journal.append(&[made], 0).await.expect("it is appended");
        let server = server_on(&journal).await;
        assert_eq!(role_of(&server, &keys).as_str(), FORMER_ROLE);
        set_up(&server, &keys).await;
        assert_eq!(role_of(&server, &keys).as_str(), ADMINISTRATOR_ROLE);
        server.stop().await;
    }
}
