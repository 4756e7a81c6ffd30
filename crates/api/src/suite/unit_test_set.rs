//! `kind: UnitTestSet`.

use model::{MAX_CONVERSATIONS, Name, SuiteSpec, Tags, Text};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read as _, list},
};

/// The most tests that a set may have.
pub(crate) const MAX_TESTS: usize = 10_000;

/// Unit tests, each repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct UnitTestSetSpec {
    /// What the set is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The tests, in order. A test may stand twice.
    #[schemars(length(min = 1, max = 10_000))]
    pub tests: Vec<TestEntryDoc>,
}

/// A unit test of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TestEntryDoc {
    /// The test's name; it runs once.
    Name(String),
    /// The test, with repetitions.
    Repeated(TestDoc),
}

/// A unit test and how often it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TestDoc {
    /// The test's name.
    pub test: String,
    /// How often it runs. Default: 1.
    #[schemars(default, range(min = 1, max = 1_000_000))]
    pub repetitions: u32,
}

pub(super) fn read(fields: &mut Fields<'_>, tags: Tags) -> Option<SuiteSpec> {
    let description = fields.optional("description");
    let tests = fields.with("tests", |value, at, errors| {
        list(value, &(1..=MAX_TESTS), at, errors, read_test)
    });
    Some(SuiteSpec::UnitTestSet {
        description: description?,
        tests: tests?,
        tags,
    })
}

fn read_test(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<(Name, u32)> {
    if value.is_string() {
        return Some((Name::read(value, at, errors)?, 1));
    }
    let mut fields = Fields::of(value, at, errors)?;
    let test = fields.required("test");
    let repetitions = fields.number_or("repetitions", 1..=MAX_CONVERSATIONS, 1);
    fields.finish();
    Some((test?, repetitions?))
}

pub(super) fn write(description: Option<&Text>, tests: &[(Name, u32)]) -> UnitTestSetSpec {
    let entry = |(test, repetitions): &(Name, u32)| match repetitions {
        1 => TestEntryDoc::Name(test.to_string()),
        repetitions => TestEntryDoc::Repeated(TestDoc {
            test: test.to_string(),
            repetitions: *repetitions,
        }),
    };
    UnitTestSetSpec {
        description: description.map(ToString::to_string),
        tests: tests.iter().map(entry).collect(),
    }
}
