//! Success criteria: what a metric's value must be for a repetition to pass.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Invalid, MetricId, MetricType, MetricValue, Name};

/// A named condition on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuccessCriterion {
    /// What people call it.
    pub name: Name,
    /// The metric it looks at.
    pub metric_id: MetricId,
    /// The condition.
    pub criterion: Criterion,
}

/// A condition on a metric's value; its type must be the metric's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Criterion {
    /// The value equals this.
    Boolean {
        /// What it must equal.
        expected_value: bool,
    },
    /// The value compares to a threshold.
    Numerical {
        /// How.
        verb: Comparison,
        /// With what.
        threshold: f64,
    },
    /// The value is one of these.
    Categorical {
        /// At least one.
        expected_values: Vec<Name>,
    },
}

/// How a number is compared with a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

impl Comparison {
    /// The sign, such as `>=`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::AtLeast => ">=",
            Self::Above => ">",
        }
    }

    #[expect(clippy::float_cmp, reason = "`==` and `!=` on the wire mean exactly that")]
    fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Equal => value == threshold,
            Self::NotEqual => value != threshold,
            Self::AtMost => value <= threshold,
            Self::Below => value < threshold,
            Self::AtLeast => value >= threshold,
            Self::Above => value > threshold,
        }
    }
}

impl Criterion {
    /// The type of the values it can look at.
    pub const fn metric_type(&self) -> MetricType {
        match self {
            Self::Boolean { .. } => MetricType::Boolean,
            Self::Numerical { .. } => MetricType::Numerical,
            Self::Categorical { .. } => MetricType::Categorical,
        }
    }

    /// Whether `value` passes. A value that does not apply (`None`) does not.
    pub fn passes(&self, value: Option<&MetricValue>) -> bool {
        match (self, value) {
            (Self::Boolean { expected_value }, Some(MetricValue::Boolean(value))) => value == expected_value,
            (Self::Numerical { verb, threshold }, Some(MetricValue::Numerical(value))) => {
                verb.holds(*value, *threshold)
            }
            (Self::Categorical { expected_values }, Some(MetricValue::Categorical(value))) => {
                expected_values.iter().any(|expected| expected.as_str() == value)
            }
            (
                Self::Boolean { .. } | Self::Numerical { .. } | Self::Categorical { .. },
                Some(MetricValue::Boolean(_) | MetricValue::Numerical(_) | MetricValue::Categorical(_))
                | None,
            ) => false,
        }
    }

    /// Checks what the types do not say.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Boolean { .. } => Ok(()),
            Self::Numerical { threshold, .. } if threshold.is_finite() => Ok(()),
            Self::Numerical { .. } => Err(Invalid::new("the threshold must be a finite number")),
            Self::Categorical { expected_values }
                if expected_values.is_empty() || expected_values.len() > 50 =>
            {
                Err(Invalid::new("must expect 1 to 50 categories"))
            }
            Self::Categorical { .. } => Ok(()),
        }
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean { expected_value } => write!(f, "== {expected_value}"),
            Self::Numerical { verb, threshold } => write!(f, "{} {threshold}", verb.as_str()),
            Self::Categorical { expected_values } => {
                f.write_str("in [")?;
                for (index, value) in expected_values.iter().enumerate() {
                    write!(f, "{}{value}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
        }
    }
}
