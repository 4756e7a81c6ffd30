//! What both journals check before anything is written, so that they refuse the same things with the same words.

use std::time::Duration;

use model::{CommandId, Commit, Digest, Job, OrgId, Token, UserId};

use crate::JournalError;

/// The most commits that one command may append: the server takes no larger atomic batch.
pub(crate) const MAX_COMMITS: usize = 1000;
/// For how long after a success the same command or job is recognized.
pub(crate) const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// For how long webhook deliveries are kept. Later nobody knows any more whether a destination was told.
pub const DELIVERIES_MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The most webhook deliveries to one destination that are read: the newest.
pub const MAX_DELIVERIES: usize = 10_000;
/// The largest object, in bytes: it is read into memory.
pub(crate) const MAX_OBJECT_BYTES: usize = 1 << 30;
/// The longest time a lead may be asked for.
pub(crate) const MAX_LEAD: Duration = Duration::from_secs(600);
/// The longest name of a holder, in bytes.
const MAX_HOLDER_BYTES: usize = 256;

/// Whose command a batch of commits is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin<'a> {
    pub(crate) org: &'a OrgId,
    pub(crate) actor: &'a UserId,
    pub(crate) command: &'a CommandId,
}

impl<'a> Origin<'a> {
    pub(crate) const fn of(commit: &'a Commit) -> Self {
        Self {
            org: &commit.org,
            actor: &commit.meta.actor,
            command: &commit.meta.command_id,
        }
    }
}

pub(crate) fn refused(operation: &'static str, reason: impl Into<String>) -> JournalError {
    JournalError::Refused {
        operation,
        reason: reason.into(),
    }
}

/// The one command that a batch of commits belongs to.
pub(crate) fn origin(commits: &[Commit]) -> Result<Origin<'_>, JournalError> {
    let Some(first) = commits.first() else {
        return Err(refused("append", "there is no commit to append"));
    };
    if commits.len() > MAX_COMMITS {
        let reason = format!(
            "{} commits are more than one command may append ({MAX_COMMITS}); split the command",
            commits.len()
        );
        return Err(refused("append", reason));
    }
    let origin = Origin::of(first);
    if let Some(other) = commits.iter().find(|commit| Origin::of(commit) != origin) {
        let reason = format!(
            "the commits on {} and {} are not of one organization, user and command",
            first.object, other.object
        );
        return Err(refused("append", reason));
    }
    Ok(origin)
}

/// The digest that an object's name ends in.
pub(crate) fn object_digest(name: &str) -> Result<Digest, JournalError> {
    let fault = |reason: &str| JournalError::Object {
        name: name.to_owned(),
        reason: reason.to_owned(),
    };
    let (folder, digest) = name
        .rsplit_once('/')
        .ok_or_else(|| fault("a name is a folder, `/` and the SHA-256 of the object"))?;
    if folder.len() > 256 || folder.split('/').any(|part| part.parse::<Token>().is_err()) {
        return Err(fault(
            "a folder is words of 1 to 64 letters, digits, `_` or `-`, joined by `/`",
        ));
    }
    digest.parse().map_err(|_invalid| {
        fault("the last part of a name is the SHA-256 of the object, 64 hexadecimal digits")
    })
}

/// Checks an object against its name.
pub(crate) fn object(name: &str, bytes: &[u8]) -> Result<(), JournalError> {
    let expected = object_digest(name)?;
    let fault = |reason: String| JournalError::Object {
        name: name.to_owned(),
        reason,
    };
    if bytes.len() > MAX_OBJECT_BYTES {
        return Err(fault(format!(
            "{} bytes are more than an object may have ({MAX_OBJECT_BYTES})",
            bytes.len()
        )));
    }
    let found = Digest::of(bytes);
    if found != expected {
        return Err(fault(format!(
            "its bytes have the digest {found}, so they are not the object of this name"
        )));
    }
    Ok(())
}

/// Checks what a lead is asked for.
pub(crate) fn lead(name: &str, holder: &str, ttl: Duration) -> Result<Token, JournalError> {
    if ttl.is_zero() || ttl > MAX_LEAD {
        return Err(refused(
            "lead",
            format!("a lead lasts at least an instant and at most {MAX_LEAD:?}, not {ttl:?}"),
        ));
    }
    lead_name(name, holder)
}

/// Checks the name of a lead and of its holder.
pub(crate) fn lead_name(name: &str, holder: &str) -> Result<Token, JournalError> {
    if holder.is_empty() || holder.len() > MAX_HOLDER_BYTES {
        return Err(refused(
            "lead",
            format!("a holder's name has 1 to {MAX_HOLDER_BYTES} bytes"),
        ));
    }
    name.parse()
        .map_err(|invalid| refused("lead", format!("the name of a lead: {invalid}")))
}

/// Checks the name of a reader whose place is kept.
pub(crate) fn follower_name(name: &str) -> Result<Token, JournalError> {
    name.parse()
        .map_err(|invalid| refused("follow", format!("the name of a follower: {invalid}")))
}

/// Under which a repetition of the same job is recognized: a further try is another job.
pub(crate) fn job_id(job: &Job) -> String {
    format!(
        "{}.{}.{}.{}",
        job.key.org,
        job.key.run,
        job.key.n,
        job.failures.len()
    )
}
