//! `ordain import`

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use ordain_runtime::{Adopted, ImportProblem, import};
use serde_json::json;
use smol_str::SmolStr;

use super::apply::confirmed;
use super::drift::look;
use crate::args::{ImportArguments, PlanSelection};
use crate::{Failure, Outcome, output};

pub(crate) fn run(arguments: &ImportArguments) -> Result<Outcome, Failure> {
    if arguments.json && !arguments.yes {
        return Err(Failure("--json needs --yes: it does not ask".into()));
    }
    let selection = PlanSelection {
        plan: arguments.plan.clone(),
        package: arguments.package.clone(),
        arguments: arguments.arguments.clone(),
        as_of: arguments.as_of.clone(),
    };
    let Some(graph) = super::plan::graph(&selection)? else { return Ok(Outcome::Findings) };
    let addresses: Vec<SmolStr> = arguments.addresses.iter().map(SmolStr::from).collect();
    let adopt = |write: bool| {
        let how = (arguments.accept, write);
        look(&arguments.package, &arguments.looking, |within, options| import(&graph, &addresses, how, within, options))
    };
    let mut adopted = adopt(arguments.yes)?;
    if arguments.json {
        output::json(&told(&adopted))?;
        return Ok(outcome(&adopted));
    }
    anstream::eprint!("{}", found(&adopted));
    if !adopted.problems.is_empty() {
        for problem in &adopted.problems {
            anstream::eprintln!("{}", output::line(&problem.to_string()));
        }
        if adopted.problems.iter().any(|problem| matches!(problem, ImportProblem::Different { .. })) {
            anstream::eprintln!("--accept adopts what is otherwise than planned");
        }
        anstream::eprintln!("nothing was imported");
        return Ok(Outcome::Findings);
    }
    if !arguments.yes {
        if !io::stdin().is_terminal() {
            return Err(Failure("nobody is here to be asked; give --yes to import without asking".into()));
        }
        if !confirmed("Write this into the journal?")? {
            return Err(Failure("not imported".into()));
        }
        // What was found may have changed while somebody read it: it is looked at again.
        adopted = adopt(true)?;
    }
    if let Some(execution) = &adopted.execution {
        output::write(None, format!("{execution}\n").as_bytes())?;
    }
    Ok(outcome(&adopted))
}

fn outcome(adopted: &Adopted) -> Outcome {
    if adopted.problems.is_empty() { Outcome::Fine } else { Outcome::Findings }
}

fn told(adopted: &Adopted) -> serde_json::Value {
    let problems: Vec<String> = adopted.problems.iter().map(ToString::to_string).collect();
    json!({ "execution": adopted.execution, "steps": adopted.steps, "problems": problems })
}

fn found(adopted: &Adopted) -> String {
    let mut text = String::new();
    for step in &adopted.steps {
        let key = step.key.as_ref().map(|key| format!(" {}", super::drift::shown(key))).unwrap_or_default();
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(text, "{}  {}{}", output::line(&step.address), step.capability, output::line(&key));
    }
    text
}
