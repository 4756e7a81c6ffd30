//! A run that a test moves on, and a reader of its events.

use std::collections::BTreeMap;

use bytes::Bytes;
use journal::Journal as _;
use model::{
    ArtifactRef, Command, ConversationResult, Digest, DirectoryExt as _, EndReason, OrgId, Run, RunId, Tally,
    Time, Usage, UserOutcome, Verdict,
};

use super::*;
use crate::tests::suite;

/// A run of three tests.
pub(super) struct TheRun {
    pub(super) id: RunId,
    pub(super) run: Run,
    org: OrgId,
    tally: Tally,
}

impl TheRun {
    /// Starts a run in which each test is repeated so often.
    pub(super) async fn start(served: &Served, repetitions: u32) -> Self {
        let mut suite = suite();
        let documents = suite["documents"].as_array_mut().unwrap();
        let mut tests = Vec::new();
        for name in ["one", "two", "three"] {
            let mut test = documents[5].clone();
            test["metadata"]["name"] = json!(name);
            tests.push(json!({"test": name, "repetitions": repetitions}));
            documents.push(test);
        }
        documents[6]["spec"]["tests"] = json!(tests);
        served.bench.command("suite.apply", suite).await.unwrap();
        let by_name = json!({"name": "all"});
        let set = served.bench.query("unit_test_set.get", by_name).await.unwrap();
        let start = json!({"simulation_unit_test_set_id": set["id"]});
        let run = served.bench.command("run.start", start).await.unwrap();
        let id = run["simulation_unit_test_set_run_id"].as_str().unwrap();
        let (id, org): (RunId, OrgId) = (id.parse().unwrap(), "acme".parse().unwrap());
        let view = served.bench.server.database().view().unwrap();
        let run = view.organization(org.clone()).run(id).unwrap().unwrap();
        Self {
            id,
            tally: Tally::of(run.plan.n_conversations()),
            run,
            org,
        }
    }

    /// Gives a conversation its result. `error` is what broke.
    pub(super) async fn finish(&mut self, served: &Served, n: u32, verdict: Verdict, error: Option<String>) {
        let (test_idx, run_index) = self.run.plan.locate(n).unwrap();
        let result = ConversationResult {
            run: self.id,
            n,
            test_idx: test_idx.try_into().unwrap(),
            unit_test_id: self.run.plan.tests[test_idx].unit_test_id,
            run_index,
            attempts: 1,
            claims: 1,
            worker: "w".to_owned(),
            started_at: Time::from_micros(1),
            finished_at: Time::from_micros(2),
            turns: Vec::new(),
            end: EndReason::UserLeft {
                outcome: UserOutcome::Achieved,
                reason: None,
            },
            evaluations: Vec::new(),
            criteria: Vec::new(),
            verdict,
            error,
            usage: Usage::default(),
            simulator_usage: Usage::default(),
            judge_usage: Usage::default(),
            milestones: Vec::new(),
            broken: Vec::new(),
        };
        served.journal.publish_result(&self.org, &result).await.unwrap();
        if self.run.completed.is_none() {
            self.tally.count(verdict);
        }
    }

    /// Asks the run to stop.
    pub(super) async fn cancel(&mut self, served: &Served) {
        let id = json!({"id": self.id.to_string()});
        served.bench.command("run.cancel", id).await.unwrap();
        self.tally.cancelled = 1;
    }

    /// Completes the run with what it has come to by now, and this artifact.
    pub(super) async fn complete(&mut self, served: &Served, artifact: &'static [u8]) {
        let bytes = Bytes::from_static(artifact);
        let digest = Digest::of(&bytes);
        let name = journal::subject::artifact_object(self.id, digest);
        let size_bytes = bytes.len() as u64;
        served.journal.put_object(&name, bytes).await.unwrap();
        if self.tally.cancelled > 0 {
            self.tally.cancel_rest();
        }
        let command = Command::CompleteRun {
            id: self.id,
            tally: self.tally,
            artifact: ArtifactRef { digest, size_bytes },
        };
        let request = ::commands::Request {
            org: self.org.clone(),
            actor: "aggregator".parse().unwrap(),
            command_id: None,
            traceparent: None,
            precondition: None,
            command,
        };
        served.bench.server.executor().execute(request).await.unwrap();
        let view = served.bench.server.database().view().unwrap();
        self.run = view.organization(self.org.clone()).run(self.id).unwrap().unwrap();
    }

    /// Where the run is followed.
    pub(super) fn path(&self) -> String {
        format!("rehearse/runs/{}/events", self.id)
    }

    /// Follows the run, after an event or from the beginning.
    pub(super) async fn follow(&self, served: &Served, after: Option<&str>) -> Reader {
        let mut request = served.ask(Method::GET, &self.path());
        if let Some(id) = after {
            request = request.header("last-event-id", id);
        }
        Reader::of(request.send().await.unwrap())
    }

    /// Everything that is told after an event, of a run that is over.
    pub(super) async fn rest(&self, served: &Served, after: Option<&str>) -> Vec<Told> {
        let mut reader = self.follow(served, after).await;
        let mut told = Vec::new();
        while let Some(event) = reader.next().await {
            told.push(event);
        }
        told
    }
}

/// An event as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) data: Value,
}

impl Told {
    /// What it is about: two events of one run are never about the same.
    pub(super) fn about(&self) -> (String, Option<u64>) {
        (self.name.clone(), self.data["conversation"]["n"].as_u64())
    }
}

/// Reads events.
pub(super) struct Reader {
    response: Response,
    read: String,
}

impl Reader {
    pub(super) fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers());
        if status == StatusCode::OK {
            assert_eq!(headers["content-type"], "text/event-stream");
            assert_secure(headers);
        } else {
            assert_eq!(status, StatusCode::NO_CONTENT);
        }
        Self {
            response,
            read: String::new(),
        }
    }

    /// The next event; none: the stream has ended.
    pub(super) async fn next(&mut self) -> Option<Told> {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                if let Some(told) = parse(&block) {
                    return Some(told);
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk());
            let chunk = chunk.await.expect("the stream goes on").unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

/// One block of a stream, as the standard says; none: it is no event.
fn parse(block: &str) -> Option<Told> {
    let mut fields = BTreeMap::new();
    for line in block.lines().filter(|line| !line.starts_with(':')) {
        let (name, value) = line.split_once(": ").unwrap();
        assert!(fields.insert(name, value).is_none(), "{block}");
    }
    let data = fields.get("data")?;
    Some(Told {
        id: fields["id"].to_owned(),
        name: fields["event"].to_owned(),
        data: serde_json::from_str(data).unwrap(),
    })
}
