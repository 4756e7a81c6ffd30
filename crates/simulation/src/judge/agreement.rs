//! How far a judge that is a language model can be trusted: its values beside labels that people gave.

mod statistics;

use futures::{FutureExt as _, StreamExt as _, stream};
use model::{
    Criterion, EndReason, Invalid, Judge, MAX_SAMPLES, MetricContent, MetricDomain, MetricType, MetricValue,
    ModelJudge, Name, Named, PersonaContent, ScenarioContent, Turn, Usage,
};

use super::{
    admitted_values, float,
    panel::{Case, Inquiry, Judges, Opinion, Subject, same},
    shown,
};
use crate::{ModelSource, briefing::seed_of, excerpt::excerpt};

/// How many conversations are judged at once.
const MAX_AT_ONCE: usize = 4;
/// The most labelled conversations of one check.
const MAX_LABELLED: usize = 10_000;
/// How much of a judge's reasons is told of a disagreement, in bytes.
const MAX_REASONS_BYTES: usize = 500;

/// A conversation whose value is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// What people call it.
    pub name: String,
    /// What was said.
    pub turns: Vec<Turn>,
    /// Why it is over.
    pub end: EndReason,
    /// Who the user was, if that is known.
    pub persona: Option<Named<PersonaContent>>,
    /// What the user wanted, if that is known.
    pub scenario: Option<Named<ScenarioContent>>,
    /// The metric's true value; none: the metric does not apply.
    pub label: Option<MetricValue>,
}

/// Which judge is checked, and how.
#[derive(Clone, Copy, Debug)]
pub struct JudgeCheck<'a> {
    /// The metric; its judge must be a language model. It judges as in a run, but confirms nothing, since there are no criteria.
    pub metric: &'a Named<MetricContent>,
    /// Gives out the language models.
    pub models: &'a dyn ModelSource,
    /// The one that judges where the metric names none.
    pub judge: Option<&'a Name>,
    /// How often each conversation is judged, 1 to [`MAX_SAMPLES`]. The first judgement is compared with the label; all of them with each other.
    pub samples: u32,
    /// What is accepted; none: `true`, and nothing is counted as accepted or rejected for other metrics than boolean ones.
    pub accepting: Option<&'a Criterion>,
}

/// How a judge did.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgeReport {
    /// The labelled conversations.
    pub n: u32,
    /// Those that the judge gave no usable judgement on. They count in no figure but this one and the stability.
    pub n_errored: u32,
    /// The share of judgements that equal their labels; none for numbers, and if there are no judgements.
    pub accuracy: Option<f64>,
    /// Conversations that were accepted and should not have been; none if nothing is accepted or rejected.
    pub false_accepts: Option<u32>,
    /// Conversations that were not accepted and should have been; none if nothing is accepted or rejected.
    pub false_rejects: Option<u32>,
    /// Cohen's kappa (1960): agreement beyond chance, at most 1; none for numbers, and where chance alone would agree always.
    pub kappa: Option<f64>,
    /// The share of conversations of which all judgements were usable and the same, numbers within 5 % of the range; none if each was judged once.
    pub stability: Option<f64>,
    /// How often each value was given for each label, in the order of first use; empty for numbers.
    pub confusion: Vec<Confusion>,
    /// For numbers.
    pub numbers: Option<Numbers>,
    /// Every judgement that does not equal its label, in order; numbers within 5 % of the range do.
    pub disagreements: Vec<Disagreement>,
    /// Why there is no usable judgement, for each conversation without one, in order.
    pub errors: Vec<String>,
    /// What the language models consumed.
    pub usage: Usage,
}

/// How often a value was given for a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    /// The label; none: does not apply.
    pub label: Option<MetricValue>,
    /// The judge's value; none: does not apply.
    pub given: Option<MetricValue>,
    /// How often.
    pub n: u32,
}

/// How far numbers are from their labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbers {
    /// Conversations with a number for a label and one from the judge.
    pub n: u32,
    /// The mean distance between the two; none without any.
    pub mean_absolute_error: Option<f64>,
    /// Pearson's correlation of the two; none if one of them never changes.
    pub correlation: Option<f64>,
}

/// A judgement that does not equal its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Disagreement {
    /// The conversation's name.
    pub name: String,
    /// The label; none: does not apply.
    pub label: Option<MetricValue>,
    /// The judge's value; none: does not apply.
    pub given: Option<MetricValue>,
    /// The judge's reasons.
    pub justification: String,
}

/// A value beside its label.
type Pair<'a> = (Option<&'a MetricValue>, Option<&'a MetricValue>);

/// Has every conversation judged, and compares.
///
/// # Errors
/// There is nothing to judge, the metric's judge is no language model, or a label is no value of the metric.
pub async fn check_judge(check: &JudgeCheck<'_>, labelled: &[Labelled]) -> Result<JudgeReport, Invalid> {
    let judge = accepted(check, labelled)?;
    let asked = labelled
        .iter()
        .flat_map(|case| (0..check.samples).map(move |sample| (case, sample)))
        .map(|(case, sample)| judged(check, judge, case, sample).boxed());
    let opinions: Vec<Opinion> = stream::iter(asked.collect::<Vec<_>>())
        .buffered(MAX_AT_ONCE)
        .collect()
        .await;
    Ok(report(check, labelled, &opinions))
}

fn accepted<'a>(check: &JudgeCheck<'a>, labelled: &[Labelled]) -> Result<&'a ModelJudge, Invalid> {
    let content = &check.metric.content;
    let Judge::Model(judge) = &content.judge else {
        return Err(Invalid::new(format!(
            "metric `{}` has a `{}` judge, which gives the same value each time; only judges that are language models are checked",
            check.metric.name,
            content.judge.as_str()
        )));
    };
    if labelled.is_empty() || labelled.len() > MAX_LABELLED {
        return Err(Invalid::new(format!(
            "a check takes 1 to {MAX_LABELLED} labelled conversations, these are {}",
            labelled.len()
        )));
    }
    if check.samples == 0 || check.samples > MAX_SAMPLES {
        return Err(Invalid::new(format!("samples must be 1 to {MAX_SAMPLES}")));
    }
    for case in labelled {
        if let Some(label) = &case.label
            && !content.value.admits(label)
        {
            return Err(Invalid::new(format!(
                "conversation `{}` is labelled {}, which is not {}",
                excerpt(&case.name, 100),
                shown(label),
                admitted_values(&content.value)
            )));
        }
    }
    Ok(judge)
}

async fn judged(check: &JudgeCheck<'_>, judge: &ModelJudge, case: &Labelled, sample: u32) -> Opinion {
    let inquiry = Inquiry {
        subject: Subject::Metric {
            name: &check.metric.name,
            content: &check.metric.content,
        },
        case: Case {
            turns: &case.turns,
            end: &case.end,
            persona: case.persona.as_ref(),
            scenario: case.scenario.as_ref(),
        },
        judge,
        seed: seed_of(&[b"labelled", case.name.as_bytes(), &sample.to_be_bytes()]),
        is_sample: check.samples > 1,
    };
    let judges = Judges {
        models: check.models,
        default: check.judge,
    };
    inquiry.ask(&[], judges).await
}

fn report(check: &JudgeCheck<'_>, labelled: &[Labelled], opinions: &[Opinion]) -> JudgeReport {
    let domain = &check.metric.content.value;
    let is_number = domain.metric_type() == MetricType::Numerical;
    let per_case = usize::try_from(check.samples).unwrap_or(usize::MAX);
    let mut usage = Usage::default();
    for opinion in opinions {
        usage.add(opinion.consumed());
    }
    let (mut pairs, mut disagreements, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut n_stable = 0_usize;
    for (case, opinions) in labelled.iter().zip(opinions.chunks(per_case)) {
        n_stable += usize::from(is_stable(opinions, domain));
        let label = case.label.as_ref();
        match opinions.first().map(|opinion| &opinion.outcome) {
            Some(Ok(judgement)) => {
                let given = judgement.value.as_ref();
                pairs.push((label, given));
                if !same(given, label, domain) {
                    disagreements.push(Disagreement {
                        name: case.name.clone(),
                        label: case.label.clone(),
                        given: judgement.value.clone(),
                        justification: excerpt(&judgement.justification, MAX_REASONS_BYTES),
                    });
                }
            }
            Some(Err(error)) => errors.push(format!(
                "conversation `{}`: {}",
                excerpt(&case.name, 100),
                excerpt(error, MAX_REASONS_BYTES)
            )),
            None => {}
        }
    }
    let accepts = Accepts::of(check, domain);
    let counted = |is_it: &dyn Fn(bool, bool) -> bool| {
        accepts.as_ref().map(|accepts| {
            let wrong = |(label, given): &&Pair<'_>| is_it(accepts.accepts(*label), accepts.accepts(*given));
            number(pairs.iter().filter(wrong).count())
        })
    };
    let n_equal = pairs.iter().filter(|(label, given)| label == given).count();
    JudgeReport {
        n: number(labelled.len()),
        n_errored: number(errors.len()),
        accuracy: (!is_number && !pairs.is_empty()).then(|| float(n_equal) / float(pairs.len())),
        false_accepts: counted(&|label, given| given && !label),
        false_rejects: counted(&|label, given| label && !given),
        kappa: if is_number {
            None
        } else {
            statistics::kappa(&pairs)
        },
        stability: (check.samples > 1).then(|| float(n_stable) / float(labelled.len())),
        confusion: if is_number { Vec::new() } else { confusion(&pairs) },
        numbers: is_number.then(|| numbers(&pairs)),
        disagreements,
        errors,
        usage,
    }
}

/// What counts as accepted.
#[derive(Debug)]
enum Accepts<'a> {
    True,
    What(&'a Criterion),
}

impl<'a> Accepts<'a> {
    fn of(check: &JudgeCheck<'a>, domain: &MetricDomain) -> Option<Self> {
        match (check.accepting, domain.metric_type()) {
            (Some(criterion), _) => Some(Self::What(criterion)),
            (None, MetricType::Boolean) => Some(Self::True),
            (None, MetricType::Numerical | MetricType::Categorical) => None,
        }
    }

    fn accepts(&self, value: Option<&MetricValue>) -> bool {
        match self {
            Self::True => value == Some(&MetricValue::Boolean(true)),
            Self::What(criterion) => criterion.passes(value),
        }
    }
}

fn is_stable(opinions: &[Opinion], domain: &MetricDomain) -> bool {
    let values: Option<Vec<Option<&MetricValue>>> = opinions
        .iter()
        .map(|opinion| {
            opinion
                .outcome
                .as_ref()
                .ok()
                .map(|judgement| judgement.value.as_ref())
        })
        .collect();
    let Some(values) = values else {
        return false;
    };
    values
        .iter()
        .all(|one| values.iter().all(|other| same(*one, *other, domain)))
}

fn confusion(pairs: &[Pair<'_>]) -> Vec<Confusion> {
    let mut confusion: Vec<Confusion> = Vec::new();
    for (label, given) in pairs {
        let known = confusion
            .iter_mut()
            .find(|cell| cell.label.as_ref() == *label && cell.given.as_ref() == *given);
        match known {
            Some(cell) => cell.n = cell.n.saturating_add(1),
            None => confusion.push(Confusion {
                label: label.cloned(),
                given: given.cloned(),
                n: 1,
            }),
        }
    }
    confusion
}

fn numbers(pairs: &[Pair<'_>]) -> Numbers {
    let numbers: Vec<(f64, f64)> = pairs
        .iter()
        .filter_map(|pair| match pair {
            (Some(MetricValue::Numerical(label)), Some(MetricValue::Numerical(given))) => {
                Some((*label, *given))
            }
            (
                Some(MetricValue::Boolean(_) | MetricValue::Numerical(_) | MetricValue::Categorical(_))
                | None,
                Some(MetricValue::Boolean(_) | MetricValue::Numerical(_) | MetricValue::Categorical(_))
                | None,
            ) => None,
        })
        .collect();
    Numbers {
        n: number(numbers.len()),
        mean_absolute_error: statistics::mean_absolute_error(&numbers),
        correlation: statistics::correlation(&numbers),
    }
}

/// A count; there are never as many as the type holds.
fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
