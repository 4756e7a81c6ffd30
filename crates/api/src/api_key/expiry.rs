//! When a key expires, on the wire: always a time, because clients refuse a key without one.

use model::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands for never: 9999-01-01T00:00:00Z, which every client can represent in any time zone.
const NEVER: Time = Time::from_micros(253_370_764_800_000_000);

pub(super) fn serialize<S: Serializer>(expires_at: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
    expires_at.unwrap_or(NEVER).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let expires_at = Time::deserialize(deserializer)?;
    Ok((expires_at < NEVER).then_some(expires_at))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn never_is_a_time() {
        let written = serialize(&None, serde_json::value::Serializer).unwrap();
        assert_eq!(written, json!("9999-01-01T00:00:00.000Z"));
        assert_eq!(deserialize(written).unwrap(), None);
    }

    #[test]
    fn other_times_are_themselves() {
        let time: Time = "2026-01-31T09:30:00Z".parse().unwrap();
        let written = serialize(&Some(time), serde_json::value::Serializer).unwrap();
        assert_eq!(deserialize(written).unwrap(), Some(time));
    }
}
