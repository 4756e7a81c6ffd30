//! A child's output with a bound on its lines. The protocol's client drops lines that are too long and waits on; here they end the
//! output, and are told.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, ReadBuf};

/// Output whose lines have at most `limit` bytes.
pub(super) struct BoundedLines<R> {
    stream: R,
    limit: usize,
    line: usize,
    overrun: Arc<AtomicBool>,
}

impl<R> BoundedLines<R> {
    /// `overrun` becomes true when a line was too long.
    pub(super) const fn new(stream: R, limit: usize, overrun: Arc<AtomicBool>) -> Self {
        Self {
            stream,
            limit,
            line: 0,
            overrun,
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for BoundedLines<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.overrun.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        for byte in buffer.filled().iter().skip(before) {
            self.line = if *byte == b'\n' { 0 } else { self.line + 1 };
            if self.line > self.limit {
                self.overrun.store(true, Ordering::Relaxed);
                break;
            }
        }
        if self.overrun.load(Ordering::Relaxed) {
            // Nothing was read: the output has ended.
            buffer.set_filled(before);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn a_line_too_long_ends_the_output() {
        let overrun = Arc::new(AtomicBool::new(false));
        let mut text = String::new();
        BoundedLines::new(b"1234\n1234\n".as_slice(), 4, Arc::clone(&overrun))
            .read_to_string(&mut text)
            .await
            .unwrap();
        assert_eq!(
            (text.as_str(), overrun.load(Ordering::Relaxed)),
            ("1234\n1234\n", false)
        );
        text.clear();
        BoundedLines::new(b"12345".as_slice(), 4, Arc::clone(&overrun))
            .read_to_string(&mut text)
            .await
            .unwrap();
        assert_eq!((text.as_str(), overrun.load(Ordering::Relaxed)), ("", true));
    }
}
