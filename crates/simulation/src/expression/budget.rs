//! What evaluating expressions may cost, in work and memory.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use cel::{
    Context, ExecutionError, FunctionContext,
    common::{
        types::{CelBool, CelBytes, CelMap, CelString},
        value::{CowVal, Val},
    },
};

/// Charges its operand's size and gives it back.
pub(super) const CHARGE: &str = "@charge";
/// Charges a little and gives its operand back.
pub(super) const TICK: &str = "@tick";
/// `matches` with bounded expressions.
pub(super) const MATCHES: &str = "@matches";

/// Work that one budget allows. About a second of a laptop's time, and less than 100 MiB.
const UNITS: i64 = 4_000_000;
/// Of one charge, whatever the operand.
const CHARGE_UNITS: i64 = 4;
/// Of each member of a list or map.
const MEMBER_UNITS: i64 = 1;
/// One unit per so many bytes of text.
const BYTES_PER_UNIT: usize = 256;
/// Of compiling a regular expression.
const COMPILE_UNITS: i64 = 20_000;

type Function = Box<
    dyn for<'context, 'call> Fn(
            &mut FunctionContext<'context, 'call>,
        ) -> Result<CowVal<'context, 'call>, ExecutionError>
        + Send
        + Sync,
>;

/// What is left. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    left: Arc<AtomicI64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(UNITS)
    }
}

impl Budget {
    pub(super) fn of(units: i64) -> Self {
        Self {
            left: Arc::new(AtomicI64::new(units)),
        }
    }

    /// Whether something was refused.
    pub(crate) fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) < 0
    }

    /// Takes `units`. Once one charge failed all do.
    pub(crate) fn charge(&self, units: i64) -> Result<(), ExecutionError> {
        let left = self
            .left
            .fetch_sub(units, Ordering::Relaxed)
            .saturating_sub(units);
        if left < 0 {
            // Far below zero nothing can wrap around, however often this is called.
            self.left.store(-1, Ordering::Relaxed);
            return Err(ExecutionError::function_error("budget", "spent"));
        }
        Ok(())
    }

    fn charge_value(&self, value: &dyn Val) -> Result<(), ExecutionError> {
        self.charge(CHARGE_UNITS)?;
        self.charge_size(value)
    }

    fn charge_size(&self, value: &dyn Val) -> Result<(), ExecutionError> {
        if let Some(text) = value.downcast_ref::<CelString<'_>>() {
            return self.charge(bytes_units(text.inner().len()));
        }
        if let Some(bytes) = value.downcast_ref::<CelBytes<'_>>() {
            return self.charge(bytes_units(bytes.inner().len()));
        }
        let Some(members) = value.as_iterable() else {
            return Ok(());
        };
        // A map goes through its keys.
        let indexer = value
            .downcast_ref::<CelMap<'_>>()
            .and_then(|_map| value.as_indexer());
        let mut members = members.iter();
        while let Some(member) = members.next() {
            self.charge(MEMBER_UNITS)?;
            self.charge_size(member)?;
            if let Some(indexer) = indexer {
                self.charge_size(&*indexer.get(member)?)?;
            }
        }
        Ok(())
    }

    /// Declares the functions that instrumented expressions call.
    pub(super) fn install(&self, context: &mut Context<'_, '_>) {
        let budget = self.clone();
        let charge: Function = Box::new(move |call| {
            let value = operand(call)?;
            budget.charge_value(&*value)?;
            Ok(value)
        });
        let budget = self.clone();
        let tick: Function = Box::new(move |call| {
            budget.charge(CHARGE_UNITS)?;
            operand(call)
        });
        let budget = self.clone();
        let compiled: Mutex<HashMap<String, regex::Regex>> = Mutex::default();
        let matches: Function = Box::new(move |call| {
            let (pattern, text) = (operand(call)?, operand(call)?);
            let (Some(pattern), Some(text)) = (
                pattern.downcast_ref::<CelString<'_>>(),
                text.downcast_ref::<CelString<'_>>(),
            ) else {
                return Err(ExecutionError::function_error(
                    "matches",
                    "takes a text and a regular expression",
                ));
            };
            budget.charge(bytes_units(text.inner().len()) + CHARGE_UNITS)?;
            let mut compiled = compiled.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(regex) = compiled.get(pattern.inner()) {
                return Ok(CowVal::owned(CelBool::from(regex.is_match(text.inner()))));
            }
            budget.charge(COMPILE_UNITS)?;
            let regex = crate::pattern::compile(pattern.inner())
                .map_err(|invalid| ExecutionError::function_error("matches", invalid))?;
            let found = regex.is_match(text.inner());
            compiled.insert(pattern.inner().to_owned(), regex);
            Ok(CowVal::owned(CelBool::from(found)))
        });
        for (name, function) in [(CHARGE, charge), (TICK, tick), (MATCHES, matches)] {
            context
                .add_function(name, function)
                .expect("no standard function has one of these names");
        }
    }
}

fn bytes_units(bytes: usize) -> i64 {
    i64::try_from(bytes / BYTES_PER_UNIT).unwrap_or(i64::MAX)
}

/// Takes the call's last operand, then the one before; the target of a member call comes last.
fn operand<'context, 'call>(
    call: &mut FunctionContext<'context, 'call>,
) -> Result<CowVal<'context, 'call>, ExecutionError> {
    call.args
        .pop()
        .or_else(|| call.this.take())
        .ok_or_else(ExecutionError::missing_argument_or_target)
}
