//! The agent under test: a name, or a file that describes it.

use std::path::{Path, PathBuf};

use api::import::tau2::AgentChoice;
use model::{AgentContent, Name, Protocol, SuiteSpec};

use crate::{
    failure::Failure,
    output::Output,
    suite_files::{find, read},
};

/// Reads `--agent`: what ends like a suite file is one, everything else is a name.
pub(super) fn choose(named: &str, output: Output) -> Result<AgentChoice, Failure> {
    let path = Path::new(named);
    let is_file = path
        .extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml");
    if !is_file {
        let name = Name::try_from(named)
            .map_err(|reason| Failure::usage(format!("--agent: the agent's name {reason}")))?;
        return Ok(AgentChoice::Named(name));
    }
    let sources = find(&[PathBuf::from(path)])?;
    let suite = read(sources).map_err(|report| {
        for line in report.lines(output.snippets()) {
            output.say(&line);
        }
        Failure::configuration(format!("{}: describes no agent", path.display()))
    })?;
    let n_documents = suite.documents.len();
    let mut agents: Vec<(Name, AgentContent)> = suite
        .documents
        .into_iter()
        .filter_map(|document| match document.object.spec {
            SuiteSpec::Agent(content) => Some((document.object.name, content)),
            SuiteSpec::Persona { .. }
            | SuiteSpec::Scenario { .. }
            | SuiteSpec::Metric { .. }
            | SuiteSpec::ContextGraph(_)
            | SuiteSpec::Service { .. }
            | SuiteSpec::UnitTest { .. }
            | SuiteSpec::UnitTestSet { .. } => None,
        })
        .collect();
    let n_agents = agents.len();
    match (agents.pop(), n_agents) {
        (Some((name, content)), 1) => {
            if n_documents > 1 {
                output.note(&format!(
                    "{}: only the agent is taken from it; {} other documents are not",
                    path.display(),
                    n_documents - 1
                ));
            }
            Ok(AgentChoice::Document {
                name,
                content: Box::new(content),
            })
        }
        (_, _) => Err(Failure::configuration(format!(
            "{}: must hold one agent, this holds {n_agents}",
            path.display()
        ))
        .help("Apply the file and name the agent that is meant, or keep it in a file of its own.")),
    }
}

/// Whether the agent is told something at the beginning, but not the policy.
pub(super) fn overlooks_policy(agent: &AgentChoice) -> bool {
    let AgentChoice::Document { content, .. } = agent else {
        return false;
    };
    let protocol = content.connection.as_ref().map(|connection| &connection.protocol);
    if let Some(Protocol::OpenAiChat { system, .. }) = protocol {
        return !system
            .as_ref()
            .is_some_and(|system| system.as_str().contains("context_graph"));
    }
    false
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::output::Format;

    fn of_file(text: &str) -> Result<AgentChoice, Failure> {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join("agent.yaml");
        fs::write(&path, text).expect("a file");
        choose(
            path.to_str().expect("it is text"),
            Output::new(Format::Table, true),
        )
    }

    fn chat(system: &str) -> String {
        format!(
            "apiVersion: rehearse/v1\nkind: Agent\nmetadata: {{name: clerk}}\nspec:\n  connection:\n    \
             openaiChat: {{baseUrl: 'http://127.0.0.1:1/v1', model: m{system}}}\n"
        )
    }

    #[test]
    fn what_looks_like_a_file_is_one() {
        let output = Output::new(Format::Table, true);
        assert!(matches!(choose("clerk", output), Ok(AgentChoice::Named(name)) if name.as_str() == "clerk"));
        assert!(choose("none.yaml", output).is_err());
        assert!(choose(" ", output).is_err());
    }

    #[test]
    fn a_file_holds_one_agent() {
        let one = of_file(&chat("")).expect("it holds one");
        assert!(overlooks_policy(&one));
        let system = ", system: '{{ context_graph.policy }}'";
        assert!(!overlooks_policy(&of_file(&chat(system)).expect("it holds one")));
        let two = format!("{}---\n{}", chat(""), chat("").replace("clerk", "other"));
        let refused = of_file(&two).expect_err("it holds two");
        assert!(
            refused.message.ends_with("must hold one agent, this holds 2"),
            "{refused}"
        );
        assert!(of_file("a: [").is_err());
    }
}
