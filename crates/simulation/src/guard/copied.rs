//! Passages of the brief that stand in a message as they were written to the model.

use std::collections::HashSet;

use super::{
    Known, MAX_KNOWN_BYTES,
    text::{cut, unquoted, words},
};

/// A passage has so many words at least.
const RUN_WORDS: usize = 10;

/// Words by which a brief speaks to the model or of the user, in several languages.
const OF_OTHERS: [&str; 46] = [
    "you", "your", "yours", "yourself", "you're", "you've", "agent", "user", "customer", "caller", "he",
    "she", "his", "her", "him", "they", "their", "them", "sie", "ihr", "ihre", "ihren", "ihrem", "ihrer",
    "ihnen", "er", "vous", "votre", "vos", "il", "elle", "usted", "su", "sus", "ella", "lei", "suo", "sua",
    "voce", "ele", "ela", "u", "uw", "hij", "zij", "ze",
];
/// Words by which a user speaks of itself.
const OF_ONESELF: [&str; 59] = [
    "i", "i'm", "i've", "i'd", "i'll", "my", "me", "mine", "myself", "we", "our", "us", "ich", "mein",
    "meine", "meinen", "meinem", "meiner", "mir", "mich", "wir", "uns", "unser", "unsere", "je", "j'ai",
    "mon", "ma", "mes", "moi", "m'a", "nous", "notre", "yo", "mi", "mis", "mio", "nosotros", "nuestro", "io",
    "mia", "mie", "miei", "noi", "nostro", "eu", "meu", "minha", "meus", "minhas", "nos", "nosso", "ik",
    "mijn", "mij", "wij", "we", "ons", "onze",
];

/// The first run of words that the message shares with the brief and that speaks to the model or of the user, not for it. What the brief quotes
/// is for the user to say.
pub(super) fn run(message: &[String], known: &Known<'_>) -> Option<String> {
    if message.len() < RUN_WORDS {
        return None;
    }
    let (persona, scenario) = (&known.brief.persona.content, &known.brief.scenario.content);
    let sources = [
        known.brief_text,
        persona.background.as_str(),
        scenario.objective.as_str(),
        scenario.instructions.as_str(),
    ];
    let sources: Vec<Vec<String>> = sources
        .iter()
        .map(|source| words(&unquoted(cut(source, MAX_KNOWN_BYTES))))
        .collect();
    let runs: HashSet<&[String]> = sources
        .iter()
        .flat_map(|source| source.windows(RUN_WORDS))
        .collect();
    let has = |run: &[String], words: &[&str]| run.iter().any(|word| words.contains(&word.as_str()));
    message
        .windows(RUN_WORDS)
        .find(|run| runs.contains(run) && has(run, &OF_OTHERS) && !has(run, &OF_ONESELF))
        .map(|run| run.join(" "))
}
