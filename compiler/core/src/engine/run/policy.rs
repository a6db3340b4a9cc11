//! One policy over one subject, and over one element of what its first loop goes over.

use ordain_data::Pointer;
use ordain_graph::{Date, Exemption, Outcome, Value};

use super::{GiveUp, Machine, Run, display, ops};
use crate::engine::expr::{Before, Clause, Id, OutcomeCode, PolicyCode};
use crate::engine::val::Val;
use crate::policy::Ruling;

/// What a policy says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) rulings: Vec<Ruling>,
    /// The exemptions that lifted something or would have, by position, and whether one had run out by then.
    pub(crate) used: Vec<(usize, bool)>,
    /// Whether the day mattered.
    pub(crate) dated: bool,
    /// Whether it permits.
    pub(crate) permitted: bool,
}

impl Said {
    /// What is said of a later part.
    pub(crate) fn append(&mut self, later: Self) {
        self.rulings.extend(later.rulings);
        for used in later.used {
            if !self.used.contains(&used) {
                self.used.push(used);
            }
        }
        self.dated |= later.dated;
        self.permitted |= later.permitted;
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.rulings.is_empty() && self.used.is_empty() && !self.dated
    }
}

/// Where a loop is.
#[derive(Clone, Debug)]
pub(crate) enum Spot {
    Index(usize),
    Key(String),
}

/// A policy that is being decided.
struct Deciding<'p> {
    code: &'p PolicyCode,
    as_of: Option<Date>,
    /// Where the loops are that have an origin, by origin.
    spots: Vec<(u32, Spot)>,
    said: Said,
}

impl<'a> Machine<'a> {
    /// What comes before the first loop: whether the policy goes on.
    pub(crate) fn starts(&mut self, code: &PolicyCode) -> Run<bool> {
        for before in &code.before {
            match before {
                Before::Let(at) => {
                    self.shared(*at)?;
                }
                Before::Test(test, negated) => {
                    let most = self.programs.most;
                    match self.framed(most, *test)? {
                        Val::Bool(holds) if holds == *negated => return Ok(false),
                        Val::Bool(_) => {}
                        _ => return Err(GiveUp),
                    }
                }
            }
        }
        Ok(true)
    }

    /// What a policy says that has no loop.
    pub(crate) fn whole(&mut self, code: &PolicyCode, as_of: Option<Date>) -> Run<Said> {
        self.frame(code.slots);
        let mut deciding = Deciding { code, as_of, spots: Vec::new(), said: Said::default() };
        self.conclude(&mut deciding)?;
        Ok(deciding.said)
    }

    /// What a policy says of an element at which its first loop is. `skipped` is a guard that is known to hold.
    pub(crate) fn element(
        &mut self,
        code: &PolicyCode,
        (first, second): (Val<'a>, Val<'a>),
        at: usize,
        skipped: Option<usize>,
        as_of: Option<Date>,
    ) -> Run<Said> {
        self.frame(code.slots);
        let Some(start) = &code.first else { return Err(GiveUp) };
        self.set(0, first);
        if start.pairs {
            self.set(1, second);
        }
        for (place, guard) in code.guards.iter().enumerate() {
            if Some(place) == skipped {
                continue;
            }
            match self.eval(*guard)? {
                Val::Bool(true) => {}
                Val::Bool(false) => return Ok(Said::default()),
                _ => return Err(GiveUp),
            }
        }
        let mut deciding = Deciding { code, as_of, spots: Vec::new(), said: Said::default() };
        if let Some(origin) = start.origin {
            deciding.spots.push((origin, spot(code, origin, first, at)));
        }
        self.clause(&mut deciding, 0)?;
        Ok(deciding.said)
    }

    fn clause(&mut self, deciding: &mut Deciding<'_>, at: usize) -> Run<()> {
        let code = deciding.code;
        match code.clauses.get(at) {
            None => self.conclude(deciding),
            Some(Clause::Let { slot, value }) => {
                let value = self.eval(*value)?;
                self.set(*slot, value);
                self.clause(deciding, at + 1)
            }
            Some(Clause::Test(test, negated)) => match self.eval(*test)? {
                Val::Bool(holds) if holds == *negated => Ok(()),
                Val::Bool(_) => self.clause(deciding, at + 1),
                _ => Err(GiveUp),
            },
            Some(Clause::For { first, second, iter, origin }) => {
                let over = ops::rounds(self.eval(*iter)?)?;
                for position in 0..over.len() {
                    self.spend(1)?;
                    let (one, other) = over.get(position, second.is_some());
                    self.set(*first, one);
                    if let Some(second) = second {
                        self.set(*second, other);
                    }
                    let mark = deciding.spots.len();
                    if let Some(origin) = origin {
                        deciding.spots.push((*origin, spot(code, *origin, one, position)));
                    }
                    self.clause(deciding, at + 1)?;
                    deciding.spots.truncate(mark);
                }
                Ok(())
            }
        }
    }

    /// All clauses are met: what the policy demands now.
    fn conclude(&mut self, deciding: &mut Deciding<'_>) -> Run<()> {
        let code = deciding.code;
        let exempt = self.exemption(deciding)?;
        deciding.said.permitted |= code.permits && exempt.is_none();
        let because = self.perhaps(code.because)?;
        for outcome in &code.outcomes {
            let outcome = match outcome {
                OutcomeCode::Deny(message) => Outcome::Deny { message: self.perhaps(*message)? },
                OutcomeCode::Warn(message) => Outcome::Warn { message: self.perhaps(*message)? },
                OutcomeCode::Approval { group, count } => {
                    let count = match count {
                        Some(count) => match self.eval(*count)? {
                            Val::Int(count) => u32::try_from(count).ok().filter(|count| *count > 0).ok_or(GiveUp)?,
                            _ => return Err(GiveUp),
                        },
                        None => 1,
                    };
                    Outcome::Approval { group: group.clone(), count }
                }
                OutcomeCode::Gate(name) => Outcome::Gate { name: name.clone(), present: false },
                OutcomeCode::Escalate(group) => Outcome::Escalate { group: group.clone() },
            };
            deciding.said.rulings.push(Ruling {
                outcome,
                when: None,
                because: because.clone(),
                exempt: exempt.clone(),
                pointer: pointer(code, code.pointer, &deciding.spots),
                rule: None,
            });
        }
        Ok(())
    }

    fn perhaps(&mut self, id: Option<Id>) -> Run<Option<Value>> {
        id.map(|id| Ok(self.eval(id)?.to_value())).transpose()
    }

    fn exemption(&mut self, deciding: &mut Deciding<'_>) -> Run<Option<Exemption>> {
        for exemption in &deciding.code.exemptions {
            let at = exemption.at;
            if self.eval(exemption.condition)? != Val::Bool(true) {
                continue;
            }
            let until = match exemption.until {
                Some(until) => match self.eval(until)? {
                    Val::Date(date) => Some(date),
                    _ => return Err(GiveUp),
                },
                None => None,
            };
            deciding.said.dated |= until.is_some();
            let over = until.is_some_and(|until| deciding.as_of.is_none_or(|as_of| as_of > until));
            if !deciding.said.used.contains(&(at, over)) {
                deciding.said.used.push((at, over));
            }
            if !over {
                return Ok(Some(Exemption { until, see: exemption.see.clone() }));
            }
        }
        Ok(None)
    }
}

fn spot(code: &PolicyCode, origin: u32, first: Val<'_>, position: usize) -> Spot {
    match code.origins[origin as usize].list {
        true => Spot::Index(position),
        false => Spot::Key(display::text(first)),
    }
}

/// The way to an origin in the subject.
fn pointer(code: &PolicyCode, at: u32, spots: &[(u32, Spot)]) -> Pointer {
    let origin = &code.origins[at as usize];
    let Some(from) = origin.from else { return Pointer::root() };
    let mut pointer = pointer(code, from, spots);
    origin.fields.iter().for_each(|field| pointer.push_key(field));
    match spots.iter().rev().find(|(known, _)| *known == at) {
        Some((_, Spot::Index(index))) => pointer.push_index(*index),
        Some((_, Spot::Key(key))) => pointer.push_key(key),
        None => {}
    }
    pointer
}
