//! Checks that need what `simulation` knows: whether templates, patterns, expressions and schemas compile. They come before the decision, so
//! that nothing which cannot work is ever stored.

use api::{FieldErrors, Pointer, error::Problem};
use model::{
    AgentContent, Command, Invalid, MetricContent, Protocol, ScenarioContent, SuiteObject, SuiteSpec,
};
use simulation::{Finding, check_connection, check_metric, check_script};

/// Refuses a command that holds something which does not compile.
pub(crate) async fn command(command: &Command) -> Result<(), Problem> {
    let extension = Pointer::root().key("rehearse");
    let first = Pointer::root().key("initial_version").key("rehearse");
    let command = command.clone();
    // Compiling what people wrote may take a while, and is bounded by its own deadline.
    let checked = tokio::task::spawn_blocking(move || match &command {
        Command::CreateScenario { content, .. } => scenario(content, &first.key("script")),
        Command::CreateScenarioVersion { content, .. } => scenario(content, &extension.key("script")),
        Command::CreateMetric { content, .. } => metric(content, &first),
        Command::CreateMetricVersion { content, .. } => metric(content, &extension),
        Command::CreateAgentVersion { content, .. } => agent(content, &extension.key("connection")),
        Command::ApplySuite(suite) => suite_objects(&suite.objects),
        Command::CreateOrganization(_)
        | Command::UpdateOrganization(_)
        | Command::CreateUser { .. }
        | Command::DeleteUser { .. }
        | Command::AssignRole { .. }
        | Command::CreateApiKey { .. }
        | Command::DeleteApiKey { .. }
        | Command::CreatePersona { .. }
        | Command::UpdatePersona { .. }
        | Command::CreatePersonaVersion { .. }
        | Command::DeletePersona { .. }
        | Command::UpdateScenario { .. }
        | Command::DeleteScenario { .. }
        | Command::UpdateMetric { .. }
        | Command::DeleteMetric { .. }
        | Command::CreateAgent { .. }
        | Command::DeleteAgent { .. }
        | Command::CreateContextGraph { .. }
        | Command::CreateContextGraphVersion { .. }
        | Command::DeleteContextGraph { .. }
        | Command::CreateService { .. }
        | Command::UpdateService { .. }
        | Command::PutVersionSet { .. }
        | Command::DeleteVersionSet { .. }
        | Command::CreateUnitTest { .. }
        | Command::UpdateUnitTest { .. }
        | Command::DeleteUnitTest { .. }
        | Command::CreateUnitTestSet(_)
        | Command::UpdateUnitTestSet { .. }
        | Command::DeleteUnitTestSet { .. }
        | Command::StartRun { .. }
        | Command::CancelRun { .. }
        | Command::CompleteRun { .. }
        | Command::CreateRole { .. }
        | Command::ModifyRole { .. }
        | Command::CreateTemporaryGrant { .. }
        | Command::CreateWebhookDestination { .. }
        | Command::UpdateWebhookDestination { .. }
        | Command::RotateWebhookSecret { .. }
        | Command::DeleteWebhookDestination { .. }
        | Command::RecordEvaluations(_) => FieldErrors::default(),
    });
    let errors = checked.await.map_err(|ended| super::failure::internal(&ended))?;
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.into())
    }
}

/// Everything in a suite that does not compile, with pointers below `/documents/<index>/spec`.
pub fn suite_objects(objects: &[SuiteObject]) -> FieldErrors {
    let mut errors = FieldErrors::default();
    for (index, object) in objects.iter().enumerate() {
        let spec = Pointer::root().key("documents").index(index).key("spec");
        errors.extend(match &object.spec {
            SuiteSpec::Scenario { content, .. } => scenario(content, &spec.key("script")),
            SuiteSpec::Metric { content, .. } => metric(content, &spec),
            SuiteSpec::Agent(content) => agent(content, &spec.key("connection")),
            SuiteSpec::Persona { .. }
            | SuiteSpec::ContextGraph(_)
            | SuiteSpec::Service { .. }
            | SuiteSpec::UnitTest { .. }
            | SuiteSpec::UnitTestSet { .. } => FieldErrors::default(),
        });
    }
    errors
}

fn scenario(content: &ScenarioContent, at: &Pointer) -> FieldErrors {
    match &content.script {
        Some(script) => collect(check_script(script), at),
        None => FieldErrors::default(),
    }
}

fn metric(content: &MetricContent, at: &Pointer) -> FieldErrors {
    collect(check_metric(content), at)
}

fn agent(content: &AgentContent, at: &Pointer) -> FieldErrors {
    match &content.connection {
        Some(connection) => {
            let protocol = match connection.protocol {
                Protocol::Stdio { .. } => "stdio",
                Protocol::OpenAiChat { .. } => "openaiChat",
                Protocol::HttpTemplate { .. } => "httpTemplate",
                Protocol::A2a { .. } => "a2a",
                Protocol::OpenAiResponses { .. } => "openaiResponses",
                Protocol::LangGraph(_)
                | Protocol::Rasa(_)
                | Protocol::DirectLine(_)
                | Protocol::Amigo(_)
                | Protocol::WebSocket(_)
                | Protocol::Mcp(_)
                | Protocol::Pull => connection.protocol.as_str(),
            };
            collect(check_connection(connection), &at.key(protocol))
        }
        None => FieldErrors::default(),
    }
}

fn collect(checked: Result<(), Vec<Finding>>, at: &Pointer) -> FieldErrors {
    let mut errors = FieldErrors::default();
    for Finding { path, reason } in checked.err().unwrap_or_default() {
        errors.push(&place(at, &path), Invalid::to_string(&reason));
    }
    errors
}

/// The pointer of a path such as `steps[2].say`, in a body where the script is a list of its own.
fn place(at: &Pointer, path: &str) -> Pointer {
    let mut pointer = at.clone();
    let parts = path.split(['.', '[', ']']).filter(|part| !part.is_empty());
    for (position, part) in parts.enumerate() {
        // The script is the list of its steps, and a loop's steps stand beside its count.
        if (position == 0 && part == "steps") || part == "repeat" || part == "expression" {
            continue;
        }
        pointer = match part.parse::<usize>() {
            Ok(index) => pointer.index(index),
            Err(_a_name) => pointer.key(&camel(part)),
        };
    }
    pointer
}

/// Judges, scripts and connections are written in camel case everywhere; only their surroundings differ between bodies.
fn camel(word: &str) -> String {
    let mut camel = String::with_capacity(word.len());
    let mut upper = false;
    for letter in word.chars() {
        if letter == '_' {
            upper = true;
        } else if upper {
            camel.extend(letter.to_uppercase());
            upper = false;
        } else {
            camel.push(letter);
        }
    }
    camel
}
