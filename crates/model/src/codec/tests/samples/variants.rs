//! A sample of every variant of every stored enum: postcard writes a variant as its position, so one that moved would read as another.

use std::collections::BTreeMap;

use super::{
    Sample, agent, api_key,
    casts::{casts, user_broke},
    commit, grant, job, json, measured, metric, name, oid, plan, result, role, scenario, strings, tally,
    text, turn, unit_test,
};
use crate::*;

/// Makes a list of samples out of one enum. The patterns are those of an exhaustive match, so a variant without a sample does not
/// compile.
macro_rules! variants {
    ($enum:ty, $in:expr; $($what:literal: $pattern:pat => $value:expr,)+) => {{
        const fn covers(value: &$enum) {
            match value {
                $($pattern => {})+
            }
        }
        let within: fn(&str, $enum) -> Sample = $in;
        vec![$({
            let value: $enum = $value;
            covers(&value);
            assert!(matches!(&value, $pattern), "{} is a sample of another variant", $what);
            within($what, value)
        }),+]
    }};
}
pub(super) use variants;

pub(super) fn event(what: &str, event: Event) -> Sample {
    Sample::commit(format!("{}#{what}", event.name()), commit(vec![event]))
}

pub(super) fn metric_version(what: &str, content: MetricContent) -> Sample {
    let next = NextVersion {
        version: 2,
        version_id: oid(15),
        content,
    };
    event(what, Event::MetricVersionCreated(next))
}

pub(super) fn scenario_version(what: &str, content: ScenarioContent) -> Sample {
    let next = NextVersion {
        version: 2,
        version_id: oid(13),
        content,
    };
    event(what, Event::ScenarioVersionCreated(next))
}

fn step(what: &str, when: Option<Condition>, action: ScriptAction) -> Sample {
    let script = Script {
        steps: vec![ScriptStep { when, action }],
    };
    let content = ScenarioContent {
        script: Some(script),
        ..scenario()
    };
    scenario_version(what, content)
}

fn agent_version(what: &str, protocol: Protocol) -> Sample {
    let next = NextVersion {
        version: 1,
        version_id: oid(16),
        content: agent(protocol),
    };
    event(what, Event::AgentVersionCreated(next))
}

fn stdio(what: &str, framing: StdioFraming, continuation: Continuation) -> Sample {
    let protocol = Protocol::Stdio {
        command: vec![text("agent")],
        framing,
        env: BTreeMap::new(),
        working_directory: None,
        continuation,
    };
    agent_version(what, protocol)
}

fn a2a(binding: A2aBinding, version: A2aVersion) -> Protocol {
    Protocol::A2a {
        card: Some(text("https://agent.example")),
        endpoint: None,
        binding: Some(binding),
        version: Some(version),
        streaming: true,
        api_key: Some(text("{{ secret.KEY }}")),
        headers: strings(),
    }
}

fn responses(history: ResponsesHistory) -> Protocol {
    Protocol::OpenAiResponses {
        base_url: text("https://model.example/v1"),
        model: text("model"),
        api_key: Some(text("{{ secret.KEY }}")),
        instructions: Some(text("Be kind.")),
        history,
        headers: strings(),
        parameters: Some(json("{\"temperature\":0}")),
    }
}

fn direct_line(credential: DirectLineCredential) -> Protocol {
    Protocol::DirectLine(DirectLine {
        base_url: text("https://bot.example/v3/directline"),
        credential,
        headers: strings(),
        quiet_ms: 700,
        poll_ms: 500,
    })
}

fn template(what: &str, method: HttpMethod) -> Sample {
    let request = HttpRequest {
        method,
        url: text("https://agent.example/{{ session_id }}"),
        headers: strings(),
        body: Some(text("{}")),
    };
    let protocol = Protocol::HttpTemplate {
        extract: HttpExtract {
            text: text("/text"),
            tool_calls: Some(text("/tools")),
            completed: Some(text("/done")),
        },
        open: Some(HttpOpen {
            request: request.clone(),
            extract: BTreeMap::from([("id".to_owned(), text("/id"))]),
        }),
        request,
        continuation: Continuation::Continue,
    };
    agent_version(what, protocol)
}

fn websocket(frames: FrameFormat) -> WebSocket {
    WebSocket {
        url: text("wss://agent.example/chat"),
        headers: strings(),
        frames,
        open: Some(text("{}")),
        greeting: true,
        message: text("{}"),
        extract: ReplyExtract {
            text: Some(text("/text")),
            tool_calls: Some(text("/tools")),
            completed: None,
        },
        error: Some(text("/error")),
        last: Some(text("/last")),
        ignore: None,
        continuation: Continuation::Continue,
    }
}

fn mcp(server: McpServer) -> Mcp {
    Mcp {
        server,
        tool: text("ask"),
        arguments: json("{\"question\":\"{{ message }}\"}"),
        extract: ReplyExtract {
            text: None,
            tool_calls: None,
            completed: Some(text("/structuredContent/done")),
        },
        continuation: Continuation::Restart,
    }
}

fn criterion(what: &str, criterion: Criterion) -> Sample {
    let mut definition = unit_test();
    definition.success_criteria.truncate(1);
    definition.success_criteria[0].criterion = criterion;
    event(what, Event::UnitTestUpdated(definition))
}

pub(super) fn concluded(what: &str, result: ConversationResult) -> Sample {
    Sample::result(format!("conversation.result#{what}"), result)
}

pub(super) fn record(what: &str, record: TurnRecord) -> Sample {
    Sample::turn(format!("conversation.turn#{what}"), record)
}

/// Commits on objects of every kind.
fn kinds() -> Vec<Sample> {
    variants! { Kind, |what, kind| {
            let mut commit = commit(vec![Event::UserDeleted(())]);
            commit.object.kind = kind;
            Sample::commit(format!("commit.head#{what}"), commit)
        };
        "kind.organization": Kind::Organization => Kind::Organization,
        "kind.user": Kind::User => Kind::User,
        "kind.api_key": Kind::ApiKey => Kind::ApiKey,
        "kind.persona": Kind::Persona => Kind::Persona,
        "kind.scenario": Kind::Scenario => Kind::Scenario,
        "kind.metric": Kind::Metric => Kind::Metric,
        "kind.agent": Kind::Agent => Kind::Agent,
        "kind.context_graph": Kind::ContextGraph => Kind::ContextGraph,
        "kind.service": Kind::Service => Kind::Service,
        "kind.unit_test": Kind::UnitTest => Kind::UnitTest,
        "kind.unit_test_set": Kind::UnitTestSet => Kind::UnitTestSet,
        "kind.run": Kind::Run => Kind::Run,
        "kind.role": Kind::Role => Kind::Role,
        "kind.temporary_grant": Kind::TemporaryGrant => Kind::TemporaryGrant,
        "kind.webhook_destination": Kind::WebhookDestination => Kind::WebhookDestination,
        "kind.evaluation": Kind::Evaluation => Kind::Evaluation,
    }
}

fn scenarios() -> Vec<Sample> {
    let mut samples = variants! { InitialMessageType, |what, initial_message_type| {
            let content = ScenarioContent { initial_message_type, script: None, ..scenario() };
            scenario_version(what, content)
        };
        "opening.user_message": InitialMessageType::UserMessage => InitialMessageType::UserMessage,
        "opening.external_event": InitialMessageType::ExternalEvent => InitialMessageType::ExternalEvent,
        "opening.skip": InitialMessageType::Skip => InitialMessageType::Skip,
    };
    let say = || ScriptStep {
        when: None,
        action: ScriptAction::Say(text("y")),
    };
    samples.extend(variants! { ScriptAction, |what, action| step(what, None, action);
        "action.say": ScriptAction::Say(_) => ScriptAction::Say(text("x")),
        "action.steps": ScriptAction::Steps(_) => ScriptAction::Steps(vec![say()]),
        "action.repeat": ScriptAction::Repeat { .. } => ScriptAction::Repeat { times: 2, until: None, steps: vec![say()] },
        "action.end": ScriptAction::End { .. } => ScriptAction::End { outcome: UserOutcome::Achieved, reason: None },
    });
    samples.extend(
        variants! { Condition, |what, condition| step(what, Some(condition), ScriptAction::Say(text("x")));
            "when.matches": Condition::Matches(_) => Condition::Matches(text("a")),
            "when.not_matches": Condition::NotMatches(_) => Condition::NotMatches(text("a")),
            "when.cel": Condition::Cel(_) => Condition::Cel(text("true")),
        },
    );
    samples.extend(variants! { UserOutcome, |what, outcome| step(what, None, ScriptAction::End { outcome, reason: None });
        "outcome.achieved": UserOutcome::Achieved => UserOutcome::Achieved,
        "outcome.gave_up": UserOutcome::GaveUp => UserOutcome::GaveUp,
    });
    samples
}

fn metrics() -> Vec<Sample> {
    let mut samples = variants! { MetricDomain, |what, value| {
            metric_version(what, MetricContent { value, ..metric(Judge::Model(ModelJudge::default())) })
        };
        "value.boolean": MetricDomain::Boolean => MetricDomain::Boolean,
        "value.numerical": MetricDomain::Numerical { .. } => MetricDomain::Numerical { lower_bound: 0.5, upper_bound: 2.0 },
        "value.categorical": MetricDomain::Categorical { .. } => {
            MetricDomain::Categorical { categories: vec![name("good"), name("bad")] }
        },
    };
    samples.extend(variants! { Judge, |what, judge| metric_version(what, metric(judge));
        "judge.model": Judge::Model(_) => Judge::Model(ModelJudge::default()),
        "judge.contains": Judge::Contains { .. } => Judge::Contains {
            texts: vec![text("x")],
            all: false,
            case_sensitive: true,
            scope: Scope::Agent,
        },
        "judge.regex": Judge::Regex { .. } => Judge::Regex { pattern: text("a+"), scope: Scope::Agent },
        "judge.json_schema": Judge::JsonSchema { .. } => Judge::JsonSchema { schema: json("{}"), scope: Scope::Agent },
        "judge.cel": Judge::Cel { .. } => Judge::Cel { expression: text("1") },
        "judge.tool_called": Judge::ToolCalled { .. } => {
            Judge::ToolCalled { name: text("look_up"), arguments: Some(json("{\"id\":1}")) }
        },
        "judge.interactions": Judge::Interactions => Judge::Interactions,
        "judge.latency": Judge::Latency { .. } => Judge::Latency { statistic: LatencyStatistic::Max },
        "judge.script_outcome": Judge::ScriptOutcome => Judge::ScriptOutcome,
        "judge.milestones": Judge::Milestones => Judge::Milestones,
        "judge.recorded": Judge::Recorded { .. } => Judge::Recorded { name: text("reward") },
    });
    samples.extend(variants! { Scope, |what, scope| {
            metric_version(what, metric(Judge::Regex { pattern: text("a"), scope }))
        };
        "scope.agent": Scope::Agent => Scope::Agent,
        "scope.last_agent": Scope::LastAgent => Scope::LastAgent,
        "scope.first_agent": Scope::FirstAgent => Scope::FirstAgent,
        "scope.user": Scope::User => Scope::User,
        "scope.all": Scope::All => Scope::All,
    });
    samples.extend(variants! { LatencyStatistic, |what, statistic| metric_version(what, metric(Judge::Latency { statistic }));
        "statistic.max": LatencyStatistic::Max => LatencyStatistic::Max,
        "statistic.mean": LatencyStatistic::Mean => LatencyStatistic::Mean,
        "statistic.p50": LatencyStatistic::P50 => LatencyStatistic::P50,
        "statistic.p95": LatencyStatistic::P95 => LatencyStatistic::P95,
    });
    samples
}

fn agents() -> Vec<Sample> {
    let mut samples = variants! { Protocol, agent_version;
        "protocol.stdio": Protocol::Stdio { .. } => Protocol::Stdio {
            command: vec![text("agent")],
            framing: StdioFraming::JsonLines,
            env: strings(),
            working_directory: None,
            continuation: Continuation::Restart,
        },
        "protocol.openai_chat": Protocol::OpenAiChat { .. } => Protocol::OpenAiChat {
            base_url: text("https://model.example/v1"),
            model: text("model"),
            api_key: Some(text("{{ secret.KEY }}")),
            system: Some(text("Be kind.")),
            headers: strings(),
            parameters: Some(json("{\"temperature\":0}")),
        },
        "protocol.http_template": Protocol::HttpTemplate { .. } => Protocol::HttpTemplate {
            request: HttpRequest {
                method: HttpMethod::Post,
                url: text("https://agent.example"),
                headers: BTreeMap::new(),
                body: None,
            },
            extract: HttpExtract { text: text("/text"), tool_calls: None, completed: None },
            open: None,
            continuation: Continuation::Restart,
        },
        "protocol.a2a": Protocol::A2a { .. } => a2a(A2aBinding::JsonRpc, A2aVersion::V1),
        "protocol.openai_responses": Protocol::OpenAiResponses { .. } => responses(ResponsesHistory::Server),
        "protocol.langgraph": Protocol::LangGraph(_) => Protocol::LangGraph(LangGraph {
            base_url: text("https://graph.example"),
            assistant_id: text("agent"),
            api_key: Some(text("{{ secret.KEY }}")),
            headers: strings(),
            input: Some(json("{\"a\":1}")),
            config: Some(json("{\"configurable\":{}}")),
            completed: Some(text("/done")),
        }),
        "protocol.rasa": Protocol::Rasa(_) => Protocol::Rasa(Rasa {
            base_url: text("https://rasa.example"),
            channel: text("rest"),
            opening: Some(text("/greet")),
            headers: strings(),
            metadata: Some(json("{\"a\":1}")),
        }),
        "protocol.directline": Protocol::DirectLine(_) => {
            direct_line(DirectLineCredential::Secret(text("{{ secret.KEY }}")))
        },
        "protocol.amigo": Protocol::Amigo(_) => Protocol::Amigo(Amigo {
            base_url: text("https://amigo.example"),
            organization: text("acme"),
            service_id: text("6618791275130b73714e8d1c"),
            version_set: Some(text("edge")),
            api_key: text("{{ secret.KEY }}"),
            api_key_id: text("{{ secret.KEY_ID }}"),
            user_id: text("u1"),
            headers: strings(),
        }),
        "protocol.websocket": Protocol::WebSocket(_) => Protocol::WebSocket(websocket(FrameFormat::Json)),
        "protocol.mcp": Protocol::Mcp(_) => Protocol::Mcp(mcp(McpServer::Http {
            url: text("https://agent.example/mcp"),
            headers: strings(),
        })),
        "protocol.pull": Protocol::Pull => Protocol::Pull,
    };
    samples.extend(
        variants! { A2aBinding, |what, binding| agent_version(what, a2a(binding, A2aVersion::V1));
            "a2a_binding.json_rpc": A2aBinding::JsonRpc => A2aBinding::JsonRpc,
            "a2a_binding.http_json": A2aBinding::HttpJson => A2aBinding::HttpJson,
        },
    );
    samples.extend(
        variants! { A2aVersion, |what, version| agent_version(what, a2a(A2aBinding::JsonRpc, version));
            "a2a_version.v1": A2aVersion::V1 => A2aVersion::V1,
            "a2a_version.v0_3": A2aVersion::V0_3 => A2aVersion::V0_3,
        },
    );
    samples.extend(
        variants! { ResponsesHistory, |what, history| agent_version(what, responses(history));
            "responses_history.server": ResponsesHistory::Server => ResponsesHistory::Server,
            "responses_history.client": ResponsesHistory::Client => ResponsesHistory::Client,
        },
    );
    samples.extend(
        variants! { DirectLineCredential, |what, credential| agent_version(what, direct_line(credential));
            "credential.none": DirectLineCredential::None => DirectLineCredential::None,
            "credential.secret": DirectLineCredential::Secret(_) => DirectLineCredential::Secret(text("secret")),
            "credential.token_url": DirectLineCredential::TokenUrl(_) => {
                DirectLineCredential::TokenUrl(text("https://bot.example/token"))
            },
        },
    );
    samples.extend(
        variants! { FrameFormat, |what, frames| agent_version(what, Protocol::WebSocket(websocket(frames)));
            "frames.json": FrameFormat::Json => FrameFormat::Json,
            "frames.text": FrameFormat::Text => FrameFormat::Text,
        },
    );
    samples.extend(
        variants! { McpServer, |what, server| agent_version(what, Protocol::Mcp(mcp(server)));
            "mcp.process": McpServer::Process { .. } => McpServer::Process {
                command: vec![text("agent")],
                env: strings(),
                working_directory: Some(text("/srv")),
            },
            "mcp.http": McpServer::Http { .. } => McpServer::Http {
                url: text("https://agent.example/mcp"),
                headers: BTreeMap::new(),
            },
        },
    );
    samples.extend(
        variants! { StdioFraming, |what, framing| stdio(what, framing, Continuation::Continue);
            "framing.json_lines": StdioFraming::JsonLines => StdioFraming::JsonLines,
            "framing.prompt": StdioFraming::Prompt { .. } => StdioFraming::Prompt { prompt: None },
        },
    );
    samples.extend(
        variants! { Continuation, |what, continuation| stdio(what, StdioFraming::JsonLines, continuation);
            "continuation.continue": Continuation::Continue => Continuation::Continue,
            "continuation.restart": Continuation::Restart => Continuation::Restart,
        },
    );
    samples.extend(variants! { HttpMethod, template;
        "method.get": HttpMethod::Get => HttpMethod::Get,
        "method.post": HttpMethod::Post => HttpMethod::Post,
        "method.put": HttpMethod::Put => HttpMethod::Put,
    });
    samples
}

fn criteria() -> Vec<Sample> {
    let mut samples = variants! { Criterion, criterion;
        "criterion.boolean": Criterion::Boolean { .. } => Criterion::Boolean { expected_value: false },
        "criterion.numerical": Criterion::Numerical { .. } => {
            Criterion::Numerical { verb: Comparison::Equal, threshold: -2.5 }
        },
        "criterion.categorical": Criterion::Categorical { .. } => {
            Criterion::Categorical { expected_values: vec![name("good"), name("fair")] }
        },
    };
    samples.extend(
        variants! { Comparison, |what, verb| criterion(what, Criterion::Numerical { verb, threshold: 1.0 });
            "verb.equal": Comparison::Equal => Comparison::Equal,
            "verb.not_equal": Comparison::NotEqual => Comparison::NotEqual,
            "verb.at_most": Comparison::AtMost => Comparison::AtMost,
            "verb.below": Comparison::Below => Comparison::Below,
            "verb.at_least": Comparison::AtLeast => Comparison::AtLeast,
            "verb.above": Comparison::Above => Comparison::Above,
        },
    );
    samples
}

fn runs() -> Vec<Sample> {
    let mut samples = variants! { RunVerdict, |what, verdict| {
            let artifact = ArtifactRef { digest: Digest::of(b"zip"), size_bytes: 1 };
            event(what, Event::RunCompleted(RunCompleted { tally: tally(), verdict, artifact }))
        };
        "verdict.passed": RunVerdict::Passed => RunVerdict::Passed,
        "verdict.failed": RunVerdict::Failed => RunVerdict::Failed,
        "verdict.inconclusive": RunVerdict::Inconclusive => RunVerdict::Inconclusive,
        "verdict.errored": RunVerdict::Errored => RunVerdict::Errored,
        "verdict.cancelled": RunVerdict::Cancelled => RunVerdict::Cancelled,
    };
    samples.extend(
        variants! { CancelReason, |what, reason| event(what, Event::RunCancelled(reason));
            "reason.asked": CancelReason::Asked => CancelReason::Asked,
            "reason.budget": CancelReason::Budget(_) => CancelReason::Budget(BudgetLimit::Duration),
        },
    );
    samples.extend(
        variants! { BudgetLimit, |what, limit| event(what, Event::RunCancelled(CancelReason::Budget(limit)));
            "limit.duration": BudgetLimit::Duration => BudgetLimit::Duration,
            "limit.conversations": BudgetLimit::Conversations => BudgetLimit::Conversations,
            "limit.tokens": BudgetLimit::Tokens => BudgetLimit::Tokens,
        "limit.cost": BudgetLimit::Cost => BudgetLimit::Cost,
        },
    );
    samples
}

fn access() -> Vec<Sample> {
    let mut samples = variants! { GrantCondition, |what, condition| {
            let definition = RoleDefinition { grants: vec![grant(condition)], ..role() };
            event(what, Event::RoleUpdated(definition))
        };
        "condition.equals": GrantCondition::Equals(_) => GrantCondition::Equals(json("\"x\"")),
        "condition.in": GrantCondition::In(_) => GrantCondition::In(vec![json("1"), json("2")]),
        "condition.not_equals": GrantCondition::NotEquals(_) => GrantCondition::NotEquals(json("true")),
    };
    samples.extend(variants! { FrontendView, |what, frontend_view| {
            event(what, Event::RoleUpdated(RoleDefinition { frontend_view, ..role() }))
        };
        "view.client": FrontendView::Client => FrontendView::Client,
        "view.admin": FrontendView::Admin => FrontendView::Admin,
    });
    samples.extend(variants! { WebhookType, |what, accepted| {
            let accepted_types = [accepted].into();
            event(what, Event::WebhookDestinationUpdated(WebhookDestinationUpdated { accepted_types, retry_attempts: 1 }))
        };
        "type.conversation": WebhookType::ConversationPostProcessingComplete => WebhookType::ConversationPostProcessingComplete,
        "type.api_key": WebhookType::ApiKeyExpirationSoon => WebhookType::ApiKeyExpirationSoon,
        "type.agent_framework": WebhookType::AgentFrameworkResourceUpdated => WebhookType::AgentFrameworkResourceUpdated,
        "type.run": WebhookType::RunCompleted => WebhookType::RunCompleted,
    });
    samples
}

fn conversations() -> Vec<Sample> {
    let mut samples = variants! { Role, |what, role| record(what, TurnRecord::Said(Turn { role, ..turn() }));
        "role.user": Role::User => Role::User,
        "role.event": Role::Event => Role::Event,
        "role.agent": Role::Agent => Role::Agent,
    };
    samples.extend(variants! { TurnRecord, record;
        "claimed": TurnRecord::Claimed { .. } => {
            TurnRecord::Claimed { worker: "worker-1".to_owned(), at: Time::from_micros(5), restart: true }
        },
        "said": TurnRecord::Said(_) => TurnRecord::Said(turn()),
        "user_left": TurnRecord::UserLeft { .. } => TurnRecord::UserLeft {
            outcome: UserOutcome::GaveUp,
            reason: Some("tired".to_owned()),
            farewell: None,
            usage: None,
            violations: Vec::new(),
            at: Time::from_micros(6),
        },
        "user_broke": TurnRecord::UserBroke { .. } => user_broke(),
    });
    samples.extend(variants! { EndReason, |what, end| concluded(what, ConversationResult { end, ..result() });
        "end.agent_completed": EndReason::AgentCompleted => EndReason::AgentCompleted,
        "end.user_left": EndReason::UserLeft { .. } => EndReason::UserLeft { outcome: UserOutcome::Achieved, reason: None },
        "end.max_interactions": EndReason::MaxInteractions => EndReason::MaxInteractions,
        "end.agent_error": EndReason::AgentError { .. } => EndReason::AgentError { cause: "broke".to_owned() },
        "end.simulator_error": EndReason::SimulatorError { .. } => EndReason::SimulatorError { cause: "broke".to_owned() },
        "end.infrastructure": EndReason::Infrastructure { .. } => EndReason::Infrastructure { cause: "broke".to_owned() },
    });
    samples.extend(variants! { MetricValue, |what, value| {
            let mut result = result();
            result.evaluations[0].value = Some(value);
            concluded(what, result)
        };
        "value.boolean": MetricValue::Boolean(_) => MetricValue::Boolean(true),
        "value.numerical": MetricValue::Numerical(_) => MetricValue::Numerical(0.25),
        "value.categorical": MetricValue::Categorical(_) => MetricValue::Categorical("good".to_owned()),
    });
    samples.extend(
        variants! { Verdict, |what, verdict| concluded(what, ConversationResult { verdict, ..result() });
            "verdict.passed": Verdict::Passed => Verdict::Passed,
            "verdict.failed": Verdict::Failed => Verdict::Failed,
            "verdict.invalid": Verdict::Invalid => Verdict::Invalid,
            "verdict.errored": Verdict::Errored => Verdict::Errored,
        },
    );
    samples
}

/// Where nothing stands instead of something.
fn absences() -> Vec<Sample> {
    let mut bare = job();
    bare.failures.clear();
    let mut unlimited = plan();
    unlimited.options.max_concurrency = None;
    unlimited.options.budget = Budget::default();
    unlimited.options.rerun_of = None;
    let started = RunStarted {
        set_id: UnitTestSetId(oid(8)),
        set_name: name("Set"),
        plan: unlimited,
        manifest: Digest::of(b"manifest"),
    };
    let turn = Turn {
        latency_ms: None,
        tool_calls: Vec::new(),
        usage: None,
        ..turn()
    };
    let measured = MeasuredValue {
        value: None,
        evaluate_to: None,
        ..measured()
    };
    let key = ApiKeyCreated {
        role: None,
        expires_at: None,
        ..api_key()
    };
    vec![
        event("not_applicable", Event::EvaluationRecorded(measured)),
        event("own", Event::ApiKeyCreated(key)),
        Sample::job("job#first_try".to_owned(), bare),
        event("unlimited", Event::RunStarted(started)),
        record("bare", TurnRecord::Said(turn)),
    ]
}

/// All of them.
pub(super) fn all() -> Vec<Sample> {
    [
        kinds(),
        scenarios(),
        metrics(),
        agents(),
        criteria(),
        runs(),
        access(),
        conversations(),
        casts(),
        absences(),
    ]
    .concat()
}
