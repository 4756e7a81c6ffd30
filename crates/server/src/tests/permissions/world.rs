//! An organization that has one object of every kind, with the ids and names of the examples of the endpoints' table in other places.

use api::bus::Endpoint;
use bytes::Bytes;
use journal::Journal as _;
use model::{
    ArtifactRef, Command, Criterion, CriterionOutcome, DeliveryStatus, Digest, DirectoryExt as _, Evaluation,
    Grant, MetricValue, Name, OrgId, OrganizationProfile, Role, RoleDefinition, Tally, Text, Turn, Verdict,
    WebhookDelivery,
};

use super::*;
use crate::gateway::access_of;

/// The organization.
pub(super) struct World {
    pub(super) bench: Bench,
    /// Ids in the table's examples, and what has them here.
    ids: Vec<(&'static str, String)>,
}

/// The second test of the run; the first one is that of the examples, and runs twice.
pub(super) const SECOND: &str = "The other one";

/// The role that permits nothing.
pub(super) const NOBODY: &str = "Nobody";

impl World {
    pub(super) async fn new() -> Self {
        let journal = MemoryJournal::new();
        let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
        bench.gateway.publish_at("https://rehearse.example.com");
        bench
            .execute(Command::CreateOrganization(OrganizationProfile {
                title: Name::try_from("Acme").unwrap(),
                preferred_language: None,
                timezone: None,
            }))
            .await;
        bench.role(NOBODY, Vec::new()).await;
        for (user, role) in [("ann", "DefaultAdministratorRole"), ("u1", NOBODY)] {
            let user = json!({"id": user, "name": user, "role": role});
            bench.command("user.create", user).await.unwrap();
        }
        bench.command("suite.apply", library()).await.unwrap();
        let mut world = Self {
            bench,
            ids: Vec::new(),
        };
        for (kind, name, id) in [
            ("persona", "Maria", "6618791275130b73714e8d2a"),
            ("scenario", "Refund", "6618791275130b73714e8d3b"),
            ("metric", "Refunded", "6618791275130b73714e8d4c"),
            ("unit_test", "Maria gets a refund", "6618791275130b73714e8d5d"),
            ("unit_test_set", "Nightly", "6618791275130b73714e8d7f"),
            ("agent", "Shopkeeper", "6618791275130b73714e8da1"),
            ("context_graph", "Flow", "6618791275130b73714e8da2"),
            ("service", "Shop", "6618791275130b73714e8d1c"),
        ] {
            let found = world.query(&format!("{kind}.get"), json!({"name": name})).await;
            world.ids.push((id, text(&found["id"])));
        }
        world.run(&journal).await;
        world.account(&journal).await;
        world
    }

    /// A run that is over, with results and an artifact.
    async fn run(&mut self, journal: &MemoryJournal) {
        let set = self.id("6618791275130b73714e8d7f");
        let started = json!({"simulation_unit_test_set_id": set});
        let started = self.command("run.start", started).await;
        let id = text(&started["simulation_unit_test_set_run_id"]);
        self.ids.push(("6618791275130b73714e8d90", id.clone()));
        let (org, id): (OrgId, model::RunId) = ("acme".parse().unwrap(), id.parse().unwrap());
        let view = self.bench.server.database().view().unwrap();
        let run = view.organization(org.clone()).run(id).unwrap().unwrap();
        drop(view);
        let conversation = model::conversation_id(id, 0).to_string();
        self.ids.push(("6618791275130b73714e8de1", conversation));
        let n_conversations = run.plan.n_conversations();
        for n in 0..n_conversations {
            let mut result = results::result(&run, n, Verdict::Passed);
            result.turns = vec![turn(0, Role::User), turn(1, Role::Agent)];
            let (test_idx, _) = run.plan.locate(n).unwrap();
            let criterion = &run.plan.tests[test_idx].criteria[0];
            result.evaluations.push(Evaluation {
                metric_id: criterion.metric_id,
                metric_version: criterion.metric_version,
                value: Some(MetricValue::Boolean(true)),
                justification: "it was".to_owned(),
                references: Vec::new(),
                error: None,
                votes: Vec::new(),
                usage: None,
            });
            result.criteria.push(CriterionOutcome {
                name: criterion.name.clone(),
                evaluation_idx: 0,
                criterion: Criterion::Boolean { expected_value: true },
                passed: true,
            });
            journal.publish_result(&org, &result).await.unwrap();
        }
        let info = journal.info(journal::LogName::Results).await.unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        let database = self.bench.server.database();
        let shown = database.wait_for(projections::Log::Results, info.last_sequence, deadline);
        shown.await.unwrap();

        let bytes = Bytes::from_static(b"an artifact");
        let digest = Digest::of(&bytes);
        let name = journal::subject::artifact_object(id, digest);
        journal.put_object(&name, bytes.clone()).await.unwrap();
        let completed = Command::CompleteRun {
            id,
            tally: Tally {
                passed: n_conversations,
                ..Tally::of(n_conversations)
            },
            artifact: ArtifactRef {
                digest,
                size_bytes: bytes.len() as u64,
            },
        };
        self.bench.execute(completed).await;
    }

    /// A key, a role, a temporary grant, and a webhook destination that was told something.
    async fn account(&mut self, journal: &MemoryJournal) {
        let key = json!({"name": "CI", "duration": "P30D", "role_name": NOBODY});
        let key = self.command("api_key.create", key).await;
        self.ids
            .push(("6618791275130b73714e8db1", text(&key["api_key_id"])));
        let role = self.bench.role("Reviewer", vec![grant("Metric:GetMetric")]).await;
        self.ids.push(("6618791275130b73714e8dc1", role));
        let granted = json!({
            "user_id": "u1", "duration": "PT8H", "tags": {"ticket": "T1"}, "justification": "Ann is on holiday.",
            "permission_grant": {"permission_name": "Simulation:GetSimulationPersona", "conditions": {}},
        });
        let granted = self.command("temporary_grant.create", granted).await;
        let granted = text(&granted["temporary_permission_grant_id"]);
        self.ids.push(("6618791275130b73714e8dc2", granted));
        let destination =
            json!({"url": "https://example.com/hooks", "accepted_types": ["rehearse-run-completed"]});
        let destination = self.command("webhook_destination.create", destination).await;
        let destination = text(&destination["webhook_destination_id"]);
        self.ids.push(("6618791275130b73714e8dc3", destination));
        let of: model::WebhookDestinationId = self.id("6618791275130b73714e8dc3").parse().unwrap();
        let delivery = WebhookDelivery {
            id: model::delivery_id(of, 1),
            destination: of,
            event_sequence: 1,
            of: model::WebhookType::RunCompleted,
            body: "{}".to_owned(),
            status: DeliveryStatus::Success,
            attempts: Vec::new(),
            dual_signed: false,
            created_at: journal.now(),
        };
        let org = "acme".parse().unwrap();
        journal.record_delivery(&org, &delivery).await.unwrap();
    }

    /// What has this id in the examples.
    pub(super) fn id(&self, example: &str) -> String {
        let found = self.ids.iter().find(|(id, _)| *id == example);
        found.map(|(_, id)| id.clone()).unwrap()
    }

    /// The endpoint's example, about the objects of this organization.
    pub(super) fn request(&self, endpoint: &Endpoint) -> Value {
        let mut example = endpoint.example_request.to_owned();
        for (there, here) in &self.ids {
            example = example.replace(there, here);
        }
        let mut request: Value = serde_json::from_str(&example).unwrap();
        // Nothing is waited for, and everything is looked at as it is.
        let fields = request.as_object_mut().unwrap();
        fields.remove("as_of");
        if let Some(wait) = fields.get_mut("wait_ms") {
            *wait = json!(0);
        }
        request
    }

    /// Asks as somebody.
    pub(super) async fn ask(
        &self,
        caller: &Caller,
        endpoint: &Endpoint,
        body: &Value,
    ) -> Result<Value, Problem> {
        let what = format!("{}.{}", endpoint.kind, endpoint.verb);
        match endpoint.family {
            Family::Command => self.bench.command_as(caller, None, &what, body.clone()).await,
            Family::Query => self.bench.query_as(caller, &what, body.clone()).await,
        }
    }

    /// A command of the administrator.
    pub(super) async fn command(&self, what: &str, body: Value) -> Value {
        self.bench.command(what, body).await.unwrap()
    }

    /// A query of the administrator.
    pub(super) async fn query(&self, what: &str, body: Value) -> Value {
        self.bench.query(what, body).await.unwrap()
    }
}

impl Bench {
    /// Has a command carried out that no endpoint gives.
    pub(super) async fn execute(&self, command: Command) -> commands::Done {
        let request = commands::Request {
            org: "acme".parse().unwrap(),
            actor: "ann".parse().unwrap(),
            command_id: None,
            traceparent: None,
            precondition: None,
            command,
        };
        self.server.executor().execute(request).await.unwrap()
    }

    /// Makes a user in a role of its own with these grants; what it may do, as the projections tell.
    pub(super) async fn user(&self, id: &str, grants: Vec<Grant>) -> Caller {
        self.role(&format!("role of {id}"), grants).await;
        let user = json!({"id": id, "name": id, "role": format!("role of {id}")});
        self.command("user.create", user).await.unwrap();
        self.caller(id).await
    }

    /// A user of the organization, and what it may do now.
    pub(super) async fn caller(&self, id: &str) -> Caller {
        let (org, user): (OrgId, model::UserId) = ("acme".parse().unwrap(), id.parse().unwrap());
        let (now, asked) = (self.gateway.now(), user.clone());
        let access = self
            .gateway
            .look(&org, move |view| access_of(view, &asked, now))
            .await;
        Caller {
            org,
            user,
            access: Arc::new(access.unwrap().unwrap()),
        }
    }

    /// Makes a role; its id.
    pub(super) async fn role(&self, name: &str, grants: Vec<Grant>) -> String {
        let definition = RoleDefinition {
            name: Name::try_from(name).unwrap(),
            description: Text::try_from("for tests").unwrap(),
            frontend_view: model::FrontendView::Admin,
            grants,
        };
        let done = self.execute(Command::CreateRole { definition }).await;
        done.outcome.changes[0].0.key.to_string()
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn turn(index: u32, role: Role) -> Turn {
    Turn {
        index,
        role,
        text: "please".to_owned(),
        at: model::Time::from_micros(1),
        latency_ms: None,
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        calls: 1,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    }
}

/// What the examples of the table are about.
fn library() -> Value {
    let document = |kind: &str, name: &str, spec: Value| json!({"apiVersion": "rehearse/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    let service = json!({"description": "sells", "agent": "Shopkeeper", "contextGraph": "Flow"});
    let test = json!({
        "service": "Shop", "persona": "Maria", "scenario": "Refund", "criteria": [{"metric": "Refunded", "equals": true}],
    });
    let mut maria = document(
        "Persona",
        "Maria",
        json!({"role": "customer", "background": "Maria"}),
    );
    maria["metadata"]["tags"] = json!({"team": "support"});
    json!({"documents": [
        document("Agent", "Shopkeeper", json!({"connection": {"stdio": {"command": ["cat"]}}})),
        document("ContextGraph", "Flow", json!({"document": {"description": "sells"}})),
        document("Service", "Shop", service),
        maria,
        document("Scenario", "Refund", json!({
            "objective": "refund", "instructions": "be brief", "script": [{"say": "Hello"}],
        })),
        document("Metric", "Refunded", json!({"judge": {"contains": {"text": "please"}}})),
        document("UnitTest", "Maria gets a refund", test.clone()),
        document("UnitTest", SECOND, test),
        document("UnitTestSet", "Nightly", json!({"tests": [
            {"test": "Maria gets a refund", "repetitions": 2}, {"test": SECOND, "repetitions": 1},
        ]})),
    ]})
}
