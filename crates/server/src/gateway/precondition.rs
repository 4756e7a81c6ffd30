//! What callers know of the objects that they read and change.

use api::{FieldErrors, Get, Pointer, error::Problem, read::read};
use model::{Command, Directory as _, Kind, Known, Object, ObjectRef, OrgId, Precondition, StateTag};
use serde_json::Value;

use super::{Caller, Gateway, failure::of_read, queries::find};

impl Gateway {
    /// The state of the object that `kind.get` shows for a request, or an earlier one: what is read afterwards is never older. None
    /// if there is no such object, or if the request asks for the past.
    ///
    /// It says nothing about whether the caller may know it: whoever tells it has asked the query first.
    ///
    /// # Errors
    /// The projections cannot be read, or do not reach what the caller has seen.
    pub(crate) async fn state_shown(
        &self,
        caller: &Caller,
        seen: Option<u64>,
        kind: Kind,
        request: &Value,
    ) -> Result<Option<StateTag>, Problem> {
        self.require_following()?;
        if let Some(seen) = seen {
            self.polls.catch_up(&self.database, seen).await?;
        }
        let key = match (kind, read::<Get>(request)) {
            (Kind::Organization, _) => None,
            (_, Ok(Get { key, as_of: None })) => Some(key),
            // The query says what is wrong with it.
            (_, Ok(_) | Err(_)) => return Ok(None),
        };
        let org = caller.org.clone();
        self.look(&caller.org, move |view| {
            let found = match key {
                Some(key) => find(view, kind, &key).ok(),
                None => view
                    .object(&ObjectRef::new(Kind::Organization, org))
                    .map_err(|error| of_read(&error))?,
            };
            Ok(found.as_ref().map(StateTag::of))
        })
        .await
    }
}

/// What must be so for a command to be carried out.
///
/// # Errors
/// The command changes no object that is there already, or names one that is not there.
pub(super) async fn precondition(
    gateway: &Gateway,
    caller: &Caller,
    command: &Command,
    known: Known,
) -> Result<Precondition, Problem> {
    let object = match (changed(command, &caller.org), command) {
        (Some(object), _) => object,
        (None, Command::ModifyRole { name, .. }) => {
            gateway.catch_up().await?;
            let key = api::Key::Name(name.clone());
            let role = gateway.look(&caller.org, move |view| find(view, Kind::Role, &key));
            role.await.map(|role: Object| role.object_ref())?
        }
        (None, _) => {
            let at = Pointer::root().key("If-Match");
            return Err(FieldErrors::one(&at, "there is nothing yet that the caller could know").into());
        }
    };
    Ok(Precondition { object, known })
}

/// The one object that a command changes; none if it makes something, is about several, or names it otherwise than by id.
fn changed(command: &Command, org: &OrgId) -> Option<ObjectRef> {
    Some(match command {
        Command::UpdateOrganization(_) => ObjectRef::new(Kind::Organization, org.clone()),
        Command::DeleteUser { id } | Command::AssignRole { user_id: id, .. } => {
            ObjectRef::new(Kind::User, id.clone())
        }
        Command::DeleteApiKey { id } => ObjectRef::new(Kind::ApiKey, *id),
        Command::UpdatePersona { id, .. }
        | Command::CreatePersonaVersion { id, .. }
        | Command::DeletePersona { id } => ObjectRef::new(Kind::Persona, *id),
        Command::UpdateScenario { id, .. }
        | Command::CreateScenarioVersion { id, .. }
        | Command::DeleteScenario { id } => ObjectRef::new(Kind::Scenario, *id),
        Command::UpdateMetric { id, .. }
        | Command::CreateMetricVersion { id, .. }
        | Command::DeleteMetric { id } => ObjectRef::new(Kind::Metric, *id),
        Command::CreateAgentVersion { id, .. } | Command::DeleteAgent { id } => {
            ObjectRef::new(Kind::Agent, *id)
        }
        Command::CreateContextGraphVersion { id, .. } | Command::DeleteContextGraph { id } => {
            ObjectRef::new(Kind::ContextGraph, *id)
        }
        Command::UpdateService { id, .. }
        | Command::PutVersionSet { id, .. }
        | Command::DeleteVersionSet { id, .. } => ObjectRef::new(Kind::Service, *id),
        Command::UpdateUnitTest { id, .. } | Command::DeleteUnitTest { id } => {
            ObjectRef::new(Kind::UnitTest, *id)
        }
        Command::UpdateUnitTestSet { id, .. } | Command::DeleteUnitTestSet { id } => {
            ObjectRef::new(Kind::UnitTestSet, *id)
        }
        Command::CancelRun { id, .. } | Command::CompleteRun { id, .. } => ObjectRef::new(Kind::Run, *id),
        Command::UpdateWebhookDestination { id, .. }
        | Command::RotateWebhookSecret { id }
        | Command::DeleteWebhookDestination { id } => ObjectRef::new(Kind::WebhookDestination, *id),
        Command::CreateOrganization(_)
        | Command::CreateUser { .. }
        | Command::CreateApiKey { .. }
        | Command::CreatePersona { .. }
        | Command::CreateScenario { .. }
        | Command::CreateMetric { .. }
        | Command::CreateAgent { .. }
        | Command::CreateContextGraph { .. }
        | Command::CreateService { .. }
        | Command::CreateUnitTest { .. }
        | Command::CreateUnitTestSet(_)
        | Command::StartRun { .. }
        | Command::CreateRole { .. }
        | Command::ModifyRole { .. }
        | Command::CreateTemporaryGrant { .. }
        | Command::CreateWebhookDestination { .. }
        | Command::RecordEvaluations(_)
        | Command::ApplySuite(_) => return None,
    })
}
