//! Sharing what may be admitted: between organizations first, then between each one's runs.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use model::OrgId;

/// What one run asks for.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// Whose run it is.
    pub(super) org: OrgId,
    /// Conversations in flight.
    pub(super) in_flight: u32,
    /// Conversations that wait to be admitted.
    pub(super) waiting: u32,
    /// The most that may be in flight.
    pub(super) cap: u32,
}

impl Demand {
    const fn wants(&self, given: u32) -> bool {
        given < self.waiting && self.in_flight.saturating_add(given) < self.cap
    }
}

/// A run that wants more: what it has in flight, and its position among the demands. The least comes first.
type Hungry = Reverse<(u32, usize)>;

/// What an organization has in flight, and its runs that want more.
#[derive(Default)]
struct Org {
    in_flight: u32,
    hungry: BinaryHeap<Hungry>,
}

/// How many conversations of each run to admit, so that at most `total` are in flight. Whoever has least in flight is served next
/// (max-min fairness): first the organization, then its run, then whoever comes first. A small run behind a large one is thus served
/// at once.
pub(super) fn fair_shares(demands: &[Demand], total: u32) -> Vec<u32> {
    let mut given = vec![0_u32; demands.len()];
    let mut orgs: BTreeMap<&OrgId, Org> = BTreeMap::new();
    let mut in_flight = 0_u32;
    for (index, demand) in demands.iter().enumerate() {
        in_flight = in_flight.saturating_add(demand.in_flight);
        let org = orgs.entry(&demand.org).or_default();
        org.in_flight = org.in_flight.saturating_add(demand.in_flight);
        if demand.wants(0) {
            org.hungry.push(Reverse((demand.in_flight, index)));
        }
    }
    let mut orgs: Vec<Org> = orgs.into_values().collect();
    // An organization's place follows from what it and its first run have, so only the one that was just served moves.
    let place = |orgs: &[Org], position: usize| {
        let org = orgs.get(position)?;
        let &Reverse(first) = org.hungry.peek()?;
        Some(Reverse((org.in_flight, first, position)))
    };
    let mut places: BinaryHeap<_> = (0..orgs.len())
        .filter_map(|position| place(&orgs, position))
        .collect();
    for _ in in_flight..total {
        let Some(Reverse((_, (run_in_flight, index), position))) = places.pop() else {
            break;
        };
        let (Some(org), Some(demand), Some(given)) =
            (orgs.get_mut(position), demands.get(index), given.get_mut(index))
        else {
            break;
        };
        org.hungry.pop();
        org.in_flight = org.in_flight.saturating_add(1);
        *given += 1;
        if demand.wants(*given) {
            org.hungry.push(Reverse((run_in_flight + 1, index)));
        }
        places.extend(place(&orgs, position));
    }
    given
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn demand(org: &str, in_flight: u32, waiting: u32, cap: u32) -> Demand {
        Demand {
            org: org.parse().unwrap(),
            in_flight,
            waiting,
            cap,
        }
    }

    #[test]
    fn a_small_run_behind_a_large_one_is_served() {
        let shares = fair_shares(&[demand("a", 50, 100_000, 1000), demand("a", 0, 10, 1000)], 64);
        assert_eq!(shares, [4, 10]);
    }

    #[test]
    fn organizations_share_alike_whatever_the_number_of_their_runs() {
        let one = demand("a", 0, 1000, 1000);
        let shares = fair_shares(&[one.clone(), one.clone(), one, demand("b", 0, 1000, 1000)], 60);
        assert_eq!(shares, [10, 10, 10, 30]);
    }

    #[test]
    fn a_cap_holds() {
        assert_eq!(fair_shares(&[demand("a", 3, 100, 5)], 64), [2]);
        assert_eq!(
            fair_shares(&[demand("a", 9, 100, 5)], 64),
            [0],
            "it may have been lowered"
        );
    }

    #[test]
    fn numbers_may_be_as_large_as_they_get() {
        let greedy = demand("a", u32::MAX, u32::MAX, u32::MAX);
        assert_eq!(fair_shares(&[greedy.clone(), greedy], u32::MAX), [0, 0]);
    }

    /// The same rule by looking at everyone each time.
    fn by_looking(demands: &[Demand], total: u32) -> Vec<u32> {
        let mut given = vec![0_u32; demands.len()];
        let in_flight: u32 = demands.iter().map(|demand| demand.in_flight).sum();
        for _ in in_flight..total {
            let of_org = |org: &OrgId| -> u32 {
                let ours = demands
                    .iter()
                    .zip(&given)
                    .filter(|(demand, _)| demand.org == *org);
                ours.map(|(demand, given)| demand.in_flight + given).sum()
            };
            let hungry = demands
                .iter()
                .enumerate()
                .filter(|(index, demand)| demand.wants(given[*index]));
            let next = hungry.min_by_key(|(index, demand)| {
                (of_org(&demand.org), demand.in_flight + given[*index], *index)
            });
            let Some((index, _)) = next else { break };
            given[index] += 1;
        }
        given
    }

    proptest! {
        #[test]
        fn shares_are_within_bounds_and_leave_nothing_idle(
            demands in prop::collection::vec((0..3_u8, 0..20_u32, 0..40_u32, 0..30_u32), 0..8),
            total in 0..100_u32,
        ) {
            let demands: Vec<_> =
                demands.iter().map(|(org, f, w, c)| demand(&format!("o{org}"), *f, *w, *c)).collect();
            let shares = fair_shares(&demands, total);
            let in_flight: u32 = demands.iter().map(|demand| demand.in_flight).sum();
            let given: u32 = shares.iter().sum();
            prop_assert!(given <= total.saturating_sub(in_flight));
            for (demand, share) in demands.iter().zip(&shares) {
                prop_assert!(*share <= demand.waiting);
                prop_assert!(*share == 0 || demand.in_flight + share <= demand.cap);
            }
            let someone_waits = demands.iter().zip(&shares).any(|(demand, share)| demand.wants(*share));
            prop_assert!(!someone_waits || in_flight + given >= total);

            prop_assert_eq!(shares, by_looking(&demands, total));
        }
    }
}
