//! `manifest.json`: the sealed manifest as it is, and looking names up in it.

use bytes::Bytes;
use model::{Evaluation, Invalid, Manifest, MetricDomain, MetricId, Name, PlannedTest, Run, pin};

use super::ArtifactError;

/// The entry's name.
pub(super) const NAME: &str = "manifest.json";

/// A manifest whose bytes have the digest that the run names.
#[derive(Debug)]
pub(super) struct Sealed {
    /// The document.
    pub(super) bytes: Bytes,
    /// What it says.
    pub(super) manifest: Manifest,
}

impl Sealed {
    /// Checks that `bytes` are the manifest of `run`.
    pub(super) fn open(run: &Run, bytes: Bytes) -> Result<Self, ArtifactError> {
        let manifest = Manifest::open(run.manifest, &bytes).map_err(ArtifactError::Manifest)?;
        if manifest.run != run.id || manifest.plan != run.plan {
            let reason = format!(
                "manifest {} belongs to run {} or plans something else",
                run.manifest, manifest.run
            );
            return Err(ArtifactError::Manifest(Invalid::new(reason)));
        }
        Ok(Self { bytes, manifest })
    }

    /// What a pinned metric is called: its name, or its id if the manifest lacks it.
    pub(super) fn metric_name(&self, id: MetricId, version: u32) -> String {
        name_or_id(
            self.manifest
                .metrics
                .get(&pin(id, version))
                .map(|metric| &metric.name),
            id,
        )
    }

    /// What values the metric of an evaluation has; none if the manifest lacks it.
    pub(super) fn domain(&self, evaluation: &Evaluation) -> Option<&MetricDomain> {
        let metric = pin(evaluation.metric_id, evaluation.metric_version);
        self.manifest
            .metrics
            .get(&metric)
            .map(|metric| &metric.content.value)
    }

    /// What the test's persona is called, with its role.
    pub(super) fn persona_name(&self, test: &PlannedTest) -> String {
        let (id, version) = test.persona;
        let persona = self.manifest.personas.get(&pin(id, version));
        let name = name_or_id(persona.map(|persona| &persona.name), id);
        match persona.and_then(|persona| persona.role.as_ref()) {
            Some(role) => format!("{name} ({role})"),
            None => name,
        }
    }

    /// What the test's scenario is called.
    pub(super) fn scenario_name(&self, test: &PlannedTest) -> String {
        let (id, version) = test.scenario;
        name_or_id(
            self.manifest
                .scenarios
                .get(&pin(id, version))
                .map(|scenario| &scenario.name),
            id,
        )
    }

    /// What the test's agent is called.
    pub(super) fn agent_name(&self, test: &PlannedTest) -> String {
        let (id, version) = test.agent;
        name_or_id(
            self.manifest
                .agents
                .get(&pin(id, version))
                .map(|agent| &agent.name),
            id,
        )
    }
}

fn name_or_id(name: Option<&Name>, id: impl std::fmt::Display) -> String {
    name.map_or_else(|| id.to_string(), ToString::to_string)
}
