//! The stored format, byte by byte.
//!
//! `golden.txt` holds messages of every type and version ever shipped: `<name> <version> <hex>`, and with `<name>#<what>` one for every
//! variant of what a type holds. Lines are added and never changed; a line that no longer decodes to what it was made of means that logs
//! in the field can no longer be read.

mod samples;

use std::collections::BTreeMap;

use samples::Sample;

use super::{
    DecodeError, REGISTRY, decode_commit, decode_turn, encode_commit, encode_turn, from_row, to_row,
};
use crate::{Event, MAX_DEPTH, Recorded, Script, ScriptAction, ScriptStep};

const GOLDEN: &str = include_str!("golden.txt");

fn golden() -> BTreeMap<(&'static str, u8), Vec<u8>> {
    let lines = GOLDEN
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let [name, version, bytes] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            ((name, version.parse().unwrap()), hex::decode(bytes).unwrap())
        })
        .collect()
}

/// The version that this build writes of a sample's type.
fn version(sample: &Sample) -> u8 {
    let entry = REGISTRY.iter().find(|entry| entry.name == sample.type_name());
    entry.unwrap().version
}

#[test]
fn what_is_written_today_is_golden() {
    let golden = golden();
    let mut missing: Vec<String> = Vec::new();
    for sample in samples::all() {
        let (name, version, bytes) = (sample.name.as_str(), version(&sample), sample.written());
        match golden.get(&(name, version)) {
            Some(expected) => assert_eq!(
                hex::encode(&bytes),
                hex::encode(expected),
                "{name} {version} is written in another way than before: give it a new version and an upcast"
            ),
            None => missing.push(format!("{name} {version} {}", hex::encode(bytes))),
        }
    }
    assert_eq!(missing.join("\n"), "", "lines to add to golden.txt");
}

#[test]
fn everything_ever_written_can_be_read() {
    let golden = golden();
    let samples = samples::all();
    let named: BTreeMap<&str, &Sample> = samples
        .iter()
        .map(|sample| (sample.name.as_str(), sample))
        .collect();
    assert_eq!(named.len(), samples.len(), "a name is given once");
    let past = samples::past();
    for (&(name, version), bytes) in &golden {
        let earlier = past
            .iter()
            .find(|(of, sample)| (sample.name.as_str(), *of) == (name, version));
        let sample = earlier
            .map(|(_, sample)| sample)
            .or_else(|| named.get(name).copied())
            .unwrap_or_else(|| panic!("{name} {version} has no sample any more"));
        assert!(
            sample
                .is_read_from(bytes)
                .unwrap_or_else(|error| panic!("{name} {version}: {error}")),
            "{name} {version} reads as something else"
        );
    }
    for entry in REGISTRY {
        for version in 1..=entry.version {
            assert!(
                golden.contains_key(&(entry.name, version)),
                "no line for {} {version}",
                entry.name
            );
        }
    }
}

#[test]
fn every_event_has_a_type() {
    let ids: std::collections::BTreeSet<u16> = REGISTRY.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), REGISTRY.len(), "an id is given once");
    for name in Event::NAMES {
        assert!(
            REGISTRY.iter().any(|entry| entry.name == *name),
            "{name} is not in the registry"
        );
    }
    let sampled: std::collections::BTreeSet<&str> = samples::events().iter().map(Event::name).collect();
    assert_eq!(sampled.len(), Event::NAMES.len(), "every event has a sample");
}

#[test]
fn damaged_bytes_are_refused() {
    let commit = samples::commit(samples::events());
    let bytes = encode_commit(&commit).unwrap();
    assert_eq!(decode_commit(&bytes).unwrap(), commit);
    for cut in 0..bytes.len() {
        assert!(decode_commit(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(decode_commit(&longer).is_err(), "a byte too many");
    assert_eq!(decode_commit(b"{\"json\":true}"), Err(DecodeError::Foreign));
    let mut newer = bytes;
    newer[2] = 9;
    assert_eq!(
        decode_commit(&newer),
        Err(DecodeError::Format { found: 9, known: 1 })
    );
}

#[test]
fn an_unknown_type_is_not_skipped() {
    let mut bytes = encode_turn(&samples::turn_record()).unwrap();
    bytes[3..5].copy_from_slice(&9999_u16.to_be_bytes());
    assert_eq!(
        decode_turn(&bytes),
        Err(DecodeError::UnknownType {
            type_id: 9999,
            version: 2
        })
    );
    let mut newer = encode_turn(&samples::turn_record()).unwrap();
    newer[5] = 3;
    assert_eq!(
        decode_turn(&newer),
        Err(DecodeError::UnknownType {
            type_id: 3,
            version: 3
        })
    );
}

#[test]
fn a_recorded_commit_is_as_large_as_expected() {
    // Commits travel through channels by value; this notices when one grows by accident.
    assert!(size_of::<Recorded>() <= 400, "{}", size_of::<Recorded>());
}

#[test]
fn scripts_without_end_are_refused_and_do_not_exhaust_the_stack() {
    // One step without condition, whose action is one step, whose action is one step and so on.
    let endless: Vec<u8> = [1, 0, 1].repeat(1_000_000);
    assert!(from_row::<Script>(&endless).is_err());
    let mut script = Script { steps: vec![say()] };
    for depth in 1..20 {
        let read = from_row::<Script>(&to_row(&script).unwrap());
        assert_eq!(read.is_ok(), depth <= MAX_DEPTH + 1, "{depth} deep");
        assert!(
            script.check().is_err() || read.is_ok(),
            "whatever may be written can be read"
        );
        script = Script {
            steps: vec![ScriptStep {
                when: None,
                action: ScriptAction::Steps(script.steps),
            }],
        };
    }
}

fn say() -> ScriptStep {
    ScriptStep {
        when: None,
        action: ScriptAction::Say("x".try_into().unwrap()),
    }
}
