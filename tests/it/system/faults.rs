//! Faults of the journal, from a seed.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use journal::{Call, Fault, Faults};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Loses and delays calls at random until it is calmed.
pub(crate) struct SeededFaults {
    random: Mutex<StdRng>,
    calm: AtomicBool,
}

impl SeededFaults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Mutex::new(StdRng::seed_from_u64(seed ^ 0x5eed)),
            calm: AtomicBool::new(false),
        }
    }

    pub(crate) fn calm(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    fn fault(&self) -> Fault {
        if self.calm.load(Ordering::SeqCst) {
            return Fault::None;
        }
        let mut random = self.random.lock().unwrap();
        match random.random_range(0..100_u32) {
            0..3 => Fault::Lost,
            3..20 => Fault::Delay(Duration::from_millis(random.random_range(1..400))),
            _ => Fault::None,
        }
    }
}

impl Faults for SeededFaults {
    fn before(&self, call: Call<'_>) -> Fault {
        // Following the log may be delayed but not lost: a server whose subscription ends with an error stops, by design.
        if call.operation.starts_with("subscribe") || call.operation == "info" {
            return Fault::None;
        }
        self.fault()
    }

    fn after(&self, call: Call<'_>) -> Fault {
        self.before(call)
    }
}
