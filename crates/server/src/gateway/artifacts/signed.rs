//! Addresses from which an artifact can be fetched without a token, for a while.
//!
//! The signature follows from a key that only servers have, and covers what is fetched and until when. Addresses are not stored, and
//! every server with the same secret key opens them.

use std::fmt;

use api::{
    error::{ErrorCode, Problem},
    http::PATH_PREFIX,
    read::read,
    run::{ARTIFACT_PATH, ArtifactUrl, ArtifactUrlQuery, Signature, SignedArtifactQuery},
};
use bytes::Bytes;
use model::{ArtifactRef, Digest, OrgId, RunId, Time};
use serde_json::Value;

use crate::{
    KeyHasher,
    gateway::{
        Caller, Gateway,
        failure::{internal, of_journal, of_query},
        queries::load_run,
        render,
    },
};

/// Sets these signatures apart from everything else that is made under the same key.
const CONTEXT: &str = "rehearse 2026-11 signed addresses of artifacts";

/// What the key of the signatures is derived for.
const PURPOSE: &str = "artifact address";

/// How long an address opens, in seconds.
const LIFETIME: u64 = 3600;

/// How far the clocks of two servers may differ, in seconds.
const MAX_SKEW: u64 = 30;

/// Signs addresses.
#[derive(Clone)]
pub(in crate::gateway) struct Signer {
    key: [u8; 32],
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// A signer whose key follows from the server's.
    pub(in crate::gateway) fn new(hasher: &KeyHasher) -> Self {
        let secret = hasher.derive_secret(PURPOSE, &[]);
        Self {
            key: blake3::derive_key(CONTEXT, secret.as_bytes()),
        }
    }

    fn sign(&self, org: &OrgId, run: RunId, digest: Digest, expires: u64) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // Only the first part has no fixed length.
        hasher.update(&(org.as_str().len() as u64).to_be_bytes());
        hasher.update(org.as_str().as_bytes());
        hasher.update(run.0.as_bytes());
        hasher.update(digest.as_bytes());
        hasher.update(&expires.to_be_bytes());
        hasher.finalize()
    }
}

/// An artifact whose address was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    run: RunId,
    artifact: ArtifactRef,
}

impl Opened {
    /// The digest of its bytes.
    pub(crate) const fn digest(&self) -> Digest {
        self.artifact.digest
    }

    /// How many bytes it has.
    pub(crate) const fn size_bytes(&self) -> u64 {
        self.artifact.size_bytes
    }
}

/// Answers `run.artifact_url`. `base` is what the addresses of the API begin with.
pub(in crate::gateway) async fn url(
    gateway: &Gateway,
    caller: &Caller,
    base: Option<&str>,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<ArtifactUrlQuery>(body)?;
    let base = base.or_else(|| gateway.public_url.get().map(String::as_str));
    let base = base.ok_or_else(|| {
        let detail = "the address under which clients reach the HTTP API is not known; the setting `http.public_url` tells it, \
                      and over HTTP it is known";
        Problem::new(ErrorCode::NoPublicUrl, detail)
    })?;
    let id = request.id;
    let state = gateway.look(&caller.org, move |view| load_run(view, id)).await?;
    let completion = state.run.completed.ok_or_else(|| {
        let detail = format!("the artifact of run {id} is not there yet");
        Problem::new(ErrorCode::ArtifactNotReady, detail)
    })?;
    let expires = seconds(gateway.now()).saturating_add(LIFETIME);
    let signature = gateway
        .signer
        .sign(&caller.org, id, completion.artifact.digest, expires);
    let signature = Signature(*signature.as_bytes());
    let path = format!("{PATH_PREFIX}{ARTIFACT_PATH}")
        .replace("{organization}", caller.org.as_str())
        .replace("{run_id}", &id.to_string());
    let micros = i64::try_from(expires)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000_000);
    render(&ArtifactUrl {
        presigned_url: format!("{base}{path}?expires={expires}&signature={signature}"),
        url_expires_at: Time::from_micros(micros),
    })
}

impl Gateway {
    /// The artifact that a signed address names.
    ///
    /// # Errors
    /// The address was not made here, or no longer opens: which of both, and whether there is such a run, is not told.
    pub(crate) async fn open_artifact(
        &self,
        org: &OrgId,
        request: &SignedArtifactQuery,
    ) -> Result<Opened, Problem> {
        self.require_following()?;
        let refused = || {
            let detail = "the address was not made by this server, or it no longer opens; ask for a new one";
            Problem::new(ErrorCode::Forbidden, detail)
        };
        // Only what can have been made is worth looking for.
        let now = seconds(self.now());
        let latest = now.saturating_add(LIFETIME).saturating_add(MAX_SKEW);
        if request.expires <= now || request.expires > latest {
            return Err(refused());
        }
        if let Some(opened) = self.opened(org, request).await? {
            return Ok(opened);
        }
        // Another server may have made it for a run whose end is not shown here yet.
        self.catch_up().await?;
        self.opened(org, request).await?.ok_or_else(refused)
    }

    async fn opened(&self, org: &OrgId, request: &SignedArtifactQuery) -> Result<Option<Opened>, Problem> {
        let run = request.id;
        let artifact = self.look(org, move |view| {
            let state = view.run_state(run).map_err(|error| of_query(&error))?;
            let completion = state.and_then(|state| state.run.completed);
            Ok(completion.map(|completion| completion.artifact))
        });
        let artifact = artifact.await?;
        // The work is the same where there is no such artifact.
        let digest = artifact.map_or_else(|| Digest::of(b""), |artifact| artifact.digest);
        let expected = self.signer.sign(org, run, digest, request.expires);
        let given = request.signature.map_or([0; 32], |signature| signature.0);
        // `blake3::Hash` compares in constant time.
        let is_signed = expected == blake3::Hash::from_bytes(given);
        Ok(artifact
            .filter(|_| is_signed)
            .map(|artifact| Opened { run, artifact }))
    }

    /// All bytes of an artifact.
    pub(crate) async fn artifact_bytes(&self, opened: Opened) -> Result<Bytes, Problem> {
        let Opened { run, artifact } = opened;
        let name = journal::subject::artifact_object(run, artifact.digest);
        let read = self.artifacts.read(self.journal(), &name).await;
        let bytes = read.map_err(|error| of_journal(&error))?.ok_or_else(|| {
            let detail = format!("the artifact of run {run} is no longer in the object store");
            Problem::new(ErrorCode::NotFound, detail)
        })?;
        if bytes.len() as u64 != artifact.size_bytes {
            return Err(internal(&WrongSize {
                run,
                found: bytes.len(),
                expected: artifact.size_bytes,
            }));
        }
        Ok(bytes)
    }
}

/// The object store does not hold what was put there.
#[derive(Debug, thiserror::Error)]
#[error("the artifact of run {run} has {found} bytes in the object store, and {expected} in the log")]
struct WrongSize {
    run: RunId,
    found: usize,
    expected: u64,
}

fn seconds(time: Time) -> u64 {
    u64::try_from(time.as_micros().div_euclid(1_000_000)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_everything_that_matters() {
        let signer = Signer::new(&KeyHasher::new([1; 32]));
        let org = |text: &str| text.parse::<OrgId>().unwrap();
        let run = |text: &str| text.parse::<RunId>().unwrap();
        let (one, two) = (run("6618791275130b73714e8d90"), run("6618791275130b73714e8d91"));
        let digest = Digest::of(b"zip");
        let signed = signer.sign(&org("acme"), one, digest, 7);
        assert_eq!(
            signed,
            Signer::new(&KeyHasher::new([1; 32])).sign(&org("acme"), one, digest, 7)
        );
        for other in [
            signer.sign(&org("acme2"), one, digest, 7),
            signer.sign(&org("acme"), two, digest, 7),
            signer.sign(&org("acme"), one, Digest::of(b"other"), 7),
            signer.sign(&org("acme"), one, digest, 8),
            Signer::new(&KeyHasher::new([2; 32])).sign(&org("acme"), one, digest, 7),
        ] {
            assert_ne!(signed, other);
        }
    }
}
