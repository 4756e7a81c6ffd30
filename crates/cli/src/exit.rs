//! Exit codes: what a caller can tell from how the program ended. Nothing else decides them.

use model::RunVerdict;

/// How the program ends. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Exit {
    /// 0: done; for a run: every conversation passed.
    Passed,
    /// 1: a bug in Rehearse or a fault of the machine that no other code names.
    Bug,
    /// 2: the command line, or what it asks for, cannot be: an unknown option, an object that does not exist.
    Usage,
    /// 96: the configuration, the data directory or a suite is not acceptable.
    Configuration,
    /// 97: no server answers.
    Unreachable,
    /// 98: a run was cancelled, or the time was up.
    Stopped,
    /// 100: a run finished and criteria failed; with `diff --exit-code`: there are differences.
    CriteriaFailed,
    /// 101: a run came to no verdict, because conversations errored or only invalid ones are left.
    Errored,
}

/// The table of codes, for help texts.
pub(crate) const TABLE: &str = "\
Exit codes:
    0  done; for a run: every conversation passed
    1  a bug, or a fault that no other code names
    2  wrong usage, or a request that cannot be (no such object, object in use)
   96  bad configuration, data directory or suite
   97  no server answers
   98  the run was cancelled, or the time was up
  100  the run finished and criteria failed
  101  the run came to no verdict: errored, or nothing but invalid conversations";

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Bug => 1,
            Self::Usage => 2,
            Self::Configuration => 96,
            Self::Unreachable => 97,
            Self::Stopped => 98,
            Self::CriteriaFailed => 100,
            Self::Errored => 101,
        }
    }

    /// What a run that ended so means for the caller.
    pub(crate) const fn of_verdict(verdict: RunVerdict) -> Self {
        match verdict {
            RunVerdict::Passed => Self::Passed,
            RunVerdict::Failed => Self::CriteriaFailed,
            RunVerdict::Inconclusive | RunVerdict::Errored => Self::Errored,
            RunVerdict::Cancelled => Self::Stopped,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Exit; 8] = [
        Exit::Passed,
        Exit::Bug,
        Exit::Usage,
        Exit::Configuration,
        Exit::Unreachable,
        Exit::Stopped,
        Exit::CriteriaFailed,
        Exit::Errored,
    ];

    #[test]
    fn codes_are_kept_apart() {
        let codes: std::collections::BTreeSet<u8> = ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(
            codes.into_iter().collect::<Vec<_>>(),
            [0, 1, 2, 96, 97, 98, 100, 101]
        );
    }

    #[test]
    fn every_code_is_documented() {
        for exit in ALL {
            let entry = format!("{:>5}  ", exit.code());
            assert!(
                TABLE.lines().any(|line| line.starts_with(&entry)),
                "{exit:?} is missing"
            );
        }
    }

    #[test]
    fn verdicts_have_codes() {
        assert_eq!(Exit::of_verdict(RunVerdict::Passed), Exit::Passed);
        assert_eq!(Exit::of_verdict(RunVerdict::Failed), Exit::CriteriaFailed);
        assert_eq!(Exit::of_verdict(RunVerdict::Inconclusive), Exit::Errored);
        assert_eq!(Exit::of_verdict(RunVerdict::Errored), Exit::Errored);
        assert_eq!(Exit::of_verdict(RunVerdict::Cancelled), Exit::Stopped);
    }
}
