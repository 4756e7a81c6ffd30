//! A set of small numbers, one bit each: which conversations of a run have a result.

/// A set of conversation indices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bitset {
    words: Vec<u64>,
    n_set: u32,
}

impl Bitset {
    /// Adds `n`; false if it was there already.
    pub(crate) fn insert(&mut self, n: u32) -> bool {
        let (word_idx, bit) = position(n);
        if self.words.len() <= word_idx {
            self.words.resize(word_idx + 1, 0);
        }
        let word = &mut self.words[word_idx];
        let new = *word & bit == 0;
        *word |= bit;
        self.n_set += u32::from(new);
        new
    }

    /// How many numbers are in the set.
    pub(crate) const fn len(&self) -> u32 {
        self.n_set
    }

    /// Removes every number from `limit` on.
    pub(crate) fn truncate(&mut self, limit: u32) {
        let (word_idx, bit) = position(limit);
        if let Some(word) = self.words.get_mut(word_idx) {
            *word &= bit - 1;
            self.words.truncate(word_idx + 1);
            self.n_set = self.words.iter().map(|word| word.count_ones()).sum();
        }
    }

    /// The least number that is not in the set.
    pub(crate) fn first_missing(&self) -> u32 {
        let mut n = 0;
        for word in &self.words {
            n += word.trailing_ones();
            if *word != u64::MAX {
                break;
            }
        }
        n
    }
}

fn position(n: u32) -> (usize, u64) {
    // A `u32` fits into the `usize` of every platform that Rehearse builds for; a platform where it did not would only get
    // an index that no run has.
    let word_idx = usize::try_from(n / 64).unwrap_or(usize::MAX);
    (word_idx, 1 << (n % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_set_of_numbers(numbers in proptest::collection::vec(0_u32..300, 0..200), limit in 0_u32..300) {
            let mut bitset = Bitset::default();
            let mut set = BTreeSet::new();
            for n in numbers {
                prop_assert_eq!(bitset.insert(n), set.insert(n));
            }
            prop_assert_eq!(bitset.len() as usize, set.len());
            prop_assert_eq!(bitset.first_missing(), (0..).find(|n| !set.contains(n)).unwrap());
            bitset.truncate(limit);
            set.retain(|n| *n < limit);
            prop_assert_eq!(bitset.len() as usize, set.len());
            prop_assert_eq!(bitset.first_missing(), (0..).find(|n| !set.contains(n)).unwrap());
        }
    }
}
