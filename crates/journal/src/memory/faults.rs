//! Faults that a simulation injects into a [`MemoryJournal`](crate::MemoryJournal).

use std::time::Duration;

/// One call of an operation of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The operation: the name of the method of [`Journal`](crate::Journal) or [`Lease`](crate::Lease), such as `append_turn` or
    /// `done`.
    pub operation: &'static str,
    /// What it is about: an organization, a subject or a name; empty if it is about nothing in particular.
    pub about: &'a str,
    /// The connection that it goes through, as named by [`MemoryJournal::connection`](crate::MemoryJournal::connection).
    pub connection: &'a str,
    /// How many calls there were before on this journal, over all its connections.
    pub number: u64,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It fails with [`JournalError::Unreachable`](crate::JournalError::Unreachable): before it took effect, or after (its
    /// acknowledgement is lost).
    Lost,
    /// It waits this long, by tokio's clock.
    Delay(Duration),
}

/// Decides what happens to each call. Called with the journal unlocked, so it may use the journal.
pub trait Faults: Send + Sync + 'static {
    /// Before the call takes effect. [`Fault::Lost`]: it never does.
    fn before(&self, call: Call<'_>) -> Fault {
        let _nothing_is_wrong_with = call;
        Fault::None
    }

    /// After the call took effect. [`Fault::Lost`]: the caller is not told.
    fn after(&self, call: Call<'_>) -> Fault {
        let _nothing_is_wrong_with = call;
        Fault::None
    }
}
