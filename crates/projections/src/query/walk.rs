//! Intersecting postings.
//!
//! All sources of a walk are in the same order, so each can be moved straight to where another one stands. What no source's
//! neighbours share is never looked at, and rows are not touched at all.

use std::{cmp::Ordering, ops::Bound};

use crate::{
    RowError,
    key::above,
    tables::{ReadTable, Rows},
};

/// Which way postings are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Newest first.
    Forward,
    /// Oldest first.
    Backward,
}

impl Direction {
    pub(super) fn cmp(self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Self::Forward => a.cmp(b),
            Self::Backward => b.cmp(a),
        }
    }
}

/// The postings of one value.
pub(super) struct Posting<'view> {
    table: &'view ReadTable,
    prefix: Vec<u8>,
    direction: Direction,
    rows: Rows,
    /// The order that the source stands at.
    order: Vec<u8>,
    ended: bool,
}

/// How many postings are read one by one before it is cheaper to look a place up.
const NEAR: usize = 6;

impl<'view> Posting<'view> {
    pub(super) fn open(
        table: &'view ReadTable,
        prefix: Vec<u8>,
        direction: Direction,
    ) -> Result<Self, RowError> {
        let rows = table.scan(&prefix)?;
        let mut posting = Self {
            table,
            prefix,
            direction,
            rows,
            order: Vec::new(),
            ended: false,
        };
        posting.step()?;
        Ok(posting)
    }

    fn step(&mut self) -> Result<(), RowError> {
        let row = match self.direction {
            Direction::Forward => self.rows.next(),
            Direction::Backward => self.rows.next_back(),
        };
        self.order.clear();
        match row.transpose()? {
            Some((key, _carried)) => {
                self.order
                    .extend_from_slice(key.value().get(self.prefix.len()..).unwrap_or_default());
            }
            None => self.ended = true,
        }
        Ok(())
    }

    fn seek(&mut self, target: &[u8]) -> Result<(), RowError> {
        for _near in 0..NEAR {
            if self.ended || self.direction.cmp(&self.order, target) != Ordering::Less {
                return Ok(());
            }
            self.step()?;
        }
        if self.ended || self.direction.cmp(&self.order, target) != Ordering::Less {
            return Ok(());
        }
        let target = [&self.prefix, target].concat();
        self.rows = match self.direction {
            Direction::Forward => self
                .table
                .range(Bound::Included(&target), Bound::Excluded(&above(&self.prefix)))?,
            Direction::Backward => self
                .table
                .range(Bound::Included(&self.prefix), Bound::Included(&target))?,
        };
        self.step()
    }
}

/// Something that yields orders one after the other.
pub(super) enum Source<'view> {
    /// The postings of one value.
    Posting(Box<Posting<'view>>),
    /// What any of these yield.
    Any(Vec<Self>),
    /// These orders, in the walk's direction.
    These {
        orders: Vec<Vec<u8>>,
        next: usize,
        direction: Direction,
    },
}

impl Source<'_> {
    /// Orders held in memory.
    pub(super) fn these(mut orders: Vec<Vec<u8>>, direction: Direction) -> Self {
        orders.sort_unstable_by(|a, b| direction.cmp(a, b));
        orders.dedup();
        Source::These {
            orders,
            next: 0,
            direction,
        }
    }

    /// Where the source stands; none at its end.
    pub(super) fn current(&self, direction: Direction) -> Option<&[u8]> {
        match self {
            Self::Posting(posting) => (!posting.ended).then_some(&posting.order),
            Self::Any(sources) => sources
                .iter()
                .filter_map(|source| source.current(direction))
                .min_by(|a, b| direction.cmp(a, b)),
            Self::These { orders, next, .. } => orders.get(*next).map(Vec::as_slice),
        }
    }

    /// Moves to `target`, or to what comes after it. Never back.
    pub(super) fn seek(&mut self, target: &[u8]) -> Result<(), RowError> {
        match self {
            Self::Posting(posting) => posting.seek(target),
            Self::Any(sources) => {
                for source in sources.iter_mut() {
                    source.seek(target)?;
                }
                Ok(())
            }
            Self::These {
                orders,
                next,
                direction,
            } => {
                let left = orders.get(*next..).unwrap_or_default();
                *next += left.partition_point(|order| direction.cmp(order, target) == Ordering::Less);
                Ok(())
            }
        }
    }

    /// Moves past `order`, where it stands or which it has not reached.
    fn leave(&mut self, order: &[u8]) -> Result<(), RowError> {
        self.seek(order)?;
        match self {
            Self::Posting(posting) => {
                if !posting.ended && posting.order == order {
                    posting.step()?;
                }
            }
            Self::Any(sources) => {
                for source in sources.iter_mut() {
                    source.leave(order)?;
                }
            }
            Self::These { orders, next, .. } => {
                if orders.get(*next).is_some_and(|current| current == order) {
                    *next += 1;
                }
            }
        }
        Ok(())
    }
}

/// What all of some sources yield.
pub(super) struct Walk<'view> {
    /// The most selective one first.
    sources: Vec<Source<'view>>,
    direction: Direction,
    /// Where the walk ends.
    until: Option<Vec<u8>>,
    n_steps: u64,
    /// How many candidates are looked at before the walk gives up.
    limit: u64,
    last: Vec<u8>,
}

impl<'view> Walk<'view> {
    /// Intersects `sources`, of which there is at least one, between two orders.
    pub(super) fn new(
        mut sources: Vec<Source<'view>>,
        direction: Direction,
        from: Option<&[u8]>,
        until: Option<Vec<u8>>,
    ) -> Result<Self, RowError> {
        if let (Some(from), Some(first)) = (from, sources.first_mut()) {
            first.seek(from)?;
        }
        Ok(Self {
            sources,
            direction,
            until,
            n_steps: 0,
            limit: u64::MAX,
            last: Vec::new(),
        })
    }

    /// Goes on right after `order`, whether or not something stands there. Not to be called after [`Walk::next`].
    pub(super) fn resume(&mut self, order: &[u8]) {
        self.last = order.to_vec();
    }

    /// The order that was yielded last.
    pub(super) fn last(&self) -> &[u8] {
        &self.last
    }

    /// The next order.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, RowError> {
        let Some((first, others)) = self.sources.split_first_mut() else {
            return Ok(None);
        };
        if !self.last.is_empty() {
            first.leave(&self.last)?;
        }
        let mut candidate: Vec<u8> = Vec::new();
        'candidates: loop {
            self.n_steps += 1;
            if self.n_steps > self.limit {
                return Ok(None);
            }
            let Some(current) = first.current(self.direction) else {
                return Ok(None);
            };
            candidate.clear();
            candidate.extend_from_slice(current);
            if let Some(until) = &self.until
                && self.direction.cmp(&candidate, until) == Ordering::Greater
            {
                return Ok(None);
            }
            for other in others.iter_mut() {
                other.seek(&candidate)?;
                let Some(current) = other.current(self.direction) else {
                    return Ok(None);
                };
                if current != candidate {
                    let target = current.to_vec();
                    first.seek(&target)?;
                    continue 'candidates;
                }
            }
            self.last = candidate;
            return Ok(Some(&self.last));
        }
    }

    /// Whether there is a next order, as far as `n_steps` more candidates tell.
    pub(super) fn next_within(&mut self, n_steps: u64) -> Result<bool, RowError> {
        self.limit = self.n_steps.saturating_add(n_steps);
        Ok(self.next()?.is_some())
    }

    /// Whether the walk ended because it had looked at as many candidates as it was allowed to.
    pub(super) const fn gave_up(&self) -> bool {
        self.n_steps > self.limit
    }

    /// How many candidates were looked at.
    pub(super) const fn n_steps(&self) -> u64 {
        self.n_steps
    }
}
