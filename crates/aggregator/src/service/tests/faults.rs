//! What goes wrong in the tests of the service.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::FutureExt as _;
use journal::{Call, Fault, Faults, MemoryJournal};
use model::{Event, ObjectRef};
use tokio::sync::Notify;

use super::append;

/// Notes every call of one operation.
pub(super) struct Notes {
    operation: &'static str,
    about: Mutex<Vec<String>>,
}

impl Notes {
    pub(super) fn of(journal: &MemoryJournal, operation: &'static str) -> Arc<Self> {
        let notes = Arc::new(Self {
            operation,
            about: Mutex::default(),
        });
        journal.set_faults(Some(Arc::clone(&notes) as Arc<dyn Faults>));
        notes
    }

    /// What the calls were about, in order.
    pub(super) fn about(&self) -> Vec<String> {
        self.about.lock().unwrap().clone()
    }
}

impl Faults for Notes {
    fn before(&self, call: Call<'_>) -> Fault {
        if call.operation == self.operation {
            self.about.lock().unwrap().push(call.about.to_owned());
        }
        Fault::None
    }
}

/// The connection `first` never gets to append.
#[derive(Default)]
pub(super) struct StuckBeforeAppend {
    pub(super) reached: Notify,
}

impl Faults for StuckBeforeAppend {
    fn before(&self, call: Call<'_>) -> Fault {
        if call.operation == "append" && call.connection == "first" {
            self.reached.notify_one();
            return Fault::Delay(Duration::from_hours(1));
        }
        Fault::None
    }
}

#[derive(Default)]
pub(super) struct LosesFirstAcknowledgement(AtomicU32);

impl Faults for LosesFirstAcknowledgement {
    fn after(&self, call: Call<'_>) -> Fault {
        if call.operation == "append" && self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            return Fault::Lost;
        }
        Fault::None
    }
}

/// Appends something else just before the aggregator appends for the first time.
pub(super) struct InsertsOnce {
    journal: MemoryJournal,
    done: AtomicBool,
    object: ObjectRef,
    event: Event,
}

impl InsertsOnce {
    pub(super) fn new(journal: &MemoryJournal, object: ObjectRef, event: Event) -> Arc<Self> {
        Arc::new(Self {
            journal: journal.connection("other"),
            done: AtomicBool::new(false),
            object,
            event,
        })
    }
}

impl Faults for InsertsOnce {
    fn before(&self, call: Call<'_>) -> Fault {
        if call.operation == "append"
            && call.connection == "aggregator"
            && !self.done.swap(true, Ordering::SeqCst)
        {
            append(&self.journal, self.object.clone(), self.event.clone())
                .now_or_never()
                .expect("the memory journal answers at once");
        }
        Fault::None
    }
}
