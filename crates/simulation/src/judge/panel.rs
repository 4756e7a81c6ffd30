//! Judges that are language models: what each is asked, and how several answers become one.
//!
//! Whatever stands in a conversation is material. It reaches a model only within JSON strings ([`visible`]), under rules that say so
//! ([`subject`]), and what comes back is checked against the conversation ([`reading`]): turns that exist, quotations that stand there, values that
//! the metric admits. What fails the checks is asked for once more, and is then an error, never a value.
//!
//! Questions are put in an order that depends on nothing but the inquiry, so that a recording gives each its answer again.

mod case;
mod reading;
mod round;
mod subject;
mod tally;
mod visible;

pub(super) use case::Case;
use model::{Criterion, MetricValue, ModelJudge, Name, Usage};
use round::{Ballot, Juror, Round};
pub(super) use subject::Subject;
pub(super) use tally::same;

use super::Judgement;
use crate::ModelSource;

/// The most that one question may hold of a conversation, in bytes. What is longer is not judged rather than judged in part.
pub const MAX_MATERIAL_BYTES: usize = 512 * 1024;

/// What language models are asked about a conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inquiry<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) case: Case<'a>,
    /// Who is asked, and how often.
    pub(super) judge: &'a ModelJudge,
    /// What the models' sampling follows from.
    pub(super) seed: u64,
    /// Whether this is one of several judgements on the same, which are worth something only if they may differ.
    pub(super) is_sample: bool,
}

/// The language models that can be asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judges<'a> {
    pub(super) models: &'a dyn ModelSource,
    /// The one that judges where none is named.
    pub(super) default: Option<&'a Name>,
}

/// What judges came to.
#[derive(Clone, Debug)]
pub(super) struct Opinion {
    pub(super) outcome: Result<Judgement, String>,
    /// What each said, in order; empty if one was asked once.
    pub(super) votes: Vec<(Name, Result<Judgement, String>)>,
    /// What the language models consumed; none: there were none.
    pub(super) usage: Option<Usage>,
}

impl Inquiry<'_> {
    /// Asks. A value by which one of `criteria` fails is asked for again if the judge is to confirm it.
    pub(super) async fn ask(&self, criteria: &[&Criterion], judges: Judges<'_>) -> Opinion {
        let mut asked = Asked::default();
        let outcome = self.decide(criteria, judges, &mut asked).await;
        if asked.votes.len() == 1 {
            asked.votes.clear();
        }
        Opinion {
            outcome,
            votes: asked.votes,
            usage: Some(asked.usage),
        }
    }

    async fn decide(
        &self,
        criteria: &[&Criterion],
        judges: Judges<'_>,
        asked: &mut Asked,
    ) -> Result<Judgement, String> {
        let material = self.subject.material(&self.case)?;
        let jurors = self.jurors(judges)?;
        let round = |number| Round {
            inquiry: self,
            material: &material,
            jurors: &jurors,
            number,
        };
        let first = asked.round(round(0)).await?;
        let fails = |value: Option<&MetricValue>| criteria.iter().any(|criterion| !criterion.passes(value));
        if !self.judge.confirm_on_fail || !fails(first.value.as_ref()) {
            return Ok(first);
        }
        let second = asked.round(round(1)).await;
        let domain = self.subject.domain(&self.case);
        if let Ok(again) = &second
            && same(again.value.as_ref(), first.value.as_ref(), &domain)
        {
            return Ok(Judgement {
                justification: format!("Asked again, it came again. {}", first.justification),
                ..first
            });
        }
        let third = asked.round(round(2)).await;
        let three = [Ok(first), second, third];
        tally::tally(
            "times asked",
            &domain,
            self.subject.combine(self.judge),
            &three.each_ref(),
        )
    }

    /// Everybody who is asked in one round, in order.
    fn jurors(&self, judges: Judges<'_>) -> Result<Vec<Juror>, String> {
        let named: Vec<&Name> = if self.judge.models.is_empty() {
            let default = judges.default.ok_or(
                "no language model judges here; name some in the judge's `models`, or say which one judges the run",
            )?;
            vec![default]
        } else {
            self.judge.models.iter().collect()
        };
        let mut jurors = Vec::new();
        for name in named {
            let model = judges.models.model(name);
            jurors.extend((0..self.judge.samples.max(1)).map(|sample| Juror {
                name: name.clone(),
                model: model.clone(),
                sample,
            }));
        }
        Ok(jurors)
    }
}

/// What was said and consumed so far.
#[derive(Debug, Default)]
struct Asked {
    votes: Vec<Ballot>,
    usage: Usage,
}

impl Asked {
    /// Holds a round and keeps what everybody said.
    async fn round(&mut self, round: Round<'_>) -> Result<Judgement, String> {
        let held = round.hold().await;
        self.usage.add(held.usage);
        let outcomes: Vec<&Result<Judgement, String>> =
            held.ballots.iter().map(|(_name, outcome)| outcome).collect();
        let inquiry = round.inquiry;
        let domain = inquiry.subject.domain(&inquiry.case);
        let combined = tally::tally(
            "judgements",
            &domain,
            inquiry.subject.combine(inquiry.judge),
            &outcomes,
        );
        self.votes.extend(held.ballots);
        combined
    }
}

#[cfg(test)]
mod injection;
#[cfg(test)]
mod tests;
