//! Unit test sets.

use model::{
    Command, MAX_CONVERSATIONS, Name, OrgId, RunId, SetEntry, Tags, Text, Time, UnitTestId, UnitTestSet,
    UnitTestSetChange, UnitTestSetDefinition, UnitTestSetId,
};
use serde::{Deserialize, Serialize};

use crate::{
    Patch, SortKey, Tag, TagFilter, UserFilter, UserInfo,
    request::{CommandRequest, list, request},
    suite::MAX_TESTS,
    wire::tag_list,
};

request! {
    /// A unit test of a set, and how often it is repeated.
    Entry {
        /// The test.
        unit_test_id: UnitTestId = required(),
        /// Repetitions.
        run_count: u32 = number(1..=MAX_CONVERSATIONS),
    }
}

request! {
    /// Makes a unit test set.
    Create {
        /// Its name.
        name: Name = required(),
        /// What it is for.
        description: Option<Text> = not_set(),
        /// The tests, in order.
        unit_test_runs: Vec<Entry> = list(1..=MAX_TESTS),
        /// Its labels.
        tags: Tags = loose_tags(),
    }
}

request! {
    /// Changes a set. A field that is none stays as it is.
    Update {
        /// The set.
        id: UnitTestSetId = required(),
        /// The new name.
        name: Option<Name> = optional(),
        /// The new description.
        description: Patch<Text> = patch(),
        /// The new tests.
        unit_test_runs: Option<Vec<Entry>> = optional_list(1..=MAX_TESTS),
        /// The new labels.
        tags: Option<Tags> = optional_loose_tags(),
    }
}

request! {
    /// Deletes a set. Its runs stay.
    Delete {
        /// The set.
        id: UnitTestSetId = required(),
    }
}

request! {
    /// Lists sets.
    ListQuery {
        /// Only these.
        id: Vec<UnitTestSetId> = values(),
        /// The page's size.
        limit: u32 = page_size(0..=20, 20),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        /// With any of these tests.
        unit_test_id: Vec<UnitTestId> = values(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        /// The order; none: newest change first.
        sort_by: Vec<SortKey> = order(&["updated_at"]),
    }
}

request! {
    /// Finds sets by name or description.
    SearchQuery {
        /// Words, all of which must occur.
        query: Name = search_terms(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        /// With any of these tests.
        unit_test_id: Vec<UnitTestId> = values(),
    }
}

fn entries(entries: Vec<Entry>) -> Vec<SetEntry> {
    let entry = |entry: Entry| SetEntry {
        unit_test_id: entry.unit_test_id,
        run_count: entry.run_count,
    };
    entries.into_iter().map(entry).collect()
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateUnitTestSet(UnitTestSetDefinition {
            name: self.name,
            description: self.description,
            entries: entries(self.unit_test_runs),
            tags: self.tags,
        })
    }
}

impl CommandRequest for Update {
    fn into_command(self) -> Command {
        Command::UpdateUnitTestSet {
            id: self.id,
            change: UnitTestSetChange {
                name: self.name,
                description: self.description.into_change(),
                entries: self.unit_test_runs.map(entries),
                tags: self.tags,
            },
        }
    }
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeleteUnitTestSet { id: self.id }
    }
}

/// A set was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestSetCreated)]
pub struct Created {
    /// Its id.
    pub simulation_unit_test_set_id: UnitTestSetId,
}

/// A set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestSetInstance)]
pub struct Instance {
    /// Its id.
    pub id: UnitTestSetId,
    /// Everything else.
    #[serde(flatten)]
    pub body: Body,
}

/// A set as searches show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestSetRaw)]
pub struct Raw {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: UnitTestSetId,
    /// Everything else.
    #[serde(flatten)]
    pub body: Body,
}

/// A set but for its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestSetBody)]
pub struct Body {
    /// The tenant.
    pub org_id: OrgId,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Its name.
    pub name: Name,
    /// What it is for.
    #[schema(required)]
    pub description: Option<Text>,
    /// The tests, in order.
    pub unit_test_runs: Vec<EntryInstance>,
    /// The newest run.
    #[schema(required)]
    pub last_triggered_run_id: Option<RunId>,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Its labels.
    pub tags: Vec<Tag>,
    /// Who made it.
    pub creator: UserInfo,
    /// Who changed it last.
    pub updated_by: UserInfo,
}

/// A unit test of a set, and how often it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestSetEntryInstance)]
pub struct EntryInstance {
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Repetitions.
    pub run_count: u32,
}

impl From<&SetEntry> for EntryInstance {
    fn from(entry: &SetEntry) -> Self {
        Self {
            unit_test_id: entry.unit_test_id,
            run_count: entry.run_count,
        }
    }
}

impl Body {
    fn of(org: &OrgId, set: &UnitTestSet, last_run: Option<RunId>) -> Self {
        let definition = &set.definition;
        Self {
            org_id: org.clone(),
            created_at: set.life.created.at,
            updated_at: set.life.updated.at,
            name: definition.name.clone(),
            description: definition.description.clone(),
            unit_test_runs: definition.entries.iter().map(EntryInstance::from).collect(),
            last_triggered_run_id: last_run,
            is_deleted: set.life.is_deleted(),
            tags: tag_list(&definition.tags),
            creator: UserInfo::of(org, &set.life.created),
            updated_by: UserInfo::of(org, &set.life.updated),
        }
    }
}

impl Instance {
    /// As lists show it; `last_run` is the set's newest run.
    pub fn of(org: &OrgId, set: &UnitTestSet, last_run: Option<RunId>) -> Self {
        Self {
            id: set.id,
            body: Body::of(org, set, last_run),
        }
    }
}

impl Raw {
    /// As searches show it; `last_run` is the set's newest run.
    pub fn of(org: &OrgId, set: &UnitTestSet, last_run: Option<RunId>) -> Self {
        Self {
            id: set.id,
            body: Body::of(org, set, last_run),
        }
    }
}

/// What filters of sets can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestSetFilterValues)]
pub struct FilterValues {
    /// Who made some.
    pub creators: Vec<UserInfo>,
    /// Unit tests.
    pub unit_test_ids: Vec<UnitTestId>,
    /// Keys of labels.
    pub tags: Vec<String>,
}

list! {
    /// A page of sets.
    List { simulation_unit_test_sets: Instance, FilterValues }
}

/// The sets found, best match first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestSetFound)]
pub struct Found {
    /// At most 50.
    pub simulation_unit_test_sets: Vec<Raw>,
}
