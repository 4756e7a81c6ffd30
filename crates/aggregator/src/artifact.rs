//! The artifact of a run: one zip with everything that it measured.
//!
//! | entry | holds |
//! |---|---|
//! | `conversations.jsonl` | one conversation with a result per line, in the order of the plan (see `conversations`) |
//! | `junit.xml` | a test suite per unit test, a test case per repetition (see `junit`) |
//! | `manifest.json` | the sealed manifest, byte for byte: its SHA-256 is the run's manifest digest |
//! | `metrics.csv` | one row per criterion of each conversation (see `metrics_csv`) |
//! | `report.html` | the same for people; opens alone and offline, runs no script |
//! | `run.json` | verdict, counts, rates, latencies and costs of the run and of each unit test (see `run_json`) |
//!
//! **The same run, results and build always give the same bytes**: entries are sorted and carry no time, the compression level is fixed,
//! and nothing comes from a clock, from chance or from the machine.
//!
//! **Sensitive variables.** `manifest.json` holds the personas in full, with the values of their `sensitive_user_variables`: it is
//! what the run was started from, and its digest proves it. Whoever hands an artifact on hands these on; they are test data by
//! contract. In all other entries the values are masked wherever they occur (see `mask`).
//!
//! **Hostile text.** What agents, models and simulated users wrote is never interpreted: each entry escapes it in its own way.

mod agreement;
mod archive;
mod conversations;
mod junit;
mod manifest;
mod mask;
mod metrics_csv;
mod misses;
mod printable;
mod report;
mod run_json;
mod unpack;
mod usage;

use archive::Entry;
use bytes::Bytes;
use conversations::Conversations;
use junit::Junit;
use manifest::Sealed;
use mask::Masks;
use metrics_csv::MetricsCsv;
use model::{ArtifactRef, ConversationResult, Digest, Invalid, PlannedTest, Run};
use report::Report;
pub(crate) use run_json::TallyField;
pub use unpack::{UnpackError, unpack};

use crate::fold::{Fold, FoldError, RunReport};

/// A finished artifact.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The zip.
    pub bytes: Bytes,
    /// Its digest and size.
    pub reference: ArtifactRef,
    /// What it says.
    pub report: RunReport,
}

/// An artifact cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The manifest is not the run's.
    #[error("the run's manifest cannot be used")]
    Manifest(#[source] Invalid),
    /// The results do not fit the run.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// A conversation came out of order.
    #[error("conversation {n} was added after conversation {after}; add them in ascending order")]
    OutOfOrder {
        /// The conversation.
        n: u32,
        /// The greatest that was added before.
        after: u32,
    },
    /// An entry cannot be written.
    #[error("{entry} cannot be written: {reason}")]
    Entry {
        /// The entry's name.
        entry: &'static str,
        /// What went wrong.
        reason: String,
    },
}

impl ArtifactError {
    fn entry(entry: &'static str, source: impl std::fmt::Display) -> Self {
        Self::Entry {
            entry,
            reason: source.to_string(),
        }
    }
}

/// Makes an artifact from a run's results, one after the other. It keeps no more of a conversation than the entries need, so a run
/// may have many more conversations than fit into memory at once.
#[derive(Debug)]
pub struct ArtifactBuilder {
    run: Run,
    sealed: Sealed,
    masks: Masks,
    fold: Fold,
    /// The conversation that comes next.
    next_n: u32,
    conversations: Conversations,
    metrics: MetricsCsv,
    junit: Junit,
    report: Report,
}

/// One planned conversation, with or without a result.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    n: u32,
    test: &'a PlannedTest,
    test_idx: usize,
    /// From 0.
    run_index: u32,
}

impl ArtifactBuilder {
    /// Begins the artifact of `run`. `manifest` is its sealed manifest.
    pub fn new(run: Run, manifest: Bytes) -> Result<Self, ArtifactError> {
        let sealed = Sealed::open(&run, manifest)?;
        Ok(Self {
            masks: Masks::new(&run.plan, &sealed.manifest),
            fold: Fold::new(&run),
            next_n: 0,
            conversations: Conversations::new()?,
            metrics: MetricsCsv::new()?,
            junit: Junit::new(&run),
            report: Report::new(&run),
            run,
            sealed,
        })
    }

    /// Adds a conversation's result; ascending by `n`, with gaps where there is none.
    pub fn add(&mut self, result: &ConversationResult) -> Result<(), ArtifactError> {
        let n = result.n;
        if n < self.next_n {
            return Err(ArtifactError::OutOfOrder {
                n,
                after: self.next_n - 1,
            });
        }
        // Everything but the manifest sees the masked result only.
        let result = self.masks.apply(result);
        self.fold.add(&result)?;
        self.skip_to(n);
        if let Some(place) = place(&self.run, n) {
            self.conversations.add(&self.sealed, place, &result)?;
            self.metrics.add(&self.sealed, place, &result)?;
            self.junit.add(&self.sealed, place, Some(&result));
            self.report.add(&self.sealed, place, Some(&result));
        }
        self.next_n = n + 1;
        Ok(())
    }

    /// The artifact. Fails if a result is missing and the run was not cancelled.
    pub fn finish(mut self) -> Result<Artifact, ArtifactError> {
        self.skip_to(self.run.plan.n_conversations());
        let report = self.fold.finish()?;
        let bytes = archive::pack(vec![
            self.conversations.finish()?,
            self.junit.finish(&report)?,
            Entry::of(manifest::NAME, &self.sealed.bytes)?,
            self.metrics.finish()?,
            self.report.finish(&self.run, &self.sealed, &report)?,
            run_json::entry(&self.run, &self.sealed, &report)?,
        ])?;
        let size_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let reference = ArtifactRef {
            digest: Digest::of(&bytes),
            size_bytes,
        };
        Ok(Artifact {
            bytes,
            reference,
            report,
        })
    }

    /// Accounts for the conversations without a result before `n`.
    fn skip_to(&mut self, n: u32) {
        for missing in self.next_n..n {
            if let Some(place) = place(&self.run, missing) {
                self.junit.add(&self.sealed, place, None);
                self.report.add(&self.sealed, place, None);
            }
        }
    }
}

fn place(run: &Run, n: u32) -> Option<Place<'_>> {
    let (test_idx, run_index) = run.plan.locate(n)?;
    Some(Place {
        n,
        test: run.plan.tests.get(test_idx)?,
        test_idx,
        run_index,
    })
}

#[cfg(test)]
mod tests;
