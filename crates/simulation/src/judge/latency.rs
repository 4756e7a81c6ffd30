//! How long the agent took to reply.

use model::{LatencyStatistic, MetricValue};

use super::{Evidence, Judgement};

pub(super) fn measure(statistic: LatencyStatistic, evidence: &Evidence<'_>) -> Judgement {
    let mut latencies: Vec<(u64, u32)> = evidence
        .turns
        .iter()
        .filter_map(|turn| Some((turn.latency_ms?, turn.index)))
        .collect();
    latencies.sort_unstable();
    let (name, chosen) = match statistic {
        LatencyStatistic::Max => ("longest", latencies.last()),
        LatencyStatistic::P50 => ("median", nearest_rank(&latencies, 50)),
        LatencyStatistic::P95 => ("95th percentile", nearest_rank(&latencies, 95)),
        LatencyStatistic::Mean => ("mean", None),
    };
    let n = latencies.len();
    if n == 0 {
        return super::scope::nothing_said(model::Scope::Agent);
    }
    let (value, references) = match chosen {
        Some((latency, index)) => (to_f64(*latency), vec![*index]),
        None => {
            let total: f64 = latencies.iter().map(|(latency, _index)| to_f64(*latency)).sum();
            let mut all: Vec<u32> = latencies.iter().map(|(_latency, index)| *index).collect();
            all.sort_unstable();
            (total / u32::try_from(n).map_or(f64::INFINITY, f64::from), all)
        }
    };
    let justification = format!("The {name} of {n} replies took {value} ms.");
    Judgement {
        value: Some(MetricValue::Numerical(value)),
        justification,
        references,
    }
}

/// The smallest value that at least `percent` of all do not exceed.
fn nearest_rank(sorted: &[(u64, u32)], percent: usize) -> Option<&(u64, u32)> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1))
}

/// Exact below 50 days.
fn to_f64(millis: u64) -> f64 {
    f64::from(u32::try_from(millis).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::nearest_rank;

    #[test]
    fn the_nearest_rank_is_a_value_that_occurred() {
        let sorted: Vec<(u64, u32)> = (1..=20).map(|n| (n, 0)).collect();
        assert_eq!(nearest_rank(&sorted, 50), Some(&(10, 0)));
        assert_eq!(nearest_rank(&sorted, 95), Some(&(19, 0)));
        assert_eq!(nearest_rank(&sorted[..1], 95), Some(&(1, 0)));
        assert_eq!(nearest_rank(&[], 50), None);
    }
}
