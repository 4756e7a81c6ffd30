//! Where postings stand.

use model::{Kind, Oid, OrgId, Time};

use super::Field;
use crate::key::{Key, KeyReader, kind_byte};

/// What the postings are of: a kind of objects, evaluations, or conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Space(u8);

/// The postings of evaluations.
pub(crate) const EVALUATIONS: Space = Space(0xF0);

/// The postings of conversations that a run has finished.
pub(crate) const CONVERSATIONS: Space = Space(0xF1);

impl Space {
    /// The postings of objects of `kind`.
    pub(crate) const fn objects(kind: Kind) -> Self {
        Self(kind_byte(kind))
    }
}

/// What the postings of one value begin with; also the key of their count. The order follows.
pub(crate) fn posting_prefix(org: &OrgId, space: Space, field: Field, value: &[u8]) -> Vec<u8> {
    Key::org(org).byte(space.0).byte(field as u8).bytes(value).done()
}

/// What the counts of all values of a field begin with. The value follows.
pub(crate) fn values_prefix(org: &OrgId, space: Space, field: Field) -> Vec<u8> {
    posting_prefix(org, space, field, &[])
}

/// The order of an object in lists: newest first, then by key.
pub(crate) fn order(time: Time, key: &str) -> Vec<u8> {
    Key::default().newest_first(time).bytes(key.as_bytes()).done()
}

/// The order of an evaluation or a conversation in lists: newest first, then by id.
pub(crate) fn order_by_id(time: Time, id: Oid) -> Vec<u8> {
    Key::default().newest_first(time).oid(id).done()
}

/// The id in an order of evaluations or conversations.
pub(crate) fn order_id(order: &[u8]) -> Option<Oid> {
    let mut reader = KeyReader(order);
    reader.newest_first()?;
    reader.oid()
}

/// The key in an order.
pub(crate) fn order_token(order: &[u8]) -> Option<&str> {
    let mut reader = KeyReader(order);
    reader.newest_first()?;
    reader.rest()
}
