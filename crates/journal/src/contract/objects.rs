//! Objects: what their name says.

use std::sync::Arc;

use bytes::Bytes;
use model::Digest;

use crate::{Journal, JournalError, subject};

/// An object is stored under the digest of its bytes, read back as it was, and never anything else.
pub async fn objects_are_what_their_name_says(journal: Arc<dyn Journal>) {
    let large: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
    for bytes in [Bytes::new(), Bytes::from_static(b"small"), Bytes::from(large)] {
        let name = subject::manifest_object(Digest::of(&bytes));
        assert_eq!(journal.object(&name).await.expect("it can be looked for"), None);
        for _ in 0..2 {
            journal
                .put_object(&name, bytes.clone())
                .await
                .expect("it can be stored, and again");
            assert_eq!(
                journal.object(&name).await.expect("it can be read"),
                Some(bytes.clone())
            );
        }
    }
    // What one organization has stored, another has not.
    let recording = Bytes::from_static(b"recording");
    let of = |org: &str| {
        let org = org.parse().expect("a word");
        subject::recording_object(&org, Digest::of(b"recording"))
    };
    journal
        .put_object(&of("acme"), recording.clone())
        .await
        .expect("it can be stored");
    for (org, found) in [("acme", Some(recording)), ("other", None)] {
        assert_eq!(
            journal.object(&of(org)).await.expect("it can be looked for"),
            found
        );
    }
    let name = subject::artifact_object(super::run(1), Digest::of(b"right"));
    let refused = journal.put_object(&name, Bytes::from_static(b"wrong")).await;
    assert!(matches!(refused, Err(JournalError::Object { .. })), "{refused:?}");
    assert_eq!(journal.object(&name).await.expect("it can be looked for"), None);
    for bad in [
        "",
        "plain",
        "manifest/short",
        "../manifest/x",
        &format!("a b/{}", Digest::of(b"")),
    ] {
        let refused = journal.object(bad).await;
        assert!(
            matches!(refused, Err(JournalError::Object { .. })),
            "{bad}: {refused:?}"
        );
    }
}
