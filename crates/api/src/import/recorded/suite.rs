//! Recorded conversations as a suite, and the recordings that a run of it judges.

use std::collections::BTreeMap;

use model::{Invalid, MAX_RECORDINGS, Name, Recording};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    RecordedConversation,
    recording::{REWARD, recording, reward},
};
use crate::{
    import::shown_key,
    read::Word as _,
    suite::{
        API_VERSION, AgentSpec, CriterionDoc, Document, JudgeDoc, Metadata, MetricSpec, NumericalDoc,
        PersonaSpec, ScenarioSpec, ServiceSpec, Spec, SuiteKind, TestDoc, TestEntryDoc, UnitTestSetSpec,
        UnitTestSpec, ValueDoc,
    },
};

/// What the names of an import begin with that is given none.
pub const DEFAULT_NAME: &str = "imported";
/// The metric that is the recorded reward.
pub const REWARD_METRIC: &str = "recorded reward";
/// The metric that tests have of which nothing else is known.
pub const LENGTH_METRIC: &str = "recorded length";
/// The user of every recorded conversation.
const PERSONA: &str = "Recorded user";
/// The highest cap on interactions that a test can have.
const MAX_CAP: usize = 100;
/// More interactions than a recording can have.
const MOST: f64 = 1_000_000.0;

/// What the recordings do not say themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// What every name begins with.
    pub name: Name,
    /// What decides whether a conversation passes; none: the recorded reward, if every conversation has one.
    pub criteria: Vec<CriterionDoc>,
}

/// What a file of recorded conversations became.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The suite, each document after those that it names. Empty if no conversation can be judged.
    pub documents: Vec<Document>,
    /// The recordings, in the order of the conversations of a run of the suite's set.
    pub recordings: Vec<Recording>,
    /// What became of the conversations.
    pub summary: Summary,
}

/// What became of the conversations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The set's name.
    pub set: String,
    /// How many conversations the file holds.
    pub n_conversations: usize,
    /// How many can be judged.
    pub n_imported: usize,
    /// How many tasks they are about: there is a test for each.
    pub n_tasks: usize,
    /// How many of them have a reward.
    pub n_rewards: usize,
    /// The mean of these; none if there is none.
    pub mean_reward: Option<f64>,
    /// Whether anything decides: without it every conversation passes.
    pub is_gated: bool,
    /// The conversations that cannot be judged.
    pub left_out: Vec<LeftOut>,
}

/// A conversation that cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its position in the file, from 0.
    pub index: usize,
    /// Its task.
    pub task: String,
    /// Which repetition of the task.
    pub trial: u32,
    /// Why, as a clause.
    pub reason: String,
}

/// The conversations about one task.
struct Task {
    id: String,
    name: Name,
    /// With the number of the repetition.
    recordings: Vec<(u32, Recording)>,
}

/// Makes a suite and recordings of conversations: a test for each task, repeated as often as the task was recorded.
///
/// # Errors
/// More conversations than a run judges, or a name that would be too long.
pub fn convert(conversations: Vec<RecordedConversation>, options: &Options) -> Result<Imported, Invalid> {
    let n_conversations = conversations.len();
    if n_conversations > MAX_RECORDINGS {
        return Err(Invalid::new(format!(
            "holds {n_conversations} conversations, and a run judges at most {MAX_RECORDINGS}; divide the file"
        )));
    }
    let (mut tasks, left_out) = tasks(conversations, &options.name);
    for task in &mut tasks {
        task.recordings.sort_by_key(|(trial, _)| *trial);
    }
    let rewards: Vec<f64> = recordings(&tasks).filter_map(reward).collect();
    let n_imported = recordings(&tasks).count();
    let is_rewarded = n_imported > 0 && rewards.len() == n_imported;
    let set = Name::try_from(format!("{}: recorded tasks", options.name))?;
    let summary = Summary {
        set: set.to_string(),
        n_conversations,
        n_imported,
        n_tasks: tasks.len(),
        n_rewards: rewards.len(),
        mean_reward: mean(&rewards),
        is_gated: is_rewarded || !options.criteria.is_empty(),
        left_out,
    };
    let documents = if tasks.is_empty() {
        Vec::new()
    } else {
        documents(&tasks, &set, &rewards, is_rewarded, options)?
    };
    Ok(Imported {
        documents,
        recordings: tasks
            .into_iter()
            .flat_map(|task| task.recordings)
            .map(|(_, recording)| recording)
            .collect(),
        summary,
    })
}

fn recordings(tasks: &[Task]) -> impl Iterator<Item = &Recording> {
    tasks
        .iter()
        .flat_map(|task| &task.recordings)
        .map(|(_, recording)| recording)
}

#[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 rewards")]
fn mean(rewards: &[f64]) -> Option<f64> {
    (!rewards.is_empty()).then(|| rewards.iter().sum::<f64>() / rewards.len() as f64)
}

/// The tasks in the order in which they are first met.
fn tasks(conversations: Vec<RecordedConversation>, name: &Name) -> (Vec<Task>, Vec<LeftOut>) {
    let mut tasks: Vec<Task> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut left_out = Vec::new();
    for (index, conversation) in conversations.into_iter().enumerate() {
        let (id, trial) = (conversation.task.clone(), conversation.trial);
        let named = Name::try_from(format!("{name}: recorded task {id}"));
        let read = named.and_then(|named| Ok((named, recording(conversation)?)));
        match read {
            Ok((name, recording)) => {
                let position = *known.entry(id.clone()).or_insert_with(|| {
                    tasks.push(Task {
                        id,
                        name,
                        recordings: Vec::new(),
                    });
                    tasks.len() - 1
                });
                if let Some(task) = tasks.get_mut(position) {
                    task.recordings.push((trial, recording));
                }
            }
            Err(reason) => left_out.push(LeftOut {
                index,
                task: shown_key(&id),
                trial,
                reason: reason.to_string(),
            }),
        }
    }
    (tasks, left_out)
}

fn documents(
    tasks: &[Task],
    set: &Name,
    rewards: &[f64],
    is_rewarded: bool,
    options: &Options,
) -> Result<Vec<Document>, Invalid> {
    let agent = Name::try_from(format!("{}: recorded agent", options.name))?;
    // Bounds that hold every reward, and those of a share.
    let bounds = NumericalDoc {
        lower_bound: rewards.iter().copied().fold(0.0, f64::min),
        upper_bound: rewards.iter().copied().fold(1.0, f64::max),
    };
    let gates = match options.criteria.as_slice() {
        [] if is_rewarded => vec![at_least(REWARD_METRIC, 1.0)],
        criteria => criteria.to_vec(),
    };
    let mut tests = Vec::with_capacity(tasks.len());
    let mut scenarios = Vec::with_capacity(tasks.len());
    let mut needs_length = false;
    for task in tasks {
        let mut criteria = gates.clone();
        let has_reward = task
            .recordings
            .iter()
            .all(|(_, recording)| reward(recording).is_some());
        if has_reward && !names(&criteria, REWARD_METRIC) {
            // Holds whatever the reward is: it is reported and does not decide.
            criteria.push(at_least(REWARD_METRIC, bounds.lower_bound));
        }
        if criteria.is_empty() {
            needs_length = true;
            criteria.push(at_least(LENGTH_METRIC, 0.0));
        }
        scenarios.push(document(SuiteKind::Scenario, &task.name, scenario(task)));
        let mut test = document(SuiteKind::UnitTest, &task.name, test(task, &agent, criteria));
        test.metadata
            .tags
            .insert("task".to_owned(), Some(task.id.clone()));
        tests.push(test);
    }
    let mut documents = vec![
        document(SuiteKind::Agent, &agent, agent_spec()),
        document(SuiteKind::Service, &agent, service(&agent)),
    ];
    if !rewards.is_empty() {
        documents.push(metric(REWARD_METRIC, reward_metric(bounds))?);
    }
    if needs_length {
        documents.push(metric(LENGTH_METRIC, length_metric())?);
    }
    documents.push(document(SuiteKind::Persona, &Name::try_from(PERSONA)?, persona()));
    let entries = tasks.iter().map(|task| {
        TestEntryDoc::Repeated(TestDoc {
            test: task.name.to_string(),
            repetitions: u32::try_from(task.recordings.len()).unwrap_or(u32::MAX),
        })
    });
    let entries = Spec::UnitTestSet(UnitTestSetSpec {
        description: Some(
            "Conversations that were held elsewhere. A run of this set needs recordings.".to_owned(),
        ),
        tests: entries.collect(),
    });
    documents.extend(scenarios);
    documents.extend(tests);
    documents.push(document(SuiteKind::UnitTestSet, set, entries));
    Ok(documents)
}

fn names(criteria: &[CriterionDoc], metric: &str) -> bool {
    criteria.iter().any(|criterion| criterion.metric == metric)
}

fn at_least(metric: &str, least: f64) -> CriterionDoc {
    CriterionDoc {
        metric: metric.to_owned(),
        at_least: Some(least),
        ..CriterionDoc::default()
    }
}

/// A document that says where it comes from, if its kind has labels.
fn document(kind: SuiteKind, name: &Name, spec: Spec) -> Document {
    let tags = match kind {
        // These have none.
        SuiteKind::Agent | SuiteKind::ContextGraph => BTreeMap::new(),
        SuiteKind::Persona
        | SuiteKind::Scenario
        | SuiteKind::Metric
        | SuiteKind::Service
        | SuiteKind::UnitTest
        | SuiteKind::UnitTestSet => BTreeMap::from([("source".to_owned(), Some("recorded".to_owned()))]),
    };
    Document {
        api_version: API_VERSION,
        kind: kind.word(),
        metadata: Metadata {
            name: name.to_string(),
            tags,
        },
        spec,
    }
}

fn metric(name: &str, spec: MetricSpec) -> Result<Document, Invalid> {
    Ok(document(
        SuiteKind::Metric,
        &Name::try_from(name)?,
        Spec::Metric(spec),
    ))
}

fn reward_metric(bounds: NumericalDoc) -> MetricSpec {
    numerical(
        "The reward that came with the recording.",
        bounds,
        JudgeDoc::Recorded(REWARD.to_owned()),
    )
}

fn length_metric() -> MetricSpec {
    let bounds = NumericalDoc {
        lower_bound: 0.0,
        upper_bound: MOST,
    };
    numerical(
        "How many interactions the conversation had.",
        bounds,
        JudgeDoc::Interactions,
    )
}

fn numerical(description: &str, bounds: NumericalDoc, judge: JudgeDoc) -> MetricSpec {
    MetricSpec {
        description: Some(description.to_owned()),
        value: Some(ValueDoc::Numerical(bounds)),
        judge: Some(judge),
        applied_to_services: Vec::new(),
        notes: None,
    }
}

fn persona() -> Spec {
    Spec::Persona(PersonaSpec {
        role: "user".to_owned(),
        background: "The user of a conversation that was held elsewhere.".to_owned(),
        preferred_language: None,
        timezone: None,
        user_models: Vec::new(),
        variables: BTreeMap::new(),
        sensitive_variables: BTreeMap::new(),
    })
}

/// The opening is that of the first conversation. It is for reading: a recording is judged as it was held.
fn scenario(task: &Task) -> Spec {
    let opening = task
        .recordings
        .first()
        .map(|(_, recording)| recording.initial_message_type().word().to_owned());
    Spec::Scenario(ScenarioSpec {
        objective: "What the user wanted is not recorded; the conversation shows it.".to_owned(),
        instructions: "The conversation was held elsewhere.".to_owned(),
        initial_message_type: opening,
        conversation_starts_at: None,
        script: None,
        milestones: Vec::new(),
    })
}

/// The cap is for reading too.
fn test(task: &Task, service: &Name, criteria: Vec<CriterionDoc>) -> Spec {
    let n_replies = |recording: &Recording| {
        let replies = recording
            .turns
            .iter()
            .filter(|turn| turn.role == model::Role::Agent);
        replies.count()
    };
    let most = task
        .recordings
        .iter()
        .map(|(_, recording)| n_replies(recording))
        .max();
    let cap = most.unwrap_or(1).clamp(1, MAX_CAP);
    Spec::UnitTest(UnitTestSpec {
        description: None,
        service: service.to_string(),
        version_set: None,
        persona: PERSONA.to_owned(),
        scenario: task.name.to_string(),
        max_interactions: u32::try_from(cap).ok(),
        criteria,
    })
}

fn agent_spec() -> Spec {
    let mut document = Map::new();
    document.insert(
        "description".to_owned(),
        Value::String("Held conversations elsewhere. It cannot be reached.".to_owned()),
    );
    Spec::Agent(AgentSpec {
        connection: None,
        document: Some(document),
    })
}

fn service(agent: &Name) -> Spec {
    Spec::Service(ServiceSpec {
        description: "The agent of conversations that were held elsewhere.".to_owned(),
        agent: agent.to_string(),
        context_graph: None,
        keyterms: Vec::new(),
        version_sets: BTreeMap::new(),
    })
}
