//! Refusals: why an execution is not begun, not gone on with or not looked at, as codes that never change.

use ordain_graph::PlanError;

macro_rules! refusals {
    ($($(#[doc = $doc:literal])* $variant:ident = $code:literal;)*) => {
        /// Why something is refused. The code of each is stable for ever.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Refusal { $($(#[doc = $doc])* $variant,)* }

        impl Refusal {
            /// Every refusal.
            pub const ALL: &[Refusal] = &[$(Refusal::$variant),*];

            /// Its stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Refusal::$variant => $code,)* }
            }
        }
    };
}

refusals! {
    /// A plan file is not JSON.
    PlanUnreadable = "plan_unreadable";
    /// A plan file has another format, or another version of it.
    PlanFormat = "plan_format";
    /// A plan file does not have the hash, or the ids, that it claims.
    PlanChanged = "plan_changed";
    /// A plan does not have the structure of one, or contradicts itself.
    PlanMalformed = "plan_malformed";
    /// Policies deny the plan.
    PolicyDenied = "policy_denied";
    /// Policies ask for more people than can sign.
    ApprovalMissing = "approval_missing";
    /// The plan is not as the lock says.
    LockDiffers = "lock_differs";
    /// There is no adapter for a step.
    AdapterMissing = "adapter_missing";
    /// The program of an adapter is another than the plan was made with.
    AdapterChanged = "adapter_changed";
    /// Inputs do not have the shapes that their contracts demand.
    InputMismatch = "input_mismatch";
    /// A secret cannot be resolved.
    SecretMissing = "secret_missing";
    /// A limit is set for what the plan does not have.
    LimitUnknown = "limit_unknown";
    /// The workspace cannot be used.
    WorkspaceUnusable = "workspace_unusable";
    /// The journal has no such execution.
    ExecutionUnknown = "execution_unknown";
    /// The execution has ended.
    ExecutionEnded = "execution_ended";
    /// The execution has not ended.
    ExecutionNotEnded = "execution_not_ended";
    /// An execution in an environment of the plan was interrupted and has not ended.
    ExecutionInterrupted = "execution_interrupted";
    /// Another process has gone on with the execution.
    ExecutionTaken = "execution_taken";
    /// Another execution runs in an environment of the plan.
    EnvironmentBusy = "environment_busy";
    /// There is no journal.
    JournalMissing = "journal_missing";
    /// A file in the place of a journal is something else.
    JournalForeign = "journal_foreign";
    /// The journal is damaged.
    JournalDamaged = "journal_damaged";
    /// A newer version made the journal.
    JournalNewer = "journal_newer";
    /// Another process carries the execution out, or writes to the journal without coming to an end.
    JournalBusy = "journal_busy";
    /// The disk that the journal lies on is full.
    JournalFull = "journal_full";
    /// The journal cannot be read or written.
    JournalUnavailable = "journal_unavailable";
    /// What the journal says of an execution does not fit its plan, or it does not hold the plan.
    JournalMisfit = "journal_misfit";
    /// The system gives no threads.
    ThreadsMissing = "threads_missing";
}

impl From<&PlanError> for Refusal {
    fn from(error: &PlanError) -> Self {
        match error {
            PlanError::Json(_) => Self::PlanUnreadable,
            PlanError::Format(_) => Self::PlanFormat,
            PlanError::Hash { .. } | PlanError::Id(_) => Self::PlanChanged,
            _ => Self::PlanMalformed,
        }
    }
}
