//! Finished conversations: lists, messages, and measuring them on demand.

mod evaluate;
mod permissions;

use model::{ConversationResult, Evaluation, Role, Turn, conversation_id, interaction_id, message_id};

use super::{
    results::{publish, result, run_of, started},
    *,
};

/// What is said in conversation `n`: an event, a reply, a question, and another reply.
fn turns(n: u32) -> Vec<Turn> {
    let said = [
        (Role::Event, "a customer comes in".to_owned()),
        (Role::Agent, format!("hello {n}")),
        (Role::User, "bread, please".to_owned()),
        (Role::Agent, "here you are, come again please".to_owned()),
    ];
    let turn = |(index, (role, text)): (u32, (Role, String))| Turn {
        index,
        role,
        text,
        at: model::Time::from_micros(i64::from(n) * 1_000_000 + i64::from(index / 2)),
        latency_ms: None,
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        calls: 1,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    };
    (0..).zip(said).map(turn).collect()
}

struct World {
    bench: Bench,
    run: model::Run,
}

impl World {
    /// A run of three tests, each twice, of which all conversations but the last are over.
    async fn new() -> Self {
        let journal = MemoryJournal::new();
        let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
        let id = started(&bench, 2).await;
        let run = run_of(&bench, id);
        let conversation = |n: u32| ConversationResult {
            turns: turns(n),
            started_at: model::Time::from_micros(i64::from(n) * 1_000_000),
            finished_at: model::Time::from_micros(i64::from(n) * 1_000_000 + 500),
            ..result(&run, n, model::Verdict::Passed)
        };
        let mut results: Vec<ConversationResult> = (0..5).map(conversation).collect();
        results[3].turns.truncate(1);
        results[4].turns.clear();
        results[0].evaluations = vec![Evaluation {
            metric_id: run.plan.tests[0].criteria[0].metric_id,
            metric_version: 1,
            value: None,
            justification: String::new(),
            references: Vec::new(),
            error: Some("the judge broke".to_owned()),
            votes: Vec::new(),
            usage: None,
        }];
        publish(&bench, &journal, results).await;
        Self { bench, run }
    }

    fn id(&self, n: u32) -> String {
        conversation_id(self.run.id, n).to_string()
    }

    fn interaction(&self, n: u32, interaction: u32) -> String {
        interaction_id(self.run.id, n, interaction).to_string()
    }

    fn metric(&self) -> String {
        self.run.plan.tests[0].criteria[0].metric_id.to_string()
    }

    async fn list(&self, query: Value) -> Vec<Value> {
        let answer = self.bench.query("conversation.list", query).await.unwrap();
        answer["conversations"].as_array().unwrap().clone()
    }

    /// The indices of the conversations that a query lists.
    async fn listed(&self, query: Value) -> Vec<u64> {
        let list = self.list(query).await;
        list.iter()
            .map(|item| item["rehearse"]["n"].as_u64().unwrap())
            .collect()
    }

    async fn texts(&self, n: u32, mut query: Value) -> Vec<String> {
        query["conversation_id"] = json!(self.id(n));
        let answer = self.bench.query("conversation.messages", query).await.unwrap();
        let messages = answer["messages"].as_array().unwrap();
        messages
            .iter()
            .map(|message| message["message"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn evaluate(&self, n: u32, body: Value) -> Result<Value, Problem> {
        let mut request = json!({"metric_ids": [self.metric()], "conversation_id": self.id(n)});
        request
            .as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        self.bench.command("metric.evaluate", request).await
    }
}

#[tokio::test]
async fn finished_conversations_are_listed_newest_first() {
    let world = World::new().await;
    assert_eq!(world.listed(json!({})).await, [4, 3, 2, 1, 0]);
    assert_eq!(
        world.listed(json!({"sort_by": "+created_at", "limit": 2})).await,
        [0, 1]
    );
    let page = world
        .bench
        .query("conversation.list", json!({"limit": 3}))
        .await
        .unwrap();
    assert_eq!(
        (&page["has_more"], &page["continuation_token"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(
        world.listed(json!({"limit": 3, "continuation_token": 3})).await,
        [1, 0]
    );

    let first = &world.list(json!({"id": [world.id(0)]})).await[0];
    let test = &world.run.plan.tests[0];
    assert_eq!(
        *first,
        json!({
            "id": world.id(0), "user_id": "ann", "created_at": "1970-01-01T00:00:00.000Z", "is_finished": true, "is_analyzed": true,
            "completed_post_processings": ["compute-metrics"], "final_message": "here you are, come again please",
            "service_id": test.service_id.to_string(), "num_messages": 4,
            "version_set_info": {
                "name": "release", "agent_version_info": [test.agent.0.to_string(), 1],
                "service_hierarchical_state_machine_version_info": [test.context_graph.0.to_string(), 1], "llm_model_preferences": {},
            },
            "tags": {"run": world.run.id.to_string(), "unit_test": test.unit_test_id.to_string(), "run_index": "0"},
            "rehearse": {
                "run_id": world.run.id.to_string(), "n": 0, "unit_test_id": test.unit_test_id.to_string(), "run_index": 0,
                "verdict": "passed", "end_reason": "user_achieved",
            },
        })
    );
    assert_eq!(
        world.list(json!({"id": [world.id(4)]})).await[0]["final_message"],
        json!("")
    );
}

#[tokio::test]
async fn filters_and_labels_narrow_the_list() {
    let world = World::new().await;
    let (run, test) = (world.run.id, world.run.plan.tests[1].unit_test_id);
    let service = world.run.plan.tests[0].service_id;
    for (query, expected) in [
        (json!({"user_id": ["ann", "bob"]}), vec![4, 3, 2, 1, 0]),
        (json!({"user_id": ["bob"]}), vec![]),
        (json!({"user_id": ["no id at all"]}), vec![]),
        (json!({"service_id": [service.to_string()]}), vec![4, 3, 2, 1, 0]),
        (json!({"service_id": ["0".repeat(24)]}), vec![]),
        (
            json!({"is_finished": true, "id": [world.id(1), world.id(5)]}),
            vec![1],
        ),
        (json!({"is_finished": false}), vec![]),
        (
            json!({"tag": [format!("run:{run}"), format!("unit_test:{test}")]}),
            vec![3, 2],
        ),
        (
            json!({"tag": [format!("unit_test:{test}"), "run_index:1"]}),
            vec![3],
        ),
        (json!({"tag": ["run:*", "run_index:0"]}), vec![4, 2, 0]),
        (json!({"tag": ["run_index:0", "run_index:1"]}), vec![]),
        (json!({"tag": ["run_index:00"]}), vec![]),
        (json!({"tag": ["run:"]}), vec![]),
        (json!({"tag": ["run:nothing"]}), vec![]),
        (json!({"tag": ["team:*"]}), vec![]),
    ] {
        assert_eq!(world.listed(query.clone()).await, expected, "{query}");
    }
    let other = caller("other", "ann");
    let foreign = world
        .bench
        .query_as(&other, "conversation.list", json!({}))
        .await
        .unwrap();
    assert_eq!(foreign["conversations"], json!([]));
    for wrong in [
        json!({"limit": 0}),
        json!({"limit": 151}),
        json!({"sort_by": ["updated_at"]}),
        json!({"id": ["x"]}),
    ] {
        let problem = world
            .bench
            .query("conversation.list", wrong.clone())
            .await
            .unwrap_err();
        assert_eq!(problem.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn messages_are_what_was_said() {
    let world = World::new().await;
    let query = json!({"conversation_id": world.id(1), "sort_by": ["+created_at"]});
    let answer = world.bench.query("conversation.messages", query).await.unwrap();
    let message = |index: u32, interaction: u32, at: &str, sender: &str, kind: &str| {
        json!({
            "id": message_id(world.run.id, 1, index).to_string(), "interaction_id": world.interaction(1, interaction),
            "created_at": at, "sender": sender, "message": turns(1)[index as usize].text, "format": "text", "message_type": kind,
        })
    };
    let (early, late) = ("1970-01-01T00:00:01.000Z", "1970-01-01T00:00:01.000001Z");
    let told = answer["messages"].as_array().unwrap();
    assert_eq!(told.len(), 4);
    for (message, expected) in told.iter().zip([
        message(0, 0, early, "event", "external-event"),
        message(1, 0, early, "bot", "agent-message"),
        message(2, 1, late, "Maria", "user-message"),
        message(3, 1, late, "bot", "agent-message"),
    ]) {
        let without_time = |message: &Value| {
            let mut message = message.clone();
            message.as_object_mut().unwrap().remove("created_at");
            message
        };
        assert_eq!(without_time(message), without_time(&expected));
    }
    assert_eq!(
        (&answer["has_more"], &answer["continuation_token"]),
        (&json!(false), &Value::Null)
    );

    let (event, hello, bread, here) = (
        "a customer comes in",
        "hello 1",
        "bread, please",
        "here you are, come again please",
    );
    for (query, expected) in [
        (json!({}), vec![here, bread, hello, event]),
        (
            json!({"sort_by": ["-interaction_id", "+created_at"]}),
            vec![here, bread, hello, event],
        ),
        (
            json!({"sort_by": ["+interaction_id", "-created_at"]}),
            vec![event, hello, bread, here],
        ),
        (json!({"message_type": ["agent-message"]}), vec![here, hello]),
        (json!({"message_type": ["agent-inner-thought"]}), vec![]),
        (
            json!({"interaction_id": [world.interaction(1, 0)]}),
            vec![hello, event],
        ),
        (json!({"interaction_id": [world.interaction(2, 0)]}), vec![]),
        (
            json!({"id": [message_id(world.run.id, 1, 2).to_string()]}),
            vec![bread],
        ),
        (json!({"limit": 1, "continuation_token": 1}), vec![bread]),
        (json!({"continuation_token": 9}), vec![]),
    ] {
        assert_eq!(world.texts(1, query.clone()).await, expected, "{query}");
    }
    for unknown in [world.id(5), "0".repeat(24)] {
        let query = json!({"conversation_id": unknown});
        let problem = world
            .bench
            .query("conversation.messages", query)
            .await
            .unwrap_err();
        assert_eq!((problem.status, problem.code), (404, ErrorCode::NotFound));
    }
    for wrong in [
        json!({"limit": 0}),
        json!({"limit": 501}),
        json!({"message_type": ["shout"]}),
    ] {
        let mut query = wrong.clone();
        query["conversation_id"] = json!(world.id(1));
        let problem = world
            .bench
            .query("conversation.messages", query)
            .await
            .unwrap_err();
        assert_eq!(problem.status, 422, "{wrong}");
    }
}
