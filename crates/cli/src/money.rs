//! Money as people read and write it: US dollars, kept as whole millionths. No amount is ever a floating-point number.

use std::{fmt, str::FromStr};

use model::Invalid;

/// The most that can be written: more would not be exact in most JSON readers.
const MAX_MICROS: u64 = 1 << 53;
/// How many digits a millionth has.
const DIGITS: usize = 6;

/// An amount of US dollars, more than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dollars(u64);

impl Dollars {
    /// The amount that a usage has; none if no price is known.
    pub(crate) fn of_micros(micros: u64) -> Option<Self> {
        (micros > 0).then_some(Self(micros))
    }

    /// In millionths.
    pub(crate) const fn micros(self) -> u64 {
        self.0
    }
}

impl FromStr for Dollars {
    type Err = Invalid;

    /// Reads `2`, `2.5` or `0.000001`, exactly.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(format!(
                "`{text}` is no amount of dollars; write it as 2, 2.50 or 0.000001"
            ))
        };
        let (whole, fraction) = text
            .split_once('.')
            .map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || fraction.is_some_and(|fraction| !is_number(fraction)) {
            return Err(invalid());
        }
        let fraction = fraction.unwrap_or_default();
        if fraction.len() > DIGITS {
            return Err(Invalid::new(format!(
                "`{text}` is finer than a millionth of a dollar; give at most {DIGITS} digits after the point"
            )));
        }
        let micros = format!("{whole}{fraction:0<DIGITS$}")
            .parse::<u64>()
            .ok()
            .filter(|micros| *micros <= MAX_MICROS)
            .ok_or_else(|| {
                Invalid::new(format!(
                    "`{text}` is too much: at most {} dollars",
                    MAX_MICROS / 1_000_000
                ))
            })?;
        Self::of_micros(micros).ok_or_else(|| Invalid::new("must be more than nothing"))
    }
}

impl fmt::Display for Dollars {
    /// Rounded to cents from a dollar on, to hundredths of a cent from a cent on, else exact.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, digits) = match self.0 {
            0..10_000 => (1, 6),
            10_000..1_000_000 => (100, 4),
            _ => (10_000, 2),
        };
        let rounded = self.0.saturating_add(unit / 2) / unit;
        let whole = 1_000_000 / unit;
        write!(f, "${}.{:0digits$}", rounded / whole, rounded % whole)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, micros) in [
            ("2", 2_000_000),
            ("2.5", 2_500_000),
            ("0.000001", 1),
            ("0.1", 100_000),
            ("007.10", 7_100_000),
            ("9007199254.740992", MAX_MICROS),
        ] {
            assert_eq!(
                text.parse::<Dollars>().expect("an amount").micros(),
                micros,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "$5",
            "1,50",
            " 1",
            "0",
            "0.0",
            "0.0000001",
            "1.2.3",
            "9007199254.740993",
            "99999999999999999999",
            "\u{661}",
        ] {
            assert!(text.parse::<Dollars>().is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_show_the_digits_that_matter() {
        let shown =
            [1, 9_999, 10_049, 999_949, 1_004_999, 12_345_678].map(|micros| Dollars(micros).to_string());
        assert_eq!(
            shown,
            ["$0.000001", "$0.009999", "$0.0100", "$0.9999", "$1.00", "$12.35"]
        );
    }

    proptest! {
        #[test]
        fn any_amount_is_read_as_it_is_written(micros in 1..=MAX_MICROS) {
            let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            prop_assert_eq!(text.parse::<Dollars>().map(Dollars::micros).ok(), Some(micros));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9.]{0,30}") {
            if let Ok(dollars) = text.parse::<Dollars>() {
                prop_assert!(dollars.micros() > 0 && dollars.micros() <= MAX_MICROS);
            }
        }
    }
}
