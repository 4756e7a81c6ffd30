//! Lists that go on at a place: a page for each kind of object.

use api::{
    FieldErrors, Pointer, UserFilter, agent,
    bus::{
        Call,
        queries::{
            AgentPage, ContextGraphPage, MetricPage, PersonaPage, RunPage, ScenarioPage, ServicePage,
            UnitTestPage, UnitTestSetPage, UserPage,
        },
    },
    context_graph,
    error::Problem,
    metric,
    page::{self, Order, Span},
    persona,
    read::read,
    run, scenario, service, unit_test, unit_test_set, user,
};
use model::{Kind, OrgId};
use projections::{Cursor, ListQuery, OrgView, Page, QueryError, SortField, SortKey};
use serde::Serialize;
use serde_json::Value;

use super::{
    filter::{created_by, size, tags},
    library::last_run,
    run::Gate,
};
use crate::gateway::{Caller, Gateway, authorize::visible_to, failure::of_query, render};

/// How much of its digest stands before the place in a cursor, in characters.
const CHECK_CHARS: usize = 16;

/// What a cursor was made for: no other list takes it.
#[derive(Clone, Debug)]
struct List {
    org: OrgId,
    kind: Kind,
    order: Order,
}

impl List {
    /// The digest that makes sure of it. It keeps out mistakes, not malice: a place shows nobody more than the list does.
    fn check(&self, place: &str) -> String {
        let order = match self.order {
            Order::Newest => "newest",
            Order::Oldest => "oldest",
        };
        let mut hasher = blake3::Hasher::new();
        for part in [self.org.as_str(), self.kind.as_str(), order, place] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let digest = hasher.finalize().to_hex();
        digest.get(..CHECK_CHARS).unwrap_or(&digest).to_owned()
    }

    fn write(&self, cursor: &Cursor) -> String {
        let place = cursor.to_string();
        format!("{}{place}", self.check(&place))
    }

    fn read(&self, text: &str) -> Result<Cursor, Problem> {
        let place = text
            .split_at_checked(CHECK_CHARS)
            .filter(|(check, place)| *check == self.check(place))
            .and_then(|(_, place)| place.parse().ok());
        place.ok_or_else(|| {
            let detail =
                "must be `next_cursor` of an earlier page of this list, in this order, as it was given";
            FieldErrors::one(&Pointer::root().key("cursor"), detail).into()
        })
    }
}

/// One page that is asked for.
struct Asked {
    list: List,
    query: ListQuery,
}

impl Asked {
    /// A page of the list that `C` tells; `query` holds the filters of its kind.
    fn new<C: Call>(
        caller: &Caller,
        kind: Kind,
        span: Span,
        creators: Vec<UserFilter>,
        query: ListQuery,
    ) -> Result<Self, Problem> {
        let list = List {
            org: caller.org.clone(),
            kind,
            order: span.order.unwrap_or_default(),
        };
        let field = if kind == Kind::Run {
            SortField::CreatedAt
        } else {
            SortField::UpdatedAt
        };
        let mut query = ListQuery {
            sort: vec![SortKey {
                field,
                descending: list.order == Order::Newest,
            }],
            limit: size(span.limit),
            after: span.cursor.map(|cursor| list.read(&cursor)).transpose()?,
            visible_to: visible_to::<C>(caller),
            ..query
        };
        created_by(&mut query, &caller.org, creators);
        Ok(Self { list, query })
    }

    /// Reads the page, and shows each of its items.
    async fn answer<T, I: Serialize>(
        self,
        gateway: &Gateway,
        read: impl FnOnce(&OrgView<'_>, &ListQuery) -> Result<Page<T>, QueryError> + Send + 'static,
        mut show: impl FnMut(&OrgView<'_>, &OrgId, T) -> Result<I, Problem> + Send + 'static,
    ) -> Result<Value, Problem> {
        let org = self.list.org.clone();
        gateway
            .look(&org, move |view| {
                let found = read(view, &self.query).map_err(|error| of_query(&error))?;
                let next_cursor = found.next_cursor.filter(|_| found.has_more);
                let items = found.items.into_iter();
                let items: Vec<I> = items
                    .map(|item| show(view, &self.list.org, item))
                    .collect::<Result<_, _>>()?;
                render(&page::Page {
                    items,
                    next_cursor: next_cursor.map(|cursor| self.list.write(&cursor)),
                })
            })
            .await
    }
}

/// For each kind: the query, the endpoint, the request, how the projections list it, what narrows the list, and how an item looks.
macro_rules! pages {
    ($($name:ident: $endpoint:ident, $request:ident, $kind:ident, $list:ident, by $creators:expr,
        $narrow:expr, $show:expr;)+) => {$(
        pub(super) async fn $name(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
            let mut request = read::<page::$request>(body)?;
            let creators: fn(&mut page::$request) -> Vec<UserFilter> = $creators;
            let creators = creators(&mut request);
            let span = request.span.clone();
            let narrow: fn(page::$request) -> ListQuery = $narrow;
            let asked = Asked::new::<$endpoint>(caller, Kind::$kind, span, creators, narrow(request))?;
            asked.answer(gateway, |view, query| view.$list(query), $show).await
        }
    )+};
}

/// Of a kind that cannot be filtered by who made it.
fn nobody<R>(_request: &mut R) -> Vec<UserFilter> {
    Vec::new()
}

fn keys<I: Into<model::Token>>(ids: Vec<I>) -> Vec<model::Token> {
    ids.into_iter().map(Into::into).collect()
}

pages! {
    personas: PersonaPage, PersonasQuery, Persona, personas, by |request| std::mem::take(&mut request.creator),
        |request| ListQuery {
            ids: keys(request.id),
            is_deleted: request.is_deleted,
            roles: request.role.into_iter().map(String::from).collect(),
            tags: tags(request.tag),
            ..ListQuery::default()
        },
        |_, org, state| Ok(persona::Instance::of(org, &state));
    scenarios: ScenarioPage, ScenariosQuery, Scenario, scenarios, by |request| std::mem::take(&mut request.creator),
        |request| ListQuery {
            ids: keys(request.id),
            is_deleted: request.is_deleted,
            tags: tags(request.tag),
            ..ListQuery::default()
        },
        |_, org, state| Ok(scenario::Instance::of(org, &state));
    metrics: MetricPage, MetricsQuery, Metric, metrics, by |request| std::mem::take(&mut request.creator),
        |request| ListQuery {
            ids: keys(request.id),
            is_deleted: request.is_deleted,
            applied_to_services: request.applied_to_service,
            types: request.r#type.into_iter().map(|word| word.0).collect(),
            tags: tags(request.tag),
            ..ListQuery::default()
        },
        |_, org, state| Ok(metric::Instance::of(org, &state));
    agents: AgentPage, AgentsQuery, Agent, agents, by nobody,
        |request| ListQuery {
            ids: keys(request.id),
            is_deleted: request.is_deleted,
            ..ListQuery::default()
        },
        |_, _, state| Ok(agent::Instance::of(&state));
    context_graphs: ContextGraphPage, ContextGraphsQuery, ContextGraph, context_graphs, by nobody,
        |request| ListQuery {
            ids: keys(request.id),
            is_deleted: request.is_deleted,
            ..ListQuery::default()
        },
        |_, _, state| Ok(context_graph::Instance::of(&state));
    services: ServicePage, ServicesQuery, Service, services, by nobody,
        |request| ListQuery {
            ids: keys(request.id),
            is_active: request.is_active,
            tags: tags(request.tag),
            ..ListQuery::default()
        },
        |_, org, state| Ok(service::Instance::of(org, &state));
    unit_tests: UnitTestPage, UnitTestsQuery, UnitTest, unit_tests, by |request| std::mem::take(&mut request.creator),
        |request| ListQuery {
            ids: keys(request.id),
            is_deleted: request.is_deleted,
            service_ids: request.service_id,
            persona_ids: request.persona_id,
            scenario_ids: request.scenario_id,
            metric_ids: request.metric_id,
            tags: tags(request.tag),
            ..ListQuery::default()
        },
        |_, org, state| Ok(unit_test::Instance::of(org, &state));
    unit_test_sets: UnitTestSetPage, UnitTestSetsQuery, UnitTestSet, unit_test_sets,
        by |request| std::mem::take(&mut request.creator),
        |request| ListQuery {
            ids: keys(request.id),
            is_deleted: request.is_deleted,
            unit_test_ids: request.unit_test_id,
            tags: tags(request.tag),
            ..ListQuery::default()
        },
        |view, org, state| {
            let last = last_run(view, &state)?;
            Ok(unit_test_set::Instance::of(org, &state, last))
        };
    users: UserPage, UsersQuery, User, users, by nobody,
        |request| ListQuery {
            ids: keys(request.id),
            is_deleted: request.is_deleted,
            ..ListQuery::default()
        },
        |_, org, state| Ok(user::Instance::of(org, &state));
}

/// Runs stand apart: what of one is shown depends on the caller.
pub(super) async fn runs(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<page::RunsQuery>(body)?;
    let query = ListQuery {
        ids: keys(request.id),
        set_ids: request.simulation_unit_test_set_id,
        is_completed: request.is_completed,
        failed_metrics: request.failed_metrics,
        errored: request.errored,
        created_after: request.created_after,
        created_before: request.created_before,
        ..ListQuery::default()
    };
    let asked = Asked::new::<RunPage>(caller, Kind::Run, request.span, request.creator, query)?;
    let access = caller.access.clone();
    let show = move |view: &OrgView<'_>, org: &OrgId, state: projections::RunState| {
        let progress = run::Progress {
            tally: state.tally,
            outcomes: None,
            spent: Some(super::run::spent(&state)),
        };
        let shown = run::Instance::of(org, &state.run, &progress).in_brief();
        Gate::new(view, &access).pass(shown)
    };
    asked.answer(gateway, |view, query| view.runs(query), show).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_one_list() {
        let list = List {
            org: "acme".parse().unwrap(),
            kind: Kind::Persona,
            order: Order::Newest,
        };
        let cursor: Cursor = "AAAAAAAAAAAA".parse().unwrap();
        let text = list.write(&cursor);
        assert_eq!(list.read(&text).unwrap(), cursor);
        let others = [
            List {
                org: "other".parse().unwrap(),
                ..list.clone()
            },
            List {
                kind: Kind::Scenario,
                ..list.clone()
            },
            List {
                order: Order::Oldest,
                ..list.clone()
            },
        ];
        for other in others {
            assert!(other.read(&text).is_err(), "{other:?}");
        }
        for garbage in [
            "",
            "x",
            "é".repeat(16).as_str(),
            &text[1..],
            &format!("{text}A"),
            &text[..16],
        ] {
            let problem = list.read(garbage).unwrap_err();
            assert_eq!(
                (problem.status, problem.errors[0].pointer.as_str()),
                (422, "/cursor"),
                "{garbage}"
            );
        }
    }
}
