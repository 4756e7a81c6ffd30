//! Server-sent events, read out of a body as it comes.
//!
//! Only the data of events is kept: no protocol spoken here needs their names, ids or retry times. The body bounds how much
//! there can be.

use super::{AgentError, http::Body};

/// The content type of such a body.
pub(super) const EVENT_STREAM: &str = "text/event-stream";

/// The events of one body.
#[derive(Debug)]
pub(super) struct Events {
    body: Body,
    lines: Lines,
}

impl Events {
    pub(super) fn of(body: Body) -> Self {
        Self {
            body,
            lines: Lines::default(),
        }
    }

    /// The data of the next event that has any, its lines joined; none at the end. An event that the end cuts off is dropped, as
    /// the specification says.
    pub(super) async fn next(&mut self) -> Result<Option<String>, AgentError> {
        loop {
            if let Some(data) = self.lines.event() {
                return Ok(Some(data));
            }
            match self.body.next().await? {
                Some(chunk) => self.lines.feed(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// Bytes of which whole lines are taken.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    /// How far lines were taken.
    taken: usize,
    /// How far was looked for the end of a line.
    scanned: usize,
    /// The data lines of the event so far.
    data: Vec<String>,
}

impl Lines {
    fn feed(&mut self, chunk: &[u8]) {
        self.bytes.drain(..self.taken);
        self.scanned -= self.taken;
        self.taken = 0;
        self.bytes.extend_from_slice(chunk);
    }

    /// The next event that is complete.
    fn event(&mut self) -> Option<String> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                let data = std::mem::take(&mut self.data);
                if !data.is_empty() {
                    return Some(data.join("\n"));
                }
            } else if let Some(value) = line.strip_prefix("data:") {
                self.data
                    .push(value.strip_prefix(' ').unwrap_or(value).to_owned());
            } else if line == "data" {
                self.data.push(String::new());
            }
        }
        None
    }

    /// The next line without its end, which is `\n`, `\r\n` or `\r`.
    fn line(&mut self) -> Option<String> {
        let found = self.bytes[self.scanned..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(end) = found.map(|position| self.scanned + position) else {
            self.scanned = self.bytes.len();
            return None;
        };
        let width = match (self.bytes[end], self.bytes.get(end + 1)) {
            (b'\r', Some(b'\n')) => 2,
            // What follows may be the other half of the end.
            (b'\r', None) => {
                self.scanned = end;
                return None;
            }
            (_, _) => 1,
        };
        let line = String::from_utf8_lossy(&self.bytes[self.taken..end]).into_owned();
        let line = line
            .strip_prefix('\u{feff}')
            .map(ToOwned::to_owned)
            .unwrap_or(line);
        self.taken = end + width;
        self.scanned = self.taken;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut events = Vec::new();
        for chunk in chunks {
            lines.feed(chunk);
            while let Some(event) = lines.event() {
                events.push(event);
            }
        }
        events
    }

    #[test]
    fn events_are_found_however_they_are_cut() {
        let text = "\u{feff}: hi\nevent: x\ndata: {\"a\":\r\ndata:  1}\r\n\r\n\nid: 3\n\ndata:é\r\rdata\n\ndata: lost";
        let expected = ["{\"a\":\n 1}", "é", ""];
        assert_eq!(events(&[text.as_bytes()]), expected);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(events(&bytes), expected);
        let pairs: Vec<&[u8]> = text.as_bytes().chunks(2).collect();
        assert_eq!(events(&pairs), expected);
    }
}
