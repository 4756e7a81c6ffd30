//! What the lists and searches of objects look up: pure functions from a state to index entries.
//!
//! A posting says "the object with this key has this value in this field". Postings of one value stand in the order of lists:
//! newest first, equal times by key. All of a list's conditions are in the same order, so answering is intersecting.

mod conversation;
mod derived;
mod evaluation;
mod field;
mod posting;
mod words;

use std::collections::BTreeSet;

pub(crate) use conversation::conversation_entries;
pub(crate) use derived::{Derived, Unfinished};
pub(crate) use evaluation::EvaluationPostings;
pub use field::Field;
pub(crate) use field::{facets, filters};
use model::{Kind, Object, Tally, Time};
pub(crate) use posting::{
    CONVERSATIONS, EVALUATIONS, Space, order, order_by_id, order_id, order_token, posting_prefix,
    values_prefix,
};
pub(crate) use words::{MAX_TERMS, joined, words};

use crate::{key::Key, row::Flags};

/// One value of one field of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IndexEntry {
    pub(crate) field: Field,
    /// As it stands in keys; its end is recognizable.
    pub(crate) value: Vec<u8>,
}

/// The values of fields, as they stand in keys.
pub(crate) mod value {
    use model::Oid;

    use super::Key;

    pub(crate) fn text(text: &str) -> Vec<u8> {
        Key::default().text(text).done()
    }

    pub(crate) fn oid(oid: Oid) -> Vec<u8> {
        oid.as_bytes().to_vec()
    }

    pub(crate) fn flag(flag: bool) -> Vec<u8> {
        vec![u8::from(flag)]
    }

    pub(crate) fn tag(key: &str, tag: Option<&str>) -> Vec<u8> {
        let key = Key::default().text(key);
        match tag {
            None => key.byte(0).done(),
            Some(tag) => key.byte(1).text(tag).done(),
        }
    }

    pub(crate) fn number(number: u32) -> Vec<u8> {
        Key::default().number(number).done()
    }

    pub(crate) fn version(oid: Oid, version: u32) -> Vec<u8> {
        Key::default().oid(oid).number(version).done()
    }
}

/// Whether a kind's lists are in the order of creation rather than of the newest change.
pub(crate) const fn by_creation(kind: Kind) -> bool {
    matches!(kind, Kind::Run)
}

/// The time by which an object stands in its kind's lists.
pub(crate) const fn list_time(object: &Object) -> Time {
    let life = object.life();
    if by_creation(object.kind()) {
        life.created.at
    } else {
        life.updated.at
    }
}

/// The index entries of an object. Of a run these are the ones that its results have no part in; see [`flag_entries`].
pub(crate) fn index_entries(object: &Object) -> BTreeSet<IndexEntry> {
    entries_of(object, true)
}

/// The index entries of an object but those that only searches and look-ups by name need, which are most of them.
pub(crate) fn filter_entries(object: &Object) -> BTreeSet<IndexEntry> {
    entries_of(object, false)
}

fn entries_of(object: &Object, with_words: bool) -> BTreeSet<IndexEntry> {
    let mut entries = Entries {
        found: BTreeSet::new(),
        with_words,
    };
    let life = object.life();
    let deleted = life.is_deleted();
    entries.add(Field::All, Vec::new());
    entries.add(Field::Creator, value::text(life.created.by.as_str()));
    if filters(object.kind()).is_some_and(|filters| filters.contains(&Field::Deleted)) {
        entries.add(Field::Deleted, value::flag(deleted));
    }
    match object {
        Object::Organization(_) => {}
        Object::User(user) => entries.add(Field::Role, value::text(user.role.as_str())),
        Object::ApiKey(key) => entries.add(Field::User, value::text(key.user_id.as_str())),
        Object::Persona(persona) => {
            entries.tags(&persona.tags);
            entries.add(Field::Role, value::text(persona.role.as_str()));
            entries.found_by(
                persona.name.as_str(),
                Some(persona.latest.background.as_str()),
                deleted,
            );
        }
        Object::Scenario(scenario) => {
            entries.tags(&scenario.tags);
            entries.found_by(scenario.name.as_str(), None, deleted);
        }
        Object::Metric(metric) => {
            entries.tags(&metric.tags);
            entries.add(
                Field::Type,
                value::text(metric.latest.value.metric_type().as_str()),
            );
            for service in &metric.applied_to_services {
                entries.add(Field::AppliedTo, value::oid(service.0));
            }
            entries.found_by(metric.name.as_str(), None, deleted);
        }
        Object::Agent(agent) => entries.add(Field::Name, value::text(agent.name.as_str())),
        Object::ContextGraph(graph) => entries.add(Field::Name, value::text(graph.name.as_str())),
        Object::Service(service) => {
            let profile = &service.profile;
            entries.tags(&profile.tags);
            entries.add(Field::Active, value::flag(profile.is_active));
            entries.add(Field::Name, value::text(profile.name.as_str()));
        }
        Object::UnitTest(test) => {
            let definition = &test.definition;
            entries.tags(&definition.tags);
            entries.add(Field::Service, value::oid(definition.service_id.0));
            entries.add(Field::Persona, value::oid(definition.persona_id.0));
            entries.add(Field::Scenario, value::oid(definition.scenario_id.0));
            for criterion in &definition.success_criteria {
                entries.add(Field::Metric, value::oid(criterion.metric_id.0));
            }
            entries.found_by(test.name.as_str(), Some(definition.description.as_str()), deleted);
        }
        Object::UnitTestSet(set) => {
            let definition = &set.definition;
            entries.tags(&definition.tags);
            for entry in &definition.entries {
                entries.add(Field::UnitTest, value::oid(entry.unit_test_id.0));
            }
            let description = definition.description.as_ref().map(model::Text::as_str);
            entries.found_by(definition.name.as_str(), description, deleted);
        }
        Object::Run(run) => {
            entries.add(Field::Set, value::oid(run.set_id.0));
            entries.add(Field::Completed, value::flag(run.is_over()));
        }
        Object::Role(role) => entries.add(Field::Name, value::text(role.definition.name.as_str())),
        Object::TemporaryGrant(grant) => entries.add(Field::User, value::text(grant.user_id.as_str())),
        Object::WebhookDestination(_) | Object::Evaluation(_) => {}
    }
    entries.found
}

/// The index entries of a run that follow from how its conversations ended as well.
pub(crate) fn flag_entries(run: &model::Run, total: &Tally) -> [IndexEntry; 2] {
    let flags = Flags::of(total, run.cancelled.is_some());
    [
        IndexEntry {
            field: Field::FailedMetrics,
            value: value::flag(flags.failed_metrics),
        },
        IndexEntry {
            field: Field::Errored,
            value: value::flag(flags.errored),
        },
    ]
}

struct Entries {
    found: BTreeSet<IndexEntry>,
    with_words: bool,
}

impl Entries {
    fn add(&mut self, field: Field, value: Vec<u8>) {
        self.found.insert(IndexEntry { field, value });
    }

    fn tags(&mut self, tags: &model::Tags) {
        for (key, tag) in tags.entries() {
            self.add(Field::TagKey, value::text(key));
            self.add(Field::Tag, value::tag(key, tag.as_deref()));
        }
    }

    /// The name, and the words that a search finds the object by while it lives.
    fn found_by(&mut self, name: &str, text: Option<&str>, deleted: bool) {
        if !self.with_words {
            return;
        }
        self.add(Field::Name, value::text(name));
        if deleted {
            return;
        }
        self.add(Field::WholeName, value::text(&joined(name)));
        let name_words: BTreeSet<String> = words(name).collect();
        for word in text.into_iter().flat_map(words) {
            if !name_words.contains(&word) {
                self.add(Field::TextWord, value::text(&word));
            }
        }
        for word in name_words {
            self.add(Field::NameWord, value::text(&word));
        }
    }
}
