//! Numbers, amounts of money, codes and e-mail addresses.

use std::collections::BTreeSet;

use regex::Regex;

use super::{
    super::{known::Told, patterns::pattern},
    blank,
};
use crate::Briefing;

/// Numbers below this are said in passing, unless they are money.
const SMALL: u64 = 100;
/// A code has so many letters and digits at least.
const MIN_CODE_CHARS: usize = 4;
/// The most amounts that others are derived from.
const MAX_TERMS: usize = 64;

/// The words for one to twelve, folded, in the languages that are known.
const WORDS: [&[&str]; 12] = [
    &["one", "eins", "un", "uno", "um", "een"],
    &["two", "zwei", "deux", "dos", "due", "dois", "duas", "twee"],
    &["three", "drei", "trois", "tres", "tre", "drie"],
    &["four", "vier", "quatre", "cuatro", "quattro", "quatro"],
    &["five", "funf", "cinq", "cinco", "cinque", "vijf"],
    &["six", "sechs", "seis", "sei", "zes"],
    &["seven", "sieben", "sept", "siete", "sette", "sete", "zeven"],
    &["eight", "acht", "huit", "ocho", "otto", "oito"],
    &["nine", "neun", "neuf", "nueve", "nove", "negen"],
    &["ten", "zehn", "dix", "diez", "dieci", "dez", "tien"],
    &["eleven", "elf", "onze", "once", "undici"],
    &["twelve", "zwolf", "douze", "doce", "dodici", "doze", "twaalf"],
];

/// The most amounts and numbers of one message that are looked at.
const MAX_READ: usize = 200;

/// A number in thousandths.
type Milli = u64;

/// What numbers of a message are compared with.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// The message as it is written.
    raw: &'a str,
    /// Every number that was told.
    known: BTreeSet<Milli>,
    /// Everything that was told, letters and digits only.
    compact: &'a str,
    /// The year in which the conversation starts.
    year: Option<u64>,
}

/// Reads numbers in folded text.
#[derive(Debug)]
pub(super) struct Numbers {
    address: Regex,
    number: Regex,
    money: Regex,
    cluster: Regex,
    counted: Regex,
    word: Regex,
}

impl Numbers {
    pub(super) fn new() -> Self {
        let number = r"[0-9]{1,15}(?:[.,'][0-9]{1,15}){0,5}";
        let currency = r"€|£|\$|¥|(?:euros?|eur|dollars?|usd|pounds?|gbp|quid|bucks|chf|franken|francs?|reais|real|yen|pesos?)\b";
        Self {
            address: pattern(r"[a-z0-9._%+-]{1,64}@[a-z0-9.-]{1,190}\.[a-z]{2,24}"),
            number: pattern(number),
            money: pattern(&format!(
                r"(?:€|£|\$|¥|\b(?:eur|usd|gbp|chf) ?) ?({number})|({number})(?:,-)? ?(?:{currency})"
            )),
            cluster: pattern(
                r"[a-z0-9_]*[0-9][a-z0-9_]*(?:(?:[ .,/()+'-]{1,2}|(?: - ))[a-z0-9_]*[0-9][a-z0-9_]*)*",
            ),
            counted: pattern(
                r"^ ?(?:%|percent|°|x\b|(?:sec(?:ond)?s?|min(?:ute)?s?|h(?:ou)?rs?|days?|nights?|weeks?|months?|years?|times?|people|persons?|kids?|miles?|meters?|metres?|km|kg|kwh|mb|gb|mbit|watts?|points?|steps?|pages?|words?|sekunden?|minuten?|stunden?|tagen?|wochen?|monaten?|jahren?|mal|leute|personen|secondes?|minutes?|heures?|jours?|semaines?|mois|ans?|fois|personnes?|segundos?|minutos?|horas?|dias?|semanas?|mes(?:es)?|anos?|veces|vezes|personas?|pessoas?|secondi|minuti|ore|giorni|settimane|mesi|anni|volte|persone|seconden|minuten|uur|dagen|weken|maanden|jaar|keer|mensen)\b)",
            ),
            word: pattern(r"[a-z]+"),
        }
    }

    /// What numbers of the message `raw` are compared with; `folded` is what was told, folded.
    pub(super) fn context<'a>(
        &self,
        raw: &'a str,
        told: &'a Told,
        folded: &str,
        brief: &Briefing,
    ) -> Context<'a> {
        let mut known: BTreeSet<Milli> = self
            .number
            .find_iter(folded)
            .flat_map(|found| readings(found.as_str()))
            .collect();
        known.extend(self.word.find_iter(folded).filter_map(|found| {
            let at = WORDS.iter().position(|words| words.contains(&found.as_str()))?;
            Some((u64::try_from(at).ok()? + 1) * 1000)
        }));
        let starts_at = brief.starts_at.to_string();
        Context {
            raw,
            known,
            compact: told.compact(),
            year: starts_at.get(..4).and_then(|year| year.parse().ok()),
        }
    }

    /// Adds the e-mail addresses of `rest` that were not told to `invented`, and blanks all of them.
    pub(super) fn addresses(&self, rest: &mut String, told: &str, invented: &mut Vec<String>) {
        let found: Vec<(usize, usize)> = self
            .address
            .find_iter(rest)
            .map(|found| (found.start(), found.end()))
            .collect();
        for (start, end) in found {
            let address = rest[start..end].trim_end_matches('.');
            if !told.contains(address) {
                invented.push(format!("`{address}`"));
            }
            blank(rest, start, end);
        }
    }

    /// Adds the amounts, numbers and codes of `rest` that were not told to `invented`. Dates and times are blanked already.
    pub(super) fn find(&self, rest: &mut String, context: &Context<'_>, invented: &mut Vec<String>) {
        let amounts: Vec<(usize, usize, bool)> = self
            .money
            .captures_iter(rest)
            .filter_map(|found| {
                let (whole, amount) = (found.get(0)?, found.get(1).or_else(|| found.get(2))?);
                let is_known = readings(amount.as_str())
                    .iter()
                    .any(|value| is_money_known(*value, &context.known));
                Some((whole.start(), whole.end(), is_known))
            })
            .take(MAX_READ)
            .collect();
        for (start, end, is_known) in amounts {
            if !is_known {
                invented.push(format!("`{}`", rest[start..end].trim()));
            }
            blank(rest, start, end);
        }
        for cluster in self.cluster.find_iter(rest).take(MAX_READ) {
            let joined: String = cluster.as_str().chars().filter(|c| c.is_alphanumeric()).collect();
            if joined.len() >= MIN_CODE_CHARS && context.compact.contains(&joined) {
                continue;
            }
            let mut end = cluster.start();
            let is_known = cluster.as_str().split([' ', ',', '/', '(', ')']).all(|piece| {
                end += piece.len();
                let after = &rest[end..];
                // The separators take one byte each.
                end += 1;
                let piece = piece.trim_matches(['.', '-', '+', '\'']);
                piece.is_empty() || self.is_piece_known(piece, after, context)
            });
            if !is_known {
                invented.push(format!("`{}`", cluster.as_str().trim()));
            }
        }
    }

    /// Whether a piece without blanks is known, or no fact.
    fn is_piece_known(&self, piece: &str, after: &str, context: &Context<'_>) -> bool {
        let joined: String = piece.chars().filter(|c| c.is_alphanumeric()).collect();
        let n_digits = joined.bytes().filter(u8::is_ascii_digit).count();
        if joined.len() >= MIN_CODE_CHARS && context.compact.contains(&joined) {
            return true;
        }
        if n_digits < joined.len() {
            // An ordinal, a number with its unit, a name such as `5g`: short, or digits and a few letters.
            let (digits, unit) = joined.split_at(joined.bytes().take_while(u8::is_ascii_digit).count());
            let is_measure = !digits.is_empty()
                && digits.len() <= 3
                && unit.len() <= 5
                && unit.chars().all(char::is_alphabetic);
            // A word that is numbered, such as `gate12`; capitals make a code of it.
            let n_letters = joined.chars().take_while(|c| c.is_alphabetic()).count();
            let is_numbered = n_letters >= 4
                && n_letters + n_digits == joined.len()
                && n_digits <= 3
                && !context.raw.contains(&piece.to_uppercase());
            return joined.len() < MIN_CODE_CHARS || is_measure || is_numbered;
        }
        // `3-5` is a range; `20-45-77` is an id even though its parts are small.
        if piece.contains('-') {
            return piece.matches('-').count() == 1 && n_digits <= 4;
        }
        let values = readings(piece);
        if values.iter().any(|value| context.known.contains(value)) || self.counted.is_match(after) {
            return true;
        }
        let Some(value) = values.first().map(|value| value / 1000) else {
            // More digits than any amount has: an id.
            return false;
        };
        let is_round = [100, 200, 500, 1_000, 10_000, 1_000_000].contains(&value);
        let is_year = n_digits == 4 && context.year.is_some_and(|year| value.abs_diff(year) <= 1);
        let is_padded = piece.starts_with('0') && n_digits > 2 && !piece.contains(['.', ',']);
        !is_padded && (value < SMALL || is_round || is_year)
    }
}

/// Whether an amount of money was told, is a told one rounded, or is made of told ones.
fn is_money_known(value: Milli, known: &BTreeSet<Milli>) -> bool {
    if value <= 1000 || known.contains(&value) {
        return true;
    }
    let is_rounded = |told: Milli| {
        let difference = told.abs_diff(value);
        let is_whole = value.is_multiple_of(1000) && difference < 1000;
        let is_about = value.is_multiple_of(10_000) && told > 0 && difference * 100 / told <= 3;
        is_whole || is_about
    };
    if known.iter().any(|told| is_rounded(*told)) {
        return true;
    }
    // Sums, differences and doubles of amounts with cents or of some size: small numbers would make up anything.
    let terms: Vec<Milli> = known
        .iter()
        .copied()
        .filter(|told| *told >= SMALL * 1000 || !told.is_multiple_of(1000))
        .take(MAX_TERMS)
        .collect();
    terms.iter().any(|one| {
        terms
            .iter()
            .any(|other| one.checked_add(*other) == Some(value) || one.abs_diff(*other) == value)
    })
}

/// The numbers that digits with separators may mean, in thousandths; none if there are too many digits for an amount. Hyphens hold no number.
fn readings(text: &str) -> Vec<Milli> {
    let parts: Vec<&str> = text.split(['.', ',', '\'']).collect();
    let whole = |parts: &[&str]| -> Option<Milli> {
        let digits = parts.concat();
        if digits.len() > 12 {
            return None;
        }
        digits.parse::<Milli>().ok()?.checked_mul(1000)
    };
    let Some((last, leading)) = parts.split_last() else {
        return Vec::new();
    };
    if leading.is_empty() {
        return whole(&parts).into_iter().collect();
    }
    let mut values = Vec::new();
    let are_thousands = parts[1..].iter().all(|part| part.len() == 3);
    if are_thousands {
        values.extend(whole(&parts));
    }
    if last.len() <= 3 && (leading.len() == 1 || leading[1..].iter().all(|part| part.len() == 3)) {
        let fraction = format!("{last:0<3}").parse::<Milli>().ok();
        values.extend(
            whole(leading)
                .zip(fraction)
                .map(|(whole, fraction)| whole + fraction),
        );
    }
    values
}

#[cfg(test)]
mod tests {
    use super::readings;

    #[test]
    fn numbers_are_read_both_ways() {
        assert_eq!(readings("1,200.50"), [1_200_500]);
        assert_eq!(readings("1.200,50"), [1_200_500]);
        assert_eq!(readings("1200.5"), [1_200_500]);
        assert_eq!(readings("48,213"), [48_213_000, 48_213]);
        assert_eq!(readings("39,5"), [39_500]);
        assert_eq!(readings("1'000"), [1_000_000, 1_000]);
        assert_eq!(readings("7"), [7_000]);
        assert!(readings("12345678901234").is_empty());
        assert!(readings("77-3391").is_empty());
    }
}
