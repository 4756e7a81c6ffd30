//! The agent under test of an imported suite.

use model::{AgentContent, Name};
use serde_json::{Map, Value};

use super::{name::strict_tags, suite::document};
use crate::suite::{ContextGraphSpec, Document, ServiceSpec, Spec, SuiteKind, agent};

/// Which agent the tests are for.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentChoice {
    /// A service that exists where the suite is applied; none: one that is called as the domain.
    Service(Option<Name>),
    /// An agent that exists where the suite is applied. The suite gets a service for it.
    Named(Name),
    /// An agent that the suite brings along, with a service.
    Document {
        /// Its name.
        name: Name,
        /// How to reach it.
        content: Box<AgentContent>,
    },
}

impl AgentChoice {
    /// The service that the tests name.
    pub(super) fn service(&self, domain: &Name) -> Name {
        match self {
            Self::Service(Some(service)) => service.clone(),
            Self::Service(None) | Self::Named(_) | Self::Document { .. } => domain.clone(),
        }
    }

    /// The documents of agent and policy, with the service that brings them together if an agent was named.
    pub(super) fn documents(&self, domain: &Name, policy: Option<(&Name, &str)>) -> Vec<Document> {
        let mut documents = Vec::new();
        if let Self::Document { name, content } = self {
            documents.push(document(
                SuiteKind::Agent,
                name,
                Spec::Agent(agent::write(content)),
            ));
        }
        if let Some((name, policy)) = policy {
            let mut held = Map::new();
            held.insert("policy".to_owned(), Value::String(policy.to_owned()));
            let spec = Spec::ContextGraph(ContextGraphSpec { document: held });
            documents.push(document(SuiteKind::ContextGraph, name, spec));
        }
        if let Self::Named(agent) | Self::Document { name: agent, .. } = self {
            let spec = Spec::Service(ServiceSpec {
                description: format!("The agent under test of the imported {domain} tasks."),
                agent: agent.to_string(),
                context_graph: policy.map(|(name, _)| name.to_string()),
                keyterms: Vec::new(),
                version_sets: std::collections::BTreeMap::new(),
            });
            let mut service = document(SuiteKind::Service, domain, spec);
            service.metadata.tags = strict_tags(domain);
            documents.push(service);
        }
        documents
    }
}
