//! Durations as people write them: `250ms`, `30s`, `5m`, `2h`, `7d`.

use std::{fmt, str::FromStr, time::Duration};

use model::Invalid;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How long something lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lasting(Duration);

/// The units, longest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 24 * 60 * 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

impl Lasting {
    /// As the standard library has it.
    pub(crate) const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Lasting {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(format!(
                "`{text}` is no duration; write it as 250ms, 30s, 5m, 2h or 7d"
            ))
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_not_a_number| invalid())?;
        let (_, millis) = UNITS
            .iter()
            .find(|(name, _)| *name == unit.trim())
            .ok_or_else(invalid)?;
        let millis = number.checked_mul(*millis).ok_or_else(invalid)?;
        // A hundred years: sums with the present time cannot overflow.
        if millis > 36_525 * 24 * 60 * 60 * 1000 {
            return Err(invalid());
        }
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let unit = UNITS
            .iter()
            .find(|(_, size)| millis >= *size && millis.is_multiple_of(*size));
        match unit {
            Some((name, size)) => write!(f, "{}{name}", millis / size),
            None => f.write_str("0s"),
        }
    }
}

impl Serialize for Lasting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lasting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for text in ["250ms", "30s", "5m", "2h", "7d", "0s", "90s"] {
            assert_eq!(text.parse::<Lasting>().expect("a duration").to_string(), text);
        }
        assert_eq!("60s".parse::<Lasting>().expect("a duration").to_string(), "1m");
        assert_eq!(
            "5 m".parse::<Lasting>().expect("a duration").duration(),
            Duration::from_secs(300)
        );
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "5",
            "s",
            "-5s",
            "1.5s",
            "5 weeks",
            "99999999999999999999s",
            "99999999d",
        ] {
            assert!(text.parse::<Lasting>().is_err(), "{text}");
        }
    }
}
