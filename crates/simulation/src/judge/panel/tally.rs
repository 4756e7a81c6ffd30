//! How several judgements become one.

use std::collections::BTreeSet;

use model::{Combine, MetricDomain, MetricValue};

use crate::{
    excerpt::excerpt,
    judge::{Judgement, shown},
};

/// Within which share of the range two numbers count as the same judgement.
const TOLERANCE: f64 = 0.05;
/// How much of the first failure an error repeats, in bytes.
const FAILURE_BYTES: usize = 400;

/// A value that was given, and how often.
#[derive(Debug)]
struct Group<'a> {
    value: Option<&'a MetricValue>,
    n: usize,
}

/// The one judgement that several come to. `counted` is the word for them in the justification.
pub(super) fn tally(
    counted: &str,
    domain: &MetricDomain,
    combine: Combine,
    outcomes: &[&Result<Judgement, String>],
) -> Result<Judgement, String> {
    if let [only] = outcomes {
        return (*only).clone();
    }
    let usable: Vec<&Judgement> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().ok())
        .collect();
    let failure = outcomes.iter().find_map(|outcome| outcome.as_ref().err());
    if usable.is_empty() || usable.len() * 2 < outcomes.len() {
        return Err(format!(
            "only {} of {} judgements can be used: {}",
            usable.len(),
            outcomes.len(),
            excerpt(failure.map_or("", String::as_str), FAILURE_BYTES)
        ));
    }
    let groups = groups(&usable);
    let majority = groups.iter().find(|group| group.n * 2 > usable.len());
    let value = match majority {
        Some(group) => group.value.cloned(),
        None => match combine {
            Combine::Median => median(&usable),
            Combine::Majority => None,
        }
        .ok_or_else(|| disagreement(&groups))?
        .into(),
    };
    let agreeing: Vec<&Judgement> = usable
        .iter()
        .copied()
        .filter(|judgement| same(judgement.value.as_ref(), value.as_ref(), domain))
        .collect();
    // Whoever gave the very value explains it best.
    let reasons = agreeing
        .iter()
        .find(|judgement| judgement.value == value)
        .or_else(|| agreeing.first());
    let references: BTreeSet<u32> = agreeing
        .iter()
        .flat_map(|judgement| judgement.references.iter().copied())
        .collect();
    Ok(Judgement {
        justification: format!(
            "Agreement: {} of {} {counted}. {}",
            agreeing.len(),
            usable.len(),
            reasons.map_or("", |judgement| judgement.justification.as_str())
        ),
        value,
        references: references.into_iter().collect(),
    })
}

/// Whether two judgements come to the same.
pub(in crate::judge) fn same(
    one: Option<&MetricValue>,
    other: Option<&MetricValue>,
    domain: &MetricDomain,
) -> bool {
    match (one, other, domain) {
        (
            Some(MetricValue::Numerical(one)),
            Some(MetricValue::Numerical(other)),
            MetricDomain::Numerical {
                lower_bound,
                upper_bound,
            },
        ) => (one - other).abs() <= (upper_bound - lower_bound) * TOLERANCE,
        (
            one,
            other,
            MetricDomain::Boolean | MetricDomain::Numerical { .. } | MetricDomain::Categorical { .. },
        ) => one == other,
    }
}

/// The values in the order of first use.
fn groups<'a>(usable: &[&'a Judgement]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for judgement in usable {
        let value = judgement.value.as_ref();
        match groups.iter_mut().find(|group| group.value == value) {
            Some(group) => group.n += 1,
            None => groups.push(Group { value, n: 1 }),
        }
    }
    groups
}

/// The median of the numbers, the lower of two in the middle, if more than half of the judgements are numbers.
fn median(usable: &[&Judgement]) -> Option<MetricValue> {
    let mut numbers: Vec<f64> = usable
        .iter()
        .filter_map(|judgement| match judgement.value {
            Some(MetricValue::Numerical(number)) => Some(number),
            Some(MetricValue::Boolean(_) | MetricValue::Categorical(_)) | None => None,
        })
        .collect();
    if numbers.len() * 2 <= usable.len() {
        return None;
    }
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
        .get((numbers.len() - 1) / 2)
        .copied()
        .map(MetricValue::Numerical)
}

fn disagreement(groups: &[Group<'_>]) -> String {
    let votes: Vec<String> = groups
        .iter()
        .map(|group| {
            let value = group.value.map_or_else(|| "does not apply".to_owned(), shown);
            format!("{value} ({})", group.n)
        })
        .collect();
    format!(
        "the judges disagree, and none has a majority: {}",
        votes.join(", ")
    )
}
