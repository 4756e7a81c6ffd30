//! Artifacts that are being fetched. They are asked for piece by piece, and the object store gives them whole.

mod signed;

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use journal::{Journal, JournalError};
pub(super) use signed::{Signer, url};
use tokio::sync::Mutex;

/// How many bytes are kept at most. A larger artifact is read again for each piece.
const MAX_KEPT_BYTES: usize = 256 * 1024 * 1024;

/// The artifacts that were asked for last. Names end in the digest of the bytes, so what is kept is never out of date.
#[derive(Clone, Debug, Default)]
pub(super) struct Artifacts {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Name and bytes, the last used in front.
    artifacts: VecDeque<(String, Bytes)>,
}

impl Artifacts {
    /// The artifact's bytes; none if there is none of this name.
    pub(super) async fn read(
        &self,
        journal: &dyn Journal,
        name: &str,
    ) -> Result<Option<Bytes>, JournalError> {
        // Held while it is read, so that pieces asked for at once are not each a whole artifact in memory.
        let mut kept = self.kept.lock().await;
        if let Some(bytes) = kept.find(name) {
            return Ok(Some(bytes));
        }
        let Some(bytes) = journal.object(name).await? else {
            return Ok(None);
        };
        kept.keep(name, &bytes, MAX_KEPT_BYTES);
        Ok(Some(bytes))
    }
}

impl Kept {
    fn find(&mut self, name: &str) -> Option<Bytes> {
        let position = self.artifacts.iter().position(|(kept, _)| kept == name)?;
        let found = self.artifacts.remove(position)?;
        let bytes = found.1.clone();
        self.artifacts.push_front(found);
        Some(bytes)
    }

    fn keep(&mut self, name: &str, bytes: &Bytes, max_bytes: usize) {
        if bytes.len() > max_bytes {
            return;
        }
        self.artifacts.push_front((name.to_owned(), bytes.clone()));
        let mut n_bytes = 0_usize;
        self.artifacts.retain(|(_, bytes)| {
            n_bytes = n_bytes.saturating_add(bytes.len());
            n_bytes <= max_bytes
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use journal::{Call, Fault, Faults, MemoryJournal};
    use model::Digest;

    use super::*;

    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Faults for Counting {
        fn before(&self, call: Call<'_>) -> Fault {
            self.0
                .fetch_add(usize::from(call.operation == "object"), Ordering::SeqCst);
            Fault::None
        }
    }

    #[tokio::test]
    async fn an_artifact_is_read_once() {
        let journal = MemoryJournal::new();
        let name = format!("artifact/run/{}", Digest::of(b"zip"));
        let other = format!("artifact/run/{}", Digest::of(b"other"));
        journal
            .put_object(&name, Bytes::from_static(b"zip"))
            .await
            .unwrap();
        let counting = Arc::new(Counting::default());
        journal.set_faults(Some(counting.clone()));
        let artifacts = Artifacts::default();
        for _ in 0..3 {
            assert_eq!(artifacts.read(&journal, &name).await.unwrap().unwrap(), "zip");
        }
        assert_eq!(counting.0.load(Ordering::SeqCst), 1);
        assert_eq!(artifacts.read(&journal, &other).await.unwrap(), None);
        journal
            .put_object(&other, Bytes::from_static(b"other"))
            .await
            .unwrap();
        assert_eq!(artifacts.read(&journal, &other).await.unwrap().unwrap(), "other");
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut kept = Kept::default();
        let bytes = |n: usize| Bytes::from(vec![0; n]);
        for name in ["a", "b"] {
            kept.keep(name, &bytes(4), 10);
        }
        assert!(kept.find("a").is_some());
        kept.keep("c", &bytes(4), 10);
        assert!(kept.find("b").is_none());
        assert!(kept.find("a").is_some() && kept.find("c").is_some());
        kept.keep("large", &bytes(11), 10);
        assert!(kept.find("large").is_none());
        assert!(kept.find("a").is_some(), "it does not push others out");
    }
}
