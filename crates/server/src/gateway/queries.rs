//! Queries: which request asks what, and how the answer looks.

mod account;
mod conversation;
mod event;
mod filter;
mod library;
mod metric_result;
mod object;
mod operations;
mod page;
mod role;
mod run;
mod suite;
mod temporary_grant;
mod webhook_delivery;
mod webhook_destination;

use api::error::Problem;
use model::Kind;
pub(super) use object::find;
pub(super) use role::role_id;
pub(super) use run::{Gate, conversation_row, load as load_run};
use serde_json::Value;

use super::{Caller, Gateway, artifacts, unknown};

/// Answers the query `kind.verb`. `base_url` is what the addresses of the API begin with for the caller, if the transport knows.
pub(super) async fn dispatch(
    gateway: &Gateway,
    caller: &Caller,
    base_url: Option<&str>,
    kind: &str,
    verb: &str,
    body: &Value,
) -> Result<Value, Problem> {
    match (kind, verb) {
        ("persona", "page") => page::personas(gateway, caller, body).await,
        ("scenario", "page") => page::scenarios(gateway, caller, body).await,
        ("metric", "page") => page::metrics(gateway, caller, body).await,
        ("agent", "page") => page::agents(gateway, caller, body).await,
        ("context_graph", "page") => page::context_graphs(gateway, caller, body).await,
        ("service", "page") => page::services(gateway, caller, body).await,
        ("unit_test", "page") => page::unit_tests(gateway, caller, body).await,
        ("unit_test_set", "page") => page::unit_test_sets(gateway, caller, body).await,
        ("run", "page") => page::runs(gateway, caller, body).await,
        ("user", "page") => page::users(gateway, caller, body).await,
        ("persona", "list") => library::personas(gateway, caller, body).await,
        ("persona", "search") => library::search_personas(gateway, caller, body).await,
        ("persona", "versions") => library::persona_versions(gateway, caller, body).await,
        ("persona", "get") => object::view(gateway, caller, Kind::Persona, body).await,
        ("scenario", "list") => library::scenarios(gateway, caller, body).await,
        ("scenario", "search") => library::search_scenarios(gateway, caller, body).await,
        ("scenario", "versions") => library::scenario_versions(gateway, caller, body).await,
        ("scenario", "get") => object::view(gateway, caller, Kind::Scenario, body).await,
        ("metric", "list") => library::metrics(gateway, caller, body).await,
        ("metric", "search") => library::search_metrics(gateway, caller, body).await,
        ("metric", "versions") => library::metric_versions(gateway, caller, body).await,
        ("metric", "get") => object::view(gateway, caller, Kind::Metric, body).await,
        ("agent", "list") => library::agents(gateway, caller, body).await,
        ("agent", "versions") => library::agent_versions(gateway, caller, body).await,
        ("agent", "get") => object::view(gateway, caller, Kind::Agent, body).await,
        ("context_graph", "list") => library::context_graphs(gateway, caller, body).await,
        ("context_graph", "versions") => library::context_graph_versions(gateway, caller, body).await,
        ("context_graph", "get") => object::view(gateway, caller, Kind::ContextGraph, body).await,
        ("service", "list") => library::services(gateway, caller, body).await,
        ("service", "get") => object::view(gateway, caller, Kind::Service, body).await,
        ("unit_test", "list") => library::unit_tests(gateway, caller, body).await,
        ("unit_test", "search") => library::search_unit_tests(gateway, caller, body).await,
        ("unit_test", "get") => object::view(gateway, caller, Kind::UnitTest, body).await,
        ("unit_test_set", "list") => library::unit_test_sets(gateway, caller, body).await,
        ("unit_test_set", "search") => library::search_unit_test_sets(gateway, caller, body).await,
        ("unit_test_set", "get") => library::unit_test_set(gateway, caller, body).await,
        ("run", "list") => run::list(gateway, caller, body).await,
        ("run", "get") => run::get(gateway, caller, body).await,
        ("run", "wait") => run::wait(gateway, caller, body).await,
        ("run", "results") => run::results(gateway, caller, body).await,
        ("run", "transcript") => run::transcript(gateway, caller, body).await,
        ("run", "artifact") => run::artifact(gateway, caller, body).await,
        ("run", "artifact_url") => artifacts::url(gateway, caller, base_url, body).await,
        ("conversation", "list") => conversation::list(gateway, caller, body).await,
        ("conversation", "messages") => conversation::messages(gateway, caller, body).await,
        ("metric_result", "list") => metric_result::list(gateway, caller, body).await,
        ("organization", "get") => account::organization(gateway, caller, body).await,
        ("user", "list") => account::users(gateway, caller, body).await,
        ("user", "get") => account::user(gateway, caller, body).await,
        ("api_key", "list") => account::api_keys(gateway, caller, body).await,
        ("suite", "diff") => suite::diff(gateway, caller, body).await,
        ("suite", "export") => suite::export(gateway, caller, body).await,
        ("event", "list") => event::list(gateway, caller, body).await,
        ("event", "history") => event::history(gateway, caller, body).await,
        ("deadletter", "list") => operations::dead_letters(gateway, caller, body).await,
        ("server", "status") => operations::status(gateway, body).await,
        ("role", "list") => role::list(gateway, caller, body).await,
        ("temporary_grant", "list") => temporary_grant::list(gateway, caller, body).await,
        ("webhook_delivery", "list") => webhook_delivery::list(gateway, caller, body).await,
        ("webhook_destination", "list") => webhook_destination::list(gateway, caller, body).await,
        _ => Err(unknown(kind, verb)),
    }
}
