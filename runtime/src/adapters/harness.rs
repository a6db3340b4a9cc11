//! Calls of adapters without an execution, for tests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ordain_graph::{Contract, Effect, Risk, Shape};
use serde_json::Value as Json;

use super::{Adapter, Observed, StepContext, StepError, Surroundings, Try};
use crate::cancel::Cancellation;
use crate::vault::Vault;
use crate::workspace::Workspace;

/// A place to call adapters in.
pub(crate) struct Bench {
    dir: tempfile::TempDir,
    workspace: Arc<Workspace>,
    vault: Arc<Vault>,
    cancel: Cancellation,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(dir.path(), &dir.path().join("journal.db")).unwrap();
        Self { dir, workspace: Arc::new(workspace), vault: Arc::default(), cancel: Cancellation::new() }
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn observe(
        &self,
        adapter: &dyn Adapter,
        capability: &str,
        inputs: &Json,
    ) -> Result<Observed, StepError> {
        self.call(capability, inputs, |step| adapter.observe(step))
    }

    pub(crate) fn apply(&self, adapter: &dyn Adapter, capability: &str, inputs: &Json) -> Result<Json, StepError> {
        self.call(capability, inputs, |step| adapter.apply(step))
    }

    fn call<T>(&self, capability: &str, inputs: &Json, call: impl FnOnce(&StepContext<'_>) -> T) -> T {
        let none = Shape::Record(Arc::default());
        let contract = Contract {
            capability: capability.into(),
            version: "1.0.0".into(),
            input: none.clone(),
            output: none,
            effect: Effect::Write,
            risk: Risk::Low,
        };
        let surroundings = Surroundings {
            workspace: &self.workspace,
            vault: &self.vault,
            cancel: &self.cancel,
            grace: Duration::from_millis(100),
            leeway: Duration::from_secs(5),
        };
        call(&StepContext {
            contract: &contract,
            attempt: Try { key: &"0".repeat(64), number: 1, in_doubt: false, undoes: None },
            inputs: &Arc::new(inputs.clone()),
            deadline: None,
            surroundings: &surroundings,
            tell: &|_| {},
        })
    }
}
