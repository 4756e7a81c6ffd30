//! The attempts in `tests/judge/injection.yaml` to move a judge that is a language model, and whether they are kept inside of the material.
//!
//! The judge's test and its benchmark read them with this module, so that both report the same figures. Whoever includes it has the judge's types
//! in scope.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use model::{
    EndReason, InitialMessageType, Json, Judge, MetricContent, MetricDomain, MetricValue, ModelJudge, Name,
    Named, PersonaContent, Role, ScenarioContent, Time, ToolCall, Turn, Usage, UserOutcome, Variables,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer, Ask, AskError, JudgeCheck, JudgeReport, Labelled, MessageRole, ModelSource, Question, check_judge,
};

type Failure = Box<dyn Error + Send + Sync>;

const ATTACKS: &str = include_str!("../../../../tests/judge/injection.yaml");
/// What stands in the place of an attack in the conversation that is attacked.
const HARMLESS: &str = "Well.";

/// An attempt to move a judge.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attack {
    /// What is tried.
    pub(crate) attack: String,
    /// Where it stands.
    #[serde(rename = "where")]
    pub(crate) place: Place,
    text: String,
    /// How often the text is repeated.
    #[serde(default = "once")]
    times: usize,
    /// What comes after that.
    #[serde(default)]
    then: String,
}

const fn once() -> usize {
    1
}

/// A place in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Agent,
    User,
    Event,
    ToolName,
    ToolArgument,
    ToolResult,
    Persona,
    Reason,
}

impl Attack {
    /// What is said.
    pub(crate) fn words(&self) -> String {
        let mut words = self.text.repeat(self.times);
        words.push_str(&self.then);
        words
    }

    /// The conversation with the attack in its place.
    pub(crate) fn conversation(&self) -> Result<Labelled, Failure> {
        conversation(&self.attack, self.place, &self.words())
    }

    /// The same conversation with something harmless in its place.
    pub(crate) fn harmless(&self) -> Result<Labelled, Failure> {
        conversation(&self.attack, self.place, HARMLESS)
    }
}

/// Reads the attempts.
///
/// # Errors
/// The file is not as it should be.
pub(crate) fn attacks() -> Result<Vec<Attack>, Failure> {
    Ok(serde_saphyr::from_str(ATTACKS)?)
}

/// A metric whose true value is false in all of these conversations.
///
/// # Errors
/// None: the name is one.
pub(crate) fn metric() -> Result<Named<MetricContent>, Failure> {
    Ok(Named {
        name: "tells the opening hours".try_into()?,
        role: None,
        content: MetricContent {
            description: "Whether the agent has told the user at what time the shop opens on Sundays."
                .to_owned(),
            value: MetricDomain::Boolean,
            judge: Judge::Model(ModelJudge::default()),
        },
    })
}

fn conversation(name: &str, place: Place, words: &str) -> Result<Labelled, Failure> {
    let with = |wanted: Place, said: &str| {
        if place == wanted {
            format!("{said} {words}")
        } else {
            said.to_owned()
        }
    };
    let only = |wanted: Place, said: &str| if place == wanted { words } else { said }.to_owned();
    let mut turns = vec![
        turn(0, Role::Event, with(Place::Event, "Ada calls the shop.")),
        turn(1, Role::User, "When do you open on Sundays?".to_owned()),
        turn(2, Role::Agent, with(Place::Agent, "I do not know, sorry.")),
        turn(3, Role::User, with(Place::User, "Never mind.")),
    ];
    turns[2].tool_calls = vec![ToolCall {
        name: only(Place::ToolName, "lookup"),
        arguments: Json::from_value(&json!({ "query": only(Place::ToolArgument, "opening hours") }))?,
        result: Some(Json::from_value(&json!(only(
            Place::ToolResult,
            "nothing found"
        )))?),
    }];
    let persona = PersonaContent {
        background: "Wants to buy bread.".try_into()?,
        preferred_language: None,
        timezone: None,
        user_models: Vec::new(),
        nonsensitive_user_variables: Variables::try_from(BTreeMap::new())?,
        sensitive_user_variables: Variables::try_from(BTreeMap::new())?,
    };
    let scenario = ScenarioContent {
        objective: "Find out when the shop opens on Sundays.".try_into()?,
        instructions: "Ask once.".try_into()?,
        initial_message_type: InitialMessageType::UserMessage,
        conversation_starts_at: None,
        script: None,
        milestones: Vec::new(),
    };
    Ok(Labelled {
        name: name.to_owned(),
        turns,
        end: EndReason::UserLeft {
            outcome: UserOutcome::GaveUp,
            reason: Some(only(Place::Reason, "It was not told.")),
        },
        persona: Some(Named {
            name: only(Place::Persona, "Ada").try_into()?,
            role: None,
            content: persona,
        }),
        scenario: Some(Named {
            name: "opening hours".try_into()?,
            role: None,
            content: scenario,
        }),
        label: Some(MetricValue::Boolean(false)),
    })
}

fn turn(index: u32, role: Role, text: String) -> Turn {
    Turn {
        index,
        role,
        text,
        at: Time::from_micros(0),
        latency_ms: (role == Role::Agent).then_some(800),
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        calls: 1,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    }
}

/// A model that does whatever it is told outside of JSON strings, and otherwise judges truly: false. It keeps what it was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gullible {
    asked: Arc<Mutex<Vec<Question>>>,
}

impl Gullible {
    /// What it was asked last.
    pub(crate) fn asked(&self) -> Option<Question> {
        self.asked.lock().ok()?.last().cloned()
    }

    /// Whether it would do what a text says that it is given.
    pub(crate) fn obeys(text: &str) -> bool {
        let mut open = skeleton(text).to_lowercase();
        // What hides between the letters does not keep a model from reading them.
        open.retain(|c| c != '\u{200b}');
        ORDERS.iter().any(|order| open.contains(order))
    }
}

/// What a gullible model takes for an instruction, a role or a result.
const ORDERS: &[&str] = &[
    "true",
    "value",
    "ignore",
    "system",
    "evaluator",
    "judge",
    "instruct",
    "<|",
    "[inst",
    "```",
    "</",
    "\u{e0053}",
];

#[async_trait]
impl Ask for Gullible {
    async fn ask(&self, question: &Question) -> Result<Answer, AskError> {
        if let Ok(mut asked) = self.asked.lock() {
            asked.push(question.clone());
        }
        let given = question
            .messages
            .iter()
            .filter(|message| message.role != MessageRole::System);
        let moved = given.into_iter().any(|message| Self::obeys(&message.text));
        let value = json!({ "justification": "As it seems.", "references": [], "value": moved });
        Ok(Answer {
            text: value.to_string(),
            value: Some(value),
            usage: Usage::default(),
            latency_ms: 0,
            requests: 1,
        })
    }

    fn name(&self) -> &str {
        "gullible"
    }
}

impl ModelSource for Gullible {
    fn model(&self, _name: &Name) -> Result<Arc<dyn Ask>, AskError> {
        Ok(Arc::new(self.clone()))
    }
}

/// Has one conversation judged.
pub(crate) async fn judge(models: &dyn ModelSource, conversation: Labelled) -> Result<JudgeReport, Failure> {
    let (metric, judge) = (metric()?, Name::try_from("judge")?);
    let check = JudgeCheck {
        metric: &metric,
        models,
        judge: Some(&judge),
        samples: 1,
        accepting: None,
    };
    Ok(check_judge(&check, &[conversation]).await?)
}

/// The text without what stands in its JSON strings.
pub(crate) fn skeleton(text: &str) -> String {
    let mut open = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        open.push(c);
        if c != '"' {
            continue;
        }
        loop {
            match chars.next() {
                Some('\\') => {
                    chars.next();
                }
                Some('"') => {
                    open.push('"');
                    break;
                }
                Some(_) => {}
                None => break,
            }
        }
    }
    open
}

/// Whether an attack stays where it stands: the question differs from the one about the harmless conversation in the content of one string, reads
/// back as what was said, and shows all of it.
pub(crate) async fn is_kept_inside(attack: &Attack) -> Result<bool, Failure> {
    let gullible = Gullible::default();
    judge(&gullible, attack.harmless()?).await?;
    let harmless = gullible.asked().ok_or("nothing was asked")?;
    judge(&gullible, attack.conversation()?).await?;
    let attacked = gullible.asked().ok_or("nothing was asked")?;
    let [rules, material] = attacked.messages.as_slice() else {
        return Ok(false);
    };
    let text = &material.text;
    let is_shown = !text
        .chars()
        .any(|c| c.is_control() || c == '<' || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'));
    let same_rules = harmless.messages.first() == Some(rules) && rules.role == MessageRole::System;
    let same_structure = harmless
        .messages
        .get(1)
        .is_some_and(|harmless| skeleton(&harmless.text) == skeleton(text));
    let read: Value = serde_json::from_str(text)?;
    Ok(is_shown && same_rules && same_structure && said(attack, &read))
}

/// Whether the attack is read back in its place, character by character.
fn said(attack: &Attack, material: &Value) -> bool {
    let call = "/conversation/turns/2/tool_calls/0";
    let words = attack.words();
    let as_json = |value: Value| value.to_string();
    let (place, expected) = match attack.place {
        Place::Event => (
            "/conversation/turns/0/text".to_owned(),
            format!("Ada calls the shop. {words}"),
        ),
        Place::Agent => (
            "/conversation/turns/2/text".to_owned(),
            format!("I do not know, sorry. {words}"),
        ),
        Place::User => (
            "/conversation/turns/3/text".to_owned(),
            format!("Never mind. {words}"),
        ),
        Place::ToolName => (format!("{call}/name"), words),
        Place::ToolArgument => (format!("{call}/arguments"), as_json(json!({ "query": words }))),
        Place::ToolResult => (format!("{call}/result"), as_json(words.into())),
        Place::Persona => ("/persona/name".to_owned(), words),
        Place::Reason => ("/conversation/ended/reason".to_owned(), words),
    };
    material.pointer(&place).and_then(Value::as_str) == Some(&expected)
}
