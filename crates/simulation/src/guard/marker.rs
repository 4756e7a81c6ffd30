//! Marks that mean "the conversation is over", which simulated users glue to their words.

use regex::Regex;

use super::{
    Step,
    patterns::{any, pattern},
    text::quote,
};

/// The marks, in the text as it is written.
const MARKS: [&str; 7] = [
    // ###STOP###, ### END ###
    r"#{2,}\s*/?[A-Za-z][A-Za-z_ -]{1,30}\s*#{2,}",
    r"#{3,}\s*(?:STOP|END|DONE|TERMINATE|TRANSFER|OVER)\b",
    // [END], <end>, {{STOP}}, <|endoftext|>, </s>
    r"(?i)[<\[{|]+\s*/?(?:end|stop|done|finish(?:ed)?|exit|over|terminated?|hang[ _-]?up|eot|eos|im_end|endoftext|end[ _-]?of[ _-]?\w+|(?:end|stop)[ _-](?:conversation|chat|call|dialog(?:ue)?|session)|(?:conversation|chat|call|dialog(?:ue)?|session)[ _-]?(?:over|ended|ends|end|complete|completed|finished|closed))\s*[>\]}|]+",
    r"</s>",
    // CONVERSATION_OVER, END OF CONVERSATION
    r"\b(?:CONVERSATION|CHAT|CALL|DIALOGUE|SESSION|TASK)[ _-]?(?:IS[ _])?(?:OVER|END|ENDED|COMPLETE|COMPLETED|FINISHED|DONE)\b",
    r"\bEND[ _-]?(?:OF[ _-]?)?(?:CONVERSATION|CHAT|CALL|DIALOGUE|SESSION)\b",
    // The state of the step in words.
    r"(?i)\b(?:state|outcome|user_outcome|conversation_state|status)\b\s*[:=]\s*\W?(?:achieved|gave[ _]up)\b|\bgave_up\b|[\[(<*]+\s*(?:achieved|gave up)\s*[\])>*]+",
];

/// Finds marks.
#[derive(Debug)]
pub(super) struct Markers {
    marks: Regex,
    /// Single words in capitals that end a message.
    last_word: Regex,
}

impl Markers {
    pub(super) fn new() -> Self {
        Self {
            marks: any(MARKS),
            last_word: pattern(
                r"(?:^|[\s.!?,;*_])(TERMINATE|STOP|END|EOF|EXIT|FINISHED|DONE|OVER)[.!*_]*\s*$",
            ),
        }
    }

    /// What is wrong: a mark stands in the message.
    pub(super) fn find(&self, step: &Step<'_>) -> Option<String> {
        let mark = self.marks.find(step.raw).map(|found| found.as_str());
        let mark = mark.or_else(|| {
            let found = self.last_word.captures(step.raw)?.get(1)?;
            // Whoever shouts writes everything in capitals.
            let rest = &step.raw[..found.start()];
            rest.chars().any(char::is_lowercase).then(|| found.as_str())
        })?;
        Some(format!(
            "{} marks the end of the conversation. Leave it out of your message: whether you leave stands in `state` only.",
            quote(mark)
        ))
    }
}
