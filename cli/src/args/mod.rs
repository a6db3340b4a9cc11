//! What the command understands.

mod adapter;
mod approval;
mod audit;
mod drift;
mod execution;
mod policy;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use adapter::{AdapterCommand, AdapterTestArguments};
pub(crate) use approval::{DecideArguments, KeyCommand, SayArguments};
pub(crate) use audit::{
    AuditCommand, CheckpointArguments, JournalArguments, ReplayArguments, TraceArguments, TraceFormat, VerifyArguments,
};
pub(crate) use drift::{DriftArguments, DriftView, ImportArguments, Looking, RefreshLooking};
pub(crate) use execution::{
    ApplyArguments, CancelArguments, ExecutionsArguments, ResumeArguments, Running, UndoArguments,
};
pub(crate) use policy::{
    AuthorizeArguments, CoverageArguments, ExplainPolicyArguments, GateArguments, PolicyCommand, TestArguments,
};

/// Ordain: a declarative language for governing what automation may do.
///
/// Exit codes: 0 fine, 1 findings, 2 usage or I/O, 3 an execution waits for approvals.
#[derive(Debug, Parser)]
#[command(name = "ordain", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// How many threads to use; one for each core where it is not given.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// When to use colour. NO_COLOR turns it off, too.
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    pub(crate) color: When,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to do something that only makes sense on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new package: a manifest and a first plan.
    Init {
        /// The folder; made if it is not there.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// The package's name; the folder's name where it is not given.
        #[arg(long)]
        name: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check a package and show what is wrong with it.
    Check {
        /// A package, a file in it, or a lone `.ord` file.
        #[arg(default_value = ".")]
        path: PathBuf,
        #[command(flatten)]
        findings: FindingsFormat,
        /// Take warnings as errors.
        #[arg(long)]
        deny_warnings: bool,
        /// Check again whenever a file changes.
        #[arg(long, short = 'w')]
        watch: bool,
    },
    /// Apply the fixes that findings suggest.
    Fix {
        /// A package or a file in it.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Also those that may change the meaning.
        #[arg(long)]
        all: bool,
        /// Change nothing; say what would be changed, and exit with 1 if there is something.
        #[arg(long)]
        dry_run: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Evaluate an expression, over documents where some are given.
    Eval(EvalArguments),
    /// Format sources.
    Fmt {
        /// Files and folders; the current folder where none is given. `-` reads the standard input and writes the
        /// standard output.
        paths: Vec<PathBuf>,
        /// Change nothing; name the files that are not formatted, and exit with 1 if there are some.
        #[arg(long)]
        check: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write `ordain.lock`: who carries out what, and what the package depends on, for review.
    ///
    /// Where there is one, plans are made and executed only as long as all is as it says.
    Lock(LockArguments),
    /// Compile a plan to its graph and show it.
    Plan(PlanArguments),
    /// Execute a plan: compile it, or take a plan file, and run its steps.
    ///
    /// Contents of secrets come from environment variables: `shop/db-key` from ORDAIN_SECRET_SHOP_DB_KEY.
    Apply(ApplyArguments),
    /// Go on with an execution whose process ended before it did, that was cancelled, or that waits for approvals.
    ///
    /// What has ended is not done again. A step that was under way is, under the same key (`ORDAIN_KEY` for commands).
    Resume(ResumeArguments),
    /// Undo what an execution that has ended did: what succeeded, in reverse order, as far as it can be undone.
    Undo(UndoArguments),
    /// Ask an execution to end in good order: steps that run are asked to end and awaited, no other starts.
    ///
    /// One that has no process any more, or that waits, has ended then. `ordain resume` goes on with it all the same.
    Cancel(CancelArguments),
    /// List the executions of a journal, or what happened in one of them.
    Executions(ExecutionsArguments),
    /// Show when what happened in an execution.
    Trace(TraceArguments),
    /// Decide again what was decided in an execution, from the log and without any effect, and say where that differs.
    Replay(ReplayArguments),
    /// Look whether the log was tampered with, and sign its end.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Agree to what a policy asks about an execution, signed with your key.
    ///
    /// It counts for this execution of this very plan, once, whichever of your keys you use. Who holds which key is said by
    /// `approvers.toml` beside the package's manifest, as it was when the execution began.
    Approve(DecideArguments),
    /// Say that what a policy asks about must not be done, whoever agrees.
    Reject(DecideArguments),
    /// Take back what you approved or rejected.
    Revoke(SayArguments),
    /// Look whether what a plan makes is there as it makes it. Changes nothing.
    ///
    /// Adapters are asked to look at each step that writes. It is told what is missing, what is otherwise, what the last
    /// execution made and the plan does not have any more, and what nothing can be said of.
    Drift(DriftArguments),
    /// Adopt what exists: write into the journal that steps of a plan have been done.
    ///
    /// What is there is looked at first, and not touched. From then on drift and undo know of it.
    Import(ImportArguments),
    /// Make the key that you sign with, or show its public half.
    ///
    /// The private half stays in its file, which you alone can read. The public half goes to those who have to know it.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Look after adapters.
    #[command(subcommand)]
    Adapter(AdapterCommand),
    /// Run the tests of a package.
    Test(TestArguments),
    /// Show why policies say what they say.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Decide whether somebody may do something to something, by the policies about requests.
    Authorize(AuthorizeArguments),
    /// Check documents, changes and entities against the policies of gates, as continuous integration does.
    Gate(GateArguments),
    /// Show what changed between two plans, and because of what.
    Diff(DiffArguments),
    /// Write the documentation of a package from its doc comments.
    Doc {
        /// The package, or `std` for the standard library.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// How it is written.
        #[arg(long, value_enum, default_value_t = DocFormat::Html)]
        format: DocFormat,
        /// The folder it is written to; `ordain-doc` in the package where it is not given.
        #[arg(long, short = 'o', value_name = "DIR")]
        output: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Explain a diagnostic code, or list all of them.
    Explain {
        /// The code, such as ORD0201.
        code: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Serve an editor on standard input and output (Language Server Protocol 3.17).
    Lsp {
        /// Nothing: the server knows no other way. Many clients say it.
        #[arg(long, hide = true)]
        stdio: bool,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct EvalArguments {
    /// The expression.
    pub(crate) expression: String,
    /// The package whose declarations it may use.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// The module whose names are in scope.
    #[arg(long, short = 'm')]
    pub(crate) module: Option<String>,
    /// A document, and its type: `plan.json:terraform.Plan`. Its name in the expression is `input`, or what stands in
    /// front: `old=plan.json`. Without a type it is `Json`; `-` is the standard input.
    #[arg(long = "input", short = 'i', value_name = "[NAME=]FILE[:TYPE]", allow_hyphen_values = true)]
    pub(crate) inputs: Vec<String>,
    /// The format of the documents, where their names do not tell it, such as `yaml`.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) input_format: Option<String>,
    /// Print JSON: the value and its type.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FindingsFormat {
    /// How findings are shown.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Print JSON; the same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: the source with what is wrong marked in it.
    Text,
    /// One line each: path, line, column, code, message.
    Short,
    /// JSON.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct LockArguments {
    /// A package or a file in it.
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Write nothing; show what differs as findings, and exit with 1 if there is something, or no lock.
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) findings: FindingsFormat,
}

/// Which plan, with which arguments.
#[derive(Debug, Args)]
pub(crate) struct PlanSelection {
    /// A plan's name, or a plan file (`.json`). May be left out where the package has one plan only.
    pub(crate) plan: Option<String>,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// An argument of the plan: `name=value`.
    #[arg(long = "arg", short = 'a', value_name = "NAME=VALUE")]
    pub(crate) arguments: Vec<String>,
    /// The day on which exemptions of policies are judged; today (UTC) where it is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) selection: PlanSelection,
    /// How the plan is shown.
    #[arg(long, value_enum, default_value_t = View::Tree)]
    pub(crate) view: View,
    /// Print the plan file (canonical JSON); the same as `--view json`.
    #[arg(long, conflicts_with = "view")]
    pub(crate) json: bool,
    /// Write what would be printed to a file.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Leave out the steps whose effect is there as the plan wants it.
    #[arg(long)]
    pub(crate) refresh: bool,
    #[command(flatten)]
    pub(crate) looking: RefreshLooking,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// A tree of stages and steps, for terminals.
    #[value(alias = "text")]
    Tree,
    /// The plan file: canonical JSON.
    Json,
    /// A Mermaid flowchart.
    Mermaid,
    /// A Graphviz digraph.
    Dot,
    /// Markdown for a pull request.
    Markdown,
    /// One HTML page with the graph drawn, which needs nothing but itself.
    Html,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// A plan file (`.json`), or a git revision of the package.
    pub(crate) old: String,
    /// As the first; the package as it is on disk where it is not given.
    pub(crate) new: Option<String>,
    /// The plan that is compiled from revisions. May be left out where the package has one plan only.
    #[arg(long, value_name = "NAME")]
    pub(crate) plan: Option<String>,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// An argument of the plan: `name=value`.
    #[arg(long = "arg", short = 'a', value_name = "NAME=VALUE")]
    pub(crate) arguments: Vec<String>,
    /// The day on which exemptions of policies are judged; today (UTC) where it is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<String>,
    /// How the difference is shown.
    #[arg(long, value_enum, default_value_t = DiffView::Text)]
    pub(crate) view: DiffView,
    /// Print JSON; the same as `--view json`.
    #[arg(long, conflicts_with = "view")]
    pub(crate) json: bool,
    /// Write what would be printed to a file.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Exit with 1 where the plans differ.
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// How the difference between two plans is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffView {
    /// For terminals.
    Text,
    /// JSON.
    Json,
    /// Markdown for a pull request.
    Markdown,
}

/// How documentation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocFormat {
    /// Markdown, one file for each module.
    Markdown,
    /// HTML, one page for each module.
    Html,
}
