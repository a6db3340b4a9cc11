//! Values of a type, made up: the same ones for the same test on every machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ordain_graph::{Date, Demand, Value};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::db::Db;
use crate::eval::Evaluator;
use crate::types::{Ty, alias_target};

/// How often a value is made anew because its refinement does not take it.
const TRIES: usize = 10_000;

/// After how many tries in vain values are made larger, and how large at most.
const GROWING: usize = 100;
const LARGEST: u64 = 1_000;

/// How deep values nest.
const MAX_DEPTH: usize = 6;

/// Numbers that look random and are the same for the same name (xorshift64*, Vigna 2016).
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// A series for a name.
    pub(super) fn of(name: &str) -> Self {
        // FNV-1a (RFC 9923); a state of zero would stay zero.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Self { state: hash | 1 }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }
}

/// A value of a type; the first cases are the smallest. `None` where there are none, or none was found.
pub(super) fn make<'db>(db: &'db dyn Db, ty: &Ty<'db>, random: &mut Random, case: usize) -> Option<Value> {
    Maker { db, random, size: case as u64 }.value(ty, 0)
}

struct Maker<'a, 'db> {
    db: &'db dyn Db,
    random: &'a mut Random,
    size: u64,
}

impl<'db> Maker<'_, 'db> {
    fn value(&mut self, ty: &Ty<'db>, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        Some(match ty {
            Ty::None => Value::None,
            Ty::Bool => Value::Bool(self.random.below(2) == 1),
            Ty::Int => Value::Int(self.int()),
            Ty::Decimal => Value::Decimal(Decimal::new(self.int(), self.random.below(3) as u32)),
            Ty::String => Value::String(self.text()),
            Ty::Bytes => Value::Bytes(self.amount()),
            Ty::Duration => Value::Duration(self.amount()),
            Ty::SemVer => {
                let (major, minor, patch) = (self.random.below(5), self.random.below(20), self.random.below(20));
                Value::parse_semver(&format!("{major}.{minor}.{patch}"))?
            }
            Ty::Url => Value::parse_url(&format!("https://{}.example/", self.word()))?,
            Ty::Digest => Value::parse_digest(&format!("sha256:{}", format!("{:016x}", self.random.next()).repeat(4)))?,
            Ty::Date => Value::Date(Date {
                year: 2000 + self.random.below(60) as u16,
                month: 1 + self.random.below(12) as u8,
                day: 1 + self.random.below(28) as u8,
            }),
            Ty::Optional(inner) => match self.random.below(3) {
                0 => Value::None,
                _ => self.value(inner, depth + 1).unwrap_or(Value::None),
            },
            Ty::List(element) => Value::list(self.some(element, depth)),
            Ty::Set(element) => Value::Set(Arc::new(self.some(element, depth).into_iter().collect::<BTreeSet<_>>())),
            Ty::Map(entry) => {
                let keys = self.some(&entry.0, depth);
                let entries: BTreeMap<Value, Value> =
                    keys.into_iter().filter_map(|key| Some((key, self.value(&entry.1, depth + 1)?))).collect();
                Value::Map(Arc::new(entries))
            }
            Ty::Record(record) => {
                let fields: Option<Vec<(SmolStr, Value)>> = record
                    .fields
                    .iter()
                    .map(|field| Some((field.name.clone(), self.value(&field.ty, depth + 1)?)))
                    .collect();
                Value::record(fields?)
            }
            Ty::Enum(_) => {
                let (_, variants) = ty.variants(self.db)?;
                let index = self.random.below(variants.len() as u64) as usize;
                Value::Variant(index as u32, variants.get(index)?.clone())
            }
            Ty::Alias(item) => return self.value(&alias_target(self.db, *item), depth),
            Ty::Refined(base, demand) => return self.refined(base, demand, depth),
            Ty::Json => match self.random.below(4) {
                0 => Value::None,
                1 => Value::Bool(true),
                2 => Value::Int(self.int()),
                _ => Value::String(self.text()),
            },
            Ty::Ref(_) | Ty::Secret(_) | Ty::Error | Ty::Step(_) | Ty::Plan(_) | Ty::Stage | Ty::Family(_) => {
                return None;
            }
        })
    }

    fn some(&mut self, element: &Ty<'db>, depth: usize) -> Vec<Value> {
        let count = self.random.below(self.size.min(8) + 1);
        (0..count).filter_map(|_| self.value(element, depth + 1)).collect()
    }

    /// Bounds and lengths are aimed at, everything else is found by trying.
    fn refined(&mut self, base: &Ty<'db>, demand: &Demand, depth: usize) -> Option<Value> {
        let size = self.size;
        let found = self.tried(base, demand, depth);
        self.size = size;
        found
    }

    fn tried(&mut self, base: &Ty<'db>, demand: &Demand, depth: usize) -> Option<Value> {
        for tried in 1..=TRIES {
            // What is small enough for the first cases may all be refused.
            if tried % GROWING == 0 {
                self.size = (self.size * 2 + 8).min(LARGEST);
            }
            let value = match (demand, base.peel(self.db)) {
                (Demand::Range { min: Value::Int(min), max: Value::Int(max), inclusive }, _) => {
                    let span = max.checked_sub(*min)?.checked_add(i64::from(*inclusive))?;
                    Value::Int(min + self.random.below(span.max(1).unsigned_abs()) as i64)
                }
                (Demand::Range { min: Value::Bytes(min), max: Value::Bytes(max), .. }, _) => {
                    Value::Bytes(min + self.random.below(max.saturating_sub(*min).max(1)))
                }
                (Demand::Range { min: Value::Duration(min), max: Value::Duration(max), .. }, _) => {
                    Value::Duration(min + self.random.below(max.saturating_sub(*min).max(1)))
                }
                (Demand::Length(least, most), Ty::String) => {
                    let length = least + self.random.below(most.saturating_sub(*least).min(self.size) + 1);
                    Value::String((0..length).map(|_| self.letter()).collect())
                }
                (Demand::Length(least, most), Ty::List(element)) => {
                    let length = least + self.random.below(most.saturating_sub(*least).min(8) + 1);
                    Value::list((0..length).filter_map(|_| self.value(&element, depth + 1)).collect::<Vec<_>>())
                }
                (Demand::Matching(_), Ty::String) => Value::String(self.word()),
                _ => self.value(base, depth)?,
            };
            if demand.check_with(&value, self.db.patterns()).is_ok() {
                return Some(value);
            }
        }
        None
    }

    fn int(&mut self) -> i64 {
        // Every ninth is one at the edge, for that is where mistakes are.
        if self.random.below(9) == 0 {
            return [0, 1, -1, i64::from(i32::MAX), i64::from(i32::MIN)][self.random.below(5) as usize];
        }
        let bound = (self.size + 1) * 10;
        self.random.below(2 * bound + 1) as i64 - bound as i64
    }

    fn amount(&mut self) -> u64 {
        self.random.below((self.size + 1) * 1_000)
    }

    fn letter(&mut self) -> char {
        const LETTERS: [char; 12] = ['a', 'b', 'z', 'A', '0', '9', '-', '_', '.', ' ', 'é', '日'];
        LETTERS[self.random.below(LETTERS.len() as u64) as usize]
    }

    fn text(&mut self) -> SmolStr {
        let length = self.random.below(self.size.min(20) + 1);
        (0..length).map(|_| self.letter()).collect()
    }

    fn word(&mut self) -> SmolStr {
        let length = 1 + self.random.below(self.size.min(8) + 1);
        (0..length).map(|_| (b'a' + self.random.below(26) as u8) as char).collect()
    }
}

/// Simpler values of the same type, the simplest first.
pub(super) fn smaller<'db>(db: &'db dyn Db, ty: &Ty<'db>, value: &Value) -> Vec<Value> {
    let evaluator = Evaluator::new(db);
    let fits = |candidate: &Value| evaluator.fits(candidate, ty);
    candidates(value).into_iter().filter(|candidate| candidate != value && fits(candidate)).collect()
}

fn candidates(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(true) => vec![Value::Bool(false)],
        Value::Int(number) => [0, number / 2, number - number.signum()]
            .into_iter()
            .filter(|less| less != number)
            .map(Value::Int)
            .collect(),
        Value::Bytes(amount) => [0, amount / 2, amount.saturating_sub(1)].map(Value::Bytes).into(),
        Value::Duration(amount) => [0, amount / 2, amount.saturating_sub(1)].map(Value::Duration).into(),
        Value::Decimal(number) => vec![Value::Decimal(Decimal::ZERO), Value::Decimal(number.trunc())],
        Value::String(text) => {
            let letters: Vec<char> = text.chars().collect();
            let mut shorter: Vec<Value> = vec![Value::string("")];
            shorter.push(Value::string(letters[..letters.len() / 2].iter().collect::<String>()));
            shorter.extend((0..letters.len()).map(|at| {
                Value::string(
                    letters.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, c)| c).collect::<String>(),
                )
            }));
            shorter
        }
        Value::List(elements) => {
            let mut shorter = vec![Value::list([]), Value::list(elements[..elements.len() / 2].to_vec())];
            for at in 0..elements.len() {
                let without = elements.iter().enumerate().filter(|(index, _)| *index != at);
                shorter.push(Value::list(without.map(|(_, each)| each.clone())));
            }
            for (at, each) in elements.iter().enumerate() {
                shorter.extend(candidates(each).into_iter().map(|less| {
                    let mut changed = elements.as_ref().clone();
                    changed[at] = less;
                    Value::list(changed)
                }));
            }
            shorter
        }
        Value::Record(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                candidates(value).into_iter().map(move |less| {
                    let mut changed = fields.as_ref().clone();
                    changed.insert(name.clone(), less);
                    Value::Record(changed.into())
                })
            })
            .collect(),
        Value::Map(entries) => entries
            .keys()
            .map(|key| {
                let mut changed = entries.as_ref().clone();
                changed.remove(key);
                Value::Map(changed.into())
            })
            .collect(),
        Value::Set(elements) => elements
            .iter()
            .map(|each| {
                let mut changed = elements.as_ref().clone();
                changed.remove(each);
                Value::Set(changed.into())
            })
            .collect(),
        _ => Vec::new(),
    }
}
