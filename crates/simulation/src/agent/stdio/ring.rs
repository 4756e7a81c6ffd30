//! The end of what a child wrote to standard error.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How much is kept.
const KEPT_BYTES: usize = 8 * 1024;

/// The last bytes of a stream that is drained all the time.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: VecDeque<u8>,
    cut: bool,
}

impl Ring {
    /// Reads until the stream ends.
    pub(super) async fn drain(self, mut stream: impl AsyncRead + Unpin) {
        let mut chunk = [0_u8; 4096];
        // A stream that fails has ended.
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            self.push(&chunk[..read]);
        }
    }

    fn push(&self, bytes: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes.extend(bytes);
        let excess = kept.bytes.len().saturating_sub(KEPT_BYTES);
        if excess > 0 {
            kept.bytes.drain(..excess);
            kept.cut = true;
        }
    }

    /// What is kept. A line whose beginning was lost is left out: it could end in half a secret.
    pub(super) fn text(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.bytes.iter().copied().collect();
        let whole = match bytes.iter().position(|byte| *byte == b'\n') {
            Some(line_end) if kept.cut => &bytes[line_end + 1..],
            None if kept.cut => &[],
            Some(_) | None => &bytes[..],
        };
        String::from_utf8_lossy(whole).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_last_whole_lines_are_kept() {
        let ring = Ring::default();
        let written = format!("{}\nlast \u{fffd} line\n", "x".repeat(100_000));
        ring.clone().drain(written.as_bytes()).await;
        assert_eq!(ring.text(), "last \u{fffd} line");
        assert!(ring.kept.lock().unwrap().bytes.len() <= KEPT_BYTES);
        let endless = Ring::default();
        endless.push(&[b'x'; 10_000]);
        assert_eq!(endless.text(), "");
    }
}
