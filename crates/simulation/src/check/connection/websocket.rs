//! Checks of connections over a WebSocket.

use model::{FrameFormat, Text, WebSocket};

use super::{super::Findings, is_pointer};
use crate::{
    agent::{CONNECT_VARIABLES, FRAME_VARIABLES, HANDSHAKE_HEADERS, RECEIVED_VARIABLES, check_websocket_url},
    template,
};

impl Findings {
    pub(super) fn websocket(&mut self, socket: &WebSocket) {
        let url = socket.url.as_str();
        self.add("url", template::check(url, CONNECT_VARIABLES));
        if !template::is_template(url) {
            match reqwest::Url::parse(url) {
                Ok(url) => {
                    if let Err(reason) = check_websocket_url(&url) {
                        self.refuse("url", reason);
                    }
                }
                Err(why) => self.refuse("url", format!("is not a URL: {why}")),
            }
        }
        self.headers("headers", &socket.headers, CONNECT_VARIABLES);
        for name in socket.headers.keys() {
            if HANDSHAKE_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                self.refuse(
                    format!("headers.{name}"),
                    "is set by the WebSocket protocol itself; leave it out",
                );
            }
        }
        if let Some(open) = &socket.open {
            self.frame("open", open, socket.frames, CONNECT_VARIABLES);
        }
        self.frame("message", &socket.message, socket.frames, FRAME_VARIABLES);
        let extract = &socket.extract;
        for (path, source) in [
            ("extract.text", &extract.text),
            ("extract.tool_calls", &extract.tool_calls),
            ("extract.completed", &extract.completed),
            ("error", &socket.error),
            ("last", &socket.last),
            ("ignore", &socket.ignore),
        ] {
            let Some(source) = source else {
                continue;
            };
            if socket.frames == FrameFormat::Text && is_pointer(source.as_str()) {
                self.refuse(
                    path,
                    "must be a template, such as `{{ response == \"done\" }}`: in a frame of plain text there is nothing to point at",
                );
            } else {
                self.source_with(path, source.as_str(), RECEIVED_VARIABLES);
            }
        }
    }

    fn frame(&mut self, path: &str, frame: &Text, frames: FrameFormat, allowed: &[&str]) {
        self.add(path, template::check(frame.as_str(), allowed));
        if frames == FrameFormat::Json
            && !template::is_template(frame.as_str())
            && let Err(why) = serde_json::from_str::<serde_json::Value>(frame.as_str())
        {
            self.refuse(
                path,
                format!("is not JSON: {why}; if frames are plain text, say `frames: text`"),
            );
        }
    }
}
