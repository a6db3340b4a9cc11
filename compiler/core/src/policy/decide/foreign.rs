//! Policies whose rules are written in another language.
//!
//! The clauses of such a policy choose what its rules look at: the subject, or each element that the innermost loop comes
//! to, with its place in the subject where that is known. All of these are put to the rules at once, and what the rules say becomes the policy's rulings.

use ordain_data::Pointer;
use ordain_diagnostics::{Diagnostic, codes};
use ordain_graph::{Exemption, Outcome, Value};
use serde_json::{Map, Value as Json};

use super::{Decider, Ruling};
use crate::db::{DataFile, Db};
use crate::eval::{Context, Eval, Evaluator, Fault, Origin, data_call, data_file, readable, value_json};
use crate::hir::{Body, Policy, RuleSource};
use crate::items::Item;
use crate::rules::{
    ForeignRules, RuleError, RuleErrorPlace, RuleFinding, RuleLanguage, RulePart, RulePlace, RuleRequest, RuleText,
};
use crate::types::Anchor;

/// What rules of another language see as the whole of the policy's subject.
#[derive(Clone, Debug)]
pub(in crate::policy) enum Shown<'db> {
    /// What stands in the files that the subject comes from.
    Origin(Origin<'db>),
    /// A value, as it was given.
    Value(Value),
}

/// What a loop is at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    pub(super) value: Value,
    /// The part of the subject that it is, or that it is somewhere in.
    pub(super) part: Pointer,
    /// Whether it is that part.
    pub(super) placed: bool,
}

/// What the rules are asked about.
pub(super) struct Asked<'db> {
    /// What the innermost loop is at; the subject, where there is no loop.
    element: Option<Element>,
    when: Option<Value>,
    because: Option<Value>,
    exempt: Eval<'db, Option<Exemption>>,
    /// What looking for an exemption found out, which counts once there is something to lift.
    used: Vec<(usize, bool)>,
    dated: bool,
    /// The way that led to it, among those that are kept.
    way: Option<usize>,
}

/// The files of a policy's rules.
struct Files {
    language: RuleLanguage,
    files: Vec<DataFile>,
    texts: Vec<RuleText>,
}

/// What is wrong with a policy's rules before they judge anything: files that are not there, or hold no rules.
#[salsa::tracked]
pub(crate) fn rules_fault<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Fault<'db>> {
    let Body::Policy(policy) = &item.body(db).body else { return None };
    let source = policy.from.as_ref()?;
    // Without a language that is known, or anything that runs it, that is told elsewhere.
    RuleLanguage::named(&source.language.text)?;
    sound(db, item, policy, source).err().map(|fault| *fault)
}

fn sound<'db>(db: &'db dyn Db, item: Item<'db>, policy: &'db Policy, source: &'db RuleSource) -> Eval<'db, ()> {
    let mut cx = Context::body(db, item);
    let files = Files::read(db, &cx, source)?;
    let Some(rules) = db.rules() else { return Ok(()) };
    // Data from a file is the same whatever the policy looks at; other data may need the subject.
    let data = match policy.with {
        Some(with) if data_call(db, &cx, with).is_some() => Some(value_json(&Evaluator::new(db).eval(&mut cx, with)?)),
        _ => None,
    };
    let nothing = Json::Null;
    let parts = &[];
    files.ask(db, &mut cx, policy, rules, (data.as_ref(), &nothing, parts, &Origin::Unknown)).map(drop)
}

impl Files {
    fn read<'db>(db: &'db dyn Db, cx: &Context<'db>, source: &RuleSource) -> Eval<'db, Self> {
        let Some(language) = RuleLanguage::named(&source.language.text) else {
            let message = format!("there are no rules in a language `{}`", source.language.text);
            return Err(Fault::new(codes::FOREIGN_RULES, cx.at(source.language.loc), message));
        };
        let files: Vec<DataFile> =
            source.files.iter().map(|file| data_file(db, &file.text, cx.at(file.loc))).collect::<Eval<'db, _>>()?;
        files.iter().try_for_each(|file| readable(db, *file))?;
        let text = |file: &DataFile| RuleText { path: file.path(db).clone(), text: file.content(db).text().into() };
        let texts = files.iter().map(text).collect();
        Ok(Self { language, files, texts })
    }

    /// Asks whoever runs the rules: data, document, parts, and where the document comes from.
    fn ask<'db>(
        &self,
        db: &'db dyn Db,
        cx: &mut Context<'db>,
        policy: &Policy,
        rules: &dyn ForeignRules,
        (data, document, parts, origin): (Option<&Json>, &Json, &[RulePart], &Origin<'db>),
    ) -> Eval<'db, Vec<Vec<RuleFinding>>> {
        let request = RuleRequest { language: self.language, sources: &self.texts, data, document, parts };
        rules.judge(&request).map_err(|RuleError { message, place }| {
            let name = cx.item.name(db);
            let place = match place {
                RuleErrorPlace::Source(index, range) => {
                    self.files.get(index).map(|file| (file.path(db).clone(), range))
                }
                RuleErrorPlace::Data(pointer) => policy.with.and_then(|with| {
                    let origin = Origin::of(cx, &Evaluator::new(db), &[], with);
                    origin.place(db, &origin.nearest(db, pointer))
                }),
                RuleErrorPlace::Part(at) => {
                    parts.get(at).and_then(|part| origin.place(db, &origin.nearest(db, part.place().clone())))
                }
                RuleErrorPlace::Unknown => None,
            };
            match place {
                Some((path, range)) => {
                    let finding = Diagnostic::new(codes::RULES_FAILED, path, range, message)
                        .help(format!("`{name}` denies what it cannot decide"));
                    Box::new(Fault::Data(Box::new(finding)))
                }
                None => {
                    let message = format!("the rules of `{name}` give no answer: {message}");
                    Fault::new(codes::RULES_FAILED, Anchor::name_of(cx.item), message)
                }
            }
        })
    }
}

impl Asked<'_> {
    /// Whether the rules would judge the same twice, for findings at the same place.
    fn is(&self, other: &Self) -> bool {
        match (&self.element, &other.element) {
            // A place has one value.
            (Some(one), Some(other)) if one.placed && other.placed => one.part == other.part,
            (one, other) => one == other,
        }
    }

    /// What the rules judge, as a part of the document where it is one.
    fn part(&self, document: &Json) -> RulePart {
        let Some(Element { value, part, placed }) = &self.element else { return RulePart::Place(Pointer::root()) };
        let is_there = |part: &Pointer| document.pointer(part.as_str()).is_some();
        if *placed && is_there(part) {
            return RulePart::Place(part.clone());
        }
        // What a default adds is not in the document either.
        let mut within = part.clone();
        while !is_there(&within) {
            within.pop();
        }
        RulePart::Made { value: value_json(value), within }
    }
}

impl<'db> Decider<'_, 'db> {
    /// Shows the rules what the subject is made from, where that says more than its value.
    pub(in crate::policy) fn showing(mut self, shown: Option<Shown<'db>>) -> Self {
        self.shown = shown;
        self
    }

    /// Notes that the rules have to look at what the loops are at.
    pub(super) fn ask(&mut self, when: Option<Value>) -> Eval<'db, ()> {
        let because = self.policy.because.map(|because| self.evaluator.eval(&mut self.cx, because)).transpose()?;
        let before = (std::mem::take(&mut self.decided.used), std::mem::take(&mut self.decided.dated));
        let exempt = self.exemption();
        let used = std::mem::replace(&mut self.decided.used, before.0);
        let dated = std::mem::replace(&mut self.decided.dated, before.1);
        let way = self.passed.is_some().then_some(self.decided.ways.len());
        let asked = Asked { element: self.at.last().cloned(), when, because, exempt, used, dated, way };
        match self.asked.iter_mut().find(|other| other.is(&asked)) {
            None => self.asked.push(asked),
            // Several ways lead to one part: it is judged once, and what one of them does not lift is not lifted.
            Some(other) => {
                if !matches!(asked.exempt, Ok(Some(_))) {
                    other.exempt = asked.exempt;
                }
                if asked.when.is_none() {
                    other.when = None;
                }
                other.used.extend(asked.used);
                other.dated |= asked.dated;
            }
        }
        Ok(())
    }

    /// Puts all parts to the rules, and takes over what they say.
    pub(super) fn judge(&mut self, source: &'db RuleSource) {
        if let Err(fault) = self.answers(source) {
            self.undecided(*fault);
        }
    }

    fn answers(&mut self, source: &'db RuleSource) -> Eval<'db, ()> {
        let files = Files::read(self.db, &self.cx, source)?;
        let Some(rules) = self.db.rules() else {
            let message = format!("rules in `{}` are not run here", source.language.text);
            return Err(Fault::new(codes::FOREIGN_RULES, self.cx.at(source.language.loc), message));
        };
        let data = self.data(files.language)?;
        let asked = std::mem::take(&mut self.asked);
        let (document, origin) = self.whole(&asked)?;
        let parts: Vec<RulePart> = asked.iter().map(|asked| asked.part(&document)).collect();
        let about = (data.as_ref(), &document, parts.as_slice(), &origin);
        let found = files.ask(self.db, &mut self.cx, self.policy, rules, about)?;
        for ((asked, part), found) in asked.into_iter().zip(parts).zip(found) {
            if found.is_empty() {
                continue;
            }
            let exempt = match asked.exempt {
                Ok(exempt) => exempt,
                Err(fault) => {
                    self.undecided_at(*fault, part.place().clone());
                    None
                }
            };
            self.decided.dated |= asked.dated;
            for used in asked.used {
                if !self.decided.used.contains(&used) {
                    self.decided.used.push(used);
                }
            }
            let before = self.decided.rulings.len();
            for finding in found {
                let pointer = place(self.db, &origin, &part, finding.place);
                let message = Some(Value::string(finding.message));
                let outcome = if finding.denies { Outcome::Deny { message } } else { Outcome::Warn { message } };
                let lifted = finding.lifted.then_some(Exemption { until: None, see: None });
                let rule = finding.rule.and_then(|(at, range)| Some((files.texts.get(at)?.path.clone(), range)));
                self.decided.rulings.push(Ruling {
                    outcome,
                    when: asked.when.clone(),
                    because: asked.because.clone(),
                    exempt: exempt.clone().or(lifted),
                    pointer,
                    rule,
                });
            }
            if let Some(way) = asked.way.and_then(|way| self.decided.ways.get_mut(way)) {
                way.rulings = before..self.decided.rulings.len();
            }
        }
        Ok(())
    }

    /// What the rules are given besides the subject: what `with` says, and for Rego the environment under its name.
    fn data(&mut self, language: RuleLanguage) -> Eval<'db, Option<Json>> {
        let policy = self.policy;
        let environment = policy.subject.as_ref().and_then(|subject| subject.environment.as_ref());
        let environment = environment.and_then(|(name, _)| {
            let (_, value) = self.cx.locals.iter().find(|(local, _)| *local == name.text)?;
            Some((name.text.to_string(), value_json(value)))
        });
        let Some(with) = policy.with else {
            return Ok(environment.map(|environment| Json::Object(Map::from_iter([environment]))));
        };
        let at = self.cx.expr_at(with);
        let value = self.evaluator.eval(&mut self.cx, with)?;
        if !value.is_known() {
            return Err(crate::eval::not_known(at));
        }
        let mut data = value_json(&value);
        if language != RuleLanguage::Rego {
            return Ok(Some(data));
        }
        let Json::Object(members) = &mut data else {
            return Err(Fault::helped(
                codes::RULES_FAILED,
                at,
                "Rego sees the fields of what it is given, and this has none",
                "give it a name: `with { name: … }` is `data.name` in Rego",
            ));
        };
        if let Some((name, facts)) = environment {
            if members.contains_key(&name) {
                let message = format!("`{name}` is the environment in `data` already");
                return Err(Fault::helped(codes::RULES_FAILED, at, message, "give this field another name"));
            }
            members.insert(name, facts);
        }
        Ok(Some(data))
    }

    /// The whole of the subject as JSON, and where it comes from. The parts have to be known.
    fn whole(&self, asked: &[Asked<'db>]) -> Eval<'db, (Json, Origin<'db>)> {
        let subject = match (&self.shown, self.subject()) {
            (Some(Shown::Value(value)), _) | (_, Some(value)) => value,
            _ => return Err(Box::new(Fault::Silent)),
        };
        let known = |asked: &Asked<'db>| asked.element.as_ref().map_or(subject, |element| &element.value).is_known();
        if !asked.iter().all(known) {
            let kind = self.policy.subject.as_ref().map_or("subject", |subject| subject.kind.text.as_str());
            let message = format!(
                "the rules of `{}` look at all of the {kind}, and a part of that is not known before execution",
                self.cx.item.name(self.db)
            );
            let help = "choose subjects whose inputs are known with `when`, or write the rules in the language itself";
            return Err(Fault::helped(codes::NOT_KNOWN_YET, Anchor::name_of(self.cx.item), message, help));
        }
        let origin = match &self.shown {
            Some(Shown::Origin(origin)) => origin.clone(),
            _ => Origin::Unknown,
        };
        Ok((origin.json(self.db, subject), origin))
    }

    /// The value that the policy is about.
    fn subject(&self) -> Option<&Value> {
        let (name, _) = self.origins.first()?;
        self.cx.locals.iter().find(|(local, _)| local == name).map(|(_, value)| value)
    }
}

/// Where a finding about a part points to in the whole.
fn place<'db>(db: &'db dyn Db, origin: &Origin<'db>, part: &RulePart, place: RulePlace) -> Pointer {
    let pointer = match place {
        RulePlace::Whole => None,
        RulePlace::Below(below) => match part {
            RulePart::Place(part) => Some(origin.nearest(db, part.clone().join(&below))),
            // Ways into a value that was made lead nowhere in the document.
            RulePart::Made { .. } => None,
        },
        RulePlace::Line(line) => origin.in_line(db, line),
    };
    pointer.unwrap_or_else(|| part.place().clone())
}
