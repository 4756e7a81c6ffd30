//! How long a key lasts, in the words of ISO 8601.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{FieldErrors, Pointer, read::Read};

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Between 1 and 90 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    seconds: u64,
}

impl Duration {
    /// So many days; none if they are not 1 to 90.
    pub const fn days(days: u64) -> Option<Self> {
        if days < 1 || days > 90 {
            None
        } else {
            Some(Self {
                seconds: days * SECONDS_PER_DAY,
            })
        }
    }

    /// In milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.seconds * 1000
    }

    /// Weeks, days, hours, minutes and whole seconds; months and years have no fixed length.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('P')?;
        let (date, time) = rest
            .split_once('T')
            .map_or((rest, None), |(date, time)| (date, Some(time)));
        let seconds = sum(date, &[('W', 7 * SECONDS_PER_DAY), ('D', SECONDS_PER_DAY)])?;
        let seconds = match time {
            Some("") => return None,
            Some(time) => seconds.checked_add(sum(time, &[('H', 3600), ('M', 60), ('S', 1)])?)?,
            None => seconds,
        };
        (SECONDS_PER_DAY..=90 * SECONDS_PER_DAY)
            .contains(&seconds)
            .then_some(Self { seconds })
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

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.seconds / SECONDS_PER_DAY, self.seconds % SECONDS_PER_DAY);
        write!(f, "P{days}D")?;
        if seconds > 0 {
            write!(f, "T{seconds}S")
        } else {
            Ok(())
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Read for Duration {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let parsed = value.as_str().and_then(Self::parse);
        if parsed.is_none() {
            errors.push(
                at,
                "must be a duration of 1 to 90 days (ISO 8601), such as `P30D`",
            );
        }
        parsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let duration = Duration::parse(text).unwrap();
            assert_eq!(duration.to_string(), written);
            assert_eq!(Duration::parse(written), Some(duration));
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
            "PT1H",
            "P-1D",
            "PD",
            "P1D1W",
            "P1.5D",
            "P99999999999999999999D",
        ] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_bounded() {
        assert!(Duration::days(0).is_none() && Duration::days(91).is_none());
        assert_eq!(Duration::days(2).unwrap().as_millis(), 172_800_000);
    }
}
