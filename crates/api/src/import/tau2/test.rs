//! What decides about a task, and what is only reported.

use std::collections::BTreeSet;

use model::{Invalid, Name};

use super::{
    metrics::{Check, Part},
    task::Checks,
};

/// The most criteria of a test.
const MAX_CRITERIA: usize = 100;
/// The words of a `reward_basis` that only the benchmark's environment can tell.
pub(super) const OF_ENVIRONMENT: [&str; 3] = ["ACTION", "DB", "ENV_ASSERTION"];
/// The agent tells the user certain texts.
pub(super) const COMMUNICATE: &str = "COMMUNICATE";
/// Assertions in prose hold.
pub(super) const NL_ASSERTION: &str = "NL_ASSERTION";
/// What a task is judged by that does not say.
const DEFAULT_BASIS: [&str; 2] = ["DB", COMMUNICATE];

/// What decides about a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Basis(BTreeSet<String>);

impl Basis {
    pub(super) fn of(checks: &Checks) -> Self {
        let default = || DEFAULT_BASIS.into_iter().map(str::to_owned).collect();
        Self(checks.basis.clone().unwrap_or_else(default))
    }

    pub(super) fn names(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// Whether it names something that only the benchmark's environment can tell.
    pub(super) fn needs_environment(&self) -> bool {
        OF_ENVIRONMENT.into_iter().any(|word| self.names(word))
    }

    /// Whether assertions in prose decide: they are named, or stand in for what cannot be told here.
    fn assertions_gate(&self) -> bool {
        self.names(NL_ASSERTION) || self.needs_environment()
    }

    /// The words that mean something, in alphabetical order.
    pub(super) fn known_words(&self) -> Vec<&str> {
        let known =
            |word: &&str| OF_ENVIRONMENT.contains(word) || *word == COMMUNICATE || *word == NL_ASSERTION;
        self.0.iter().map(String::as_str).filter(known).collect()
    }

    /// The words that mean nothing here.
    pub(super) fn unknown_words(&self) -> impl Iterator<Item = &str> {
        let known = self.known_words();
        self.0
            .iter()
            .map(String::as_str)
            .filter(move |word| !known.contains(word))
    }
}

/// The checks of a test.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// What decides first, then what is reported; each metric once.
    pub(super) checks: Vec<Check>,
    /// Assertions in prose that do not decide. A judgement may not apply, and then no criterion holds, so they cannot be reported.
    pub(super) n_assertions_unused: usize,
    /// Calls of the user's own device.
    pub(super) n_user_actions: usize,
    /// What would have been reported beyond the most criteria that a test has.
    pub(super) n_beyond: usize,
}

/// Decides what a task is checked for.
pub(super) fn plan(domain: &Name, checks: &Checks) -> Result<Plan, Invalid> {
    let basis = Basis::of(checks);
    let mut planned: Vec<Check> = Vec::new();
    let mut add = |check: Check| {
        if !planned.iter().any(|other| other.name == check.name) {
            planned.push(check);
        }
    };
    if basis.assertions_gate() {
        for assertion in &checks.assertions {
            add(Check::assertion(domain, assertion)?);
        }
    }
    let said_gates = basis.names(COMMUNICATE);
    for text in &checks.communicate {
        add(Check::said(domain, text, said_gates)?);
    }
    let mut n_user_actions = 0;
    for action in &checks.actions {
        if action.by_user {
            n_user_actions += 1;
        } else {
            add(Check::call(domain, action)?);
        }
    }
    if planned.is_empty() {
        planned.push(Check::length(domain)?);
    }
    let n_gates = planned.iter().filter(|check| check.part.gates()).count();
    if n_gates > MAX_CRITERIA {
        return Err(Invalid::new(format!(
            "must come to at most {MAX_CRITERIA} criteria, these are {n_gates}"
        )));
    }
    let n_beyond = planned.len().saturating_sub(MAX_CRITERIA);
    planned.truncate(MAX_CRITERIA);
    Ok(Plan {
        checks: planned,
        n_assertions_unused: if basis.assertions_gate() {
            0
        } else {
            checks.assertions.len()
        },
        n_user_actions,
        n_beyond,
    })
}

impl Plan {
    /// Whether anything decides.
    pub(super) fn is_gated(&self) -> bool {
        self.checks.iter().any(|check| check.part.gates())
    }

    /// How many checks have a part.
    pub(super) fn count(&self, part: Part) -> usize {
        self.checks.iter().filter(|check| check.part == part).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(basis: Option<&[&str]>, assertion: bool, said: bool) -> Checks {
        let text = |there: bool| {
            if there {
                vec!["1628".try_into().unwrap()]
            } else {
                Vec::new()
            }
        };
        Checks {
            actions: Vec::new(),
            communicate: text(said),
            assertions: text(assertion),
            basis: basis.map(|words| words.iter().map(|word| (*word).to_owned()).collect()),
        }
    }

    fn parts(checks: &Checks) -> Vec<Part> {
        let domain = "airline".try_into().unwrap();
        let plan = plan(&domain, checks).unwrap();
        plan.checks.iter().map(|check| check.part).collect()
    }

    #[test]
    fn the_reward_basis_decides_what_gates() {
        use Part::{Assertion, Length, Said, SaidReported};
        let both = |basis| parts(&checks(basis, true, true));
        assert_eq!(both(None), [Assertion, Said]);
        assert_eq!(both(Some(&["DB", "COMMUNICATE"])), [Assertion, Said]);
        assert_eq!(both(Some(&["NL_ASSERTION"])), [Assertion, SaidReported]);
        assert_eq!(both(Some(&["COMMUNICATE"])), [Said]);
        assert_eq!(both(Some(&["ENV_ASSERTION"])), [Assertion, SaidReported]);
        assert_eq!(both(Some(&[])), [SaidReported]);
        assert_eq!(parts(&checks(None, false, false)), [Length]);
    }

    #[test]
    fn gates_come_before_reports_where_room_is_short() {
        let mut checks = checks(None, true, true);
        checks.actions = (0..150)
            .map(|n| super::super::task::Action {
                name: format!("tool_{n}").try_into().unwrap(),
                arguments: None,
                by_user: n == 0,
            })
            .collect();
        let plan = plan(&"airline".try_into().unwrap(), &checks).unwrap();
        assert_eq!(plan.checks.len(), MAX_CRITERIA);
        assert_eq!((plan.n_beyond, plan.n_user_actions), (51, 1));
        assert_eq!(plan.count(Part::Call), 98);
        assert!(plan.is_gated());
    }

    #[test]
    fn too_many_gates_are_refused() {
        let mut checks = checks(None, false, false);
        checks.assertions = (0..101).map(|n| n.to_string().try_into().unwrap()).collect();
        let refused = plan(&"airline".try_into().unwrap(), &checks).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "must come to at most 100 criteria, these are 101"
        );
    }
}
