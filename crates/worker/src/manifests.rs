//! Manifests, read once and kept while they are in use.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use model::{Digest, Manifest};
use tokio::sync::OnceCell;

use crate::{failure::Failure, link::Link};

/// How many manifests are kept. Few runs are admitted at once, and a manifest can be large.
const MAX_KEPT: usize = 8;

type Slot = Arc<OnceCell<Arc<Manifest>>>;

/// The manifests used last, most recent first.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    kept: Mutex<VecDeque<(Digest, Slot)>>,
}

impl Manifests {
    /// The manifest with this digest. Conversations that ask for the same one at the same time read it once.
    pub(crate) async fn open(&self, link: &Link, digest: Digest) -> Result<Arc<Manifest>, Failure> {
        let slot = self.slot(digest);
        let manifest = slot.get_or_try_init(|| read(link, digest)).await?;
        Ok(Arc::clone(manifest))
    }

    fn slot(&self, digest: Digest) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(other, _)| *other == digest);
        let entry = found
            .and_then(|position| kept.remove(position))
            .unwrap_or_else(|| (digest, Slot::default()));
        let slot = Arc::clone(&entry.1);
        kept.push_front(entry);
        kept.truncate(MAX_KEPT);
        slot
    }
}

async fn read(link: &Link, digest: Digest) -> Result<Arc<Manifest>, Failure> {
    let name = format!("manifest/{digest}");
    let bytes = link
        .ride_out(|| link.journal().object(&name))
        .await?
        .ok_or_else(|| Failure::new(format!("object {name} does not exist")))?;
    Manifest::open(digest, &bytes)
        .map(Arc::new)
        .map_err(|invalid| Failure::new(invalid.to_string()))
}
