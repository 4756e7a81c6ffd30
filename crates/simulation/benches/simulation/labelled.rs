//! The labelled steps of simulated users in `tests/guard`, and how many of their faults the guard finds.
//!
//! The guard's test and its benchmark read the set with this module, so that both report the same figures. Whoever includes it has the guard's
//! types in scope.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
};

use model::{
    AgentContent, ConversationKey, Fault, InitialMessageType, Json, Named, Oid, PersonaContent, Role, RunId,
    ScenarioContent, Time, Turn, UserOutcome, Variables,
};
use serde::Deserialize;

use super::{Briefing, Guard, Known, Proposed};

type Failure = Box<dyn Error + Send + Sync>;

/// The halves of the set, with their names: the guard is fitted to the first and never to the second.
pub(crate) const HALVES: [(&str, &str); 2] = [
    ("tune", include_str!("../../../../tests/guard/tune.yaml")),
    ("held_out", include_str!("../../../../tests/guard/held_out.yaml")),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    setting: String,
    persona: Persona,
    scenario: Scenario,
    cases: Vec<Labelled>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Persona {
    name: String,
    language: String,
    background: String,
    variables: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    objective: String,
    instructions: String,
    starts_at: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Labelled {
    turns: Vec<String>,
    message: String,
    leaves: Option<String>,
    #[serde(default)]
    event: bool,
    faults: BTreeSet<String>,
    why: String,
}

/// A labelled step.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Where it stands in the set, and why it is labelled so.
    pub(crate) label: String,
    /// What the simulated user says.
    pub(crate) message: String,
    /// What a careful reader finds.
    pub(crate) faults: BTreeSet<Fault>,
    briefing: Briefing,
    brief_text: String,
    /// What was said before.
    pub(crate) turns: Vec<Turn>,
    leaves: Option<UserOutcome>,
    is_event: bool,
}

impl Case {
    /// What the guard finds.
    pub(crate) fn inspect(&self, guard: &Guard) -> BTreeSet<Fault> {
        self.details(guard)
            .into_iter()
            .map(|(fault, _detail)| fault)
            .collect()
    }

    /// What the guard finds, with its details.
    pub(crate) fn details(&self, guard: &Guard) -> Vec<(Fault, String)> {
        let proposed = Proposed {
            message: &self.message,
            leaves: self.leaves,
            is_event: self.is_event,
        };
        let known = Known {
            brief: &self.briefing,
            brief_text: &self.brief_text,
            turns: &self.turns,
        };
        let findings = guard.inspect(&proposed, &known);
        findings
            .into_iter()
            .map(|finding| (finding.fault, finding.detail))
            .collect()
    }
}

/// Reads one half.
///
/// # Errors
/// The half is not what it should be: the message says where.
pub(crate) fn read(yaml: &str) -> Result<Vec<Case>, Failure> {
    let settings: Vec<Setting> = serde_saphyr::from_str(yaml)?;
    let mut cases = Vec::new();
    for setting in settings {
        let briefing = briefing(&setting)?;
        let brief_text = brief_text(&setting);
        for (n, labelled) in setting.cases.into_iter().enumerate() {
            let label = format!("{}[{n}]: {}", setting.setting, labelled.why);
            cases.push(case(label, labelled, &briefing, &brief_text)?);
        }
    }
    Ok(cases)
}

fn case(label: String, labelled: Labelled, briefing: &Briefing, brief_text: &str) -> Result<Case, Failure> {
    let named = |name: &String| {
        let fault = Fault::ALL.into_iter().find(|fault| fault.as_str() == name);
        fault.ok_or_else(|| format!("{label}: `{name}` is no fault"))
    };
    let faults = labelled.faults.iter().map(named).collect::<Result<_, _>>()?;
    let leaves = match labelled.leaves.as_deref() {
        None => None,
        Some("achieved") => Some(UserOutcome::Achieved),
        Some("gave_up") => Some(UserOutcome::GaveUp),
        Some(other) => return Err(format!("{label}: `{other}` is no outcome").into()),
    };
    let turns = labelled
        .turns
        .iter()
        .zip(0_u32..)
        .map(|(said, index)| turn(said, index));
    Ok(Case {
        turns: turns.collect::<Result<_, _>>()?,
        label,
        message: labelled.message,
        faults,
        briefing: briefing.clone(),
        brief_text: brief_text.to_owned(),
        leaves,
        is_event: labelled.event,
    })
}

fn turn(said: &str, index: u32) -> Result<Turn, Failure> {
    let (role, text) = said
        .split_once(": ")
        .ok_or_else(|| format!("`{said}` has no role"))?;
    let role = match role {
        "U" => Role::User,
        "A" => Role::Agent,
        "E" => Role::Event,
        other => return Err(format!("`{other}` is no role").into()),
    };
    Ok(Turn {
        index,
        role,
        text: text.to_owned(),
        at: Time::from_micros(i64::from(index) * 1_000_000),
        latency_ms: None,
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        calls: 1,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    })
}

/// The brief as a model could be told it.
fn brief_text(setting: &Setting) -> String {
    let Persona {
        name,
        language,
        background,
        variables,
    } = &setting.persona;
    let Scenario {
        objective,
        instructions,
        starts_at,
    } = &setting.scenario;
    let variables: Vec<String> = variables
        .iter()
        .map(|(name, value)| format!("- {name}: {value}"))
        .collect();
    format!(
        "You play {name}, who speaks {language} and talks to an agent. Stay in this part and never speak as the agent.\n\n\
         Who you are:\n{background}\n{}\n\nWhat you want:\n{objective}\n\nHow you go about it:\n{instructions}\n\n\
         It is {starts_at}.\n",
        variables.join("\n")
    )
}

fn briefing(setting: &Setting) -> Result<Briefing, Failure> {
    let id = Oid::from_bytes([1; 12]);
    let Setting {
        setting: name,
        persona,
        scenario,
        cases: _,
    } = setting;
    let language: model::Language = persona.language.clone().try_into()?;
    let persona_content = PersonaContent {
        background: persona.background.as_str().try_into()?,
        preferred_language: Some(language.clone()),
        timezone: None,
        user_models: Vec::new(),
        nonsensitive_user_variables: Variables::try_from(persona.variables.clone())?,
        sensitive_user_variables: Variables::default(),
    };
    let scenario_content = ScenarioContent {
        objective: scenario.objective.as_str().try_into()?,
        instructions: scenario.instructions.as_str().try_into()?,
        initial_message_type: InitialMessageType::UserMessage,
        conversation_starts_at: Some(scenario.starts_at.parse()?),
        script: None,
        milestones: Vec::new(),
    };
    let agent_content = AgentContent {
        connection: None,
        document: None,
    };
    Ok(Briefing {
        key: ConversationKey {
            org: "acme".parse()?,
            run: RunId(id),
            n: 0,
        },
        test_idx: 0,
        run_index: 0,
        unit_test: name.as_str().try_into()?,
        persona: Named {
            name: persona.name.as_str().try_into()?,
            role: Some("customer".try_into()?),
            content: persona_content,
        },
        scenario: Named {
            name: name.as_str().try_into()?,
            role: None,
            content: scenario_content,
        },
        agent_id: model::AgentId(id),
        agent: Named {
            name: "agent".try_into()?,
            role: None,
            content: agent_content,
        },
        context_graph: Json::from_value(&serde_json::json!({}))?,
        llm_model_preferences: BTreeMap::new(),
        language: Some(language),
        timezone: "UTC".try_into()?,
        starts_at: scenario.starts_at.parse()?,
        seed: 1,
        session_id: "session".to_owned(),
        max_interactions: 20,
        criteria: Vec::new(),
        metrics: Vec::new(),
        cast: model::Cast::default(),
        models: BTreeMap::new(),
        agent_prices: BTreeMap::new(),
        repetition: 0,
        attempt: 1,
    })
}

/// How the guard did on one fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Steps labelled with the fault.
    pub(crate) n_labelled: u32,
    /// Of these, in how many the guard found it.
    pub(crate) n_found: u32,
    /// Steps not labelled with it in which the guard found it.
    pub(crate) n_false_alarms: u32,
}

impl Tally {
    /// Of what was found, the share that is labelled; 1 if nothing was found.
    pub(crate) fn precision(self) -> f64 {
        share(self.n_found, self.n_found + self.n_false_alarms)
    }

    /// Of what is labelled, the share that was found; 1 if nothing is labelled.
    pub(crate) fn recall(self) -> f64 {
        share(self.n_found, self.n_labelled)
    }

    fn add(&mut self, is_labelled: bool, is_found: bool) {
        self.n_labelled += u32::from(is_labelled);
        self.n_found += u32::from(is_labelled && is_found);
        self.n_false_alarms += u32::from(!is_labelled && is_found);
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 {
        return 1.0;
    }
    f64::from(part) / f64::from(whole)
}

/// How the guard did on each fault that it looks for.
pub(crate) fn tallies(cases: &[Case], guard: &Guard) -> BTreeMap<Fault, Tally> {
    let mut tallies: BTreeMap<Fault, Tally> = Fault::ALL
        .into_iter()
        .filter(|fault| *fault != Fault::OutOfCharacter)
        .map(|fault| (fault, Tally::default()))
        .collect();
    for case in cases {
        let found = case.inspect(guard);
        for (fault, tally) in &mut tallies {
            tally.add(case.faults.contains(fault), found.contains(fault));
        }
    }
    tallies
}

/// How the guard did on all faults together.
pub(crate) fn total(tallies: &BTreeMap<Fault, Tally>) -> Tally {
    tallies.values().fold(Tally::default(), |sum, tally| Tally {
        n_labelled: sum.n_labelled + tally.n_labelled,
        n_found: sum.n_found + tally.n_found,
        n_false_alarms: sum.n_false_alarms + tally.n_false_alarms,
    })
}

/// How the guard did on steps: whether it stops those that have a fault, whichever, and lets the others through.
pub(crate) fn steps(cases: &[Case], guard: &Guard) -> Tally {
    let mut tally = Tally::default();
    for case in cases {
        tally.add(!case.faults.is_empty(), !case.inspect(guard).is_empty());
    }
    tally
}
