//! What every object tells about itself.

use super::Object;
use crate::{Digest, Kind, Life, ObjectRef, codec};

impl Object {
    /// The object's kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Organization(_) => Kind::Organization,
            Self::User(_) => Kind::User,
            Self::ApiKey(_) => Kind::ApiKey,
            Self::Persona(_) => Kind::Persona,
            Self::Scenario(_) => Kind::Scenario,
            Self::Metric(_) => Kind::Metric,
            Self::Agent(_) => Kind::Agent,
            Self::ContextGraph(_) => Kind::ContextGraph,
            Self::Service(_) => Kind::Service,
            Self::UnitTest(_) => Kind::UnitTest,
            Self::UnitTestSet(_) => Kind::UnitTestSet,
            Self::Run(_) => Kind::Run,
            Self::Role(_) => Kind::Role,
            Self::TemporaryGrant(_) => Kind::TemporaryGrant,
            Self::WebhookDestination(_) => Kind::WebhookDestination,
            Self::Evaluation(_) => Kind::Evaluation,
        }
    }

    /// Names the object.
    pub fn object_ref(&self) -> ObjectRef {
        match self {
            Self::Organization(state) => ObjectRef::new(Kind::Organization, state.id.clone()),
            Self::User(state) => ObjectRef::new(Kind::User, state.id.clone()),
            Self::ApiKey(state) => ObjectRef::new(Kind::ApiKey, state.id),
            Self::Persona(state) => ObjectRef::new(Kind::Persona, state.id),
            Self::Scenario(state) => ObjectRef::new(Kind::Scenario, state.id),
            Self::Metric(state) => ObjectRef::new(Kind::Metric, state.id),
            Self::Agent(state) => ObjectRef::new(Kind::Agent, state.id),
            Self::ContextGraph(state) => ObjectRef::new(Kind::ContextGraph, state.id),
            Self::Service(state) => ObjectRef::new(Kind::Service, state.id),
            Self::UnitTest(state) => ObjectRef::new(Kind::UnitTest, state.id),
            Self::UnitTestSet(state) => ObjectRef::new(Kind::UnitTestSet, state.id),
            Self::Run(state) => ObjectRef::new(Kind::Run, state.id),
            Self::Role(state) => ObjectRef::new(Kind::Role, state.id),
            Self::TemporaryGrant(state) => ObjectRef::new(Kind::TemporaryGrant, state.id),
            Self::WebhookDestination(state) => ObjectRef::new(Kind::WebhookDestination, state.id),
            Self::Evaluation(state) => ObjectRef::new(Kind::Evaluation, state.id),
        }
    }

    /// Identifies the state: another digest means that the object was changed. Another build may give another digest of the same
    /// state.
    pub fn digest(&self) -> Digest {
        let row =
            codec::to_row(self).expect("states are plain data of known lengths, which a row always holds");
        Digest::of(&row)
    }

    /// Creation, change, deletion.
    pub const fn life(&self) -> &Life {
        match self {
            Self::Organization(state) => &state.life,
            Self::User(state) => &state.life,
            Self::ApiKey(state) => &state.life,
            Self::Persona(state) => &state.life,
            Self::Scenario(state) => &state.life,
            Self::Metric(state) => &state.life,
            Self::Agent(state) => &state.life,
            Self::ContextGraph(state) => &state.life,
            Self::Service(state) => &state.life,
            Self::UnitTest(state) => &state.life,
            Self::UnitTestSet(state) => &state.life,
            Self::Run(state) => &state.life,
            Self::Role(state) => &state.life,
            Self::TemporaryGrant(state) => &state.life,
            Self::WebhookDestination(state) => &state.life,
            Self::Evaluation(state) => &state.life,
        }
    }

    pub(super) const fn life_mut(&mut self) -> &mut Life {
        match self {
            Self::Organization(state) => &mut state.life,
            Self::User(state) => &mut state.life,
            Self::ApiKey(state) => &mut state.life,
            Self::Persona(state) => &mut state.life,
            Self::Scenario(state) => &mut state.life,
            Self::Metric(state) => &mut state.life,
            Self::Agent(state) => &mut state.life,
            Self::ContextGraph(state) => &mut state.life,
            Self::Service(state) => &mut state.life,
            Self::UnitTest(state) => &mut state.life,
            Self::UnitTestSet(state) => &mut state.life,
            Self::Run(state) => &mut state.life,
            Self::Role(state) => &mut state.life,
            Self::TemporaryGrant(state) => &mut state.life,
            Self::WebhookDestination(state) => &mut state.life,
            Self::Evaluation(state) => &mut state.life,
        }
    }

    /// The name by which the object is unique among its kind's live objects; none for kinds without such names.
    pub fn unique_name(&self) -> Option<&str> {
        if self.life().is_deleted() {
            return None;
        }
        match self {
            Self::Persona(state) => Some(state.name.as_str()),
            Self::Scenario(state) => Some(state.name.as_str()),
            Self::Metric(state) => Some(state.name.as_str()),
            Self::Agent(state) => Some(state.name.as_str()),
            Self::ContextGraph(state) => Some(state.name.as_str()),
            Self::Service(state) => state.profile.is_active.then_some(state.profile.name.as_str()),
            Self::UnitTest(state) => Some(state.name.as_str()),
            Self::UnitTestSet(state) => Some(state.definition.name.as_str()),
            Self::Role(state) => Some(state.definition.name.as_str()),
            Self::Organization(_)
            | Self::User(_)
            | Self::ApiKey(_)
            | Self::Run(_)
            | Self::TemporaryGrant(_)
            | Self::WebhookDestination(_)
            | Self::Evaluation(_) => None,
        }
    }

    /// The objects that this one refers to and that may not be deleted while it lives. Each is named once.
    pub fn references(&self) -> Vec<ObjectRef> {
        let mut references = match self {
            Self::Service(state) if state.profile.is_active => vec![
                ObjectRef::new(Kind::Agent, state.profile.agent_id),
                ObjectRef::new(Kind::ContextGraph, state.profile.context_graph_id),
            ],
            Self::UnitTest(state) if !state.life.is_deleted() => {
                let definition = &state.definition;
                let mut references = vec![
                    ObjectRef::new(Kind::Service, definition.service_id),
                    ObjectRef::new(Kind::Persona, definition.persona_id),
                    ObjectRef::new(Kind::Scenario, definition.scenario_id),
                ];
                let metrics = definition.success_criteria.iter();
                references.extend(metrics.map(|criterion| ObjectRef::new(Kind::Metric, criterion.metric_id)));
                references
            }
            Self::UnitTestSet(state) if !state.life.is_deleted() => {
                let entries = state.definition.entries.iter();
                entries
                    .map(|entry| ObjectRef::new(Kind::UnitTest, entry.unit_test_id))
                    .collect()
            }
            Self::Organization(_)
            | Self::User(_)
            | Self::ApiKey(_)
            | Self::Persona(_)
            | Self::Scenario(_)
            | Self::Metric(_)
            | Self::Agent(_)
            | Self::ContextGraph(_)
            | Self::Service(_)
            | Self::UnitTest(_)
            | Self::UnitTestSet(_)
            | Self::Run(_)
            | Self::Role(_)
            | Self::TemporaryGrant(_)
            | Self::WebhookDestination(_)
            | Self::Evaluation(_) => Vec::new(),
        };
        references.sort();
        references.dedup();
        references
    }

    /// The newest version's number; 0 if the object has none.
    pub const fn latest_version(&self) -> u32 {
        match self {
            Self::Persona(state) => state.latest_version,
            Self::Scenario(state) => state.latest_version,
            Self::Metric(state) => state.latest_version,
            Self::Agent(state) => state.latest_version,
            Self::ContextGraph(state) => state.latest_version,
            Self::Organization(_)
            | Self::User(_)
            | Self::ApiKey(_)
            | Self::Service(_)
            | Self::UnitTest(_)
            | Self::UnitTestSet(_)
            | Self::Run(_)
            | Self::Role(_)
            | Self::TemporaryGrant(_)
            | Self::WebhookDestination(_)
            | Self::Evaluation(_) => 0,
        }
    }
}
