//! Agents behind a WebSocket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Continuation, ReplyExtract};
use crate::{Invalid, Text};

/// A conversation over one WebSocket: a frame per turn goes out, one frame or several come back as the reply.
///
/// A session can be resumed only if `continuation` says so: another worker then connects anew, and `session_id` in the frames or
/// the URL is how the agent knows the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSocket {
    /// `ws://` or `wss://` (template).
    pub url: Text,
    /// Headers of the request that opens the connection (templates).
    pub headers: BTreeMap<String, String>,
    /// How frames are read and written.
    pub frames: FrameFormat,
    /// A frame sent once per connection, before anything else (template); none: nothing is sent.
    pub open: Option<Text>,
    /// Whether the agent speaks when it is connected to. What it says is its reply if it is to speak first, and dropped otherwise.
    pub greeting: bool,
    /// The frame of each turn (template).
    pub message: Text,
    /// How a reply is taken out of each of its frames; the texts are joined as they come.
    pub extract: ReplyExtract,
    /// What is there only in a frame that reports an error (pointer or template); its text is told.
    pub error: Option<Text>,
    /// Whether a frame ends the reply (pointer or template); none: every frame is a reply.
    pub last: Option<Text>,
    /// Whether a frame is of no interest (pointer or template); none: every frame is of interest.
    pub ignore: Option<Text>,
    /// What happens to a conversation that lost its worker.
    pub continuation: Continuation,
}

/// What frames hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FrameFormat {
    /// One JSON value each.
    Json,
    /// Plain text; to pointers and templates, a frame is that text.
    Text,
}

impl WebSocket {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.frames == FrameFormat::Json && self.extract.text.is_none() {
            return Err(Invalid::new(
                "extract.text must say where the text stands in a JSON frame",
            ));
        }
        Ok(())
    }
}
