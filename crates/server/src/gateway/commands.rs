//! Commands: which request asks for which, and what its caller is told.

mod api_keys;
mod evaluate;
mod recordings;
mod roles;
mod run;
mod suite;
mod version;
mod webhook_destinations;

use ::commands::Done;
use api::{
    agent, api_key, context_graph,
    error::{ErrorCode, Problem},
    metric, organization, persona,
    read::read,
    scenario, service, unit_test, unit_test_set, user, webhook_destination,
};
use model::CommandId;
use serde_json::{Value, json};

use super::{
    Answer, Caller, Gateway, Metadata,
    access::{Handed, require_covers},
    render, unknown,
};

/// Carries out the command `kind.verb`.
pub(super) async fn dispatch(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    kind: &str,
    verb: &str,
    body: &Value,
) -> Result<Answer, Problem> {
    macro_rules! create {
        ($kind:ident, $id:ident) => {{
            let done = gateway.execute::<$kind::Create>(caller, metadata, body).await?;
            answer(&done, render(&$kind::Created { $id: id(&done)? })?)
        }};
    }
    macro_rules! version {
        ($request:ty) => {{
            let done = gateway.execute::<$request>(caller, metadata, body).await?;
            answer(&done, json!({ "version": version(&done)? }))
        }};
    }
    macro_rules! change {
        ($request:ty) => {{
            let done = gateway.execute::<$request>(caller, metadata, body).await?;
            answer(&done, Value::Null)
        }};
    }
    match (kind, verb) {
        ("persona", "create") => create!(persona, simulation_persona_id),
        ("persona", "update") => change!(persona::Update),
        ("persona", "create_version") => version!(persona::CreateVersion),
        ("persona", "delete") => change!(persona::Delete),
        ("scenario", "create") => create!(scenario, simulation_scenario_id),
        ("scenario", "update") => change!(scenario::Update),
        ("scenario", "create_version") => version!(scenario::CreateVersion),
        ("scenario", "delete") => change!(scenario::Delete),
        ("metric", "create") => create!(metric, id),
        ("metric", "update") => change!(metric::Update),
        ("metric", "create_version") => version!(metric::CreateVersion),
        ("metric", "delete") => change!(metric::Delete),
        ("metric", "evaluate") => evaluate::evaluate(gateway, caller, metadata, body).await,
        ("agent", "create") => create!(agent, id),
        ("agent", "create_version") => version::agent(gateway, caller, metadata, body).await,
        ("agent", "delete") => change!(agent::Delete),
        ("context_graph", "create") => create!(context_graph, id),
        ("context_graph", "create_version") => version::context_graph(gateway, caller, metadata, body).await,
        ("context_graph", "delete") => change!(context_graph::Delete),
        ("service", "create") => create!(service, id),
        ("service", "update") => change!(service::Update),
        ("service", "put_version_set") => change!(service::PutVersionSet),
        ("service", "delete_version_set") => change!(service::DeleteVersionSet),
        ("unit_test", "create") => create!(unit_test, simulation_unit_test_id),
        ("unit_test", "update") => change!(unit_test::Update),
        ("unit_test", "delete") => change!(unit_test::Delete),
        ("unit_test_set", "create") => create!(unit_test_set, simulation_unit_test_set_id),
        ("unit_test_set", "update") => change!(unit_test_set::Update),
        ("unit_test_set", "delete") => change!(unit_test_set::Delete),
        ("run", "start") => run::start(gateway, caller, metadata, body).await,
        ("run", "rerun") => run::rerun(gateway, caller, metadata, body).await,
        ("run", "cancel") => change!(api::run::Cancel),
        ("recording", "create") => recordings::create(gateway, caller, body).await,
        ("suite", "apply") => suite::apply(gateway, caller, metadata, body).await,
        ("organization", "update") => change!(organization::Update),
        ("user", "create") => {
            let role = read::<user::Create>(body)?.role;
            require_covers(gateway, caller, Handed::Role(role)).await?;
            create!(user, id)
        }
        ("user", "delete") => change!(user::Delete),
        ("api_key", "create") => api_keys::create(gateway, caller, metadata, body).await,
        ("api_key", "delete") => {
            let done = gateway.execute::<api_key::Delete>(caller, metadata, body).await?;
            answer(
                &done,
                render(&api_key::Deleted {
                    deleted_key_id: id(&done)?,
                })?,
            )
        }
        ("role", "create") => roles::create(gateway, caller, metadata, body).await,
        ("role", "update") => roles::update(gateway, caller, metadata, body).await,
        ("role", "assign") => roles::assign(gateway, caller, metadata, body).await,
        ("temporary_grant", "create") => roles::grant_for_a_while(gateway, caller, metadata, body).await,
        ("webhook_destination", "create") => {
            webhook_destinations::create(gateway, caller, metadata, body).await
        }
        ("webhook_destination", "rotate_secret") => {
            webhook_destinations::rotate_secret(gateway, caller, metadata, body).await
        }
        ("webhook_destination", "update") => change!(webhook_destination::Update),
        ("webhook_destination", "delete") => change!(webhook_destination::Delete),
        _ => Err(unknown(kind, verb)),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every arm of the table is a result")]
fn answer(done: &Done, body: Value) -> Result<Answer, Problem> {
    Ok(Answer {
        body,
        sequence: done.sequence,
        state: done.state,
    })
}

/// The id of a command on which what it shows depends: the caller's, or else a new one, which the command then gets.
fn command_id(metadata: &mut Metadata) -> CommandId {
    let id = metadata.command_id.get_or_insert_with(|| {
        let digits = hex::encode(rand::random::<[u8; 16]>());
        digits.parse().expect("32 hexadecimal digits are a word")
    });
    id.clone()
}

/// The id of the object that a command made.
fn id<T: std::str::FromStr>(done: &Done) -> Result<T, Problem> {
    let object = done.outcome.changes.first().map(|(object, _)| object);
    object
        .and_then(|object| object.key.as_str().parse().ok())
        .ok_or_else(|| without_outcome("an object"))
}

/// The number of the version that a command made.
fn version(done: &Done) -> Result<u32, Problem> {
    match done.outcome.changes.first() {
        Some((_, number)) if *number > 0 => Ok(*number),
        Some(_) | None => Err(without_outcome("a version")),
    }
}

fn without_outcome(what: &str) -> Problem {
    Problem::new(
        ErrorCode::Internal,
        format!("the command was carried out but the log does not show {what} that it made"),
    )
}
