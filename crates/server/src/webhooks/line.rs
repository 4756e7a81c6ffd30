//! Lines: one after the other, in the order in which they came.

use std::{collections::BTreeMap, fmt::Debug};

use tokio::sync::oneshot::{self, Receiver, Sender, error::TryRecvError};

/// One line for each key, made when somebody comes and gone when nobody is left.
#[derive(Debug)]
pub(super) struct Lines<K> {
    /// For each line, what tells that its last place is free.
    last: BTreeMap<K, Receiver<()>>,
}

/// A place in a line. Dropping it lets the next one go ahead.
#[derive(Debug)]
pub(super) struct Place {
    before: Option<Receiver<()>>,
    _mine: Sender<()>,
}

impl<K: Ord + Debug> Lines<K> {
    pub(super) const fn new() -> Self {
        Self {
            last: BTreeMap::new(),
        }
    }

    /// Takes the last place of a line.
    pub(super) fn enter(&mut self, key: K) -> Place {
        self.last
            .retain(|_key, last| !matches!(last.try_recv(), Err(TryRecvError::Closed)));
        let (mine, told) = oneshot::channel();
        Place {
            before: self.last.insert(key, told),
            _mine: mine,
        }
    }
}

impl Place {
    /// Waits until everybody before is gone.
    pub(super) async fn reach(&mut self) {
        if let Some(before) = self.before.take() {
            // Nothing is ever sent: the channel closes when the place before is dropped.
            let _closed = before.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::Lines;

    #[tokio::test]
    async fn everybody_waits_for_those_before_in_the_same_line() {
        let mut lines = Lines::new();
        let (mut one, mut two, mut other) = (lines.enter("a"), lines.enter("a"), lines.enter("b"));
        assert!(one.reach().now_or_never().is_some());
        assert!(other.reach().now_or_never().is_some());
        let mut second = Box::pin(two.reach());
        assert!(second.as_mut().now_or_never().is_none());
        drop(one);
        assert!(second.as_mut().now_or_never().is_some());
        drop(second);
        drop((two, other));
        let _last = lines.enter("c");
        assert_eq!(lines.last.len(), 1, "lines that nobody is in are gone");
    }
}
