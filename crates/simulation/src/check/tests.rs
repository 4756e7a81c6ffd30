use std::collections::BTreeMap;

use model::{
    Continuation, FrameFormat, HttpExtract, HttpMethod, HttpOpen, HttpRequest, Mcp, McpServer, MetricDomain,
    Protocol, ReplyExtract, ResponsesHistory, Scope, StdioFraming, Text, UserOutcome, WebSocket,
};
use serde_json::json;

use super::*;
use crate::test_support::{self, name, text};

fn shown(outcome: Result<(), Vec<Finding>>) -> Vec<String> {
    outcome
        .err()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn say(line: &str) -> ScriptStep {
    ScriptStep {
        when: None,
        action: ScriptAction::Say(text(line)),
    }
}

#[test]
fn every_bad_step_of_a_script_is_named() {
    let bad = ScriptStep {
        when: Some(Condition::Matches(text("("))),
        action: ScriptAction::Say(text("{{ persona.name")),
    };
    let repeat = ScriptStep {
        when: Some(Condition::Cel(text("user == 1"))),
        action: ScriptAction::Repeat {
            times: 2,
            until: Some(Condition::NotMatches(text("[z-a]"))),
            steps: vec![say("fine"), say("{{ nobody }}")],
        },
    };
    let end = ScriptStep {
        when: Some(Condition::Cel(text(
            "agent.contains('x') && conversation.interactions > 1",
        ))),
        action: ScriptAction::End {
            outcome: UserOutcome::Achieved,
            reason: None,
        },
    };
    let nested = ScriptStep {
        when: None,
        action: ScriptAction::Steps(vec![bad, end]),
    };
    let script = Script {
        steps: vec![say("Hi {{ persona.name }}"), nested, repeat],
    };
    let found = shown(check_script(&script));
    let paths: Vec<&str> = found
        .iter()
        .map(|finding| finding.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "steps[1].steps[0].when.matches",
            "steps[1].steps[0].say",
            "steps[2].when.cel",
            "steps[2].repeat.until.not_matches",
            "steps[2].repeat.steps[1].say",
        ]
    );
    assert!(
        found[4]
            .contains("there is no `nobody` here; there are `agent`, `persona`, `scenario`, `conversation`")
    );
    assert_eq!(
        shown(check_script(&Script { steps: vec![] })),
        ["steps: must have at least one step"]
    );
    assert_eq!(
        check_script(&Script {
            steps: vec![say("x")]
        }),
        Ok(())
    );
}

fn metric(value: MetricDomain, judge: Judge) -> Result<(), Vec<Finding>> {
    check_metric(&MetricContent {
        description: String::new(),
        value,
        judge,
    })
}

#[test]
fn what_a_judge_compiles_is_checked() {
    let words = || MetricDomain::Categorical {
        categories: vec![name("yes")],
    };
    let regex = |pattern| Judge::Regex {
        pattern: text(pattern),
        scope: Scope::All,
    };
    let schema = |schema| Judge::JsonSchema {
        schema: test_support::json(&schema),
        scope: Scope::All,
    };
    let called = |arguments| Judge::ToolCalled {
        name: text("t"),
        arguments: Some(test_support::json(&arguments)),
    };
    assert_eq!(metric(words(), regex("(yes|no)")), Ok(()));
    assert!(shown(metric(words(), regex("yes")))[0].starts_with("judge.regex.pattern: needs a group"));
    assert!(shown(metric(MetricDomain::Boolean, regex("(")))[0].contains("unclosed group"));
    assert!(
        shown(metric(MetricDomain::Boolean, schema(json!({"type": 1}))))[0]
            .starts_with("judge.json_schema.schema: ")
    );
    let cel = |expression| {
        metric(
            MetricDomain::Boolean,
            Judge::Cel {
                expression: text(expression),
            },
        )
    };
    assert_eq!(
        cel("conversation.interactions > 1 && persona.name != scenario.name"),
        Ok(())
    );
    assert!(shown(cel("agent == ''"))[0].starts_with("judge.cel.expression: there is no `agent` here"));
    assert!(shown(metric(MetricDomain::Boolean, called(json!([]))))[0].contains("must be an object"));
    assert!(
        shown(metric(MetricDomain::Boolean, Judge::Interactions))[0].starts_with(": a `interactions` judge")
    );
    assert_eq!(
        metric(MetricDomain::Boolean, Judge::Model(model::ModelJudge::default())),
        Ok(())
    );
}

fn connection(protocol: Protocol) -> Vec<String> {
    shown(check_connection(&Connection {
        protocol,
        timeout_ms: 1000,
        max_attempts: 1,
        max_reply_bytes: 1000,
    }))
}

#[test]
fn child_processes_are_checked() {
    let stdio = |framing, env: &[(&str, &str)], continuation| {
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        connection(Protocol::Stdio {
            command: vec![text("agent")],
            framing,
            env,
            working_directory: None,
            continuation,
        })
    };
    let prompt = |prompt: &str| StdioFraming::Prompt {
        prompt: Some(prompt.to_owned()),
    };
    let key = [("KEY", "{{ secret.KEY }}-{{ session_id }}")];
    assert!(stdio(StdioFraming::JsonLines, &key, Continuation::Continue).is_empty());
    assert!(stdio(prompt("> "), &key, Continuation::Restart).is_empty());
    assert!(
        stdio(prompt("> "), &key, Continuation::Continue)[0].starts_with("continuation: must be `restart`")
    );
    assert!(stdio(prompt(""), &[], Continuation::Restart)[0].starts_with("framing.prompt: "));
    let found = stdio(
        StdioFraming::JsonLines,
        &[("A=B", "{{ message }}")],
        Continuation::Restart,
    );
    assert!(
        found[0].contains("not the name of an environment variable")
            && found[1].contains("no `message` here")
    );
}

#[test]
fn websockets_are_checked() {
    let found = |change: &dyn Fn(&mut WebSocket)| {
        let mut socket = WebSocket {
            url: text("wss://agent.example/{{ session_id }}"),
            headers: BTreeMap::new(),
            frames: FrameFormat::Json,
            open: None,
            greeting: false,
            message: text("{{ message | tojson }}"),
            extract: ReplyExtract {
                text: Some(text("/text")),
                ..ReplyExtract::default()
            },
            error: None,
            last: Some(text("{{ response.last and turn }}")),
            ignore: None,
            continuation: Continuation::Restart,
        };
        change(&mut socket);
        connection(Protocol::WebSocket(socket))
    };
    assert!(found(&|_| {}).is_empty());
    let one = |change: &dyn Fn(&mut WebSocket), expected: &str| {
        let found = found(change);
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    };
    one(
        &|socket| socket.url = text("https://agent.example"),
        "url: must begin with `ws://` or `wss://`",
    );
    one(
        &|socket| socket.url = text("wss://me:you@agent.example"),
        "url: must not hold a user or password",
    );
    one(
        &|socket| socket.headers = BTreeMap::from([("Upgrade".to_owned(), "x".to_owned())]),
        "headers.Upgrade: is set by the WebSocket protocol itself",
    );
    one(
        &|socket| socket.open = Some(text("{{ message }}")),
        "open: there is no `message` here",
    );
    one(
        &|socket| socket.message = text("hello"),
        "message: is not JSON: expected value at line 1 column 1; if frames are plain text, say `frames: text`",
    );
    one(
        &|socket| socket.ignore = Some(text("{{ message }}")),
        "ignore: there is no `message` here",
    );
    one(
        &|socket| socket.error = Some(text("error")),
        "error: must be a JSON Pointer",
    );
    let plain = |socket: &mut WebSocket| {
        socket.frames = FrameFormat::Text;
        socket.message = text("hello");
        socket.extract.text = None;
        socket.last = Some(text("/last"));
    };
    one(&plain, "last: must be a template");
}

#[test]
fn tools_are_checked() {
    let tool = |server, arguments: serde_json::Value, source: &str| {
        connection(Protocol::Mcp(Mcp {
            server,
            tool: text("ask"),
            arguments: test_support::json(&arguments),
            extract: ReplyExtract {
                text: Some(text(source)),
                ..ReplyExtract::default()
            },
            continuation: Continuation::Restart,
        }))
    };
    let http = |url: &str, header: &str| McpServer::Http {
        url: text(url),
        headers: BTreeMap::from([(header.to_owned(), "{{ secret.KEY }}".to_owned())]),
    };
    let good = || http("https://agent.example/mcp", "authorization");
    let arguments = json!({"q": "{{ message }}", "all": ["{{ history }}", 3]});
    assert!(tool(good(), arguments.clone(), "/structuredContent/text").is_empty());
    assert!(connection(Protocol::Pull).is_empty());
    let found = tool(
        http("ws://agent.example", "Mcp-Session-Id"),
        json!({"q": {"deep": ["{{ response }}"]}}),
        "text",
    );
    let paths: Vec<&str> = found
        .iter()
        .map(|finding| finding.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "http.url",
            "http.headers.Mcp-Session-Id",
            "arguments.q.deep.0",
            "extract.text"
        ]
    );
    let process = McpServer::Process {
        command: vec![text("agent")],
        env: BTreeMap::from([("A=B".to_owned(), "{{ message }}".to_owned())]),
        working_directory: None,
    };
    let found = tool(process, arguments, "/text");
    assert!(
        found.len() == 2
            && found
                .iter()
                .all(|finding| finding.starts_with("process.env.A=B: ")),
        "{found:?}"
    );
}

#[test]
fn chat_completions_are_checked() {
    let chat = |base_url: &str, system: &str, parameters: serde_json::Value| {
        connection(Protocol::OpenAiChat {
            base_url: text(base_url),
            model: text("m"),
            api_key: Some(text("{{ secret.api }}")),
            system: Some(text(system)),
            headers: BTreeMap::from([("bad header".to_owned(), "x".to_owned())]),
            parameters: Some(test_support::json(&parameters)),
        })
    };
    let found = chat(
        "ftp://host",
        "{{ secret.KEY }}",
        json!({"model": "other", "temperature": 1}),
    );
    let paths: Vec<&str> = found
        .iter()
        .map(|finding| finding.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "base_url",
            "api_key",
            "system",
            "headers.bad header",
            "parameters.model"
        ]
    );
    assert!(
        chat("{{ secret.URL }}", "x", json!(3))
            .iter()
            .any(|finding| finding == "parameters: must be an object")
    );
}

#[test]
fn connections_to_a2a_agents_are_checked() {
    let a2a = |card: Option<&str>, endpoint: Option<&str>, header: &str| {
        connection(Protocol::A2a {
            card: card.map(text),
            endpoint: endpoint.map(text),
            binding: None,
            version: None,
            streaming: false,
            api_key: Some(text("{{ secret.KEY }}")),
            headers: BTreeMap::from([(header.to_owned(), "{{ session_id }}".to_owned())]),
        })
    };
    assert!(a2a(Some("https://a.example"), None, "x-session").is_empty());
    let both = a2a(Some("https://a.example"), Some("https://a.example"), "x-session");
    assert_eq!(
        both,
        [": an A2A connection has exactly one of `card` and `endpoint`"]
    );
    let wrong = a2a(None, Some("a.example"), "A2A-Version");
    assert!(wrong[0].starts_with("endpoint: is not a URL"), "{wrong:?}");
    assert_eq!(
        wrong[1],
        "headers.A2A-Version: is set by Rehearse itself: use `version`"
    );
}

#[test]
fn connections_to_the_responses_api_are_checked() {
    let found = connection(Protocol::OpenAiResponses {
        base_url: text("ftp://host"),
        model: text("m"),
        api_key: Some(text("{{ secret.api }}")),
        instructions: Some(text("{{ secret.KEY }}")),
        history: ResponsesHistory::Server,
        headers: BTreeMap::from([("bad header".to_owned(), "x".to_owned())]),
        parameters: Some(test_support::json(&json!({"store": false, "tools": []}))),
    });
    let paths: Vec<&str> = found
        .iter()
        .map(|finding| finding.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "base_url",
            "api_key",
            "instructions",
            "headers.bad header",
            "parameters.store"
        ]
    );
}

#[test]
fn templates_of_requests_are_checked() {
    let request = |url: &str, body: &str| HttpRequest {
        method: HttpMethod::Post,
        url: text(url),
        headers: BTreeMap::new(),
        body: Some(text(body)),
    };
    let template = |request, source: &str, open: Option<HttpOpen>, continuation| {
        let extract = HttpExtract {
            text: text(source),
            tool_calls: None,
            completed: Some(text("{{ response.done }}")),
        };
        connection(Protocol::HttpTemplate {
            request,
            extract,
            open,
            continuation,
        })
    };
    let open = || {
        Some(HttpOpen {
            request: request("https://host/open/{{ session_id }}", "{}"),
            extract: BTreeMap::from([("id".to_owned(), text("/id"))]),
        })
    };
    let uses = || request("https://host/{{ session.id }}", "{{ message | tojson }}");
    let plain = || request("https://host/{{ session_id }}", "{{ message | tojson }}");
    assert!(template(uses(), "/text", open(), Continuation::Restart).is_empty());
    assert!(template(plain(), "/text", open(), Continuation::Continue).is_empty());
    assert!(
        template(uses(), "/text", open(), Continuation::Continue)[0]
            .starts_with("continuation: must be `restart`")
    );
    assert!(
        template(uses(), "/text", None, Continuation::Restart)[0].contains("no `open` that would give it")
    );
    assert!(
        template(plain(), "text", None, Continuation::Restart)[0]
            .starts_with("extract.text: must be a JSON Pointer")
    );
    assert!(template(plain(), "/a~2", None, Continuation::Restart)[0].contains("JSON Pointer"));
    let found = template(
        request("host", "{not json"),
        "{{ reply }}",
        None,
        Continuation::Restart,
    );
    assert!(
        found[0].starts_with("request.url: is not a URL")
            && found[1].starts_with("request.body: is not JSON")
    );
    assert!(found[2].contains("there is no `reply` here; there are `response`"));
    let early = HttpOpen {
        request: request("https://host/{{ message }}", "{}"),
        extract: BTreeMap::from([("id".to_owned(), Text::try_from("id").unwrap())]),
    };
    let found = template(plain(), "/text", Some(early), Continuation::Restart);
    assert!(
        found[0].contains("no `message` here") && found[1].starts_with("open.extract.id: "),
        "{found:?}"
    );
}

#[test]
fn a_judge_names_each_model_once() {
    let metric = MetricContent {
        description: "Whether it is polite.".to_owned(),
        value: MetricDomain::Boolean,
        judge: Judge::Model(model::ModelJudge {
            models: vec![name("a"), name("b"), name("a")],
            ..model::ModelJudge::default()
        }),
    };
    assert_eq!(
        shown(check_metric(&metric)),
        ["judge.model.models[2]: `a` is named already; ask it several times with `samples`"]
    );
}

#[test]
fn shares_of_milestones_must_be_values_of_the_metric() {
    let metric = |lower_bound, upper_bound| MetricContent {
        description: String::new(),
        value: MetricDomain::Numerical {
            lower_bound,
            upper_bound,
        },
        judge: Judge::Milestones,
    };
    assert_eq!(check_metric(&metric(0.0, 1.0)), Ok(()));
    assert_eq!(check_metric(&metric(-1.0, 100.0)), Ok(()));
    for (lower, upper) in [(0.1, 1.0), (0.0, 0.9)] {
        let found = shown(check_metric(&metric(lower, upper)));
        assert!(
            found[0].contains("a `milestones` judge gives shares from 0 to 1"),
            "{found:?}"
        );
    }
}
