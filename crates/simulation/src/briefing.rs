//! What a conversation needs to know, resolved from the sealed manifest of its run.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    AgentContent, AgentId, Cast, ConversationKey, Digest, Json, Language, LanguageModel, Manifest,
    MetricContent, MetricId, ModelPreference, Name, Named, Oid, PersonaContent, PlannedCriterion, Price,
    ScenarioContent, Time, Timezone, pin,
};

/// What a conversation needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Briefing {
    /// The conversation.
    pub key: ConversationKey,
    /// The test's position in the run's plan.
    pub test_idx: usize,
    /// Which repetition of its test, from 0.
    pub run_index: u32,
    /// Which conversation of its unit test, counted over the whole run, from 0. It is [`Self::run_index`] unless the unit test stands in
    /// the plan more than once.
    pub repetition: u32,
    /// For the how many-th time the conversation was begun, from 1.
    pub attempt: u32,
    /// The test's name.
    pub unit_test: Name,
    /// Who the simulated user is.
    pub persona: Named<PersonaContent>,
    /// What it wants.
    pub scenario: Named<ScenarioContent>,
    /// The agent's id.
    pub agent_id: AgentId,
    /// How to reach the agent.
    pub agent: Named<AgentContent>,
    /// The document handed to the agent.
    pub context_graph: Json,
    /// From the version set.
    pub llm_model_preferences: BTreeMap<String, ModelPreference>,
    /// The persona's language, else the organization's; none: the agent's default.
    pub language: Option<Language>,
    /// The persona's time zone, else the organization's, else UTC.
    pub timezone: Timezone,
    /// When the conversation is deemed to start.
    pub starts_at: Time,
    /// What everything random in the conversation follows from.
    pub seed: u64,
    /// Names the session towards the agent. It follows from the conversation and the attempt alone, so that a worker that
    /// takes the conversation over goes by the same name.
    pub session_id: String,
    /// The cap on interactions.
    pub max_interactions: u32,
    /// Who takes part beside the agent.
    pub cast: Cast,
    /// The language models of the run, by their names.
    pub models: BTreeMap<Name, LanguageModel>,
    /// What the agent's model costs, by the name that its connection gives, where that is known.
    pub agent_prices: BTreeMap<String, Price>,
    /// What decides whether the test passes, in order.
    pub criteria: Vec<PlannedCriterion>,
    /// Every distinct metric version of the criteria, in the order of first use.
    pub metrics: Vec<(MetricId, u32, Named<MetricContent>)>,
}

/// A manifest that does not say what a conversation needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BriefingError {
    /// The conversation is not one of the run's.
    #[error("run {run} has {planned} conversations, there is no conversation {n}")]
    NoSuchConversation {
        /// The run.
        run: model::RunId,
        /// The conversation's index.
        n: u32,
        /// How many there are.
        planned: u32,
    },
    /// The key names another run or organization than the manifest.
    #[error("the manifest of {manifest} does not describe conversation {key}")]
    OtherRun {
        /// What the manifest describes.
        manifest: String,
        /// The conversation.
        key: ConversationKey,
    },
    /// A pinned version is not in the manifest.
    #[error("the manifest of run {run} lacks {kind} {pin}")]
    Missing {
        /// The run.
        run: model::RunId,
        /// What kind of object.
        kind: &'static str,
        /// `<id>@<version>`.
        pin: String,
    },
}

impl Briefing {
    /// Resolves conversation `key`, begun for the `attempt`-th time (from 1). `started_at` is when the conversation really began:
    /// hand in the same moment whenever a worker takes it over.
    pub fn from_manifest(
        manifest: &Manifest,
        key: &ConversationKey,
        attempt: u32,
        started_at: Time,
    ) -> Result<Self, BriefingError> {
        if key.run != manifest.run || key.org != manifest.org {
            let of = format!("{}/{}", manifest.org, manifest.run);
            return Err(BriefingError::OtherRun {
                manifest: of,
                key: key.clone(),
            });
        }
        let no_such = || BriefingError::NoSuchConversation {
            run: manifest.run,
            n: key.n,
            planned: manifest.plan.n_conversations(),
        };
        let (test_idx, run_index) = manifest.plan.locate(key.n).ok_or_else(no_such)?;
        let test = manifest.plan.tests.get(test_idx).ok_or_else(no_such)?;
        let lookup = Lookup { manifest };
        let persona = lookup.find("persona", &manifest.personas, test.persona)?;
        let scenario = lookup.find("scenario", &manifest.scenarios, test.scenario)?;
        let agent = lookup.find("agent", &manifest.agents, test.agent)?;
        let context_graph = lookup.find("context graph", &manifest.context_graphs, test.context_graph)?;
        let mut metrics = Vec::new();
        let mut seen = BTreeSet::new();
        for criterion in &test.criteria {
            let pinned = (criterion.metric_id, criterion.metric_version);
            if seen.insert(pinned) {
                metrics.push((
                    pinned.0,
                    pinned.1,
                    lookup.find("metric", &manifest.metrics, pinned)?.clone(),
                ));
            }
        }
        let organization = manifest.organization.as_ref();
        let language = persona
            .content
            .preferred_language
            .clone()
            .or_else(|| organization.and_then(|organization| organization.preferred_language.clone()));
        let timezone = persona
            .content
            .timezone
            .clone()
            .or_else(|| organization.and_then(|organization| organization.timezone.clone()))
            .unwrap_or_else(|| Timezone::try_from("UTC").expect("UTC is in every time zone database"));
        let n = key.n.to_be_bytes();
        let before = manifest.plan.tests.iter().take(test_idx);
        let earlier = before
            .filter(|other| other.unit_test_id == test.unit_test_id)
            .fold(0_u32, |sum, other| sum.saturating_add(other.run_count));
        Ok(Self {
            key: key.clone(),
            test_idx,
            run_index,
            repetition: earlier.saturating_add(run_index),
            attempt,
            unit_test: test.name.clone(),
            persona: persona.clone(),
            scenario: scenario.clone(),
            agent_id: test.agent.0,
            agent: agent.clone(),
            context_graph: context_graph.content.document.clone(),
            llm_model_preferences: test.llm_model_preferences.clone(),
            language,
            timezone,
            starts_at: scenario.content.conversation_starts_at.unwrap_or(started_at),
            seed: seed_of(&[b"conversation", &manifest.plan.options.seed.to_be_bytes(), &n]),
            session_id: Oid::derived(&[
                b"session",
                key.org.as_str().as_bytes(),
                key.run.0.as_bytes(),
                &n,
                &attempt.to_be_bytes(),
            ])
            .to_string(),
            max_interactions: test.max_interactions,
            cast: manifest.plan.options.cast.clone(),
            models: manifest.models.clone(),
            agent_prices: manifest.agent_prices.clone(),
            criteria: test.criteria.clone(),
            metrics,
        })
    }
}

/// A seed that follows from `parts` alone.
pub(crate) fn seed_of(parts: &[&[u8]]) -> u64 {
    let digest = Digest::of_parts(parts);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest.as_bytes()[..8]);
    u64::from_be_bytes(bytes)
}

struct Lookup<'a> {
    manifest: &'a Manifest,
}

impl Lookup<'_> {
    fn find<'m, C>(
        &self,
        kind: &'static str,
        pinned: &'m BTreeMap<String, Named<C>>,
        (id, version): (impl std::fmt::Display, u32),
    ) -> Result<&'m Named<C>, BriefingError> {
        let pin = pin(id, version);
        pinned.get(&pin).ok_or(BriefingError::Missing {
            run: self.manifest.run,
            kind,
            pin,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::manifest;

    #[test]
    fn the_session_id_follows_from_conversation_and_attempt() {
        let manifest = manifest();
        let key = |n| ConversationKey {
            org: manifest.org.clone(),
            run: manifest.run,
            n,
        };
        let id = |n, attempt, at| {
            Briefing::from_manifest(&manifest, &key(n), attempt, Time::from_micros(at))
                .unwrap()
                .session_id
        };
        assert_eq!(id(0, 1, 5), id(0, 1, 99));
        assert_ne!(id(0, 1, 5), id(0, 2, 5));
        assert_ne!(id(0, 1, 5), id(1, 1, 5));
    }

    #[test]
    fn a_metric_used_twice_is_evaluated_once_in_order_of_first_use() {
        let manifest = manifest();
        let key = ConversationKey {
            org: manifest.org.clone(),
            run: manifest.run,
            n: 1,
        };
        let briefing = Briefing::from_manifest(&manifest, &key, 1, Time::from_micros(7)).unwrap();
        assert_eq!(briefing.run_index, 1);
        assert_eq!(briefing.metrics.len(), 2);
        assert_eq!(briefing.metrics[0].2.name.as_str(), "greets");
        assert_eq!(briefing.starts_at, Time::from_micros(7));
        assert_eq!(briefing.timezone.as_str(), "UTC");
    }

    #[test]
    fn a_unit_test_that_stands_twice_in_the_plan_counts_its_conversations_on() {
        let mut manifest = manifest();
        let again = manifest.plan.tests[0].clone();
        let mut other = again.clone();
        other.unit_test_id = model::UnitTestId(Oid::from_bytes([77; 12]));
        manifest.plan.tests.extend([other, again]);
        let places: Vec<_> = (0..6)
            .map(|n| {
                let key = ConversationKey {
                    org: manifest.org.clone(),
                    run: manifest.run,
                    n,
                };
                let briefing = Briefing::from_manifest(&manifest, &key, 3, Time::default()).unwrap();
                assert_eq!(briefing.attempt, 3);
                (briefing.test_idx, briefing.run_index, briefing.repetition)
            })
            .collect();
        for (test_idx, run_index, repetition) in
            [(0, 0, 0), (0, 1, 1), (1, 0, 0), (1, 1, 1), (2, 0, 2), (2, 1, 3)]
        {
            assert!(places.contains(&(test_idx, run_index, repetition)), "{places:?}");
        }
    }

    #[test]
    fn what_the_manifest_lacks_is_named() {
        let mut manifest = manifest();
        let key = |n| ConversationKey {
            org: manifest.org.clone(),
            run: manifest.run,
            n,
        };
        let (good, bad) = (key(0), key(2));
        let error = Briefing::from_manifest(&manifest, &bad, 1, Time::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "run {} has 2 conversations, there is no conversation 2",
                manifest.run
            )
        );
        manifest.personas.clear();
        let error = Briefing::from_manifest(&manifest, &good, 1, Time::default()).unwrap_err();
        assert!(
            matches!(error, BriefingError::Missing { kind: "persona", .. }),
            "{error}"
        );
    }
}
