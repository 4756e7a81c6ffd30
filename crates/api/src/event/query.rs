//! Questions about the log.

use model::{Time, Token, UserId};

use crate::{request::request, shape::KindShape};

request! {
    /// Reads the organization's log.
    EventsQuery {
        /// Only what stands after this sequence.
        after: u64 = count_or(0..=u64::MAX, 0),
        /// The most commits.
        limit: u32 = page_size(1..=1000, 100),
        /// On any of these kinds of objects; none: all.
        kinds: Vec<KindShape> = values(),
        /// On any of these objects; none: all.
        ids: Vec<Token> = values(),
        /// By this user.
        actor: Option<UserId> = single(),
        /// Not before.
        since: Option<Time> = single(),
        /// If nothing is there, how long to wait for it, in milliseconds.
        wait_ms: u64 = count_or(0..=10_000, 0),
    }
}

request! {
    /// Reads everything that happened to one object.
    HistoryQuery {
        /// The object's kind.
        kind: KindShape = required(),
        /// The object's id.
        id: Token = required(),
    }
}
