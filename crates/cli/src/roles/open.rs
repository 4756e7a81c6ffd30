//! Opening the projections' file, which may be damaged.
//!
//! The database engine panics on some damage. That is the file's fault and no bug, so it is told as such, and without a backtrace.

use std::{
    panic, path,
    sync::Once,
    thread::{self, Builder},
};

use projections::{Database, OpenOptions, Opened};
use tokio::sync::oneshot;

use crate::failure::{Failure, chain};

/// The thread that opens files. Its panics are told by whoever waits for it.
const THREAD: &str = "opening projections";

/// Opens the file at `path`.
pub(crate) async fn open_projections(path: &path::Path) -> Result<Opened, Failure> {
    quieten();
    let (sender, opened) = oneshot::channel();
    let file = path.to_owned();
    let open = move || {
        // Nobody listens only if the program is about to end.
        let _unheard = sender.send(Database::open(&file, OpenOptions::default()));
    };
    Builder::new()
        .name(THREAD.to_owned())
        .spawn(open)
        .map_err(|source| Failure::bug(format!("a thread cannot be started: {source}")))?;
    match opened.await {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(error)) => Err(Failure::configuration(chain(&error))),
        Err(_panicked) => Err(
            Failure::configuration(format!("{}: the file is damaged", path.display()))
                .help("`rehearse projections rebuild` makes it again from the log."),
        ),
    }
}

/// Keeps the panics of that one thread from being printed.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(THREAD) {
                usual(info);
            }
        }));
    });
}
