//! What of a run is shown to whom: specs and results to those who may see its set, and personas, scenarios, metrics and values only of
//! tests that the caller may see.

use std::collections::{BTreeMap, BTreeSet};

use api::{error::Problem, run::Instance};
use model::{
    Access, Directory as _, DirectoryExt as _, Kind, ObjectRef, Reach, RunId, UnitTestId, UnitTestSetId,
};
use projections::OrgView;

use crate::gateway::{authorize::forbidden, failure::of_read};

const GET_SET: &str = "Simulation:GetSimulationUnitTestSet";
const GET_TEST: &str = "Simulation:GetSimulationUnitTest";

/// Decides for one caller. The tests of a list's runs are mostly the same, so it remembers.
pub(crate) struct Gate<'view> {
    view: &'view OrgView<'view>,
    access: &'view Access,
    decided: BTreeMap<ObjectRef, bool>,
}

impl<'view> Gate<'view> {
    pub(crate) const fn new(view: &'view OrgView<'view>, access: &'view Access) -> Self {
        Self {
            view,
            access,
            decided: BTreeMap::new(),
        }
    }

    /// What the caller may see of a run.
    pub(crate) fn pass(&mut self, run: Instance) -> Result<Instance, Problem> {
        if !self.shows_set(run.simulation_unit_test_set_id)? {
            return Ok(run.without_specs());
        }
        let mut hidden = BTreeSet::new();
        for spec in &run.unit_test_run_specs {
            if !self.shows_test(spec.unit_test_id)? {
                hidden.insert(spec.unit_test_id);
            }
        }
        Ok(run.without_tests(&hidden))
    }

    /// Whether the caller may see what a run of this set executes.
    pub(crate) fn shows_set(&mut self, id: UnitTestSetId) -> Result<bool, Problem> {
        self.shows(GET_SET, ObjectRef::new(Kind::UnitTestSet, id))
    }

    /// Whether the caller may see what this test is, and how it came out.
    pub(crate) fn shows_test(&mut self, id: UnitTestId) -> Result<bool, Problem> {
        self.shows(GET_TEST, ObjectRef::new(Kind::UnitTest, id))
    }

    /// Whether the caller may see how conversations of this test came out in this run.
    pub(crate) fn shows_outcome(&mut self, run: RunId, test: UnitTestId) -> Result<bool, Problem> {
        if !self.shows_test(test)? {
            return Ok(false);
        }
        match self.access.reach(GET_SET) {
            Reach::Everything => return Ok(true),
            Reach::Nothing => return Ok(false),
            Reach::Some => {}
        }
        let run = self.view.run(run).map_err(|error| of_read(&error))?;
        run.map_or(Ok(false), |run| self.shows_set(run.set_id))
    }

    /// Refuses a caller who may not see this test.
    pub(crate) fn require_test(&mut self, id: UnitTestId) -> Result<(), Problem> {
        if self.shows_test(id)? {
            return Ok(());
        }
        Err(forbidden(GET_TEST))
    }

    fn shows(&mut self, permission: &str, object: ObjectRef) -> Result<bool, Problem> {
        match self.access.reach(permission) {
            Reach::Everything => return Ok(true),
            Reach::Nothing => return Ok(false),
            Reach::Some => {}
        }
        if let Some(decided) = self.decided.get(&object) {
            return Ok(*decided);
        }
        let found = self.view.object(&object).map_err(|error| of_read(&error))?;
        let shows = found.is_some_and(|found| self.access.permits(permission, &found.attributes()));
        self.decided.insert(object, shows);
        Ok(shows)
    }
}
