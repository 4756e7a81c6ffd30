//! From messages to turns: what one side says and does until the other side's next message is one turn.

use model::Role;
use serde_json::Value;

use super::{
    RecordedEnd, RecordedTurn, end,
    message::{self, Message},
};
use crate::{FieldErrors, Pointer};

/// What a list of messages says.
#[derive(Debug)]
pub(super) struct Dialogue {
    pub(super) system: Option<String>,
    pub(super) turns: Vec<RecordedTurn>,
    pub(super) end: RecordedEnd,
}

/// Reads the messages of a conversation. Every faulty message is reported.
pub(super) fn read(messages: &[Value], at: &Pointer, errors: &mut FieldErrors) -> Option<Dialogue> {
    let mut building = Building::default();
    let mut is_faulty = false;
    for (index, value) in messages.iter().enumerate() {
        let at = at.index(index);
        let added = message::read(value, &at, errors).and_then(|message| {
            let index = u32::try_from(index).ok()?;
            match building.add(message, index) {
                Ok(()) => Some(()),
                // After a faulty message nothing is known about what belongs to what.
                Err(_) if is_faulty => None,
                Err(fault) => {
                    errors.push(&at.key("tool_call_id"), fault);
                    None
                }
            }
        });
        is_faulty |= added.is_none();
    }
    if is_faulty {
        return None;
    }
    let Building {
        system,
        mut turns,
        waits,
        ..
    } = building;
    if turns.is_empty() {
        errors.push(at, "must hold a message of the user or of the assistant");
        return None;
    }
    let end = end::take(&mut turns, waits);
    Some(Dialogue {
        system: (!system.is_empty()).then(|| system.join("\n\n")),
        turns,
        end,
    })
}

#[derive(Debug, Default)]
struct Building {
    system: Vec<String>,
    turns: Vec<RecordedTurn>,
    /// The ids of the last turn's tool calls, in order.
    ids: Vec<Option<String>>,
    /// The last turn is the agent's and ends with a tool call or its result.
    waits: bool,
}

impl Building {
    /// Adds a message; a tool result that belongs to nothing is a fault.
    fn add(&mut self, message: Message, index: u32) -> Result<(), &'static str> {
        match message {
            Message::System(text) => {
                let text = text.trim();
                if !text.is_empty() {
                    self.system.push(text.to_owned());
                }
            }
            Message::User(text) => {
                self.waits = false;
                join(&mut self.turn(Role::User, index).text, &text);
            }
            Message::Agent { text, calls } => {
                self.waits = !calls.is_empty();
                let (ids, calls): (Vec<_>, Vec<_>) =
                    calls.into_iter().map(|call| (call.id, call.call)).unzip();
                let turn = self.turn(Role::Agent, index);
                join(&mut turn.text, &text);
                turn.tool_calls.extend(calls);
                self.ids.extend(ids);
            }
            Message::Result { call, result } => {
                let turn = self.turns.last_mut().filter(|turn| turn.role == Role::Agent);
                let Some(turn) = turn else {
                    return Err("must follow a message of the assistant that calls the tool");
                };
                // The same id may be used again for a later call, so only calls that wait for a result count.
                let waiting = turn
                    .tool_calls
                    .iter_mut()
                    .zip(&self.ids)
                    .find(|(called, id)| called.result.is_none() && (call.is_none() || **id == call));
                let Some((called, _)) = waiting else {
                    return Err("must name a tool call of this turn that has no result yet");
                };
                called.result = Some(result);
                turn.messages.push(index);
                self.waits = true;
            }
        }
        Ok(())
    }

    /// The turn that a message of `role` belongs to.
    fn turn(&mut self, role: Role, index: u32) -> &mut RecordedTurn {
        let goes_on = self.turns.last().is_some_and(|turn| turn.role == role);
        if !goes_on {
            self.ids.clear();
            self.turns.push(RecordedTurn {
                role,
                text: String::new(),
                tool_calls: Vec::new(),
                messages: Vec::new(),
            });
        }
        let last = self.turns.len() - 1;
        let turn = &mut self.turns[last];
        turn.messages.push(index);
        turn
    }
}

fn join(text: &mut String, more: &str) {
    let more = more.trim();
    if !text.is_empty() && !more.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}
