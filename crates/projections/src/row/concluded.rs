//! Which conversations have a result, in a bit each.

/// The conversations of a run that have a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concluded {
    pub(crate) bitmap: Vec<u8>,
}

/// Conversations per row of the bitmap.
pub(crate) const CHUNK: u32 = 65_536;

impl Concluded {
    /// Whether conversation `n` has a result.
    pub fn contains(&self, n: u32) -> bool {
        let byte = usize::try_from(n / 8)
            .ok()
            .and_then(|index| self.bitmap.get(index));
        byte.is_some_and(|byte| byte & (1 << (n % 8)) != 0)
    }

    /// How many have one.
    pub fn len(&self) -> u32 {
        self.bitmap.iter().map(|byte| byte.count_ones()).sum()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.bitmap.iter().all(|&byte| byte == 0)
    }

    /// Those that have one, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).step_by(8).zip(&self.bitmap).flat_map(|(first, byte)| {
            (0..8)
                .filter(move |bit| byte & (1 << bit) != 0)
                .map(move |bit| first + bit)
        })
    }
}

/// Sets a bit of a bitmap, which grows as needed; false if it was set already.
pub(crate) fn set_bit(bitmap: &mut Vec<u8>, bit: u32) -> bool {
    let index = (bit / 8) as usize;
    if bitmap.len() <= index {
        bitmap.resize(index + 1, 0);
    }
    let Some(byte) = bitmap.get_mut(index) else {
        return false;
    };
    let mask = 1 << (bit % 8);
    let fresh = *byte & mask == 0;
    *byte |= mask;
    fresh
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_bitmap_is_a_set(numbers in prop::collection::vec(0_u32..200, 0..40)) {
            let mut concluded = Concluded::default();
            let mut set = BTreeSet::new();
            for n in numbers {
                prop_assert_eq!(set_bit(&mut concluded.bitmap, n), set.insert(n));
            }
            prop_assert_eq!(concluded.iter().collect::<BTreeSet<_>>(), set.clone());
            prop_assert_eq!(concluded.len() as usize, set.len());
            prop_assert_eq!(concluded.is_empty(), set.is_empty());
            prop_assert!((0..220).all(|n| concluded.contains(n) == set.contains(&n)));
        }
    }
}
