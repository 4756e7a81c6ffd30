//! Statistics over conversations: exact distributions of latencies and the interval of a pass rate.
//!
//! Pure, and the same to the last bit on every machine: additions, multiplications, divisions and square roots of IEEE 754 only.

use std::collections::BTreeMap;

/// How often each value occurred. Exact, and the order in which values are recorded does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    counts: BTreeMap<u64, u64>,
    n: u64,
}

impl Distribution {
    /// Counts one value.
    pub fn record(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// Counts everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        for (value, n) in &other.counts {
            self.record_n(*value, *n);
        }
    }

    fn record_n(&mut self, value: u64, n: u64) {
        *self.counts.entry(value).or_insert(0) += n;
        self.n += n;
    }

    /// How many values were counted.
    pub const fn len(&self) -> u64 {
        self.n
    }

    /// Whether nothing was counted.
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The percentile by nearest rank: the least value such that at least `percent` % of all values are not above it. `percent`
    /// above 100 is taken as 100. None if nothing was counted.
    pub fn nearest_rank(&self, percent: u8) -> Option<u64> {
        let percent = u128::from(percent.min(100));
        let rank = (u128::from(self.n) * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (value, n) in &self.counts {
            seen += u128::from(*n);
            if seen >= rank {
                return Some(*value);
            }
        }
        None
    }
}

/// An interval of rates, both ends within 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The Wilson score interval at 95 % for a rate of which `passed` out of `of` were seen; none if nothing was seen.
///
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209–212: with p = passed / of,
/// n = of and z the 0.975 quantile of the normal distribution, (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n).
pub fn wilson_95(passed: u32, of: u32) -> Option<Interval> {
    const Z: f64 = 1.959_963_984_540_054;
    if of == 0 || passed > of {
        return None;
    }
    let n = f64::from(of);
    let p = f64::from(passed) / n;
    let z2 = Z * Z;
    let centre = p + z2 / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // Rounding must not push an end past what a rate can be, nor off the ends that the formula gives exactly.
    let low = if passed == 0 {
        0.0
    } else {
        ((centre - spread) / scale).clamp(0.0, 1.0)
    };
    let high = if passed == of {
        1.0
    } else {
        ((centre + spread) / scale).clamp(0.0, 1.0)
    };
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rounded(passed: u32, of: u32) -> (String, String) {
        let interval = wilson_95(passed, of).unwrap();
        (format!("{:.4}", interval.low), format!("{:.4}", interval.high))
    }

    #[test]
    fn wilson_interval_has_the_published_values() {
        // R. G. Newcombe, Statistics in Medicine 17 (1998), 857–872, table I, method 3.
        assert_eq!(rounded(81, 263), ("0.2553".to_owned(), "0.3662".to_owned()));
        assert_eq!(rounded(15, 148), ("0.0624".to_owned(), "0.1605".to_owned()));
        assert_eq!(rounded(0, 20), ("0.0000".to_owned(), "0.1611".to_owned()));
        assert_eq!(rounded(1, 29), ("0.0061".to_owned(), "0.1718".to_owned()));
    }

    #[test]
    fn nothing_seen_has_no_interval() {
        assert_eq!(wilson_95(0, 0), None);
        assert_eq!(wilson_95(2, 1), None);
    }

    #[test]
    fn nearest_rank_of_the_textbook_example() {
        let mut distribution = Distribution::default();
        for value in [15, 20, 35, 40, 50] {
            distribution.record(value);
        }
        let ranks = [0, 5, 30, 40, 50, 100].map(|percent| distribution.nearest_rank(percent).unwrap());
        assert_eq!(ranks, [15, 15, 20, 20, 35, 50]);
        assert_eq!(Distribution::default().nearest_rank(50), None);
    }

    proptest! {
        #[test]
        fn nearest_rank_agrees_with_sorting(mut values in proptest::collection::vec(0_u64..1000, 1..100), percent in 1_u8..=100) {
            let mut distribution = Distribution::default();
            values.iter().for_each(|value| distribution.record(*value));
            values.sort_unstable();
            let rank = (values.len() * usize::from(percent)).div_ceil(100).max(1);
            prop_assert_eq!(distribution.nearest_rank(percent), Some(values[rank - 1]));
        }

        #[test]
        fn the_interval_holds_the_rate((passed, of) in (1_u32..5000).prop_flat_map(|of| (0..=of, Just(of)))) {
            let interval = wilson_95(passed, of).unwrap();
            let rate = f64::from(passed) / f64::from(of);
            prop_assert!(0.0 <= interval.low && interval.low <= rate && rate <= interval.high && interval.high <= 1.0);
        }
    }
}
