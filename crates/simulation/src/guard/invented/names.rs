//! Names of people and things, in languages whose capital letters tell them, and codes of letters alone.

use regex::Regex;

use super::super::{
    known::Told,
    patterns::pattern,
    text::{compact, fold, sentences, words},
};
use crate::Briefing;

/// Languages in which a capital letter inside a sentence tells a name.
const LANGUAGES: [&str; 6] = ["eng", "fra", "ita", "nld", "por", "spa"];
/// A message of which more than this share of words begins with capital letters is written in headline style.
const HEADLINE_PERCENT: usize = 40;
/// The least words of a message for which that can be told.
const MIN_HEADLINE_WORDS: usize = 6;

/// Words, folded, that everybody may say with a capital letter.
const COMMON: &[&str] = &[
    "i",
    "i'm",
    "i'd",
    "i'll",
    "i've",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "lunes",
    "lundi",
    "lunedi",
    "christmas",
    "easter",
    "new",
    "year",
    "happy",
    "merry",
    "black",
    "english",
    "french",
    "german",
    "spanish",
    "italian",
    "portuguese",
    "dutch",
    "european",
    "american",
    "british",
    "united",
    "states",
    "kingdom",
    "york",
    "san",
    "los",
    "las",
    "saint",
    "north",
    "south",
    "east",
    "west",
    "google",
    "apple",
    "android",
    "iphone",
    "windows",
    "microsoft",
    "amazon",
    "paypal",
    "visa",
    "mastercard",
    "facebook",
    "whatsapp",
    "internet",
    "wifi",
    "wi-fi",
    "pay",
    "maps",
    "god",
    "lord",
    "jesus",
    "sir",
    "madam",
    "mr",
    "mrs",
    "ms",
    "dr",
    "street",
    "avenue",
    "airport",
    "station",
    "bank",
    "customer",
    "service",
    "support",
    "team",
    "thank",
    "thanks",
    "best",
    "kind",
    "warm",
    "regards",
    "cordialement",
    "saludos",
    "cordiali",
    "saluti",
    "groet",
    "groeten",
    "vriendelijke",
    "europe",
    "africa",
    "asia",
    "america",
];

/// Reads names.
#[derive(Debug)]
pub(super) struct Names {
    introduced: Regex,
    code: Regex,
}

impl Names {
    pub(super) fn new() -> Self {
        Self {
            introduced: pattern(
                r"(?:\b(?i:my name is|my name's|name is|named|me llamo|mi nombre es|je m'appelle|mon nom est|mi chiamo|il mio nome è|chamo-me|o meu nome é|mijn naam is|ik heet)|\b(?:Dr|Mr|Mrs|Ms|Prof|Sig|Sra|Sr|Mme|M)\.|\b(?:Dr|Mr|Mrs|Ms|Doctor|Madame|Monsieur|Señora|Señor|Signora|Signor|Mevrouw|Meneer)) +(\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+)*)",
            ),
            code: pattern(
                r"(?i:\b(?:reservation|booking|confirmation|reference|record locator|code|id|tracking|claim|policy|order|réservation|référence|reserva|código|prenotazione|codice|boeking))(?: (?i:code|number|no|id|is|es|est|è|é|it's|num(?:mer|éro|ero)?))*[ :#]+([A-Z]{5,8})\b",
            ),
        }
    }

    /// The names and codes that stand in a message.
    pub(super) fn read<'a>(&self, message: &'a str, brief: &Briefing) -> Candidates<'a> {
        let mut candidates = Candidates::default();
        // Whoever shouts writes words in capitals.
        if message.chars().any(char::is_lowercase) {
            let codes = self.code.captures_iter(message);
            candidates
                .codes
                .extend(codes.filter_map(|found| Some(found.get(1)?.as_str())));
        }
        let language = brief.language.as_ref().map(model::Language::as_str);
        if language.is_some_and(|language| LANGUAGES.contains(&language)) && !is_headline(message) {
            let introduced = self.introduced.captures_iter(message);
            candidates
                .introduced
                .extend(introduced.filter_map(|found| Some(found.get(1)?.as_str())));
            candidates
                .full
                .extend(sentences(message).into_iter().flat_map(full_names));
        }
        candidates
    }
}

/// Names and codes of a message.
#[derive(Debug, Default)]
pub(super) struct Candidates<'a> {
    /// Codes of letters alone.
    codes: Vec<&'a str>,
    /// Names that are said to be names.
    introduced: Vec<&'a str>,
    /// Names of two or more words.
    full: Vec<Vec<&'a str>>,
}

impl Candidates<'_> {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.introduced.is_empty() && self.full.is_empty()
    }

    /// Adds those that were not told to `invented`.
    pub(super) fn find(&self, told: &Told, invented: &mut Vec<String>) {
        let is_told = |word: &str| {
            let folded = fold(word);
            let folded = folded
                .trim_end_matches("'s")
                .trim_matches(|c: char| !c.is_alphanumeric());
            told.has_word(folded)
                || words(folded).iter().all(|part| told.has_word(part))
                || COMMON.contains(&folded)
        };
        let codes = self
            .codes
            .iter()
            .filter(|code| !told.compact().contains(&compact(code)));
        invented.extend(codes.map(|code| format!("`{code}`")));
        let introduced = self
            .introduced
            .iter()
            .filter(|name| name.split(' ').any(|word| !is_told(word)));
        invented.extend(introduced.map(|name| format!("`{name}`")));
        let full = self
            .full
            .iter()
            .filter(|name| !name.iter().any(|word| is_told(word)));
        invented.extend(full.map(|name| format!("`{}`", name.join(" "))));
    }
}

/// Sequences of two or more words with capital letters inside a sentence.
fn full_names(sentence: &str) -> Vec<Vec<&str>> {
    let mut names: Vec<Vec<&str>> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut is_start = true;
    for word in sentence.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let opens_anew = word.starts_with(['"', '(', '“', '«', '-', '*']);
        if opens_anew {
            names.push(std::mem::take(&mut open));
        }
        if is_name(bare) && !is_start && !opens_anew {
            open.push(bare);
        } else {
            names.push(std::mem::take(&mut open));
        }
        if word.ends_with([',', ';', ':', '.', '!', '?', ')', '"', '”', '»', '-']) {
            names.push(std::mem::take(&mut open));
        }
        // A list's number or a colon begins a sentence as well.
        is_start = word.ends_with(':') || (is_start && !word.contains(char::is_alphabetic));
    }
    names.push(open);
    names.retain(|name| name.len() >= 2);
    names
}

/// Whether a word begins with a capital letter and goes on in small ones.
fn is_name(word: &str) -> bool {
    let mut chars = word.chars();
    let is_capital = chars.next().is_some_and(char::is_uppercase);
    is_capital
        && chars.clone().any(char::is_lowercase)
        && chars.all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
}

/// Whether a message is written with capital letters throughout.
fn is_headline(message: &str) -> bool {
    let n_words = message.split_whitespace().count();
    let n_capital = message
        .split_whitespace()
        .filter(|word| word.chars().next().is_some_and(char::is_uppercase))
        .count();
    n_words >= MIN_HEADLINE_WORDS && n_capital * 100 > n_words * HEADLINE_PERCENT
}
