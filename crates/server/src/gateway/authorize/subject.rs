//! What a permission is asked for: the attributes of the objects that a request is about.

use std::collections::BTreeSet;

use api::{FieldErrors, Key, Pointer, bus::Endpoint, error::Problem, metric_result, read::read, service};
use model::{
    ADMINISTRATOR_ROLE, Attributes, Directory as _, Invalid, Kind, MetricId, Name, Object, ObjectRef, Token,
    builtin_role_id,
};
use projections::OrgView;
use serde_json::Value;

use super::made;
use crate::gateway::{Caller, failure::of_read, not_found, queries::find};

/// What lets a run be started.
const START: &str = "Simulation:CreateSimulationUnitTestSetRun";

/// The permissions of which one is needed.
pub(super) fn alternatives(
    view: &OrgView<'_>,
    endpoint: &Endpoint,
    needed: &'static str,
    body: &Value,
) -> Result<Vec<&'static str>, Problem> {
    let both = needed.split('|');
    if (endpoint.kind, endpoint.verb) != ("service", "put_version_set") {
        return Ok(both.collect());
    }
    // Which one it is depends on whether the version set is there.
    let request = read::<service::PutVersionSet>(body)?;
    let service = load(view, ObjectRef::new(Kind::Service, request.id))?;
    let is_there =
        matches!(&service, Object::Service(state) if state.version_sets.contains_key(&request.name));
    let wanted = if is_there {
        "Service:UpdateVersionSet"
    } else {
        "Service:CreateVersionSet"
    };
    Ok(both.filter(|permission| *permission == wanted).collect())
}

/// What `needed` is asked for. Something that is not there is the answer: whoever may see some things of a kind may know that.
pub(super) fn subjects(
    view: &OrgView<'_>,
    caller: &Caller,
    endpoint: &Endpoint,
    needed: &str,
    body: &Value,
) -> Result<Vec<Attributes>, Problem> {
    match (endpoint.kind, endpoint.verb) {
        ("metric", "evaluate") => evaluated(view, caller, needed, body),
        ("run", "start") | (_, "create") => Ok(vec![made::attributes(caller, endpoint, body)?]),
        ("run", "rerun") if needed == START => of_rerun(view, caller, body),
        ("run", _) => of_run(view, needed, body),
        ("organization", _) => {
            let object = ObjectRef::new(Kind::Organization, caller.org.clone());
            Ok(vec![load(view, object)?.attributes()])
        }
        (kind, _) => match (kind.parse(), key(body)?) {
            (Ok(Kind::Role), Some(Key::Name(name))) if name.as_str() == ADMINISTRATOR_ROLE => {
                Ok(vec![built_in()])
            }
            (Ok(kind), Some(key)) => Ok(vec![find(view, kind, &key)?.attributes()]),
            // It is about no object, or about none that the request names: nothing but the organization is known of it.
            (Ok(_) | Err(_), _) => Ok(vec![Attributes::new()]),
        },
    }
}

/// Metrics, and the values that measuring a conversation gives.
fn evaluated(
    view: &OrgView<'_>,
    caller: &Caller,
    needed: &str,
    body: &Value,
) -> Result<Vec<Attributes>, Problem> {
    let request = read::<metric_result::Evaluate>(body)?;
    let of_metric = |id: &MetricId| {
        let metric = load(view, ObjectRef::new(Kind::Metric, *id))?;
        if needed != "Metric:GetMetricEvaluationResult" {
            return Ok(metric.attributes());
        }
        Ok(Attributes::from([
            ("kind".to_owned(), Kind::Evaluation.as_str().into()),
            ("creator".to_owned(), caller.user.as_str().into()),
            ("source".to_owned(), "manual".into()),
            ("metric_id".to_owned(), id.to_string().into()),
            (
                "conversation_id".to_owned(),
                request.conversation_id.to_string().into(),
            ),
        ]))
    };
    request.metric_ids.iter().map(of_metric).collect()
}

/// The run that would be made of another: of the same set, and the caller's.
fn of_rerun(view: &OrgView<'_>, caller: &Caller, body: &Value) -> Result<Vec<Attributes>, Problem> {
    let Some(key) = key(body)? else {
        return Ok(vec![Attributes::new()]);
    };
    let object = find(view, Kind::Run, &key)?;
    let Object::Run(run) = &object else {
        return Err(not_found(&object.object_ref()));
    };
    Ok(vec![Attributes::from([
        ("kind".to_owned(), Kind::Run.as_str().into()),
        ("creator".to_owned(), caller.user.as_str().into()),
        (
            "simulation_unit_test_set_id".to_owned(),
            run.set_id.to_string().into(),
        ),
    ])])
}

/// A run, and what else of it is shown.
fn of_run(view: &OrgView<'_>, needed: &str, body: &Value) -> Result<Vec<Attributes>, Problem> {
    let Some(key) = key(body)? else {
        return Ok(vec![Attributes::new()]);
    };
    let object = find(view, Kind::Run, &key)?;
    let Object::Run(run) = &object else {
        return Err(not_found(&object.object_ref()));
    };
    match needed {
        "Simulation:GetSimulationUnitTestSet" => {
            let set = load(view, ObjectRef::new(Kind::UnitTestSet, run.set_id))?;
            Ok(vec![set.attributes()])
        }
        // Which of the run's tests it is, the query knows, and asks for it.
        "Simulation:GetSimulationUnitTest" => Ok(Vec::new()),
        "Organization:GetServiceHierarchicalStateMachine" => {
            let graphs = run.plan.tests.iter().map(|test| test.context_graph.0);
            let graphs: BTreeSet<_> = graphs.collect();
            let graphs = graphs.into_iter().map(|id| {
                let graph = load(view, ObjectRef::new(Kind::ContextGraph, id))?;
                Ok(graph.attributes())
            });
            graphs.collect()
        }
        _ => Ok(vec![object.attributes()]),
    }
}

/// The built-in role: it is not stored, but can be named.
fn built_in() -> Attributes {
    Attributes::from([
        ("id".to_owned(), builtin_role_id().to_string().into()),
        ("kind".to_owned(), Kind::Role.as_str().into()),
        ("name".to_owned(), ADMINISTRATOR_ROLE.into()),
    ])
}

/// The object that a request names.
fn key(body: &Value) -> Result<Option<Key>, Problem> {
    let wrong = |field: &str, invalid: Invalid| {
        let errors = FieldErrors::one(&Pointer::root().key(field), invalid.to_string());
        Problem::from(errors)
    };
    let text = |field: &str| body.get(field).and_then(Value::as_str);
    if let Some(id) = text("id") {
        let id = id.parse::<Token>().map_err(|invalid| wrong("id", invalid))?;
        return Ok(Some(Key::Id(id)));
    }
    let name = text("name").map(|name| Name::try_from(name).map_err(|invalid| wrong("name", invalid)));
    Ok(name.transpose()?.map(Key::Name))
}

/// An object, deleted or not.
fn load(view: &OrgView<'_>, object: ObjectRef) -> Result<Object, Problem> {
    let found = view.object(&object).map_err(|error| of_read(&error))?;
    found.ok_or_else(|| not_found(&object))
}
