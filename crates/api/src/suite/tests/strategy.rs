//! Any suite object.

use std::collections::{BTreeMap, BTreeSet};

use model::*;
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
};
use serde_json::{Value, json};

fn name() -> impl Strategy<Value = Name> {
    "[A-Za-zé0-9][A-Za-zé0-9 :#'\"-]{0,8}".prop_map(|text| Name::try_from(text).unwrap())
}

fn text() -> impl Strategy<Value = Text> {
    "[A-Za-zé{}|%0-9\"][A-Za-z0-9 \n:#'{}\\\\-]{0,20}[a-z]".prop_map(|text| Text::try_from(text).unwrap())
}

fn object() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e9..1.0e9).prop_map(|number: f64| Value::from(number)),
        "[a-z: ]{0,6}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map("[a-z]{1,3}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    });
    btree_map("[a-z$]{1,5}", value, 0..4).prop_map(|map| Json::from_value(&json!(map)).unwrap())
}

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map("[A-Z_]{1,6}", "[ -~]{0,10}", 0..3)
}

fn tags(strict: bool) -> impl Strategy<Value = Tags> {
    let pattern = if strict {
        "[a-z0-9_]{1,6}"
    } else {
        "[a-z0-9!: ]{1,6}"
    };
    btree_map(pattern, option::of(pattern), 0..3).prop_map(|entries| Tags::try_from(entries).unwrap())
}

fn variables() -> impl Strategy<Value = Variables> {
    btree_map("[a-z_][a-z0-9_]{1,5}", ".{0,8}", 0..3)
        .prop_map(|entries| Variables::try_from(entries).unwrap())
}

fn persona() -> impl Strategy<Value = SuiteSpec> {
    let language = option::of(prop_oneof![Just("eng"), Just("deu")]);
    let timezone = option::of(prop_oneof![Just("UTC"), Just("Europe/Berlin")]);
    (
        name(),
        tags(true),
        text(),
        language,
        timezone,
        vec(text(), 0..3),
        variables(),
        variables(),
    )
        .prop_map(
            |(role, tags, background, language, timezone, user_models, plain, sensitive)| {
                SuiteSpec::Persona {
                    role,
                    tags,
                    content: PersonaContent {
                        background,
                        preferred_language: language.map(|code| code.try_into().unwrap()),
                        timezone: timezone.map(|zone| zone.try_into().unwrap()),
                        user_models,
                        nonsensitive_user_variables: plain,
                        sensitive_user_variables: sensitive,
                    },
                }
            },
        )
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        text().prop_map(Condition::Matches),
        text().prop_map(Condition::NotMatches),
        text().prop_map(Condition::Cel),
    ]
}

fn outcome() -> impl Strategy<Value = UserOutcome> {
    prop_oneof![Just(UserOutcome::Achieved), Just(UserOutcome::GaveUp)]
}

fn steps() -> impl Strategy<Value = Vec<ScriptStep>> {
    let step =
        |action| (option::of(condition()), action).prop_map(|(when, action)| ScriptStep { when, action });
    let leaf = step(
        prop_oneof![
            text().prop_map(ScriptAction::Say),
            (outcome(), option::of(text()))
                .prop_map(|(outcome, reason)| ScriptAction::End { outcome, reason }),
        ]
        .boxed(),
    );
    let any_step = leaf.prop_recursive(3, 12, 3, move |inner| {
        let nested = vec(inner, 1..3).boxed();
        step(
            prop_oneof![
                nested.clone().prop_map(ScriptAction::Steps),
                (1..=MAX_ROUNDS, option::of(condition()), nested)
                    .prop_map(|(times, until, steps)| ScriptAction::Repeat { times, until, steps }),
            ]
            .boxed(),
        )
    });
    vec(any_step, 1..4)
}

fn scenario() -> impl Strategy<Value = SuiteSpec> {
    let initial = prop_oneof![
        Just(InitialMessageType::UserMessage),
        Just(InitialMessageType::ExternalEvent),
        Just(InitialMessageType::Skip),
    ];
    let time = option::of((-1_000_000_000_000_000_i64..4_000_000_000_000_000).prop_map(Time::from_micros));
    let milestones = vec(milestone(), 0..3).prop_filter("names are unique", |milestones: &Vec<Milestone>| {
        let names: BTreeSet<&Name> = milestones.iter().map(|milestone| &milestone.name).collect();
        names.len() == milestones.len()
    });
    (
        tags(true),
        text(),
        text(),
        initial,
        time,
        option::of(steps()),
        milestones,
    )
        .prop_map(
            |(
                tags,
                objective,
                instructions,
                initial_message_type,
                conversation_starts_at,
                steps,
                milestones,
            )| {
                SuiteSpec::Scenario {
                    tags,
                    content: ScenarioContent {
                        objective,
                        instructions,
                        initial_message_type,
                        conversation_starts_at,
                        script: steps.map(|steps| Script { steps }),
                        milestones,
                    },
                }
            },
        )
}

fn domain() -> impl Strategy<Value = MetricDomain> {
    prop_oneof![
        Just(MetricDomain::Boolean),
        (-1.0e6..0.0, 0.0..1.0e6).prop_map(|(lower_bound, upper_bound)| MetricDomain::Numerical {
            lower_bound,
            upper_bound
        }),
        vec(name(), 1..4).prop_map(|categories| MetricDomain::Categorical { categories }),
    ]
}

fn model_judge() -> impl Strategy<Value = ModelJudge> {
    let names = proptest::collection::btree_set(name(), 0..3);
    let combine = prop_oneof![Just(Combine::Majority), Just(Combine::Median)];
    (names, 1..=MAX_SAMPLES, combine, any::<bool>(), any::<bool>()).prop_map(
        |(models, samples, combine, confirm_on_fail, quote)| ModelJudge {
            models: models.into_iter().collect(),
            samples,
            combine,
            confirm_on_fail,
            quote,
        },
    )
}

fn milestone() -> impl Strategy<Value = Milestone> {
    let judge = prop_oneof![
        text().prop_map(|expression| Judge::Cel { expression }),
        model_judge().prop_map(Judge::Model),
    ];
    (name(), text(), judge).prop_map(|(name, description, judge)| Milestone {
        name,
        description: Some(description),
        judge,
    })
}

fn judge() -> impl Strategy<Value = Judge> {
    let scope = || {
        prop_oneof![
            Just(Scope::Agent),
            Just(Scope::LastAgent),
            Just(Scope::FirstAgent),
            Just(Scope::User),
            Just(Scope::All),
        ]
    };
    let statistic = prop_oneof![
        Just(LatencyStatistic::Max),
        Just(LatencyStatistic::Mean),
        Just(LatencyStatistic::P50),
        Just(LatencyStatistic::P95),
    ];
    prop_oneof![
        model_judge().prop_map(Judge::Model),
        Just(Judge::Milestones),
        text().prop_map(|name| Judge::Recorded { name }),
        Just(Judge::Interactions),
        Just(Judge::ScriptOutcome),
        (vec(text(), 1..3), any::<bool>(), any::<bool>(), scope()).prop_map(
            |(texts, all, case_sensitive, scope)| Judge::Contains {
                texts,
                all,
                case_sensitive,
                scope
            }
        ),
        (text(), scope()).prop_map(|(pattern, scope)| Judge::Regex { pattern, scope }),
        (object(), scope()).prop_map(|(schema, scope)| Judge::JsonSchema { schema, scope }),
        text().prop_map(|expression| Judge::Cel { expression }),
        (text(), option::of(object())).prop_map(|(name, arguments)| Judge::ToolCalled { name, arguments }),
        statistic.prop_map(|statistic| Judge::Latency { statistic }),
    ]
}

fn metric() -> impl Strategy<Value = SuiteSpec> {
    let content = (text(), any::<bool>(), domain(), judge()).prop_filter_map(
        "a judge that gives such values",
        |(description, described, value, judge)| {
            let described = described || matches!(judge, Judge::Model(_));
            let description = if described {
                description.to_string()
            } else {
                String::new()
            };
            let content = MetricContent {
                description,
                value,
                judge,
            };
            content.check().is_ok().then_some(content)
        },
    );
    (option::of(text()), vec(name(), 0..3), tags(true), content).prop_map(
        |(additional_notes, applied_to_services, tags, content)| SuiteSpec::Metric {
            additional_notes,
            applied_to_services,
            tags,
            content,
        },
    )
}

fn continuation() -> impl Strategy<Value = Continuation> {
    prop_oneof![Just(Continuation::Continue), Just(Continuation::Restart)]
}

fn request() -> impl Strategy<Value = HttpRequest> {
    let method = prop_oneof![
        Just(HttpMethod::Get),
        Just(HttpMethod::Post),
        Just(HttpMethod::Put)
    ];
    (method, text(), texts(), option::of(text())).prop_map(|(method, url, headers, body)| HttpRequest {
        method,
        url,
        headers,
        body,
    })
}

fn a2a() -> impl Strategy<Value = Protocol> {
    let binding = prop_oneof![Just(A2aBinding::JsonRpc), Just(A2aBinding::HttpJson)];
    let version = prop_oneof![Just(A2aVersion::V1), Just(A2aVersion::V0_3)];
    let key = option::of(text());
    (
        text(),
        any::<bool>(),
        option::of(binding),
        option::of(version),
        any::<bool>(),
        key,
        texts(),
    )
        .prop_map(
            |(place, is_card, binding, version, streaming, api_key, headers)| Protocol::A2a {
                card: is_card.then(|| place.clone()),
                endpoint: (!is_card).then_some(place),
                binding,
                version,
                streaming,
                api_key,
                headers,
            },
        )
}

fn openai_responses() -> impl Strategy<Value = Protocol> {
    let history = prop_oneof![Just(ResponsesHistory::Server), Just(ResponsesHistory::Client)];
    (
        text(),
        text(),
        option::of(text()),
        option::of(text()),
        history,
        texts(),
        option::of(object()),
    )
        .prop_map(
            |(base_url, model, api_key, instructions, history, headers, parameters)| {
                Protocol::OpenAiResponses {
                    base_url,
                    model,
                    api_key,
                    instructions,
                    history,
                    headers,
                    parameters,
                }
            },
        )
}

fn langgraph() -> impl Strategy<Value = Protocol> {
    (
        text(),
        text(),
        option::of(text()),
        texts(),
        option::of(object()),
        option::of(object()),
        option::of(text()),
    )
        .prop_map(
            |(base_url, assistant_id, api_key, headers, input, config, completed)| {
                Protocol::LangGraph(LangGraph {
                    base_url,
                    assistant_id,
                    api_key,
                    headers,
                    input,
                    config,
                    completed,
                })
            },
        )
}

fn rasa() -> impl Strategy<Value = Protocol> {
    let channel = prop_oneof![Just(Text::try_from(DEFAULT_CHANNEL).unwrap()), text()];
    (text(), channel, option::of(text()), texts(), option::of(object())).prop_map(
        |(base_url, channel, opening, headers, metadata)| {
            Protocol::Rasa(Rasa {
                base_url,
                channel,
                opening,
                headers,
                metadata,
            })
        },
    )
}

fn directline() -> impl Strategy<Value = Protocol> {
    let base_url = prop_oneof![Just(Text::try_from(DIRECT_LINE_URL).unwrap()), text()];
    let credential = prop_oneof![
        Just(DirectLineCredential::None),
        text().prop_map(DirectLineCredential::Secret),
        text().prop_map(DirectLineCredential::TokenUrl),
    ];
    let bound = |default: u32, least: u32| prop_oneof![Just(default), least..=60_000_u32];
    (
        base_url,
        credential,
        texts(),
        bound(DEFAULT_QUIET_MS, 0),
        bound(DEFAULT_POLL_MS, 50),
    )
        .prop_map(|(base_url, credential, headers, quiet_ms, poll_ms)| {
            Protocol::DirectLine(DirectLine {
                base_url,
                credential,
                headers,
                quiet_ms,
                poll_ms,
            })
        })
}

fn amigo() -> impl Strategy<Value = Protocol> {
    let base_url = prop_oneof![Just(Text::try_from(AMIGO_URL).unwrap()), text()];
    (
        (base_url, text(), text(), option::of(text())),
        (text(), text(), text(), texts()),
    )
        .prop_map(
            |((base_url, organization, service_id, version_set), (api_key, api_key_id, user_id, headers))| {
                Protocol::Amigo(Amigo {
                    base_url,
                    organization,
                    service_id,
                    version_set,
                    api_key,
                    api_key_id,
                    user_id,
                    headers,
                })
            },
        )
}

fn protocol() -> impl Strategy<Value = Protocol> {
    let framing = prop_oneof![
        Just(StdioFraming::JsonLines),
        option::of("[ -~]{1,4}").prop_map(|prompt| StdioFraming::Prompt { prompt }),
    ];
    let extract =
        (text(), option::of(text()), option::of(text())).prop_map(|(text, tool_calls, completed)| {
            HttpExtract {
                text,
                tool_calls,
                completed,
            }
        });
    let open = (request(), btree_map("[a-z]{1,4}", text(), 0..3))
        .prop_map(|(request, extract)| HttpOpen { request, extract });
    prop_oneof![
        (
            vec(text(), 1..3),
            framing,
            texts(),
            option::of(text()),
            continuation()
        )
            .prop_map(
                |(command, framing, env, working_directory, continuation)| Protocol::Stdio {
                    command,
                    framing,
                    env,
                    working_directory,
                    continuation
                }
            ),
        (
            text(),
            text(),
            option::of(text()),
            option::of(text()),
            texts(),
            option::of(object())
        )
            .prop_map(|(base_url, model, api_key, system, headers, parameters)| {
                Protocol::OpenAiChat {
                    base_url,
                    model,
                    api_key,
                    system,
                    headers,
                    parameters,
                }
            }),
        (request(), extract, option::of(open), continuation()).prop_map(
            |(request, extract, open, continuation)| {
                Protocol::HttpTemplate {
                    request,
                    extract,
                    open,
                    continuation,
                }
            }
        ),
        // Boxed, because what holds them all by value does not fit on the stack.
        a2a().boxed(),
        openai_responses().boxed(),
        langgraph().boxed(),
        rasa().boxed(),
        directline().boxed(),
        amigo().boxed(),
        websocket().boxed(),
        mcp().boxed(),
        Just(Protocol::Pull).boxed(),
    ]
}

fn reply_extract() -> impl Strategy<Value = ReplyExtract> {
    (option::of(text()), option::of(text()), option::of(text())).prop_map(|(text, tool_calls, completed)| {
        ReplyExtract {
            text,
            tool_calls,
            completed,
        }
    })
}

fn websocket() -> impl Strategy<Value = Protocol> {
    let frames = prop_oneof![Just(FrameFormat::Json), Just(FrameFormat::Text)];
    let sent = (text(), texts(), option::of(text()), any::<bool>(), text());
    let received = (
        text(),
        reply_extract(),
        option::of(text()),
        option::of(text()),
        option::of(text()),
    );
    (frames, sent, received, continuation()).prop_map(|(frames, sent, received, continuation)| {
        let (url, headers, open, greeting, message) = sent;
        let (always, mut extract, error, last, ignore) = received;
        if frames == FrameFormat::Json {
            extract.text.get_or_insert(always);
        }
        Protocol::WebSocket(WebSocket {
            url,
            headers,
            frames,
            open,
            greeting,
            message,
            extract,
            error,
            last,
            ignore,
            continuation,
        })
    })
}

fn mcp() -> impl Strategy<Value = Protocol> {
    let process =
        (vec(text(), 1..3), texts(), option::of(text())).prop_map(|(command, env, working_directory)| {
            McpServer::Process {
                command,
                env,
                working_directory,
            }
        });
    let http = (text(), texts()).prop_map(|(url, headers)| McpServer::Http { url, headers });
    let server = prop_oneof![process, http];
    (server, text(), object(), reply_extract(), continuation()).prop_map(
        |(server, tool, arguments, extract, continuation)| {
            Protocol::Mcp(Mcp {
                server,
                tool,
                arguments,
                extract,
                continuation,
            })
        },
    )
}

fn agent() -> impl Strategy<Value = SuiteSpec> {
    let bound = |default: u32, most: u32| prop_oneof![Just(default), 1..=most];
    let connection = (
        protocol(),
        bound(DEFAULT_TIMEOUT_MS, 600_000),
        bound(DEFAULT_MAX_ATTEMPTS, 10),
        bound(DEFAULT_MAX_REPLY_BYTES, 1024 * 1024),
    )
        .prop_map(
            |(protocol, timeout_ms, max_attempts, max_reply_bytes)| Connection {
                // The quiet that ends a reply is part of its time.
                timeout_ms: if matches!(protocol, Protocol::DirectLine(_)) {
                    timeout_ms.max(60_001)
                } else {
                    timeout_ms
                },
                protocol,
                max_attempts,
                max_reply_bytes,
            },
        );
    (option::of(connection.boxed()), option::of(object()))
        .prop_map(|(connection, document)| SuiteSpec::Agent(AgentContent { connection, document }))
}

fn service() -> impl Strategy<Value = SuiteSpec> {
    let preference = (text(), object()).prop_map(|(llm_name, params)| ModelPreference { llm_name, params });
    let set = (
        option::of(1_u32..),
        option::of(1_u32..),
        btree_map("[A-Za-z]{1,6}", preference, 0..3),
    )
        .prop_map(
            |(agent_version, context_graph_version, llm_model_preferences)| VersionSet {
                agent_version,
                context_graph_version,
                llm_model_preferences,
            },
        );
    let sets = btree_map(
        "r[a-z0-9_-]{0,5}".prop_map(|name| VersionSetName::try_from(name).unwrap()),
        set,
        0..3,
    );
    let keyterms = vec(
        "[a-z]{1,4}( [a-z-]{1,4}){0,2}".prop_map(|term| Keyterm::try_from(term).unwrap()),
        0..3,
    );
    (text(), name(), option::of(name()), tags(true), keyterms, sets).prop_map(
        |(description, agent, context_graph, tags, keyterms, version_sets)| SuiteSpec::Service {
            description,
            agent,
            context_graph,
            tags,
            keyterms,
            version_sets,
        },
    )
}

fn criterion() -> impl Strategy<Value = SuiteCriterion> {
    let verb = prop_oneof![
        Just(Comparison::Equal),
        Just(Comparison::NotEqual),
        Just(Comparison::AtMost),
        Just(Comparison::Below),
        Just(Comparison::AtLeast),
        Just(Comparison::Above),
    ];
    let criterion = prop_oneof![
        any::<bool>().prop_map(|expected_value| Criterion::Boolean { expected_value }),
        (verb, -1.0e6..1.0e6).prop_map(|(verb, threshold)| Criterion::Numerical { verb, threshold }),
        vec(name(), 1..3).prop_map(|expected_values| Criterion::Categorical { expected_values }),
    ];
    (option::of(name()), name(), criterion).prop_map(|(named, metric, criterion)| SuiteCriterion {
        name: named.unwrap_or_else(|| metric.clone()),
        metric,
        criterion,
    })
}

fn unit_test() -> impl Strategy<Value = SuiteSpec> {
    let version_set = prop_oneof![Just("release"), Just("edge"), Just("candidate")];
    let cap = prop_oneof![Just(20_u32), 1..=100_u32];
    (
        text(),
        name(),
        version_set,
        name(),
        name(),
        cap,
        vec(criterion(), 1..4),
        tags(false),
    )
        .prop_map(
            |(
                description,
                service,
                version_set,
                persona,
                scenario,
                max_interactions,
                success_criteria,
                tags,
            )| {
                SuiteSpec::UnitTest {
                    description,
                    service,
                    version_set: version_set.to_owned().try_into().unwrap(),
                    persona,
                    scenario,
                    max_interactions,
                    success_criteria,
                    tags,
                }
            },
        )
}

fn unit_test_set() -> impl Strategy<Value = SuiteSpec> {
    let repetitions = prop_oneof![Just(1_u32), 1..=MAX_CONVERSATIONS];
    (option::of(text()), vec((name(), repetitions), 1..4), tags(false)).prop_map(
        |(description, tests, tags)| SuiteSpec::UnitTestSet {
            description,
            tests,
            tags,
        },
    )
}

/// Any object of any kind.
pub(super) fn suite_object() -> impl Strategy<Value = SuiteObject> {
    let graph = object().prop_map(|document| SuiteSpec::ContextGraph(ContextGraphContent { document }));
    let spec = prop_oneof![
        persona().boxed(),
        scenario().boxed(),
        metric().boxed(),
        agent().boxed(),
        graph.boxed(),
        service().boxed(),
        unit_test().boxed(),
        unit_test_set().boxed(),
    ];
    (name(), spec).prop_map(|(name, spec)| SuiteObject { name, spec })
}
