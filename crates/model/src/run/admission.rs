//! The order in which a run's conversations are admitted.

/// A run's conversations in the order of admission: the first repetition of each test, then the second, and so on, so that
/// early results say something about every test.
///
/// It remembers where it stands, at the cost of a few bytes per test: going through a large run a few conversations at a time takes
/// no longer than going through it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Index of the first conversation and number of repetitions of the tests that have further repetitions, in order.
    tests: Vec<(u32, u32)>,
    /// The repetition that is being gone through.
    run_index: u32,
    /// The next of `tests` in it.
    position: usize,
}

impl Admission {
    pub(super) fn new(run_counts: impl Iterator<Item = u32>) -> Self {
        let mut first = 0_u32;
        let mut tests = Vec::new();
        for run_count in run_counts {
            // What could not be numbered does not exist: see `Plan::n_conversations`.
            let run_count = run_count.min(u32::MAX - first);
            if run_count > 0 {
                tests.push((first, run_count));
            }
            first += run_count;
        }
        Self {
            tests,
            run_index: 0,
            position: 0,
        }
    }
}

impl Iterator for Admission {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if self.position == self.tests.len() {
            self.position = 0;
            self.run_index = self.run_index.checked_add(1)?;
            let run_index = self.run_index;
            self.tests.retain(|&(_first, run_count)| run_index < run_count);
        }
        let &(first, _run_count) = self.tests.get(self.position)?;
        self.position += 1;
        Some(first + self.run_index)
    }
}
