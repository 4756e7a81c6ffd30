//! Dates and exact times.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan as _, civil, tz::TimeZone};
use regex::{Captures, Regex};

use super::{super::patterns::pattern, blank};
use crate::Briefing;

/// The months' names and short forms, folded, in the languages that are known.
const MONTHS: [&[&str]; 12] = [
    &[
        "january", "jan", "januar", "janner", "janvier", "enero", "gennaio", "janeiro", "januari",
    ],
    &[
        "february",
        "feb",
        "februar",
        "fevrier",
        "febrero",
        "febbraio",
        "fevereiro",
        "februari",
    ],
    &["march", "mar", "marz", "mars", "marzo", "marco", "maart"],
    &["april", "apr", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maggio", "maio", "mei"],
    &["june", "jun", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "jul", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "aug", "aout", "agosto", "augustus"],
    &[
        "september",
        "sep",
        "sept",
        "septembre",
        "septiembre",
        "settembre",
        "setembro",
    ],
    &[
        "october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "outubro",
    ],
    &["november", "nov", "novembre", "noviembre", "novembro"],
    &[
        "december",
        "dec",
        "dezember",
        "dez",
        "decembre",
        "diciembre",
        "dicembre",
        "dezembro",
    ],
];

/// The most dates of one message that are looked at.
const MAX_READ: usize = 200;

/// A day, with its year if it was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Day {
    month: u8,
    day: u8,
    year: Option<u16>,
}

impl Day {
    fn new(month: &str, day: &str, year: Option<&str>) -> Option<Self> {
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        let is_day = (1..=12).contains(&month) && (1..=31).contains(&day);
        let year = year
            .and_then(|year| year.parse().ok())
            .map(|year: u16| if year < 100 { 2000 + year } else { year });
        is_day.then_some(Self { month, day, year })
    }

    fn is(self, other: Self) -> bool {
        let same_year = self.year.zip(other.year).is_none_or(|(one, other)| one == other);
        self.month == other.month && self.day == other.day && same_year
    }
}

/// Days and times, in minutes of the day, that were told.
#[derive(Debug, Default)]
pub(super) struct Days {
    days: BTreeSet<Day>,
    times: BTreeSet<u16>,
}

/// Reads dates and times in folded text.
#[derive(Debug)]
pub(super) struct Dates {
    iso: Regex,
    numeric: Regex,
    slashed: Regex,
    dotted: Regex,
    day_first: Regex,
    month_first: Regex,
    time: Regex,
    hour: Regex,
    cue: Regex,
}

impl Dates {
    pub(super) fn new() -> Self {
        let months = MONTHS.concat().join("|");
        Self {
            iso: pattern(r"\b([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"),
            numeric: pattern(r"\b([0-9]{1,2})[/.-] ?([0-9]{1,2})[/.-] ?([0-9]{4}|[0-9]{2})\b"),
            slashed: pattern(r"\b([0-9]{1,2})/([0-9]{1,2})\b"),
            dotted: pattern(r"\b([0-9]{1,2})\. ?([0-9]{1,2})\.(?: |$)"),
            day_first: pattern(&format!(
                r"\b([0-9]{{1,2}})(?:st|nd|rd|th|er|o|\.)?(?: of| de| di)? ?({months})\b\.?(?:,?(?: de| del| of)? ([0-9]{{4}})\b)?"
            )),
            month_first: pattern(&format!(
                r"\b({months})\.? (?:the )?([0-9]{{1,2}})(?:st|nd|rd|th)?\b(?:,? ([0-9]{{4}})\b)?"
            )),
            time: pattern(
                r"\b([0-9]{1,2})([:.h])([0-9]{2})(?::[0-9]{2})?\b ?(a\.?m\b\.?|p\.?m\b\.?|uhr\b|h\b|o'clock)?",
            ),
            hour: pattern(
                r"\b([0-9]{1,2}) ?(a\.?m\b\.?|p\.?m\b\.?|uhr\b|h\b|o'clock|heures?\b|horas?\b|uur\b)",
            ),
            cue: pattern(
                r"\b(on|for|by|until|till|from|since|am|vom|zum|bis|seit|le|du|au|el|del|il|dal|em|dia|no|op|per) $",
            ),
        }
    }

    /// Every day and time in what was told, and the days around the start.
    pub(super) fn known(&self, told: &str, brief: &Briefing) -> Days {
        let mut known = Days::default();
        for (_range, days) in self.days(told, usize::MAX) {
            known.days.extend(days);
        }
        for found in self.time.captures_iter(told) {
            known.times.extend(minutes(&found[1], &found[3]));
        }
        for found in self.hour.captures_iter(told) {
            known.times.extend(minutes(&found[1], "0"));
        }
        if let Some(today) = today(brief) {
            let around = [
                today.yesterday().ok(),
                Some(today),
                today.tomorrow().ok(),
                today.checked_add(2.days()).ok(),
            ];
            known.days.extend(around.into_iter().flatten().filter_map(|date| {
                Some(Day {
                    month: u8::try_from(date.month()).ok()?,
                    day: u8::try_from(date.day()).ok()?,
                    year: u16::try_from(date.year()).ok(),
                })
            }));
        }
        known
    }

    /// Adds the dates and times of `rest` that are not known to `invented`, and blanks all of them.
    pub(super) fn find(&self, rest: &mut String, known: &Days, told: &str, invented: &mut Vec<String>) {
        for ((start, end), days) in self.days(rest, MAX_READ) {
            let piece = rest[start..end].trim().to_owned();
            let is_known = days
                .iter()
                .any(|day| known.days.iter().any(|known| day.is(*known)))
                || told.contains(&piece);
            // Two numbers with a slash between them are a fraction, a score or a date.
            let is_date = piece.contains(char::is_alphabetic)
                || piece.matches(['/', '.', '-']).count() > 1
                || self.cue.is_match(&rest[..start]);
            if !is_known && is_date {
                invented.push(format!("`{piece}`"));
            }
            blank(rest, start, end);
        }
        let times: Vec<(usize, usize, bool, bool)> = self
            .time
            .captures_iter(rest)
            .map(|found| {
                let (start, end) = range(&found);
                let minutes = minutes(&found[1], &found[3]);
                let is_known = minutes.iter().any(|minutes| known.times.contains(minutes));
                // `7.30` may be an amount.
                let is_time = !minutes.is_empty() && (&found[2] != "." || found.get(4).is_some());
                (start, end, is_known || &found[3] == "00", is_time)
            })
            .collect();
        for (start, end, is_known, is_time) in times {
            if is_time && !is_known {
                invented.push(format!("`{}`", rest[start..end].trim()));
            }
            if is_time || is_known {
                blank(rest, start, end);
            }
        }
        let hours: Vec<(usize, usize)> = self.hour.captures_iter(rest).map(|found| range(&found)).collect();
        for (start, end) in hours {
            blank(rest, start, end);
        }
    }

    /// Where the first days stand in a text, and which day each may mean: numbers alone may name the month first or last.
    fn days(&self, text: &str, limit: usize) -> Vec<((usize, usize), Vec<Day>)> {
        let mut days = Vec::new();
        let either = |one: &str, other: &str, year: Option<&str>| -> Vec<Day> {
            [Day::new(one, other, year), Day::new(other, one, year)]
                .into_iter()
                .flatten()
                .collect()
        };
        let year = |found: &Captures<'_>| found.get(3).map(|year| year.as_str().to_owned());
        for found in self.iso.captures_iter(text) {
            days.push((
                range(&found),
                Day::new(&found[2], &found[3], Some(&found[1]))
                    .into_iter()
                    .collect(),
            ));
        }
        for found in self.numeric.captures_iter(text) {
            days.push((
                range(&found),
                either(&found[1], &found[2], year(&found).as_deref()),
            ));
        }
        for found in self
            .slashed
            .captures_iter(text)
            .filter(|found| &found[0] != "24/7")
        {
            days.push((range(&found), either(&found[1], &found[2], None)));
        }
        for found in self.dotted.captures_iter(text) {
            days.push((range(&found), either(&found[1], &found[2], None)));
        }
        for found in self
            .day_first
            .captures_iter(text)
            .filter(|found| !is_verb(text, found))
        {
            days.push((
                range(&found),
                Day::new(&month(&found[2]), &found[1], year(&found).as_deref())
                    .into_iter()
                    .collect(),
            ));
        }
        for found in self.month_first.captures_iter(text) {
            days.push((
                range(&found),
                Day::new(&month(&found[1]), &found[2], year(&found).as_deref())
                    .into_iter()
                    .collect(),
            ));
        }
        days.retain(|(range, days): &((usize, usize), Vec<Day>)| {
            !days.is_empty() && stands_alone(text, *range)
        });
        // Where two readings overlap, the one that begins first and is longest counts.
        days.sort_by_key(|((start, end), _days)| (*start, usize::MAX - *end));
        let mut reached = 0;
        days.retain(|((start, end), _days)| {
            let is_first = *start >= reached;
            if is_first {
                reached = *end;
            }
            is_first
        });
        days.truncate(limit);
        days
    }
}

fn range(found: &Captures<'_>) -> (usize, usize) {
    found.get(0).map_or((0, 0), |whole| (whole.start(), whole.end()))
}

/// Whether no further group of digits stands before or behind, as in a phone number.
fn stands_alone(text: &str, (start, end): (usize, usize)) -> bool {
    let goes_on = |chars: &mut dyn Iterator<Item = char>| {
        let separated = chars.next().is_some_and(|c| matches!(c, '-' | '/' | '.'));
        separated && chars.next().is_some_and(|c| c.is_ascii_digit())
    };
    !goes_on(&mut text[end..].chars()) && !goes_on(&mut text[..start].chars().rev())
}

/// A month's number, as text.
fn month(name: &str) -> String {
    let number = MONTHS
        .iter()
        .position(|names| names.contains(&name))
        .map_or(0, |at| at + 1);
    number.to_string()
}

/// Whether `may` is a verb after a number: `the 2 may be`.
fn is_verb(text: &str, found: &Captures<'_>) -> bool {
    let (_start, end) = range(found);
    let after = text[end..].trim_start();
    &found[2] == "may"
        && ["be ", "have ", "not ", "also ", "i "]
            .iter()
            .any(|verb| after.starts_with(verb))
}

/// The minutes of the day that a time may mean, with and without half a day.
fn minutes(hour: &str, minute: &str) -> Vec<u16> {
    let (Ok(hour), Ok(minute)) = (hour.parse::<u16>(), minute.parse::<u16>()) else {
        return Vec::new();
    };
    if hour > 24 || minute > 59 {
        return Vec::new();
    }
    let hour = hour % 24;
    vec![hour * 60 + minute, (hour + 12) % 24 * 60 + minute]
}

/// The day on which the conversation starts, where the persona is.
fn today(brief: &Briefing) -> Option<civil::Date> {
    let at = Timestamp::from_microsecond(brief.starts_at.as_micros()).ok()?;
    let zone = TimeZone::get(brief.timezone.as_str()).ok()?;
    Some(zone.to_datetime(at).date())
}
