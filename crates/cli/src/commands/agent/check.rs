//! `agent check`: one turn with an agent, from this machine.
//!
//! What an agent answers is hostile: nothing of it reaches a terminal unescaped.

use model::{AgentContent, Connection, Continuation, Kind, Named, SuiteSpec};
use serde::Serialize;
use serde_json::Value;
use simulation::{AgentReply, probe};

use crate::{
    app::{DONE, Done},
    commands::{Setting, one_object::Source},
    exit::Exit,
    failure::{Failure, chain},
    output::printable,
    roles::agents,
    runtime::block_on,
    secret::random_bytes,
};

/// What `agent check` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse agent check \"Parcel service\"
  rehearse agent check \"Parcel service\" -f suite --message \"Where is my parcel?\"
  rehearse agent check Receptionist --greet

The turn is sent from this machine, with the secrets of this environment. Agents on this machine may be reached; others that are
not public must be allowed as for a worker (setting worker.allowed_networks). Nothing is stored.")]
pub(crate) struct Arguments {
    /// The agent's name
    #[arg(value_name = "NAME")]
    name: String,

    /// What to say
    #[arg(long, value_name = "TEXT", default_value = "Hello", conflicts_with = "greet")]
    message: String,

    /// Say nothing, and let the agent greet
    #[arg(long)]
    greet: bool,

    #[command(flatten)]
    source: Source,
}

/// What came back.
#[derive(Serialize)]
struct Checked<'a> {
    agent: &'a str,
    protocol: &'a str,
    resumable: bool,
    said: Option<&'a str>,
    text: &'a str,
    tool_calls: Vec<Called<'a>>,
    completed: bool,
    latency_ms: u64,
    calls: u32,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    session: Option<&'a str>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: Value,
    result: Option<Value>,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    block_on(async move {
        let (settings, _layers) = setting.settings(|places| places)?;
        let agents = agents(&settings, true)?;
        let object = arguments
            .source
            .find(setting, Kind::Agent, &arguments.name)
            .await?;
        let SuiteSpec::Agent(content) = object.spec else {
            return Err(Failure::bug("the document of an agent is none").into());
        };
        let connection = connection(&content, &arguments.name)?.clone();
        let agent = Named {
            name: object.name,
            role: None,
            content,
        };
        let message = (!arguments.greet).then_some(arguments.message.as_str());
        let session = random_bytes::<16>()?;
        let reply = probe(&agents, &agent, message, &session).await.map_err(|error| {
            Failure::new(
                Exit::Errored,
                format!("agent `{}` did not answer: {}", arguments.name, chain(&error)),
            )
        })?;
        let checked = checked(&arguments.name, &connection, message, &reply);
        output.value(&checked, || explained(&checked))?;
        DONE
    })
}

fn connection<'a>(content: &'a AgentContent, name: &str) -> Result<&'a Connection, Failure> {
    content.connection.as_ref().ok_or_else(|| {
        Failure::configuration(format!(
            "the newest version of agent `{name}` does not say how to reach it"
        ))
        .help("Give it a `connection`; docs/connections.md tells how.")
    })
}

fn checked<'a>(
    agent: &'a str,
    connection: &'a Connection,
    said: Option<&'a str>,
    reply: &'a AgentReply,
) -> Checked<'a> {
    let called = reply.tool_calls.iter().map(|call| Called {
        name: &call.name,
        arguments: call.arguments.value(),
        result: call.result.as_ref().map(model::Json::value),
    });
    Checked {
        agent,
        protocol: connection.protocol.as_str(),
        resumable: connection.protocol.continuation() == Continuation::Continue,
        said,
        text: &reply.text,
        tool_calls: called.collect(),
        completed: reply.completed,
        latency_ms: reply.latency_ms,
        calls: reply.calls,
        input_tokens: reply.usage.map(|usage| usage.input_tokens),
        output_tokens: reply.usage.map(|usage| usage.output_tokens),
        session: reply.session.as_deref(),
    }
}

fn explained(checked: &Checked<'_>) -> String {
    let mut lines = vec![format!(
        "{} answers by {}",
        printable(checked.agent),
        checked.protocol
    )];
    lines.push(match checked.said {
        Some(said) => format!("  said      {}", printable(said)),
        None => "  said      nothing: the agent was to greet".to_owned(),
    });
    if checked.text.is_empty() {
        lines.push("  reply     without words".to_owned());
    }
    for (index, line) in checked.text.lines().enumerate() {
        let label = if index == 0 { "reply" } else { "" };
        lines.push(format!("  {label:<9} {}", printable(line)));
    }
    for call in &checked.tool_calls {
        let result = call.result.as_ref().map_or_else(String::new, |result| {
            format!(" -> {}", printable(&result.to_string()))
        });
        let arguments = printable(&call.arguments.to_string()).into_owned();
        lines.push(format!(
            "  tool      {}({arguments}){result}",
            printable(call.name)
        ));
    }
    if checked.completed {
        lines.push("  and says that the conversation is complete".to_owned());
    }
    let tries = if checked.calls == 1 {
        String::new()
    } else {
        format!(", after {} tries", checked.calls)
    };
    lines.push(format!("  took      {} ms{tries}", checked.latency_ms));
    if let (Some(input), Some(output)) = (checked.input_tokens, checked.output_tokens) {
        lines.push(format!("  tokens    {input} read, {output} written"));
    }
    lines.push(if checked.resumable {
        "  if a worker is lost, the conversation goes on where it was".to_owned()
    } else {
        "  if a worker is lost, the conversation starts again".to_owned()
    });
    lines.join("\n")
}
