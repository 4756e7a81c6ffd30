//! The first organization, its user and its API key. Done at every start; what exists already stays as it is.

use commands::{ExecuteError, Executor, Request};
use model::{ApiKeyId, Command, Oid, OrgId, OrganizationProfile, Rejection, Time, UserId};
use serde::{Deserialize, Serialize};
use server::KeyHasher;

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
    executor: &Executor,
    keys: &Keys,
    hasher: &KeyHasher,
    settings: &Settings,
) -> Result<(), Failure> {
    let name = |text: &str| {
        model::Name::try_from(text)
            .map_err(|invalid| Failure::configuration(format!("`{text}` is no name: {invalid}")))
    };
    let profile = OrganizationProfile {
        title: name(&settings.server.organization_title)?,
        preferred_language: None,
        timezone: None,
    };
    execute(executor, keys, Command::CreateOrganization(profile)).await?;
    let user = Command::CreateUser {
        id: keys.user_id.clone(),
        name: name("Administrator")?,
        role: name("admin")?,
    };
    execute(executor, keys, user).await?;
    let secret_hash = hasher.hash(keys.api_key.expose());
    let api_key = Command::CreateApiKey {
        id: keys.api_key_id,
        user_id: keys.user_id.clone(),
        name: name("first start")?,
        secret_hash,
        expires_at: None,
    };
    execute(executor, keys, api_key).await
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
