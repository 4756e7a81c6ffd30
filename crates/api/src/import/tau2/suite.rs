//! The suite as a whole.

use std::collections::BTreeMap;

use model::{Name, Text};
use serde_json::Value;

use super::{
    DEFAULT_DOMAIN, Imported, Options, brief,
    metrics::Metrics,
    name::strict_tags,
    summary::{Counts, LeftOut, Summary},
    task::{self, Task},
    test::{self, Basis, Plan},
};
use crate::{
    FieldErrors, Pointer,
    import::shown_key,
    read::Word as _,
    suite::{
        API_VERSION, Document, Metadata, Spec, SuiteKind, TestDoc, TestEntryDoc, UnitTestSetSpec,
        UnitTestSpec,
    },
};

/// A document without labels.
pub(super) fn document(kind: SuiteKind, name: &Name, spec: Spec) -> Document {
    Document {
        api_version: API_VERSION,
        kind: kind.word(),
        metadata: Metadata {
            name: name.to_string(),
            tags: BTreeMap::new(),
        },
        spec,
    }
}

/// A task that was read, and where it stands.
struct Read<'a> {
    index: usize,
    value: &'a Value,
    task: Result<Task, FieldErrors>,
}

pub(super) fn build(list: &[Value], at: &Pointer, options: &Options) -> Result<Imported, FieldErrors> {
    let mut tasks: Vec<Read<'_>> = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let mut errors = FieldErrors::default();
        let task = task::read(value, &at.index(index), &mut errors)
            .filter(|_| errors.is_empty())
            .ok_or(errors);
        tasks.push(Read { index, value, task });
    }
    let domain = match &options.domain {
        Some(domain) => domain.clone(),
        None => domain_of(&tasks, at)?,
    };
    let mut building = Building::new(&domain, options);
    let mut left_out = Vec::new();
    for Read { index, value, task } in &tasks {
        let added = match task {
            Ok(task) => building.add(task, *index, &at.index(*index)),
            Err(errors) => Err(errors.clone()),
        };
        if let Err(errors) = added {
            left_out.push(LeftOut {
                index: *index,
                task: task::id_of(value).map(|id| shown_key(&id)),
                errors: errors.into(),
            });
        }
    }
    building.finish(list.len(), left_out)
}

/// The one domain that the tasks name.
fn domain_of(tasks: &[Read<'_>], at: &Pointer) -> Result<Name, FieldErrors> {
    let mut first: Option<(&str, usize)> = None;
    for Read { index, task, .. } in tasks {
        let Some(domain) = task.as_ref().ok().and_then(|task| task.domain.as_deref()) else {
            continue;
        };
        let here = || {
            at.index(*index)
                .key("user_scenario")
                .key("instructions")
                .key("domain")
        };
        match first {
            None => {
                Name::try_from(domain).map_err(|reason| FieldErrors::one(&here(), reason.to_string()))?;
                first = Some((domain, *index));
            }
            Some((known, _)) if known == domain => {}
            Some((known, earlier)) => {
                let (known, domain) = (shown_key(known), shown_key(domain));
                return Err(FieldErrors::one(
                    &here(),
                    format!(
                        "is `{domain}`, but task {earlier} of the file is of domain `{known}`; name one domain for all, or import them apart"
                    ),
                ));
            }
        }
    }
    let domain = first.map_or(DEFAULT_DOMAIN, |(domain, _)| domain);
    Name::try_from(domain).map_err(|reason| FieldErrors::one(at, reason.to_string()))
}

/// A suite while tasks are added to it.
struct Building<'a> {
    domain: &'a Name,
    options: &'a Options,
    service: Name,
    names: BTreeMap<Name, usize>,
    metrics: Metrics<'a>,
    personas: Vec<Document>,
    scenarios: Vec<Document>,
    tests: Vec<Document>,
    ungated: Vec<String>,
    counts: Counts,
}

impl<'a> Building<'a> {
    fn new(domain: &'a Name, options: &'a Options) -> Self {
        Self {
            domain,
            options,
            service: options.agent.service(domain),
            names: BTreeMap::new(),
            metrics: Metrics::new(domain),
            personas: Vec::new(),
            scenarios: Vec::new(),
            tests: Vec::new(),
            ungated: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Adds a task, all or nothing of it.
    fn add(&mut self, task: &Task, index: usize, at: &Pointer) -> Result<(), FieldErrors> {
        let refused = |at: &Pointer| {
            let at = at.clone();
            move |reason: model::Invalid| FieldErrors::one(&at, reason.to_string())
        };
        let name = Name::try_from(format!("{} task {}", self.domain, task.id));
        let name = name.map_err(refused(&at.key("id")))?;
        if let Some(other) = self.names.get(&name) {
            return Err(FieldErrors::one(
                &at.key("id"),
                format!("is the id of task {other} of the file as well"),
            ));
        }
        let persona = brief::persona(&task.brief).map_err(refused(&at.key("user_scenario")))?;
        let scenario = brief::scenario(&task.brief, self.options.starts_at);
        let criteria_at = at.key("evaluation_criteria");
        let plan = test::plan(self.domain, &task.checks).map_err(refused(&criteria_at))?;
        if let Some(check) = plan.checks.iter().find(|check| self.metrics.conflicts(check)) {
            return Err(FieldErrors::one(
                &criteria_at,
                format!(
                    "needs metric `{}`, whose name another one has already",
                    check.name
                ),
            ));
        }

        self.names.insert(name.clone(), index);
        for check in &plan.checks {
            self.metrics.add(check);
        }
        let tags = strict_tags(self.domain);
        for (kind, spec, documents) in [
            (SuiteKind::Persona, Spec::Persona(persona), &mut self.personas),
            (SuiteKind::Scenario, Spec::Scenario(scenario), &mut self.scenarios),
        ] {
            let mut document = document(kind, &name, spec);
            document.metadata.tags.clone_from(&tags);
            documents.push(document);
        }
        self.count(task, &plan, &name);
        self.add_test(task, plan, &name);
        Ok(())
    }

    fn count(&mut self, task: &Task, plan: &Plan, name: &Name) {
        let basis = Basis::of(&task.checks);
        self.counts.add(plan);
        self.counts.environment(|word| basis.names(word));
        for what in &task.ignored {
            self.counts.ignored(what);
        }
        for word in basis.unknown_words() {
            self.counts.ignored(&format!("{word} in reward_basis"));
        }
        if !plan.is_gated() {
            self.ungated.push(name.to_string());
        }
    }

    fn add_test(&mut self, task: &Task, plan: Plan, name: &Name) {
        let spec = Spec::UnitTest(UnitTestSpec {
            description: task.purpose.clone(),
            service: self.service.to_string(),
            version_set: None,
            persona: name.to_string(),
            scenario: name.to_string(),
            max_interactions: Some(self.options.max_interactions),
            criteria: plan.checks.into_iter().map(|check| check.criterion).collect(),
        });
        let mut document = document(SuiteKind::UnitTest, name, spec);
        document.metadata.tags = strict_tags(self.domain);
        let basis = Basis::of(&task.checks).known_words().join(" ");
        document.metadata.tags.extend(
            [("task", task.id.clone()), ("reward_basis", basis)]
                .map(|(key, value)| (key.to_owned(), Some(value))),
        );
        self.tests.push(document);
    }

    fn finish(self, n_tasks: usize, left_out: Vec<LeftOut>) -> Result<Imported, FieldErrors> {
        let n_imported = self.tests.len();
        let summary = Summary {
            domain: self.domain.to_string(),
            service: self.service.to_string(),
            n_tasks,
            n_imported,
            n_metrics: self.metrics.len(),
            left_out,
            ungated: self.ungated,
            rows: self.counts.into_rows(),
        };
        if n_imported == 0 {
            return Ok(Imported {
                documents: Vec::new(),
                summary,
            });
        }
        let graph = Name::try_from(format!("{} policy", self.domain))
            .map_err(|reason| FieldErrors::one(&Pointer::root(), reason.to_string()))?;
        let policy = self.options.policy.as_ref().map(Text::as_str);
        let policy = policy.map(|policy| (&graph, policy));
        let mut documents = self.options.agent.documents(self.domain, policy);
        let repeat = self.options.repeat;
        let entry = |test: &Document| match repeat {
            1 => TestEntryDoc::Name(test.metadata.name.clone()),
            repetitions => TestEntryDoc::Repeated(TestDoc {
                test: test.metadata.name.clone(),
                repetitions,
            }),
        };
        let set = Spec::UnitTestSet(UnitTestSetSpec {
            description: Some(format!("Tasks of τ²-bench, domain {}.", self.domain)),
            tests: self.tests.iter().map(entry).collect(),
        });
        documents.extend(self.metrics.into_documents());
        documents.extend(self.personas);
        documents.extend(self.scenarios);
        documents.extend(self.tests);
        let mut set = document(SuiteKind::UnitTestSet, self.domain, set);
        set.metadata.tags = strict_tags(self.domain);
        documents.push(set);
        Ok(Imported { documents, summary })
    }
}
