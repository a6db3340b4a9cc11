//! What the commands of policies understand: explaining, authorizing, gates and tests.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{FindingsFormat, PlanSelection};

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Show how a policy was decided about a plan and its steps, about what gates look at, or about a document: each
    /// clause with the values that decided.
    Explain(ExplainPolicyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ExplainPolicyArguments {
    /// The policy's code, such as GOV-101, or its name.
    pub(crate) policy: String,
    #[command(flatten)]
    pub(crate) selection: PlanSelection,
    /// A document to decide the policy about, whatever gates there are; `-` is the standard input.
    #[arg(long, short = 'i', value_name = "FILE", conflicts_with_all = ["plan", "arguments", "base"])]
    pub(crate) input: Option<String>,
    /// The format of the document, where its name does not tell it, such as `yaml`.
    #[arg(long, value_name = "FORMAT", requires = "input")]
    pub(crate) input_format: Option<String>,
    /// The environment, for a policy that looks at one beside the document.
    #[arg(long, value_name = "NAME", requires = "input")]
    pub(crate) env: Option<String>,
    /// A git revision: what changed since is what a policy about changes looks at.
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AuthorizeArguments {
    /// Documents of requests, one or a list in each; `-` reads JSON from the standard input.
    #[arg(conflicts_with_all = ["principal", "action", "resource", "context"])]
    pub(crate) requests: Vec<PathBuf>,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// A document of entities, beside those that the package declares.
    #[arg(long, short = 'e', value_name = "FILE")]
    pub(crate) entities: Vec<PathBuf>,
    /// Who asks: `User:ana`.
    #[arg(long, value_name = "TYPE:ID", requires = "action")]
    pub(crate) principal: Option<String>,
    /// What for: `read`.
    #[arg(long, value_name = "ACTION", requires = "resource")]
    pub(crate) action: Option<String>,
    /// On what: `Document:report`.
    #[arg(long, value_name = "TYPE:ID", requires = "principal")]
    pub(crate) resource: Option<String>,
    /// A document of the circumstances.
    #[arg(long, value_name = "FILE", requires = "principal")]
    pub(crate) context: Option<PathBuf>,
    /// The day on which exemptions of policies are judged; today (UTC) where it is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<String>,
    /// Show what each policy came to, clause by clause.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GateArguments {
    /// The gates; all of the package where none is given.
    pub(crate) names: Vec<String>,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// A git revision, such as origin/main: only gates whose files changed since are run.
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// The least severity of a policy that makes a gate fail; what policies below it deny is a warning.
    #[arg(long, value_enum)]
    pub(crate) severity: Option<Gravity>,
    /// A file of findings that were there before: they are counted, and new ones fail.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found now to the baseline, so that it is known and fails nothing.
    #[arg(long, requires = "baseline")]
    pub(crate) update_baseline: bool,
    /// The day on which exemptions are judged; today (UTC) where it is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<String>,
    /// Write a summary in Markdown, too, such as to $GITHUB_STEP_SUMMARY.
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// Write a report in the format of JUnit, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the findings as SARIF 2.1.0, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) findings: FindingsFormat,
}

/// How grave it is when a policy is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gravity {
    /// Can be lived with.
    Low,
    /// Should be settled soon.
    Medium,
    /// Should keep a change from being merged.
    High,
    /// Must never be.
    Critical,
}

impl From<Gravity> for ordain_graph::Severity {
    fn from(gravity: Gravity) -> Self {
        match gravity {
            Gravity::Low => Self::Low,
            Gravity::Medium => Self::Medium,
            Gravity::High => Self::High,
            Gravity::Critical => Self::Critical,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Run the tests only whose name, with its module, contains one of these texts.
    pub(crate) filters: Vec<String>,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// Name the tests and run none.
    #[arg(long)]
    pub(crate) list: bool,
    /// The day on which exemptions of policies are judged; today (UTC) where it is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<String>,
    /// Write a report in the format of JUnit, too.
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    pub(crate) junit: Option<PathBuf>,
    /// Run the tests again whenever a file changes.
    #[arg(long, short = 'w', conflicts_with = "list")]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) coverage: CoverageArguments,
    #[command(flatten)]
    pub(crate) findings: FindingsFormat,
}

/// What becomes of the coverage of tests.
#[derive(Debug, Args)]
pub(crate) struct CoverageArguments {
    /// Tell what of the policies and functions the tests have gone through, and what not.
    #[arg(long = "coverage", conflicts_with = "list")]
    pub(crate) shown: bool,
    /// Write the coverage in the format of lcov.
    #[arg(long = "coverage-lcov", value_name = "FILE", conflicts_with = "list")]
    pub(crate) lcov: Option<PathBuf>,
    /// Write the coverage as one HTML page: to a file that ends with `.html`, or as `index.html` to a folder.
    #[arg(long = "coverage-html", value_name = "PATH", conflicts_with = "list")]
    pub(crate) html: Option<PathBuf>,
    /// Fail where less is covered than this, from 0 to 100.
    #[arg(long = "coverage-min", value_name = "PERCENT", conflicts_with = "list", value_parser = percent)]
    pub(crate) least: Option<f64>,
}

impl CoverageArguments {
    /// Whether anybody wants to know.
    pub(crate) fn wanted(&self) -> bool {
        self.shown || self.lcov.is_some() || self.html.is_some() || self.least.is_some()
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.trim_end_matches('%').parse().map_err(|_| "a percentage is a number".to_owned())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("a percentage is from 0 to 100".into()) }
}
