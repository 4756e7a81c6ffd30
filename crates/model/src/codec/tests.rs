//! The stored format, byte by byte.
//!
//! `golden.txt` holds one message for every type and version ever shipped: `<name> <version> <hex>`. Lines are added and never changed;
//! a line that no longer decodes means that logs in the field can no longer be read.

mod samples;

use std::collections::BTreeMap;

use super::{
    DecodeError, REGISTRY, decode_commit, decode_dead_letter, decode_job, decode_result, decode_turn,
    encode_commit, encode_dead_letter, encode_job, encode_result, encode_turn,
};
use crate::{Event, Recorded};

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

/// Every type's sample in the format that this build writes.
fn written() -> BTreeMap<(&'static str, u8), Vec<u8>> {
    let mut written = BTreeMap::new();
    for event in samples::events() {
        let name = event.name();
        written.insert(name, encode_commit(&samples::commit(vec![event])).unwrap());
    }
    let events = samples::events().into_iter().take(3).collect();
    written.insert("commit.head", encode_commit(&samples::commit(events)).unwrap());
    written.insert("conversation.result", encode_result(&samples::result()).unwrap());
    written.insert("conversation.turn", encode_turn(&samples::turn_record()).unwrap());
    written.insert("job", encode_job(&samples::job()).unwrap());
    written.insert(
        "job.dead_letter",
        encode_dead_letter(&samples::dead_letter()).unwrap(),
    );
    let version = |name| REGISTRY.iter().find(|entry| entry.name == name).unwrap().version;
    written
        .into_iter()
        .map(|(name, bytes)| ((name, version(name)), bytes))
        .collect()
}

#[test]
fn what_is_written_today_is_golden() {
    let golden = golden();
    let mut missing: Vec<String> = Vec::new();
    for ((name, version), bytes) in written() {
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
    for entry in REGISTRY {
        for version in 1..=entry.version {
            let bytes = golden
                .get(&(entry.name, version))
                .unwrap_or_else(|| panic!("no line for {} {version}", entry.name));
            match entry.name {
                "conversation.result" => assert_eq!(decode_result(bytes).unwrap(), samples::result()),
                "conversation.turn" => assert_eq!(decode_turn(bytes).unwrap(), samples::turn_record()),
                "job" => assert_eq!(decode_job(bytes).unwrap(), samples::job()),
                "job.dead_letter" => assert_eq!(decode_dead_letter(bytes).unwrap(), samples::dead_letter()),
                "commit.head" => assert_eq!(decode_commit(bytes).unwrap().events.len(), 3),
                event => assert_eq!(decode_commit(bytes).unwrap().events[0].name(), event),
            }
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
            version: 1
        })
    );
    let mut newer = encode_turn(&samples::turn_record()).unwrap();
    newer[5] = 2;
    assert_eq!(
        decode_turn(&newer),
        Err(DecodeError::UnknownType {
            type_id: 3,
            version: 2
        })
    );
}

#[test]
fn a_recorded_commit_is_as_large_as_expected() {
    // Commits travel through channels by value; this notices when one grows by accident.
    assert!(size_of::<Recorded>() <= 400, "{}", size_of::<Recorded>());
}
