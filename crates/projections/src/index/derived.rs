//! What follows from one object's state and stands in tables of its own.

use std::collections::BTreeSet;

use model::{Kind, Object, ObjectRef, RunId, Tally, Token, UnitTestSetId, UserId};

use super::{IndexEntry, flag_entries, index_entries, list_time, order};
use crate::key::Key;

/// Everything that follows from one object's state and stands in tables of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Derived {
    pub(crate) kind: Kind,
    pub(crate) key: Token,
    pub(crate) order: Vec<u8>,
    pub(crate) entries: BTreeSet<IndexEntry>,
    /// What the object's posting in [`Field::All`] carries.
    pub(crate) carried: Vec<u8>,
    pub(crate) name: Option<String>,
    pub(crate) references: Vec<ObjectRef>,
    pub(crate) unfinished: Option<Unfinished>,
}

/// A run that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfinished {
    pub(crate) user: UserId,
    pub(crate) set: UnitTestSetId,
    pub(crate) run: RunId,
}

impl Derived {
    /// What follows from `object`; `total` is how its conversations ended if it is a run.
    pub(crate) fn of(object: &Object, total: &Tally) -> Self {
        let ObjectRef { kind, key } = object.object_ref();
        let mut entries = index_entries(object);
        let mut carried = Vec::new();
        let mut unfinished = None;
        match object {
            Object::Run(run) => {
                entries.extend(flag_entries(run, total));
                unfinished = (!run.is_over()).then(|| Unfinished {
                    user: run.life.created.by.clone(),
                    set: run.set_id,
                    run: run.id,
                });
            }
            Object::Service(service) => {
                carried = carried_of_service(service.profile.is_active, service.profile.name.as_str());
            }
            Object::Organization(_)
            | Object::User(_)
            | Object::ApiKey(_)
            | Object::Persona(_)
            | Object::Scenario(_)
            | Object::Metric(_)
            | Object::Agent(_)
            | Object::ContextGraph(_)
            | Object::UnitTest(_)
            | Object::UnitTestSet(_)
            | Object::Role(_)
            | Object::TemporaryGrant(_)
            | Object::WebhookDestination(_)
            | Object::Evaluation(_) => {}
        }
        Self {
            kind,
            order: order(list_time(object), key.as_str()),
            key,
            entries,
            carried,
            name: object.unique_name().map(str::to_owned),
            references: object.references(),
            unfinished,
        }
    }
}

/// What a service's posting carries, so that services can be sorted without loading them.
pub(crate) fn carried_of_service(is_active: bool, name: &str) -> Vec<u8> {
    Key::default()
        .byte(u8::from(is_active))
        .bytes(name.as_bytes())
        .done()
}
