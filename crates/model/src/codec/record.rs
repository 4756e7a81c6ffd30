//! Single records: results, turns, jobs, dead letters and webhook deliveries.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    DecodeError, EncodeError,
    past::{ConversationResultV1, TurnRecordV1},
    registry::{self, DEAD_LETTER, DELIVERY, JOB, RESULT, TURN, TypeEntry},
};
use crate::{ConversationResult, DeadLetter, Job, TurnRecord, WebhookDelivery};

pub(super) const MAGIC: &[u8; 2] = b"RH";
pub(super) const FORMAT: u8 = 1;

/// Begins a message.
pub(super) fn begin() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(MAGIC);
    bytes.push(FORMAT);
    bytes
}

/// Appends type id, version, length and body.
pub(super) fn write<T: Serialize>(
    bytes: &mut Vec<u8>,
    entry: TypeEntry,
    body: &T,
) -> Result<(), EncodeError> {
    let failed = |source| EncodeError {
        what: entry.name,
        source,
    };
    let body = postcard::to_allocvec(body).map_err(failed)?;
    let length =
        u32::try_from(body.len()).map_err(|_too_long| failed(postcard::Error::SerializeBufferFull))?;
    bytes.extend_from_slice(&entry.id.to_be_bytes());
    bytes.push(entry.version);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&body);
    Ok(())
}

/// A record that has been found but not decoded.
pub(super) struct RawRecord<'a> {
    pub(super) entry: TypeEntry,
    pub(super) version: u8,
    pub(super) body: &'a [u8],
}

/// Checks a message's beginning and returns the rest.
pub(super) fn open(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(DecodeError::Foreign)?;
    match rest.split_first() {
        Some((&FORMAT, rest)) => Ok(rest),
        Some((&found, _rest)) => Err(DecodeError::Format { found, known: FORMAT }),
        None => Err(DecodeError::Foreign),
    }
}

/// Takes the next record off `bytes`.
pub(super) fn take<'a>(bytes: &mut &'a [u8]) -> Result<RawRecord<'a>, DecodeError> {
    let damaged = |reason: &str| DecodeError::Damaged {
        what: "record",
        reason: reason.to_owned(),
    };
    let (head, rest) = bytes
        .split_first_chunk::<7>()
        .ok_or_else(|| damaged("its head is cut short"))?;
    let [id_high, id_low, version, length @ ..] = *head;
    let type_id = u16::from_be_bytes([id_high, id_low]);
    let entry = registry::by_id(type_id).ok_or(DecodeError::UnknownType { type_id, version })?;
    if version == 0 || version > entry.version {
        return Err(DecodeError::UnknownType { type_id, version });
    }
    let length =
        usize::try_from(u32::from_be_bytes(length)).map_err(|_overflow| damaged("its length overflows"))?;
    let (body, rest) = rest
        .split_at_checked(length)
        .ok_or_else(|| damaged("its body is cut short"))?;
    *bytes = rest;
    Ok(RawRecord { entry, version, body })
}

/// Decodes a body; every byte must be used.
pub(super) fn body<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_value, rest)) => Err(DecodeError::Damaged {
            what,
            reason: format!("{} bytes are left over", rest.len()),
        }),
        Err(source) => Err(DecodeError::Damaged {
            what,
            reason: source.to_string(),
        }),
    }
}

fn encode<T: Serialize>(entry: TypeEntry, value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = begin();
    write(&mut bytes, entry, value)?;
    Ok(bytes)
}

/// Reads a message of one record, whose body `read` makes out.
fn decode<T>(
    expected: TypeEntry,
    bytes: &[u8],
    read: impl FnOnce(&RawRecord<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut rest = open(bytes)?;
    let record = take(&mut rest)?;
    if record.entry.id != expected.id {
        return Err(DecodeError::Unexpected {
            expected: expected.name,
            found: record.entry.name,
        });
    }
    if !rest.is_empty() {
        let reason = format!("{} bytes follow the record", rest.len());
        return Err(DecodeError::Damaged {
            what: expected.name,
            reason,
        });
    }
    read(&record)
}

/// The body of a record of the version that this build writes, or of the first, which held `Old`.
fn today_or_first<T: DeserializeOwned + From<Old>, Old: DeserializeOwned>(
    record: &RawRecord<'_>,
) -> Result<T, DecodeError> {
    if record.version == record.entry.version {
        body(record.entry.name, record.body)
    } else {
        body::<Old>(record.entry.name, record.body).map(T::from)
    }
}

macro_rules! records {
    ($($entry:ident: $encode:ident / $decode:ident($type:ty) once $old:ty;)+) => {$(
        #[doc = concat!("The stored form of a [`", stringify!($type), "`].")]
        pub fn $encode(value: &$type) -> Result<Vec<u8>, EncodeError> {
            encode($entry, value)
        }

        #[doc = concat!("Reads a stored [`", stringify!($type), "`].")]
        pub fn $decode(bytes: &[u8]) -> Result<$type, DecodeError> {
            decode($entry, bytes, today_or_first::<$type, $old>)
        }
    )+};
}

records! {
    RESULT: encode_result / decode_result(ConversationResult) once ConversationResultV1;
    TURN: encode_turn / decode_turn(TurnRecord) once TurnRecordV1;
    JOB: encode_job / decode_job(Job) once Job;
    DEAD_LETTER: encode_dead_letter / decode_dead_letter(DeadLetter) once DeadLetter;
    DELIVERY: encode_delivery / decode_delivery(WebhookDelivery) once WebhookDelivery;
}
