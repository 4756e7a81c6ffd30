//! The attributes of what a request would make, as far as the request says them.

use api::{
    CommandRequest as _, agent, api_key,
    bus::Endpoint,
    context_graph,
    error::Problem,
    metric, persona,
    read::{Read, read},
    role, run, scenario, service, temporary_grant, unit_test, unit_test_set, user, webhook_destination,
};
use model::{Attributes, Command};
use serde_json::Value;

use crate::gateway::Caller;

/// What is known of it beforehand: its kind, that the caller makes it, and what the request says. A condition on anything else is
/// not met.
pub(super) fn attributes(caller: &Caller, endpoint: &Endpoint, body: &Value) -> Result<Attributes, Problem> {
    let mut attributes = Attributes::new();
    let mut add = |name: &str, value: Value| {
        attributes.insert(name.to_owned(), value);
    };
    add("kind", endpoint.kind.into());
    add("creator", caller.user.as_str().into());
    match endpoint.kind {
        "persona" => {
            let made = request::<persona::Create>(body)?;
            add("name", made.name.as_str().into());
            add("role", made.role.as_str().into());
        }
        "scenario" => add("name", request::<scenario::Create>(body)?.name.as_str().into()),
        "metric" => add("name", request::<metric::Create>(body)?.name.as_str().into()),
        "agent" => add("name", request::<agent::Create>(body)?.agent_name.as_str().into()),
        "context_graph" => {
            let made = request::<context_graph::Create>(body)?;
            add("name", made.state_machine_name.as_str().into());
        }
        "service" => {
            let made = request::<service::Create>(body)?;
            add("name", made.name.as_str().into());
            add("is_active", made.is_active.into());
            add("agent_id", made.agent_id.to_string().into());
        }
        "unit_test" => {
            let made = request::<unit_test::Create>(body)?;
            add("name", made.name.as_str().into());
            add("service_id", made.service_id.to_string().into());
            add("persona_id", made.persona_id.to_string().into());
            add("scenario_id", made.scenario_id.to_string().into());
        }
        "unit_test_set" => {
            let made = request::<unit_test_set::Create>(body)?;
            add("name", made.name.as_str().into());
        }
        "run" => {
            let set = request::<run::Start>(body)?.simulation_unit_test_set_id;
            add("simulation_unit_test_set_id", set.to_string().into());
        }
        "user" => {
            let made = request::<user::Create>(body)?;
            add("id", made.id.as_str().into());
            add("user_id", made.id.as_str().into());
            add("name", made.name.as_str().into());
            add("role", made.role.as_str().into());
        }
        "api_key" => {
            let made = request::<api_key::Create>(body)?;
            let owner = made.rehearse.and_then(|extension| extension.user_id);
            add("user_id", owner.as_ref().unwrap_or(&caller.user).as_str().into());
            if let Some(name) = &made.name {
                add("name", name.as_str().into());
            }
        }
        "role" => {
            let made = request::<role::Create>(body)?.into_command();
            if let Command::CreateRole { definition } = made {
                add("name", definition.name.as_str().into());
            }
        }
        "temporary_grant" => {
            let made = request::<temporary_grant::Create>(body)?;
            add("user_id", made.user_id.as_str().into());
            add("permission_name", made.permission_grant.0.permission.into());
        }
        "webhook_destination" => {
            let made = request::<webhook_destination::Create>(body)?;
            add("url", made.url.as_str().into());
        }
        _ => {}
    }
    Ok(attributes)
}

fn request<R: Read>(body: &Value) -> Result<R, Problem> {
    Ok(read::<R>(body)?)
}
