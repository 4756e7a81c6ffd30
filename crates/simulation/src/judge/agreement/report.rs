//! What a check comes to: judgements beside their labels, counted.

use model::{Criterion, MetricDomain, MetricType, MetricValue, Usage};

use super::{Confusion, Disagreement, JudgeCheck, JudgeReport, Labelled, Numbers, statistics};
use crate::{
    excerpt::excerpt,
    judge::{
        float,
        panel::{Opinion, same},
    },
};

/// How much of a judge's reasons is told of a disagreement, in bytes.
const MAX_REASONS_BYTES: usize = 500;

/// A value beside its label.
type Pair<'a> = (Option<&'a MetricValue>, Option<&'a MetricValue>);

/// Compares; `opinions` are those of all samples of each conversation, in order.
pub(super) fn report(check: &JudgeCheck<'_>, labelled: &[Labelled], opinions: &[Opinion]) -> JudgeReport {
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
