//! Requests about whole suites.

use model::{Difference, Kind, MAX_OBJECTS, Name, ObjectRef, Suite, SuiteChange};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    SuiteKind,
    document::{Document, suite},
};
use crate::{
    CommandRequest, FieldErrors, Pointer,
    openapi::SuiteDocument,
    read::{Fields, Read, Word as _},
    request::{
        request,
        schema::{self, Components, Object, referred},
    },
    shape::SuiteKindShape,
};

/// Asks that the organization hold what a suite says; also asks what that would change.
#[derive(Clone, Debug, PartialEq)]
pub struct Apply {
    /// The suite: on the wire its `documents`.
    pub suite: Suite,
}

impl Serialize for Apply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let documents: Vec<Document> = self.suite.objects.iter().map(Document::from).collect();
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("documents", &documents)?;
        map.end()
    }
}

impl PartialSchema for Apply {
    fn schema() -> RefOr<Schema> {
        let mut object = Object::new("A suite.");
        object.field(
            "documents",
            "Its documents.",
            schema::all::<SuiteDocument>(MAX_OBJECTS),
        );
        object.finish(true)
    }
}

impl ToSchema for Apply {
    fn schemas(components: &mut Components) {
        referred::<SuiteDocument>(components);
    }
}

impl Read for Apply {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let mut fields = Fields::of(value, at, errors)?;
        let suite = fields.with("documents", suite);
        fields.finish();
        Some(Self { suite: suite? })
    }
}

impl CommandRequest for Apply {
    fn into_command(self) -> model::Command {
        model::Command::ApplySuite(self.suite)
    }
}

/// What applying a suite does, object by object in the suite's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SuiteChanges)]
pub struct Changes {
    /// One per document.
    pub changes: Vec<ChangeView>,
}

/// What applying a suite does to one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SuiteChangeView)]
pub struct ChangeView {
    /// The document's kind, such as `UnitTest`.
    pub kind: String,
    /// The object's name.
    pub name: Name,
    /// The object's id; none for one that does not exist yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<String>,
    /// What is done.
    pub difference: DifferenceWord,
    /// The number of the new version, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<u32>,
    /// The fields that differ.
    pub fields: Vec<String>,
}

/// How an object of a suite differs from what exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SuiteDifferenceWord)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceWord {
    /// It does not exist yet.
    Created,
    /// It gets a new version.
    NewVersion,
    /// It is updated in place.
    Updated,
    /// It is as the suite says.
    Unchanged,
}

impl Changes {
    /// The changes; `objects` are those that the suite is about, as far as they exist.
    pub fn of(changes: &[SuiteChange], objects: &[ObjectRef]) -> Self {
        let view = |(index, change): (usize, &SuiteChange)| {
            let object = objects.get(index).filter(|object| object.kind == change.kind);
            let (difference, version) = match change.difference {
                Difference::Created => (DifferenceWord::Created, None),
                Difference::NewVersion(number) => (DifferenceWord::NewVersion, Some(number)),
                Difference::Updated => (DifferenceWord::Updated, None),
                Difference::Unchanged => (DifferenceWord::Unchanged, None),
            };
            ChangeView {
                kind: document_kind(change.kind),
                name: change.name.clone(),
                id: object.map(|object| object.key.to_string()),
                difference,
                version,
                fields: change.fields.clone(),
            }
        };
        Self {
            changes: changes.iter().enumerate().map(view).collect(),
        }
    }
}

/// The kind of document that makes objects of a kind.
fn document_kind(kind: Kind) -> String {
    let found = SuiteKind::WORDS
        .iter()
        .find(|(_, word)| word.object_kind() == kind);
    found.map_or_else(|| kind.to_string(), |(word, _)| (*word).to_owned())
}

request! {
    /// Asks for the organization's live objects as documents.
    ExportQuery {
        /// Any of these kinds of documents; none: all.
        kind: Vec<SuiteKindShape> = values(),
        /// Any of these names; none: all.
        name: Vec<Name> = values(),
    }
}

/// Objects as documents. Applying them changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SuiteExported)]
pub struct Exported {
    /// In an order in which each is named after what it names.
    #[schema(value_type = Vec<SuiteDocument>)]
    pub documents: Vec<Value>,
}
