//! Histories for tests: commands that really were decided, and results of the runs they started.

mod contents;
mod moves;

use std::collections::BTreeMap;

pub(crate) use contents::*;
use model::{
    Capabilities, Command, Context, ConversationResult, CriterionOutcome, DecideError, Digest,
    Directory as _, EndReason, Evaluation, Kind, MemoryDirectory, MetricValue, Object, ObjectRef, OrgId,
    Recorded, Role, Run, RunId, Tally, Time, Turn, Usage, UserId, Verdict, decide,
};
pub(crate) use moves::{Move, moves};

use crate::{Database, Log, Projector};

/// When the logs of every world were created.
pub(crate) const CREATED: Time = Time::from_micros(1_600_000_000_000_000);

pub(crate) const USERS: [&str; 3] = ["ann", "bob", "cem"];

/// What happened in two organizations, in memory.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) orgs: [MemoryDirectory; 2],
    pub(crate) events: Vec<Recorded>,
    pub(crate) results: Vec<(OrgId, u64, ConversationResult)>,
    now: i64,
    n_commands: u32,
}

impl World {
    pub(crate) fn empty() -> Self {
        Self {
            orgs: [org(0), org(1)].map(MemoryDirectory::new),
            events: Vec::new(),
            results: Vec::new(),
            now: 1_700_000_000_000_000,
            n_commands: 0,
        }
    }

    /// An organization with one object of every kind but runs, and what `moves` make of it.
    pub(crate) fn after(moves: &[Move]) -> Self {
        let mut world = Self::empty();
        for verb in [39, 44, 35, 37, 47, 48, 0, 4, 8, 12, 13, 15, 16, 18, 22, 25, 28] {
            world.make(Move {
                verb,
                a: 0,
                b: 0,
                c: 0,
            });
        }
        for &next in moves {
            world.make(next);
        }
        world
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, seconds: i64) {
        self.now += seconds * 1_000_000;
    }

    /// Carries a command out, if the rules let it. What it changed.
    pub(crate) fn command(&mut self, org: usize, user: &str, command: &Command) -> Vec<(ObjectRef, u32)> {
        self.n_commands += 1;
        let context = Context {
            now: Time::from_micros(self.now),
            actor: user.parse().unwrap(),
            command_id: format!("command-{}", self.n_commands).parse().unwrap(),
            traceparent: None,
            entropy: *Digest::of(&self.n_commands.to_be_bytes()).as_bytes(),
            capabilities: Capabilities {
                build: "test".to_owned(),
                models: model::Models::default(),
            },
            precondition: None,
        };
        let decision = match decide(&self.orgs[org], command, &context) {
            Ok(decision) => decision,
            Err(DecideError::Rejected(_)) => return Vec::new(),
            Err(DecideError::Read(error)) => panic!("{error}"),
        };
        for commit in decision.commits {
            let sequence = self.events.len() as u64 + 1;
            self.orgs[org].apply(sequence, &commit).unwrap();
            self.events.push(Recorded { sequence, commit });
        }
        decision.outcome.changes
    }

    pub(crate) fn run(&self, org: usize, run: RunId) -> Run {
        let object = ObjectRef::new(Kind::Run, run);
        let found = self.orgs[org].object(&object).unwrap();
        let Some(Object::Run(run)) = found else {
            panic!("there is no run {run}")
        };
        run
    }

    /// The results of a run so far.
    pub(crate) fn results_of(&self, run: RunId) -> BTreeMap<u32, &ConversationResult> {
        self.results
            .iter()
            .filter(|(_, _, result)| result.run == run)
            .map(|(_, _, result)| (result.n, result))
            .collect()
    }

    fn tally(&self, org: usize, run: RunId) -> Tally {
        let state = self.run(org, run);
        let mut tally = Tally::of(state.plan.n_conversations());
        for result in self.results_of(run).values() {
            tally.count(result.verdict);
        }
        if state.cancelled.is_some() {
            tally.cancel_rest();
        }
        tally
    }

    /// Gives a conversation of a run its result, unless all have one.
    pub(crate) fn conclude(&mut self, org: usize, run: RunId, which: u8) {
        let state = self.run(org, run);
        let done = self.results_of(run);
        let open: Vec<u32> = (0..state.plan.n_conversations())
            .filter(|n| !done.contains_key(n))
            .collect();
        if open.is_empty() {
            return;
        }
        let n = open[usize::from(which) % open.len()];
        let verdicts = [
            Verdict::Passed,
            Verdict::Failed,
            Verdict::Passed,
            Verdict::Invalid,
            Verdict::Errored,
        ];
        let verdict = verdicts[usize::from(which / 5) % verdicts.len()];
        let result = result(&state, n, verdict, Time::from_micros(self.now));
        let org = self.orgs[org].org().clone();
        self.results.push((org, self.results.len() as u64 + 1, result));
    }
}

/// The result of one conversation.
pub(crate) fn result(run: &Run, n: u32, verdict: Verdict, at: Time) -> ConversationResult {
    let (test_idx, run_index) = run.plan.locate(n).unwrap();
    let test = &run.plan.tests[test_idx];
    let criterion = &test.criteria[0];
    let passed = verdict == Verdict::Passed;
    let turn = |index: u32, role: Role| Turn {
        index,
        role,
        text: "hello".to_owned(),
        at,
        latency_ms: None,
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        calls: 1,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    };
    ConversationResult {
        run: run.id,
        n,
        test_idx: u32::try_from(test_idx).unwrap(),
        unit_test_id: test.unit_test_id,
        run_index,
        attempts: 1,
        claims: 1,
        worker: "worker-1".to_owned(),
        started_at: at,
        finished_at: at,
        turns: vec![turn(0, Role::User), turn(1, Role::Agent)],
        end: EndReason::AgentCompleted,
        evaluations: vec![Evaluation {
            metric_id: criterion.metric_id,
            metric_version: criterion.metric_version,
            value: Some(MetricValue::Boolean(passed)),
            justification: "because".to_owned(),
            references: vec![1],
            error: None,
            votes: Vec::new(),
            usage: None,
        }],
        criteria: vec![CriterionOutcome {
            name: criterion.name.clone(),
            evaluation_idx: 0,
            criterion: criterion.criterion.clone(),
            passed,
        }],
        verdict,
        error: matches!(verdict, Verdict::Errored | Verdict::Invalid).then(|| "it broke".to_owned()),
        usage: Usage::of_tokens(1, 2),
        simulator_usage: Usage::default(),
        judge_usage: Usage::default(),
        milestones: Vec::new(),
        broken: Vec::new(),
    }
}

pub(crate) fn org(index: usize) -> OrgId {
    ["acme", "acme-2"][index].parse().unwrap()
}

pub(crate) fn user(index: usize) -> UserId {
    USERS[index].parse().unwrap()
}

/// A projector in front of an empty database in memory.
pub(crate) fn bound() -> (Database, Projector) {
    let database = Database::in_memory().unwrap();
    let projector = database.projector();
    for log in Log::ALL {
        assert_eq!(projector.bind(log, CREATED, u64::MAX).unwrap(), 0);
    }
    (database, projector)
}

/// A database that was fed everything that happened.
pub(crate) fn projected(world: &World) -> Database {
    let (database, projector) = bound();
    projector.apply_events(&world.events).unwrap();
    projector.apply_results(&world.results).unwrap();
    database
}
