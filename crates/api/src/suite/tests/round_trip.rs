//! Applying an export changes nothing.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{example::EVERYTHING, strategy::suite_object, *};
use crate::read::Word as _;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(object in suite_object()) {
        let written = Document::from(&object).to_value().unwrap();
        prop_assert_eq!(read_object(&written).map_err(|errors| errors.to_string()), Ok(object));
    }

    #[test]
    fn what_is_written_agrees_with_the_schema(object in suite_object()) {
        let written = Document::from(&object).to_value().unwrap();
        let validator = validator();
        prop_assert!(validator.is_valid(&written), "{} in {written}", validator.validate(&written).unwrap_err());
    }

    #[test]
    fn what_is_written_survives_yaml(object in suite_object()) {
        let written = Document::from(&object).to_value().unwrap();
        let yaml = serde_saphyr::to_string(&written).unwrap();
        let read: Value = serde_saphyr::from_str(&yaml).unwrap();
        prop_assert_eq!(read_object(&read).map_err(|errors| errors.to_string()), Ok(object), "{}", yaml);
    }
}

#[test]
fn writing_is_stable() {
    for document in documents(EVERYTHING) {
        let once = Document::from(&read_object(&document).unwrap())
            .to_value()
            .unwrap();
        let twice = Document::from(&read_object(&once).unwrap()).to_value().unwrap();
        assert_eq!(once.to_string(), twice.to_string());
    }
}

/// A key that the reader accepts and the schema does not name, or the other way round, would make editors and Rehearse disagree.
#[test]
fn reader_and_schema_know_the_same_keys() {
    let schema = suite_schema();
    for (index, (word, _)) in SuiteKind::WORDS.iter().enumerate() {
        let document = serde_json::json!({
            "apiVersion": API_VERSION, "kind": word, "metadata": {"name": "x"}, "spec": {"qqqqqqqqqqqq": 1},
        });
        let errors = read_object(&document).unwrap_err();
        let unknown = errors
            .as_slice()
            .iter()
            .find(|error| error.pointer == "/spec/qqqqqqqqqqqq")
            .unwrap();
        let known: BTreeSet<&str> = unknown
            .detail
            .strip_prefix("unknown field; known are ")
            .unwrap()
            .split(", ")
            .collect();
        let definition = schema["oneOf"][index]["properties"]["spec"]["$ref"]
            .as_str()
            .unwrap();
        let name = definition.strip_prefix("#/$defs/").unwrap();
        let named: BTreeSet<&str> = schema["$defs"][name]["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(known, named, "{word}");
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let validator = validator();
    for document in documents(EVERYTHING) {
        let mut document = document;
        document["spec"]["typo"] = Value::from(1);
        assert!(!validator.is_valid(&document), "{document}");
    }
}
