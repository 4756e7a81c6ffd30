//! Wrong language: a simulated user that does not speak its persona's language.

use whatlang::{Info, Lang, Script};

use super::{
    Known, Step,
    text::{quote, unquoted},
};

/// A text in Latin letters has so many letters at least, for its language to be told from others.
const MIN_LATIN_LETTERS: usize = 40;
/// And so many words.
const MIN_LATIN_WORDS: usize = 8;
/// A text in another script tells its language sooner.
const MIN_LETTERS: usize = 12;
/// And so many if the function words of neither language are known.
const MIN_UNKNOWN_LETTERS: usize = 100;
/// So many of a hundred words are function words of the language that was detected, if they are known.
const MIN_THEIR_PERCENT: usize = 15;
/// And so many if they alone tell it.
const MIN_ALONE_PERCENT: usize = 30;
/// And fewer than so many are function words of the persona's language, where that counts.
const MAX_OUR_PERCENT: usize = 8;

/// Words of little meaning and great frequency, by language: where one of a pair is told from the other.
const FUNCTION_WORDS: [(Lang, &[&str]); 7] = [
    (
        Lang::Eng,
        &[
            "the", "and", "is", "are", "i", "you", "to", "of", "that", "it", "for", "not", "have", "my",
            "with", "this", "would", "be", "your", "please", "me", "but", "was", "can",
        ],
    ),
    (
        Lang::Deu,
        &[
            "der", "die", "das", "und", "ist", "ich", "sie", "nicht", "ein", "eine", "mit", "zu", "fur",
            "auf", "den", "dem", "mir", "mich", "wir", "es", "aber", "habe", "bitte", "wie",
        ],
    ),
    (
        Lang::Fra,
        &[
            "le", "la", "les", "et", "est", "je", "vous", "pas", "un", "une", "des", "pour", "que", "qui",
            "dans", "mon", "ma", "ne", "ce", "avec", "mais", "sur", "du", "au",
        ],
    ),
    (
        Lang::Spa,
        &[
            "el", "la", "los", "y", "es", "yo", "usted", "no", "un", "una", "para", "que", "en", "mi", "con",
            "por", "pero", "del", "las", "lo", "me", "se", "al", "muy",
        ],
    ),
    (
        Lang::Ita,
        &[
            "il", "la", "gli", "e", "io", "lei", "non", "un", "una", "per", "che", "di", "mio", "mia", "con",
            "ma", "della", "del", "sono", "ho", "mi", "si", "questa", "questo",
        ],
    ),
    (
        Lang::Por,
        &[
            "o", "a", "os", "e", "eu", "voce", "nao", "um", "uma", "para", "que", "em", "meu", "minha",
            "com", "por", "mas", "do", "da", "ao", "se", "muito", "no", "na",
        ],
    ),
    (
        Lang::Nld,
        &[
            "de", "het", "een", "en", "is", "ik", "u", "niet", "met", "voor", "dat", "van", "op", "mijn",
            "maar", "te", "zijn", "heb", "naar", "er", "kan", "wel", "om", "mij",
        ],
    ),
];

/// Finds the wrong language.
#[derive(Debug)]
pub(super) struct Languages;

impl Languages {
    pub(super) fn new() -> Self {
        Self
    }

    /// What is wrong: the message is long enough to tell its language, and that is not the persona's. Names, ids and quotations do not count.
    pub(super) fn find(&self, step: &Step<'_>, known: &Known<'_>) -> Option<String> {
        let expected = known.brief.language.as_ref()?.as_str();
        let expected = Lang::from_code(alias(expected))?;
        let prose = prose(&unquoted(step.raw));
        let detected = whatlang::detect(&prose)?;
        let n_letters = prose.chars().filter(|c| c.is_alphabetic()).count();
        let spoken = if detected.script() != Script::Latin {
            let is_sure = detected.is_reliable() && n_letters >= MIN_LETTERS;
            is_sure.then_some(detected.lang())?
        } else if n_letters >= MIN_LATIN_LETTERS && prose.split_whitespace().count() >= MIN_LATIN_WORDS {
            latin(&detected, expected, n_letters, &step.words)?
        } else {
            return None;
        };
        if spoken == expected || are_close(spoken, expected) {
            return None;
        }
        Some(format!(
            "{} is in {}, but you speak {}. Say it in {}.",
            quote(step.raw),
            spoken.eng_name(),
            expected.eng_name(),
            expected.eng_name()
        ))
    }
}

/// The language of a text in Latin letters, if it is sure. The detector guesses boldly between many languages, and is not sure between
/// neighbours: the function words must agree, or tell it alone.
fn latin(detected: &Info, expected: Lang, n_letters: usize, words: &[String]) -> Option<Lang> {
    let percent = |count: usize| count * 100 / words.len().max(1);
    let lang = detected.lang();
    let theirs = n_function_words(lang, words);
    let ours = n_function_words(expected, words);
    let is_borne_out = match (theirs, ours) {
        (Some(theirs), Some(ours)) => theirs > ours && percent(theirs) >= MIN_THEIR_PERCENT,
        (Some(theirs), None) => percent(theirs) >= MIN_THEIR_PERCENT,
        (None, Some(ours)) => percent(ours) < MAX_OUR_PERCENT,
        (None, None) => n_letters >= MIN_UNKNOWN_LETTERS,
    };
    if detected.is_reliable() && is_borne_out {
        return Some(lang);
    }
    let (count, other) = FUNCTION_WORDS
        .iter()
        .filter_map(|(lang, _words)| Some((n_function_words(*lang, words)?, *lang)))
        .max_by_key(|(count, _lang)| *count)?;
    let is_told = percent(count) >= MIN_ALONE_PERCENT && percent(ours?) < MAX_OUR_PERCENT;
    is_told.then_some(other)
}

/// The code under which the detector knows a language.
fn alias(code: &str) -> &str {
    match code {
        "zho" => "cmn",
        "nor" | "nno" => "nob",
        "fas" => "pes",
        other => other,
    }
}

/// Languages that a short text does not tell apart.
fn are_close(one: Lang, other: Lang) -> bool {
    const GROUPS: [&[Lang]; 6] = [
        &[Lang::Dan, Lang::Nob, Lang::Swe],
        &[Lang::Nld, Lang::Afr],
        &[Lang::Ces, Lang::Slk],
        &[Lang::Hrv, Lang::Srp, Lang::Slv],
        &[Lang::Rus, Lang::Ukr, Lang::Bel, Lang::Bul, Lang::Mkd, Lang::Srp],
        &[Lang::Hin, Lang::Mar, Lang::Nep],
    ];
    GROUPS
        .iter()
        .any(|group| group.contains(&one) && group.contains(&other))
}

/// The words that tell a language: no numbers, no addresses, no names inside a sentence.
fn prose(text: &str) -> String {
    let mut after_end = true;
    let kept = text.split_whitespace().filter(|word| {
        let starts_sentence = std::mem::replace(&mut after_end, word.ends_with(['.', '!', '?', ':']));
        let is_name = word.chars().next().is_some_and(char::is_uppercase) && !starts_sentence && *word != "I";
        !is_name
            && !word
                .chars()
                .any(|c| c.is_ascii_digit() || matches!(c, '@' | '_' | '/'))
    });
    kept.collect::<Vec<_>>().join(" ")
}

/// How many of a message's words are function words of a language; none where they are not known.
fn n_function_words(language: Lang, words: &[String]) -> Option<usize> {
    let (_language, known) = FUNCTION_WORDS.iter().find(|(known, _words)| *known == language)?;
    Some(words.iter().filter(|word| known.contains(&word.as_str())).count())
}
