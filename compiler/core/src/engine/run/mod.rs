//! Running programs: expressions to values.

mod display;
mod form;
mod function;
mod ops;
mod policy;

use bumpalo::Bump;
use ordain_graph::Value;

use super::Programs;
use super::expr::{Expr, Id, MatchTest, Step};
use super::store::Store;
use super::val::{Member, NotHeld, Val, member};

pub(crate) use form::satisfied;
pub(crate) use ops::rounds;
pub(crate) use policy::Said;

/// Why a program ends without a value: something that the tree walker has words for. It is asked then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GiveUp;

impl From<NotHeld> for GiveUp {
    fn from(_: NotHeld) -> Self {
        Self
    }
}

pub(crate) type Run<T> = Result<T, GiveUp>;

/// How many steps one run may take: an element of a list counts as one, and so do a few characters of a text.
pub(crate) const STEPS: u64 = 400_000_000;

/// How many bytes a machine may keep. What needs more is left to the tree walker, which counts steps only, and has fewer.
const MOST_BYTES: usize = 512 << 20;

/// Runs programs over one subject.
pub(crate) struct Machine<'a> {
    programs: &'a Programs,
    consts: &'a [Val<'a>],
    arena: &'a Bump,
    /// The entities that references are followed to, and the references that are written.
    store: Option<(&'a Store<'a>, &'a [Val<'a>])>,
    /// The subject, and the shared values that another machine has found.
    found: &'a [Option<Val<'a>>],
    /// Those that this one has.
    own: Vec<Option<Run<Val<'a>>>>,
    /// The frames of the calls that are open; the last one starts at `base`.
    stack: Vec<Val<'a>>,
    base: usize,
    /// The parts so far of all values that are being made, the innermost last.
    parts: Vec<Val<'a>>,
    /// The steps that are left.
    pub(crate) left: u64,
    /// What the arena held before.
    before: usize,
}

/// What a loop goes over.
pub(crate) enum Rounds<'a> {
    List(&'a [Val<'a>]),
    Entries(&'a [(Val<'a>, Val<'a>)]),
    Members(&'a [Member<'a>]),
}

impl<'a> Rounds<'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::List(elements) => elements.len(),
            Self::Entries(entries) => entries.len(),
            Self::Members(members) => members.len(),
        }
    }

    /// What a round binds.
    #[inline]
    pub(crate) fn get(&self, at: usize, pairs: bool) -> (Val<'a>, Val<'a>) {
        match self {
            Self::List(elements) if pairs => (Val::Int(at as i64), elements[at]),
            Self::List(elements) => (elements[at], Val::None),
            Self::Entries(entries) => entries[at],
            Self::Members(members) => (Val::Str(members[at].name), members[at].value),
        }
    }
}

/// The constants of programs as values.
pub(crate) fn constants<'a>(programs: &'a Programs, arena: &'a Bump) -> Run<Vec<Val<'a>>> {
    programs.consts.iter().map(|value: &Value| Ok(Val::borrowed(value, arena)?)).collect()
}

impl<'a> Machine<'a> {
    /// A machine that finds the shared values itself.
    pub(crate) fn new(programs: &'a Programs, consts: &'a [Val<'a>], subjects: &[Val<'a>], arena: &'a Bump) -> Self {
        let mut own: Vec<Option<Run<Val<'a>>>> = subjects.iter().map(|subject| Some(Ok(*subject))).collect();
        own.resize(subjects.len() + programs.shared.len(), None);
        Self { own, ..Self::with(programs, consts, &[], arena) }
    }

    /// A machine that has the shared values from another.
    pub(crate) fn with(
        programs: &'a Programs,
        consts: &'a [Val<'a>],
        found: &'a [Option<Val<'a>>],
        arena: &'a Bump,
    ) -> Self {
        let (own, stack, parts) = (Vec::new(), Vec::new(), Vec::new());
        let before = arena.allocated_bytes();
        Self { programs, consts, arena, store: None, found, own, stack, base: 0, parts, left: STEPS, before }
    }

    /// Lets references be followed. `references` are those that are written, by place.
    pub(crate) fn following(self, store: &'a Store<'a>, references: &'a [Val<'a>]) -> Self {
        Self { store: Some((store, references)), ..self }
    }

    /// The shared values found so far.
    pub(crate) fn found(&self) -> Vec<Option<Val<'a>>> {
        self.own.iter().map(|value| value.and_then(Result::ok)).collect()
    }

    #[inline]
    fn spend(&mut self, steps: u64) -> Run<()> {
        self.left = self.left.checked_sub(steps).ok_or(GiveUp)?;
        Ok(())
    }

    /// Whether there is room for more values.
    #[inline]
    fn room(&self) -> Run<()> {
        let kept = self.arena.allocated_bytes().saturating_sub(self.before);
        if kept > MOST_BYTES || self.parts.len() > ops::LONGEST_LIST { Err(GiveUp) } else { Ok(()) }
    }

    /// Makes room for the slots of a policy.
    pub(crate) fn frame(&mut self, slots: u32) {
        self.base = 0;
        self.parts.clear();
        if self.stack.len() != slots as usize {
            self.stack.clear();
            self.stack.resize(slots as usize, Val::None);
        }
    }

    #[inline]
    pub(crate) fn set(&mut self, slot: u32, value: Val<'a>) {
        self.stack[self.base + slot as usize] = value;
    }

    /// A value that holds for the whole subject.
    pub(crate) fn shared(&mut self, at: u32) -> Run<Val<'a>> {
        if let Some(Some(known)) = self.found.get(at as usize) {
            return Ok(*known);
        }
        match self.own.get(at as usize) {
            None => Err(GiveUp),
            Some(Some(known)) => *known,
            Some(None) => {
                let id = self.programs.shared[(at - self.programs.subjects) as usize];
                let value = self.framed(self.programs.most, id);
                self.own[at as usize] = Some(value);
                value
            }
        }
    }

    /// An expression in a frame of its own.
    pub(crate) fn framed(&mut self, slots: u32, id: Id) -> Run<Val<'a>> {
        let (base, top) = (self.base, self.stack.len());
        self.stack.resize(top + slots as usize, Val::None);
        self.base = top;
        let value = self.eval(id);
        self.base = base;
        self.stack.truncate(top);
        value
    }

    /// The value of an expression.
    pub(crate) fn eval(&mut self, id: Id) -> Run<Val<'a>> {
        let programs = self.programs;
        Ok(match &programs.exprs[id.0 as usize] {
            Expr::Const(at) => self.consts[*at as usize],
            Expr::Slot(slot) => self.stack[self.base + *slot as usize],
            Expr::Shared(at) => self.shared(*at)?,
            Expr::Reference(at) => match self.store {
                Some((_, references)) => references[*at as usize],
                None => return Err(GiveUp),
            },
            Expr::EntityField { base, name, hint } => match (self.eval(*base)?, self.store) {
                (Val::None, _) => Val::None,
                (Val::Ref(named), _) if name == "id" => Val::Str(named.name.id),
                (Val::Ref(named), Some((store, _))) => {
                    let attributes = store.attributes(named).ok_or(GiveUp)?;
                    member(attributes, name, *hint as usize).unwrap_or(Val::None)
                }
                _ => return Err(GiveUp),
            },
            Expr::Within { inner, outer } => {
                let inner = self.eval(*inner)?;
                let outer = self.eval(*outer)?;
                let Some((store, _)) = self.store else { return Err(GiveUp) };
                Val::Bool(match inner {
                    Val::None => false,
                    Val::Ref(inner) => store.is_within(inner, outer).ok_or(GiveUp)?,
                    _ => return Err(GiveUp),
                })
            }
            Expr::Field { base, name, hint, optional } => match self.eval(*base)? {
                Val::Record(members) => member(members, name, *hint as usize).unwrap_or(Val::None),
                base => ops::field(base, name, *optional, self.arena)?,
            },
            Expr::Apply { op, args } => match **args {
                [only] => {
                    let only = self.eval(only)?;
                    self.apply(*op, &[only])?
                }
                [first, second] => {
                    let args = [self.eval(first)?, self.eval(second)?];
                    self.apply(*op, &args)?
                }
                _ => {
                    let mark = self.gather(args)?;
                    let args = self.parts.split_off(mark);
                    self.apply(*op, &args)?
                }
            },
            Expr::And(left, right) => match self.eval(*left)? {
                Val::Bool(false) => Val::Bool(false),
                Val::Bool(true) => self.eval(*right)?,
                _ => return Err(GiveUp),
            },
            Expr::Or(left, right) => match self.eval(*left)? {
                Val::Bool(true) => Val::Bool(true),
                Val::Bool(false) => self.eval(*right)?,
                _ => return Err(GiveUp),
            },
            Expr::Coalesce(left, right) => match self.eval(*left)? {
                Val::None => self.eval(*right)?,
                value => value,
            },
            Expr::If(condition, then, otherwise) => match self.eval(*condition)? {
                Val::Bool(true) => self.eval(*then)?,
                Val::Bool(false) => self.eval(*otherwise)?,
                _ => return Err(GiveUp),
            },
            Expr::Call { function, args } => self.call(*function, args)?,
            Expr::List(elements) => {
                let mark = self.gather(elements)?;
                self.list_from(mark)?
            }
            Expr::Record(members) => {
                let mut made = Vec::with_capacity(members.len());
                for (name, value) in members {
                    made.push(Member { name, value: self.eval(*value)? });
                }
                Val::Record(self.arena.alloc_slice_copy(&made))
            }
            Expr::Map(entries) => {
                let mut made = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    made.push((self.eval(*key)?, self.eval(*value)?));
                }
                Val::map(made, self.arena)
            }
            Expr::Each { clauses, body } => {
                let mark = self.parts.len();
                self.rounds(clauses, &mut |machine| {
                    let value = machine.eval(*body)?;
                    machine.parts.push(value);
                    machine.room()
                })?;
                self.list_from(mark)?
            }
            Expr::EachEntry { clauses, key, value } => {
                let mut entries = Vec::new();
                self.rounds(clauses, &mut |machine| {
                    entries.push((machine.eval(*key)?, machine.eval(*value)?));
                    if entries.len() > ops::LONGEST_LIST { Err(GiveUp) } else { machine.room() }
                })?;
                Val::map(entries, self.arena)
            }
            Expr::Match { subject, slot, arms } => {
                let value = self.eval(*subject)?;
                self.set(*slot, value);
                for arm in arms {
                    for test in &arm.tests {
                        if !self.holds(test, value)? {
                            continue;
                        }
                        let allowed = match arm.guard {
                            Some(guard) => match self.eval(guard)? {
                                Val::Bool(allowed) => allowed,
                                _ => return Err(GiveUp),
                            },
                            None => true,
                        };
                        if allowed {
                            return self.eval(arm.body);
                        }
                    }
                }
                return Err(GiveUp);
            }
            Expr::Let { slot, value, body } => {
                let value = self.eval(*value)?;
                self.set(*slot, value);
                self.eval(*body)?
            }
            Expr::Matches { text, pattern } => match self.eval(*text)? {
                Val::Str(text) | Val::Url(text) | Val::Digest(text) => {
                    Val::Bool(programs.patterns[*pattern as usize].matches(text))
                }
                _ => return Err(GiveUp),
            },
            Expr::Begins { value, prefix } => {
                let value = self.eval(*value)?;
                Val::Bool(display::begins(value, prefix))
            }
            Expr::IsItsText { value, of } => match self.eval(*value)? {
                Val::Str(text) => {
                    let of = self.eval(*of)?;
                    Val::Bool(match of {
                        Val::Str(of) => text == of,
                        of => text == display::text(of),
                    })
                }
                _ => Val::Bool(false),
            },
            Expr::Members(record) => match self.eval(*record)? {
                Val::Record(members) => {
                    self.spend(members.len() as u64)?;
                    let entries = members.iter().map(|member| (Val::Str(member.name), member.value));
                    // Both are in the order of the names.
                    Val::Map(self.arena.alloc_slice_fill_iter(entries.collect::<Vec<_>>()))
                }
                _ => return Err(GiveUp),
            },
            Expr::Form { value, shape } => {
                let value = self.eval(*value)?;
                self.form(value, *shape)?
            }
        })
    }

    fn apply(&mut self, op: ordain_graph::Op, args: &[Val<'a>]) -> Run<Val<'a>> {
        let value = ops::apply(op, args, self.arena, &self.programs.table)?;
        match value {
            Val::Str(text) => self.spend(text.len() as u64 / 16)?,
            Val::List(elements) => self.spend(elements.len() as u64)?,
            _ => return Ok(value),
        }
        self.room()?;
        Ok(value)
    }

    /// Puts the values of expressions among the parts, and says where they start.
    fn gather(&mut self, ids: &[Id]) -> Run<usize> {
        let mark = self.parts.len();
        for id in ids {
            let value = self.eval(*id)?;
            self.parts.push(value);
        }
        Ok(mark)
    }

    fn list_from(&mut self, mark: usize) -> Run<Val<'a>> {
        self.room()?;
        let list = self.arena.alloc_slice_copy(&self.parts[mark..]);
        self.parts.truncate(mark);
        Ok(Val::List(list))
    }

    fn call(&mut self, function: u32, args: &[Id]) -> Run<Val<'a>> {
        self.spend(1)?;
        let mark = self.gather(args)?;
        let function = &self.programs.functions[function as usize];
        let (base, top) = (self.base, self.stack.len());
        self.stack.extend_from_slice(&self.parts[mark..]);
        self.stack.resize(top + function.slots as usize, Val::None);
        self.parts.truncate(mark);
        self.base = top;
        let value = self.eval(function.body);
        self.base = base;
        self.stack.truncate(top);
        value
    }

    fn rounds(&mut self, steps: &'a [Step], body: &mut dyn FnMut(&mut Self) -> Run<()>) -> Run<()> {
        match steps.split_first() {
            None => body(self),
            Some((Step::If(condition), rest)) => match self.eval(*condition)? {
                Val::Bool(true) => self.rounds(rest, body),
                Val::Bool(false) => Ok(()),
                _ => Err(GiveUp),
            },
            Some((Step::For { first, second, iter }, rest)) => {
                let over = self.eval(*iter)?;
                let over = ops::rounds(over)?;
                for at in 0..over.len() {
                    self.spend(1)?;
                    let (one, other) = over.get(at, second.is_some());
                    self.set(*first, one);
                    if let Some(second) = second {
                        self.set(*second, other);
                    }
                    self.rounds(rest, body)?;
                }
                Ok(())
            }
        }
    }

    fn holds(&mut self, test: &MatchTest, value: Val<'a>) -> Run<bool> {
        Ok(match test {
            MatchTest::Any => true,
            MatchTest::Never => false,
            MatchTest::Variant(index) => matches!(value, Val::Variant(at, _) if at == *index),
            MatchTest::Equal(literal) => ops::equal(value, self.eval(*literal)?),
            MatchTest::Range { low, high, inclusive } => {
                let (low, high) = (self.eval(*low)?, self.eval(*high)?);
                let least = ops::compare(low, value).is_some_and(|order| order.is_le());
                let most = ops::compare(value, high)
                    .is_some_and(|order| if *inclusive { order.is_le() } else { order.is_lt() });
                least && most
            }
        })
    }

    /// How many slots the largest frame of a policy has.
    pub(crate) fn most(&self) -> u32 {
        self.programs.most
    }
}
