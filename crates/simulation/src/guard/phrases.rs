//! What agents and customers say, in seven languages: data only.
//!
//! Patterns are matched against folded text (see `fold`): lower case, no accents, plain apostrophes, single blanks. They must be linear, and
//! hold no phrase that a customer says in passing.

mod dutch;
mod english;
mod french;
mod german;
mod italian;
mod portuguese;
mod spanish;

/// The phrases of one language.
#[derive(Debug)]
pub(super) struct Phrases {
    /// An agent offers help, at the start or at the end. From a customer it is a role inversion; as an agent's question it waits for nothing.
    pub(super) offers: &'static [&'static str],
    /// An agent acts, confirms, apologizes for its company, or asks for what identifies a customer.
    pub(super) acts: &'static [&'static str],
    /// What introduces the words of somebody else: `you said`.
    pub(super) reported: &'static [&'static str],
    /// Further questions of an agent that wait for nothing.
    pub(super) courtesy: &'static [&'static str],
    /// An agent asks for something without a question mark.
    pub(super) requests: &'static [&'static str],
    /// An agent wants to hear again what was said.
    pub(super) again: &'static [&'static str],
    /// Words that open a conversation.
    pub(super) greetings: &'static [&'static str],
}

/// Every language that is known.
pub(super) const ALL: [&Phrases; 7] = [
    &english::PHRASES,
    &german::PHRASES,
    &french::PHRASES,
    &spanish::PHRASES,
    &italian::PHRASES,
    &portuguese::PHRASES,
    &dutch::PHRASES,
];
