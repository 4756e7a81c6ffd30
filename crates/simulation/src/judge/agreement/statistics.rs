//! Figures of agreement between two raters.

use crate::judge::float;

/// Cohen's kappa: (observed − expected) / (1 − expected), where `expected` is how often both would agree if each kept to its own frequencies and
/// chance did the rest. None without pairs, and where that is always.
///
/// J. Cohen, “A coefficient of agreement for nominal scales”, Educational and Psychological Measurement 20 (1960), 37–46.
pub(super) fn kappa<T: PartialEq>(pairs: &[(T, T)]) -> Option<f64> {
    let n = float(pairs.len());
    let mut expected_count = 0.0;
    for (index, (value, _other)) in pairs.iter().enumerate() {
        let is_first = !pairs.iter().take(index).any(|(earlier, _other)| earlier == value);
        if is_first {
            let by_one = pairs.iter().filter(|(one, _other)| one == value).count();
            let by_other = pairs.iter().filter(|(_one, other)| other == value).count();
            expected_count += float(by_one) * float(by_other);
        }
    }
    let observed = float(pairs.iter().filter(|(one, other)| one == other).count()) / n;
    let expected = expected_count / (n * n);
    let kappa = (observed - expected) / (1.0 - expected);
    kappa.is_finite().then_some(kappa)
}

/// The mean distance of the numbers in a pair; none without pairs.
pub(super) fn mean_absolute_error(pairs: &[(f64, f64)]) -> Option<f64> {
    let total: f64 = pairs.iter().map(|(one, other)| (one - other).abs()).sum();
    (!pairs.is_empty()).then(|| total / float(pairs.len()))
}

/// Pearson's correlation; none if one of the two does not change.
pub(super) fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = float(pairs.len());
    let mean_one = pairs.iter().map(|(one, _other)| one).sum::<f64>() / n;
    let mean_other = pairs.iter().map(|(_one, other)| other).sum::<f64>() / n;
    let (mut both, mut square_one, mut square_other) = (0.0, 0.0, 0.0);
    for (one, other) in pairs {
        let (one, other) = (one - mean_one, other - mean_other);
        both += one * other;
        square_one += one * one;
        square_other += other * other;
    }
    let correlation = both / (square_one * square_other).sqrt();
    correlation.is_finite().then_some(correlation)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many pairs for each cell of a table: the rows are one rater's, the columns the other's.
    fn pairs<const N: usize>(table: [[usize; N]; N]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (row, cells) in table.iter().enumerate() {
            for (column, n) in cells.iter().enumerate() {
                pairs.extend(std::iter::repeat_n((row, column), *n));
            }
        }
        pairs
    }

    fn close(one: Option<f64>, other: f64) -> bool {
        one.is_some_and(|one| (one - other).abs() < 1e-9)
    }

    #[test]
    fn kappa_of_two_readers_of_fifty_proposals() {
        // The example of Wikipedia's article “Cohen's kappa”: 20 yes by both, 15 no by both, 5 and 10 disputed.
        // Observed 35/50 = 0.7; expected 0.5 · 0.6 + 0.5 · 0.4 = 0.5; kappa 0.2 / 0.5 = 0.4.
        assert!(close(kappa(&pairs([[20, 5], [10, 15]])), 0.4));
    }

    #[test]
    fn kappa_of_three_diagnoses() {
        // Fleiss, Levin and Paik, “Statistical Methods for Rates and Proportions” (3rd ed.), table 18.1: 100 subjects.
        // Observed 89/100; expected 0.8 · 0.8 + 0.1 · 0.05 + 0.1 · 0.15 = 0.66; kappa 0.23 / 0.34.
        let table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]];
        assert!(close(kappa(&pairs(table)), 0.23 / 0.34));
    }

    #[test]
    fn agreement_by_chance_is_zero_and_worse_is_negative() {
        assert!(close(kappa(&pairs([[25, 25], [25, 25]])), 0.0));
        assert!(close(kappa(&pairs([[0, 50], [50, 0]])), -1.0));
        assert!(close(kappa(&pairs([[3, 0], [0, 4]])), 1.0));
    }

    #[test]
    fn where_chance_always_agrees_there_is_no_kappa() {
        assert_eq!(kappa(&pairs([[7, 0], [0, 0]])), None);
        assert_eq!(kappa::<u8>(&[]), None);
    }

    #[test]
    fn errors_and_correlations_of_numbers() {
        // Differences 1, 0, 2.
        let numbers = [(1.0, 2.0), (2.0, 2.0), (3.0, 5.0)];
        assert!(close(mean_absolute_error(&numbers), 1.0));
        // Deviations (−1, −1), (0, −1), (1, 2): 1 + 0 + 2 = 3; squares 2 and 1 + 1 + 4 = 6; 3 / √12.
        assert!(close(correlation(&numbers), 3.0 / 12.0_f64.sqrt()));
        assert_eq!(correlation(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(mean_absolute_error(&[]), None);
    }
}
