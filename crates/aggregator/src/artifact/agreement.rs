//! How far the judges of one metric agreed.

use model::{Evaluation, MetricDomain, MetricValue};

/// Within which share of the range two numbers count as the same judgement; as judges are combined.
const TOLERANCE: f64 = 0.05;

/// How many of several judges came to the value of the evaluation. Those that failed do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreement {
    /// Judges that gave the value.
    pub(super) agreeing: u32,
    /// Judges that gave any; at least 1.
    pub(super) of: u32,
}

impl Agreement {
    /// None: one judge was asked once, or no value came out of it. `domain` is the metric's; none: numbers must be equal.
    pub(super) fn of(evaluation: &Evaluation, domain: Option<&MetricDomain>) -> Option<Self> {
        if evaluation.error.is_some() {
            return None;
        }
        let mut agreement = Self { agreeing: 0, of: 0 };
        for vote in evaluation.votes.iter().filter(|vote| vote.error.is_none()) {
            agreement.of += 1;
            agreement.agreeing += u32::from(same(vote.value.as_ref(), evaluation.value.as_ref(), domain));
        }
        (agreement.of > 0).then_some(agreement)
    }

    /// The share of judges that gave the value, 0 to 1.
    pub(super) fn share(self) -> f64 {
        f64::from(self.agreeing) / f64::from(self.of)
    }
}

fn same(one: Option<&MetricValue>, other: Option<&MetricValue>, domain: Option<&MetricDomain>) -> bool {
    match (one, other, domain) {
        (
            Some(MetricValue::Numerical(one)),
            Some(MetricValue::Numerical(other)),
            Some(MetricDomain::Numerical {
                lower_bound,
                upper_bound,
            }),
        ) => (one - other).abs() <= (upper_bound - lower_bound) * TOLERANCE,
        (one, other, _) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use model::{MetricId, Vote};

    use super::*;
    use crate::testing::{name, oid};

    fn evaluation(value: Option<MetricValue>, votes: &[Result<Option<MetricValue>, ()>]) -> Evaluation {
        let vote = |vote: &Result<Option<MetricValue>, ()>| Vote {
            model: name("judge"),
            value: vote.clone().unwrap_or(None),
            justification: String::new(),
            error: vote.is_err().then(|| "no JSON".to_owned()),
        };
        Evaluation {
            metric_id: MetricId(oid("metric", 0)),
            metric_version: 1,
            value,
            justification: String::new(),
            references: Vec::new(),
            error: None,
            votes: votes.iter().map(vote).collect(),
            usage: None,
        }
    }

    #[test]
    fn judges_that_failed_do_not_count() {
        let (yes, no) = (
            Some(MetricValue::Boolean(true)),
            Some(MetricValue::Boolean(false)),
        );
        let judged = evaluation(
            yes.clone(),
            &[Ok(yes.clone()), Ok(no), Err(()), Ok(yes), Ok(None)],
        );
        let agreement = Agreement::of(&judged, Some(&MetricDomain::Boolean));
        assert_eq!(agreement, Some(Agreement { agreeing: 2, of: 4 }));
        assert_eq!(Agreement::of(&evaluation(None, &[]), None), None);
        assert_eq!(Agreement::of(&evaluation(None, &[Err(())]), None), None);
    }

    #[test]
    fn numbers_agree_within_a_twentieth_of_the_range() {
        let number = |number| Some(MetricValue::Numerical(number));
        let judged = evaluation(number(5.0), &[Ok(number(5.0)), Ok(number(5.4)), Ok(number(6.0))]);
        let domain = MetricDomain::Numerical {
            lower_bound: 0.0,
            upper_bound: 10.0,
        };
        let agreeing = |domain| Agreement::of(&judged, domain).map(|agreement| agreement.agreeing);
        assert_eq!(agreeing(Some(&domain)), Some(2));
        assert_eq!(agreeing(None), Some(1));
    }
}
