//! Webhook destinations.

use std::collections::BTreeSet;

use super::staged::{Staged, not_found};
use crate::{
    DecideError, Digest, DirectoryExt, Event, Invalid, Kind, MAX_WEBHOOK_DESTINATIONS, MIN_SECRET_AGE_MS,
    ObjectRef, PreviousSecret, Rejection, SECRET_OVERLAP_MS, WebhookDestination, WebhookDestinationCreated,
    WebhookDestinationId, WebhookDestinationUpdated, WebhookSecret, WebhookSecretRotated, WebhookType,
    WebhookUrl,
};

type Change = (ObjectRef, u32);

pub(super) fn create(
    staged: &mut Staged<'_>,
    url: &WebhookUrl,
    accepted_types: &BTreeSet<WebhookType>,
    retry_attempts: u32,
) -> Result<Change, DecideError> {
    check_attempts(retry_attempts)?;
    staged.require_fewer(Kind::WebhookDestination, MAX_WEBHOOK_DESTINATIONS)?;
    let object = ObjectRef::new(Kind::WebhookDestination, WebhookDestinationId(staged.ids.next()));
    let created = WebhookDestinationCreated {
        url: url.clone(),
        accepted_types: accepted_types.clone(),
        retry_attempts,
        secret: new_secret(staged),
    };
    staged.record(&object, Event::WebhookDestinationCreated(created))?;
    Ok((object, 0))
}

pub(super) fn update(
    staged: &mut Staged<'_>,
    id: WebhookDestinationId,
    accepted_types: Option<&BTreeSet<WebhookType>>,
    retry_attempts: Option<u32>,
) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    let old = WebhookDestinationUpdated {
        accepted_types: state.accepted_types,
        retry_attempts: state.retry_attempts,
    };
    let new = WebhookDestinationUpdated {
        accepted_types: accepted_types.unwrap_or(&old.accepted_types).clone(),
        retry_attempts: retry_attempts.unwrap_or(old.retry_attempts),
    };
    if new != old {
        check_attempts(new.retry_attempts)?;
        staged.record(&object, Event::WebhookDestinationUpdated(new))?;
    }
    Ok((object, 0))
}

pub(super) fn rotate_secret(
    staged: &mut Staged<'_>,
    id: WebhookDestinationId,
) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    let again_at = state.secret.generated_at.plus_millis(MIN_SECRET_AGE_MS);
    if staged.context.now < again_at {
        return Err(Rejection::TooSoon {
            kind: Kind::WebhookDestination,
            again_at,
        }
        .into());
    }
    let rotated = WebhookSecretRotated {
        secret: new_secret(staged),
        previous: PreviousSecret {
            salt: state.secret.salt,
            until: staged.context.now.plus_millis(SECRET_OVERLAP_MS),
        },
    };
    staged.record(&object, Event::WebhookSecretRotated(rotated))?;
    Ok((object, 0))
}

pub(super) fn delete(staged: &mut Staged<'_>, id: WebhookDestinationId) -> Result<Change, DecideError> {
    let (object, _) = live(staged, id)?;
    staged.record(&object, Event::WebhookDestinationDeleted(()))?;
    Ok((object, 0))
}

fn live(
    staged: &Staged<'_>,
    id: WebhookDestinationId,
) -> Result<(ObjectRef, WebhookDestination), DecideError> {
    match staged.webhook_destination(id)? {
        Some(state) if !state.life.is_deleted() => Ok((ObjectRef::new(Kind::WebhookDestination, id), state)),
        Some(_) | None => Err(not_found(Kind::WebhookDestination, id)),
    }
}

fn new_secret(staged: &Staged<'_>) -> WebhookSecret {
    WebhookSecret {
        salt: *Digest::of_parts(&[b"webhook", &staged.context.entropy]).as_bytes(),
        generated_at: staged.context.now,
    }
}

fn check_attempts(retry_attempts: u32) -> Result<(), DecideError> {
    if !(1..=5).contains(&retry_attempts) {
        let reason = Invalid::new(format!("must be 1 to 5, not {retry_attempts}"));
        return Err(Rejection::invalid("/retry_attempts", reason).into());
    }
    Ok(())
}
