//! The manifest of a run: everything that determined it, sealed when it started.
//!
//! A manifest is a JSON document, so that people can read it in the artifact; it is stored under the digest of its bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    AgentContent, Change, ContextGraphContent, Digest, Invalid, LanguageModel, MetricContent, Name, OrgId,
    OrganizationProfile, PersonaContent, Plan, Price, RunId, ScenarioContent, UnitTestSetId,
};

/// The number of this document's format.
pub const MANIFEST_FORMAT: u32 = 2;

/// The most bytes that a run's pinned contents may have together, as compact JSON: every worker holds the manifest in memory.
pub const MAX_MANIFEST_BYTES: usize = 64 * 1024 * 1024;

/// Everything that determined a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_FORMAT`].
    pub format: u32,
    /// The build of Rehearse that started the run.
    pub build: String,
    /// The tenant.
    pub org: OrgId,
    /// Defaults for language and time zone.
    pub organization: Option<OrganizationProfile>,
    /// The run.
    pub run: RunId,
    /// Who started it, and when.
    pub started: Change,
    /// The set.
    pub set_id: UnitTestSetId,
    /// Its name.
    pub set_name: Name,
    /// The tests and their pinned versions.
    pub plan: Plan,
    /// Who plays the users: `scripted`, or the model.
    pub simulator: String,
    /// Who judges where no metric says otherwise: `deterministic`, or the model. What a deterministic judge does stands in the metric's content.
    pub judges: String,
    /// Every pinned persona version's content, by `<id>@<version>`.
    pub personas: BTreeMap<String, Named<PersonaContent>>,
    /// Every pinned scenario version's content, by `<id>@<version>`.
    pub scenarios: BTreeMap<String, Named<ScenarioContent>>,
    /// Every pinned metric version's content, by `<id>@<version>`.
    pub metrics: BTreeMap<String, Named<MetricContent>>,
    /// Every pinned agent version's content, by `<id>@<version>`.
    pub agents: BTreeMap<String, Named<AgentContent>>,
    /// Every pinned context graph version's content, by `<id>@<version>`.
    pub context_graphs: BTreeMap<String, Named<ContextGraphContent>>,
    /// Every language model that takes part, by its name. Absent in manifests of builds that knew none.
    #[serde(default)]
    pub models: BTreeMap<Name, LanguageModel>,
    /// What models cost by which agents answer, by the names that their connections give, where a price is known.
    #[serde(default)]
    pub agent_prices: BTreeMap<String, Price>,
    /// The recorded conversations that are judged instead of being held: the digest of each, in the order of the run's conversations.
    #[serde(default)]
    pub recordings: Vec<Digest>,
}

/// Content with the name that its object had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named<C> {
    /// The object's name.
    pub name: Name,
    /// A persona's role; none for other kinds.
    pub role: Option<Name>,
    /// The content.
    pub content: C,
}

/// The key of a pinned version in a [`Manifest`].
pub fn pin(id: impl std::fmt::Display, version: u32) -> String {
    format!("{id}@{version}")
}

impl Manifest {
    /// The document and its digest. The same manifest always gives the same bytes.
    pub fn seal(&self) -> Result<(Digest, Vec<u8>), Invalid> {
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|source| Invalid::new(format!("the manifest cannot be written as JSON: {source}")))?;
        Ok((Digest::of(&bytes), bytes))
    }

    /// Reads a sealed manifest; the bytes must have the digest.
    pub fn open(digest: Digest, bytes: &[u8]) -> Result<Self, Invalid> {
        let found = Digest::of(bytes);
        if found != digest {
            return Err(Invalid::new(format!(
                "manifest {digest} has been changed: its bytes have digest {found}"
            )));
        }
        let unreadable = |source| Invalid::new(format!("manifest {digest} cannot be read: {source}"));
        let mut document: serde_json::Value = serde_json::from_slice(bytes).map_err(unreadable)?;
        match document.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(MANIFEST_FORMAT) => {}
            Some(1) => upgrade_from_1(&mut document),
            format => {
                let format = format.map_or_else(|| "no number".to_owned(), |format| format.to_string());
                return Err(Invalid::new(format!(
                    "manifest {digest} has format {format}, this build reads 1 to {MANIFEST_FORMAT}"
                )));
            }
        }
        serde_json::from_value(document).map_err(unreadable)
    }
}

/// In format 1 a judge that was a model had no options, and scenarios had no milestones.
fn upgrade_from_1(document: &mut serde_json::Value) {
    if let Some(format) = document.get_mut("format") {
        *format = MANIFEST_FORMAT.into();
    }
    let contents = |document: &mut serde_json::Value, kind: &str, change: fn(&mut serde_json::Value)| {
        let pinned = document.get_mut(kind).and_then(serde_json::Value::as_object_mut);
        for content in pinned.into_iter().flat_map(|pinned| pinned.values_mut()) {
            content.get_mut("content").into_iter().for_each(change);
        }
    };
    contents(document, "metrics", |metric| {
        if let Some(judge) = metric.get_mut("judge").filter(|judge| *judge == "Model") {
            *judge = serde_json::json!({ "Model": crate::ModelJudge::default() });
        }
    });
    contents(document, "scenarios", |scenario| {
        if let Some(scenario) = scenario.as_object_mut() {
            scenario.insert("milestones".to_owned(), serde_json::json!([]));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, Cast, RunOptions};

    /// A manifest as builds wrote it that knew neither budgets nor repetition.
    const FIRST: &str = r#"{
  "format": 1,
  "build": "0.1.0",
  "org": "acme",
  "organization": null,
  "run": "6618791275130b73714e8d90",
  "started": {
    "by": "ann",
    "at": "2026-01-01T00:00:00.000Z"
  },
  "set_id": "6618791275130b73714e8d7f",
  "set_name": "Nightly",
  "plan": {
    "tests": [],
    "options": {
      "seed": 7,
      "max_concurrency": 4
    }
  },
  "simulator": "scripted",
  "judges": "deterministic",
  "personas": {},
  "scenarios": {},
  "metrics": {},
  "agents": {},
  "context_graphs": {}
}"#;

    #[test]
    fn manifests_of_the_first_build_can_be_opened() {
        let digest = Digest::of(FIRST.as_bytes());
        let manifest = Manifest::open(digest, FIRST.as_bytes()).unwrap();
        let options = RunOptions {
            seed: 7,
            max_concurrency: Some(4),
            budget: Budget::default(),
            rerun_of: None,
            cast: Cast::default(),
        };
        assert_eq!(manifest.plan.options, options);
        let changed = FIRST.replace("\"seed\": 7", "\"seed\": 8");
        assert!(
            Manifest::open(digest, changed.as_bytes()).is_err(),
            "its digest is checked all the same"
        );
        let (sealed, bytes) = manifest.seal().unwrap();
        assert_eq!(Manifest::open(sealed, &bytes).unwrap(), manifest);
    }
}
