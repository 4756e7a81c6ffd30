//! How long something lasts, in the words of ISO 8601.

use std::{borrow::Cow, fmt};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{FieldErrors, Pointer, read::Read};

/// A day, in seconds.
pub const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// The longest duration.
const MAX_DAYS: u64 = 90;

/// At least `LEAST_SECONDS`, at most 90 days, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration<const LEAST_SECONDS: u64> {
    seconds: u64,
}

impl<const LEAST_SECONDS: u64> Duration<LEAST_SECONDS> {
    /// So many seconds; none if they are too few or too many.
    pub const fn of_seconds(seconds: u64) -> Option<Self> {
        if seconds < LEAST_SECONDS || seconds > MAX_DAYS * SECONDS_PER_DAY {
            None
        } else {
            Some(Self { seconds })
        }
    }

    /// So many days; none if they are too few or too many.
    pub const fn days(days: u64) -> Option<Self> {
        Self::of_seconds(days.saturating_mul(SECONDS_PER_DAY))
    }

    /// In milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.seconds * 1000
    }

    /// The least and an example, for people.
    const fn least() -> (&'static str, &'static str) {
        if LEAST_SECONDS < SECONDS_PER_DAY {
            ("1 second", "PT1H")
        } else {
            ("1 day", "P30D")
        }
    }
}

/// Weeks, days, hours, minutes and whole seconds, in seconds; months and years have no fixed length.
fn parse(text: &str) -> Option<u64> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = rest
        .split_once('T')
        .map_or((rest, None), |(date, time)| (date, Some(time)));
    let seconds = sum(date, &[('W', 7 * SECONDS_PER_DAY), ('D', SECONDS_PER_DAY)])?;
    match time {
        Some("") => None,
        Some(time) => seconds.checked_add(sum(time, &[('H', 3600), ('M', 60), ('S', 1)])?),
        None => Some(seconds),
    }
}

/// Adds up `12H30M` and the like; every unit at most once and in order.
fn sum(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut total = 0_u64;
    let mut rest = text;
    for (unit, seconds) in units {
        let Some((number, behind)) = rest.split_once(*unit) else {
            continue;
        };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*seconds)?)?;
        rest = behind;
    }
    rest.is_empty().then_some(total)
}

impl<const LEAST_SECONDS: u64> fmt::Display for Duration<LEAST_SECONDS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.seconds / SECONDS_PER_DAY, self.seconds % SECONDS_PER_DAY) {
            (days, 0) => write!(f, "P{days}D"),
            (0, seconds) => write!(f, "PT{seconds}S"),
            (days, seconds) => write!(f, "P{days}DT{seconds}S"),
        }
    }
}

impl<const LEAST_SECONDS: u64> Serialize for Duration<LEAST_SECONDS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<const LEAST_SECONDS: u64> PartialSchema for Duration<LEAST_SECONDS> {
    fn schema() -> RefOr<Schema> {
        let (least, example) = Self::least();
        crate::openapi::described(
            &format!("A duration of {least} to {MAX_DAYS} days (ISO 8601), without months and years."),
            json!({
                "type": "string",
                "format": "duration",
                "pattern": "^P([0-9]+W)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$",
                "minLength": 3,
                "examples": [example],
            }),
        )
    }
}

impl<const LEAST_SECONDS: u64> ToSchema for Duration<LEAST_SECONDS> {
    fn name() -> Cow<'static, str> {
        let name = if LEAST_SECONDS < SECONDS_PER_DAY {
            "ShortDuration"
        } else {
            "Duration"
        };
        name.into()
    }
}

impl<const LEAST_SECONDS: u64> Read for Duration<LEAST_SECONDS> {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let parsed = value.as_str().and_then(parse).and_then(Self::of_seconds);
        if parsed.is_none() {
            let (least, example) = Self::least();
            errors.push(
                at,
                format!("must be a duration of {least} to {MAX_DAYS} days (ISO 8601), such as `{example}`"),
            );
        }
        parsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Days = Duration<SECONDS_PER_DAY>;
    type Seconds = Duration<1>;

    #[test]
    fn durations_of_the_standard_are_read() {
        for (text, written) in [
            ("P1D", "P1D"),
            ("P90D", "P90D"),
            ("P2W", "P14D"),
            ("P1DT12H", "P1DT43200S"),
            ("PT24H", "P1D"),
            ("PT24H30M5S", "P1DT1805S"),
        ] {
            let duration = parse(text).and_then(Days::of_seconds).unwrap();
            assert_eq!(duration.to_string(), written);
            assert_eq!(parse(written).and_then(Days::of_seconds), Some(duration));
        }
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P0D",
            "P91D",
            "P1M",
            "1D",
            "P1DT",
            "P-1D",
            "PD",
            "P1D1W",
            "P1.5D",
            "P99999999999999999999D",
            "P18446744073709551615D",
            "PT0S",
            "P90DT1S",
        ] {
            assert_eq!(parse(text).and_then(Seconds::of_seconds), None, "{text}");
        }
    }

    #[test]
    fn the_least_is_part_of_the_type() {
        let hour = parse("PT1H").unwrap();
        assert_eq!(Seconds::of_seconds(hour).unwrap().to_string(), "PT3600S");
        assert_eq!(Seconds::of_seconds(1).unwrap().as_millis(), 1000);
        assert!(Days::of_seconds(hour).is_none());
        assert!(Days::days(0).is_none() && Days::days(91).is_none() && Days::days(u64::MAX).is_none());
        assert_eq!(Days::days(2).unwrap().as_millis(), 172_800_000);
    }
}
