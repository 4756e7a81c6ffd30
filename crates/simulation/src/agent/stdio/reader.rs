//! Reads a child's output piece by piece, never keeping more than a limit.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The most read at once.
const CHUNK_BYTES: usize = 8 * 1024;

/// What ended a piece of output.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The output ended; what came before the end is kept.
    Ended,
    /// More than the limit without an end of the piece.
    TooLarge,
    /// The system refused.
    Failed(io::Error),
}

/// Output that was read and not yet taken.
#[derive(Debug)]
pub(super) struct Reader<R> {
    stream: R,
    buffer: Vec<u8>,
    limit: usize,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) const fn new(stream: R, limit: usize) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            limit,
        }
    }

    /// The bytes up to the piece's end, which `find` gives as `(length of the piece, length with what ends it)`. `find` sees
    /// everything that is there, and is asked again whenever there is more.
    pub(super) async fn piece(
        &mut self,
        mut find: impl FnMut(&[u8]) -> Option<(usize, usize)>,
    ) -> Result<Vec<u8>, ReadError> {
        loop {
            if let Some((length, with_end)) = find(&self.buffer) {
                if length > self.limit {
                    return Err(ReadError::TooLarge);
                }
                let rest = self.buffer.split_off(with_end.min(self.buffer.len()));
                let mut piece = std::mem::replace(&mut self.buffer, rest);
                piece.truncate(length);
                return Ok(piece);
            }
            if self.buffer.len() > self.limit {
                return Err(ReadError::TooLarge);
            }
            if self.fill().await? == 0 {
                return Err(ReadError::Ended);
            }
        }
    }

    /// One line, without its end.
    pub(super) async fn line(&mut self) -> Result<Vec<u8>, ReadError> {
        self.piece(|bytes| {
            let end = bytes.iter().position(|byte| *byte == b'\n')?;
            let length = if end > 0 && bytes.get(end - 1) == Some(&b'\r') {
                end - 1
            } else {
                end
            };
            Some((length, end + 1))
        })
        .await
    }

    async fn fill(&mut self) -> Result<usize, ReadError> {
        let mut chunk = [0_u8; CHUNK_BYTES];
        let read = self.stream.read(&mut chunk).await.map_err(ReadError::Failed)?;
        self.buffer.extend_from_slice(&chunk[..read]);
        Ok(read)
    }

    /// What is there now, without waiting. True if the output has ended.
    pub(super) async fn poll_more(&mut self) -> bool {
        if self.buffer.len() > self.limit {
            return false;
        }
        // Biased: a read that can succeed at once does.
        tokio::select! {
            biased;
            filled = self.fill() => matches!(filled, Ok(0) | Err(_)),
            () = std::future::ready(()) => false,
        }
    }

    /// What was read and not taken.
    pub(super) fn pending(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes what was read.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_taken_one_by_one_within_the_limit() {
        let mut reader = Reader::new(&b"one\r\n\ntwo"[..], 5);
        assert_eq!(reader.line().await.unwrap(), b"one");
        assert_eq!(reader.line().await.unwrap(), b"");
        assert!(matches!(reader.line().await, Err(ReadError::Ended)));
        assert_eq!(reader.take(), b"two");
        let mut reader = Reader::new(&b"toolong\n"[..], 5);
        assert!(matches!(reader.line().await, Err(ReadError::TooLarge)));
        let mut endless = Reader::new(tokio::io::repeat(b'x'), 20_000);
        assert!(matches!(endless.line().await, Err(ReadError::TooLarge)));
        assert!(endless.pending().len() <= 20_000 + CHUNK_BYTES);
    }

    #[tokio::test]
    async fn looking_for_more_does_not_wait() {
        let (mut theirs, ours) = tokio::io::duplex(64);
        let mut reader = Reader::new(ours, 100);
        assert!(!reader.poll_more().await);
        tokio::io::AsyncWriteExt::write_all(&mut theirs, b"extra")
            .await
            .unwrap();
        assert!(!reader.poll_more().await);
        assert_eq!(reader.pending(), b"extra");
        drop(theirs);
        assert!(reader.poll_more().await);
    }
}
