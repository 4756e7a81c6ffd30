//! What simulated users and their judges are worth, measured.
//!
//! `scripts/bench simulation` runs it. Each section prints a table of its own.

mod attacks;
mod guarding;
mod injection;
mod labelled;

use std::{
    error::Error,
    io::{self, Write},
};

use simulation::{
    Answer, Ask, AskError, Briefing, JudgeCheck, JudgeReport, Labelled, LanguageModels,
    LanguageModelsOptions, MessageRole, ModelSource, Question, Reach, Secrets, check_judge,
    guard::{Guard, Known, Proposed},
};

type Failure = Box<dyn Error + Send + Sync>;
/// Measures something and prints its table.
type Section = fn(&mut dyn Write) -> Result<(), Failure>;

/// Every section, with its title, in the order in which they are printed.
const SECTIONS: &[(&str, Section)] = &[
    ("The integrity guard on its labelled steps", guarding::print),
    (
        "Attempts to move a judge that is a language model",
        injection::print,
    ),
];

fn main() -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for (title, section) in SECTIONS {
        writeln!(out, "{title}\n")?;
        section(&mut out)?;
        writeln!(out)?;
    }
    Ok(())
}
