//! Calls of functions, declared and built in.

use std::sync::Arc;

use ordain_diagnostics::codes;
use ordain_graph::Function;
use smol_str::SmolStr;

use super::super::builtin::{self, DataFormat};
use super::super::coerce::Misfit;
use super::super::sig::{ParamTy, Sig};
use super::super::ty::Ty;
use super::{Anchor, Infer, Resolution};
use crate::data_pattern::DataPattern;
use crate::hir::{Arg, ExprId, ExprKind, Kind, Loc, PlanCall};
use crate::items::Item;

impl<'db> Infer<'db> {
    pub(super) fn call(&mut self, expr: ExprId, callee: ExprId, args: &[Arg], expected: Option<&Ty<'db>>) -> Ty<'db> {
        if let Some(parts) = self.path_of(callee) {
            self.mark_callee(callee, &parts);
            if let Ok(found) = self.resolve(&parts)
                && found.consumed == parts.len()
            {
                return self.declared_call(callee, found.item, args);
            }
            if let [name] = parts.as_slice()
                && let Some(ty) = self.builtin_call(expr, callee, name, args, expected)
            {
                return ty;
            }
            let error = crate::resolve::resolve(self.db, self.file, &parts).err();
            let name = parts.join(".");
            if !error.is_some_and(|error| error.reported) {
                let mut finding = self
                    .finding(codes::UNKNOWN_NAME, self.loc(callee), format!("no function named `{name}`"))
                    .meant(self.db, &self.places_of(callee), false, |kind| kind == Kind::Fn);
                if finding.help.is_none() {
                    let builtins = ordain_graph::Function::ALL.iter().map(|function| function.name());
                    let known = builtins.chain(DataFormat::names()).chain([builtin::SECRET, builtin::TYPED]);
                    finding = finding.did_you_mean(crate::similar::best(&name, known));
                }
                self.report(finding);
            }
        } else {
            let ty = self.infer(callee, None);
            if ty != Ty::Error {
                let message = format!("`{}` cannot be called", self.show(&ty));
                let finding = self.finding(codes::NOT_CALLABLE, self.loc(callee), message);
                self.report(finding);
            }
        }
        self.unchecked(args);
        Ty::Error
    }

    /// Looks at the arguments of a call that is mistaken itself.
    fn unchecked(&mut self, args: &[Arg]) {
        for arg in args {
            self.infer(arg.value, Some(&Ty::Error));
        }
    }

    /// The parts of a path of names not rooted in a local.
    fn path_of(&self, expr: ExprId) -> Option<Vec<SmolStr>> {
        let mut parts = Vec::new();
        let mut at = expr;
        loop {
            match &self.tree[at].kind {
                ExprKind::Field { base, name, optional: false } => {
                    parts.push(name.text.clone());
                    at = *base;
                }
                ExprKind::Name(first) if !self.is_local(first) => {
                    parts.push(first.clone());
                    parts.reverse();
                    return Some(parts);
                }
                _ => return None,
            }
        }
    }

    /// The parts of a path of names with their places.
    pub(super) fn places_of(&self, expr: ExprId) -> Vec<(SmolStr, Loc)> {
        let mut places = Vec::new();
        let mut at = expr;
        while let ExprKind::Field { base, name, .. } = &self.tree[at].kind {
            places.push((name.text.clone(), name.loc));
            at = *base;
        }
        if let ExprKind::Name(first) = &self.tree[at].kind {
            places.push((first.clone(), self.loc(at)));
        }
        places.reverse();
        places
    }

    fn declared_call(&mut self, callee: ExprId, item: Item<'db>, args: &[Arg]) -> Ty<'db> {
        self.facts.resolutions.insert(callee, Resolution::Item(item));
        match &super::super::signature(self.db, item).sig {
            Sig::Fn { params, result } => {
                self.arguments(self.loc(callee), item, params, args);
                result.clone()
            }
            Sig::Type(_) if matches!(Ty::Alias(item).peel(self.db), Ty::Record(_)) => {
                self.reference(callee, item, args)
            }
            _ => {
                let kind = item.kind(self.db);
                let message = format!("`{}` is {} and cannot be called", item.name(self.db), kind.phrase());
                let mut finding = self
                    .finding(codes::NOT_CALLABLE, self.loc(callee), message)
                    .note(Anchor::name_of(item), "declared here");
                if kind == Kind::Capability {
                    finding = finding
                        .help(format!("in a plan, write `{} {{ … }}` as a statement of its own", item.name(self.db)));
                } else if kind == Kind::Plan {
                    finding = finding.help(format!("write `plan {}(…)`", item.name(self.db)));
                }
                self.report(finding);
                self.unchecked(args);
                Ty::Error
            }
        }
    }

    /// `User("ana")`: the entity of a type that has an id.
    fn reference(&mut self, callee: ExprId, item: Item<'db>, args: &[Arg]) -> Ty<'db> {
        if let [Arg { name: None, value }] = args {
            self.check(*value, &Ty::String);
            self.mark_entity(item, *value);
        } else {
            let name = item.name(self.db);
            let message = format!("`{name}(…)` takes the id of an entity");
            let finding = self
                .finding(codes::WRONG_ARGUMENTS, self.loc(callee), message)
                .help(format!("write `{name}(\"id\")` for a reference, `{{ … }}` for a record"));
            self.report(finding);
            self.unchecked(args);
        }
        Ty::Ref(Arc::new(Ty::Alias(item)))
    }

    /// Checks arguments against parameters: by position first, then by name.
    pub(super) fn arguments(&mut self, at: Loc, item: Item<'db>, params: &[ParamTy<'db>], args: &[Arg]) {
        let mut filled = vec![false; params.len()];
        // Once a name stands elsewhere than in its own position, positions say nothing any more.
        let mut out_of_order = false;
        for (position, arg) in args.iter().enumerate() {
            let index = match &arg.name {
                None if out_of_order => {
                    let message = "an argument by position cannot follow a name out of order";
                    let finding = self.finding(codes::WRONG_ARGUMENTS, self.loc(arg.value), message);
                    self.report(finding);
                    self.infer(arg.value, Some(&Ty::Error));
                    continue;
                }
                None => position,
                Some(name) => match params.iter().position(|param| param.name == name.text) {
                    Some(index) => index,
                    None => {
                        let names = params.iter().map(|param| param.name.as_str());
                        let similar = crate::similar::best(&name.text, names);
                        // The parameter that was probably meant does not lack, too.
                        if let Some(meant) = params.iter().position(|param| Some(&param.name) == similar.as_ref()) {
                            filled[meant] = true;
                        }
                        let message = format!("`{}` has no parameter `{}`", item.name(self.db), name.text);
                        let finding = self
                            .finding(codes::WRONG_ARGUMENTS, name.loc, message)
                            .note(Anchor::name_of(item), "declared here")
                            .did_you_mean(similar);
                        self.report(finding);
                        self.infer(arg.value, Some(&Ty::Error));
                        continue;
                    }
                },
            };
            out_of_order |= index != position;
            self.mark_argument(item, arg, params.get(index));
            match params.get(index) {
                Some(param) if !filled[index] => {
                    filled[index] = true;
                    let ty = param.ty.clone();
                    let before = self.leave_fields();
                    self.check(arg.value, &ty);
                    self.leave_field(before);
                }
                Some(param) => {
                    let message = format!("parameter `{}` is given twice", param.name);
                    let finding = self.finding(codes::WRONG_ARGUMENTS, self.loc(arg.value), message);
                    self.report(finding);
                    self.infer(arg.value, Some(&Ty::Error));
                }
                None => {
                    let message = format!("`{}` takes {} arguments at most", item.name(self.db), params.len());
                    let finding = self
                        .finding(codes::WRONG_ARGUMENTS, self.loc(arg.value), message)
                        .note(Anchor::name_of(item), "declared here");
                    self.report(finding);
                    self.infer(arg.value, Some(&Ty::Error));
                }
            }
        }
        let missing: Vec<String> = params
            .iter()
            .zip(&filled)
            .filter(|(param, filled)| {
                !**filled && param.default.is_none() && !matches!(param.ty.peel(self.db), Ty::Optional(_))
            })
            .map(|(param, _)| format!("`{}`", param.name))
            .collect();
        if !missing.is_empty() {
            let plural = if missing.len() == 1 { "argument" } else { "arguments" };
            let message = format!("missing {plural} {}", missing.join(", "));
            let finding =
                self.finding(codes::WRONG_ARGUMENTS, at, message).note(Anchor::name_of(item), "declared here");
            self.report(finding);
        }
    }

    fn builtin_call(
        &mut self,
        expr: ExprId,
        callee: ExprId,
        name: &SmolStr,
        args: &[Arg],
        expected: Option<&Ty<'db>>,
    ) -> Option<Ty<'db>> {
        if let Some(format) = DataFormat::named(name) {
            self.facts.resolutions.insert(callee, Resolution::Data(format));
            return Some(self.data_call(expr, name, format, args, expected));
        }
        if name == builtin::SECRET {
            self.facts.resolutions.insert(callee, Resolution::Secret);
            return Some(self.secret_call(expr, args, expected));
        }
        if name == builtin::TYPED {
            self.facts.resolutions.insert(callee, Resolution::Typed);
            return Some(self.typed_call(expr, args, expected));
        }
        let function = builtin::function(name)?;
        self.facts.resolutions.insert(callee, Resolution::Builtin(function));
        let mut types: Vec<Ty<'db>> = Vec::new();
        for arg in args {
            if let Some(name) = &arg.name {
                let message = format!("the arguments of `{}` have no names", function.name());
                let finding = self.finding(codes::WRONG_ARGUMENTS, name.loc, message);
                self.report(finding);
            }
            let ty = self.infer(arg.value, None);
            if ty.holds_secret(self.db) {
                let finding = self
                    .finding(codes::SECRET_OPERATION, self.loc(arg.value), "no function takes a secret")
                    .label(format!("of type `{}`", self.show(&ty)));
                self.report(finding);
                types.push(Ty::Error);
            } else if let Ty::Optional(inner) = ty.peel(self.db).clone()
                && !(function == Function::JsonType && matches!(inner.peel(self.db), Ty::Json))
            {
                self.misfit(arg.value, &ty, &inner, Misfit::Optional);
                types.push(Ty::Error);
            } else if ty.holds_handle(self.db) && !builtin::takes_handles(function) {
                let message = format!("`{}` takes values, `{}` is none", function.name(), self.show(&ty));
                let finding = self
                    .finding(codes::TYPE_MISMATCH, self.loc(arg.value), message)
                    .help("a step is not a value; what it gives out is in its fields");
                self.report(finding);
                types.push(Ty::Error);
            } else {
                types.push(ty);
            }
        }
        let (least, most) = function.arity();
        if !(least..=most).contains(&args.len()) {
            let plural = if most == 1 { "" } else { "s" };
            let message = format!("`{}` takes {most} argument{plural}, not {}", function.name(), args.len());
            let finding = self.finding(codes::WRONG_ARGUMENTS, self.loc(callee), message);
            self.report(finding);
            return Some(Ty::Error);
        }
        Some(match builtin::result(self.db, function, &types) {
            Ok(ty) => ty,
            Err((index, wanted)) => {
                let found = self.show(&types[index]);
                let message = format!("`{}` expects {wanted}, found `{found}`", function.name());
                let finding = self.finding(codes::TYPE_MISMATCH, self.loc(args[index].value), message);
                self.report(finding);
                Ty::Error
            }
        })
    }

    /// `json("…")`: the type comes from where the value goes.
    fn data_call(
        &mut self,
        expr: ExprId,
        name: &str,
        format: DataFormat,
        args: &[Arg],
        expected: Option<&Ty<'db>>,
    ) -> Ty<'db> {
        match args {
            [Arg { name: None, value }] if matches!(self.tree[*value].kind, ExprKind::Str(_)) => {
                self.types[value.0 as usize] = Ty::String;
            }
            _ => {
                let finding = self
                    .finding(codes::WRONG_ARGUMENTS, self.loc(expr), format!("`{name}` takes the path of a file"))
                    .help(format!("write the path as a plain string: `{name}(\"data/file.{}\")`", format.extension()));
                self.report(finding);
            }
        }
        let several = match args {
            [Arg { value, .. }] => match &self.tree[*value].kind {
                ExprKind::Str(path) => DataPattern::of(path).is_some(),
                _ => false,
            },
            _ => false,
        };
        match expected {
            Some(ty) if several && *ty != Ty::Error && !self.is_by_path(ty) && !self.is_all(ty, format) => {
                let message = format!("expected `{}`, found several files, by their paths", self.show(ty));
                let finding = self.finding(codes::TYPE_MISMATCH, self.loc(expr), message).help(match format {
                    DataFormat::YamlDocuments => {
                        "declare a `List<T>`, the documents of all files, or a `Map<String, List<T>>`, by their paths"
                    }
                    _ => "declare a `Map<String, T>`: the path of each file, and what it holds",
                });
                self.report(finding);
                Ty::Error
            }
            Some(ty) if *ty != Ty::Error => {
                self.adjust(expr, ty);
                ty.clone()
            }
            Some(_) => Ty::Error,
            None => {
                let finding = self
                    .finding(codes::DATA_WITHOUT_TYPE, self.loc(expr), "data enters only through a declared type")
                    .help(format!("declare one, as in `const data: Json = {name}(…)`"));
                self.report(finding);
                Ty::Error
            }
        }
    }

    fn is_by_path(&self, ty: &Ty<'db>) -> bool {
        matches!(ty.peel_optional(self.db), Ty::Map(entry) if entry.0.peel(self.db) == Ty::String)
    }

    /// Whether several files are one list: where each is a list of documents.
    fn is_all(&self, ty: &Ty<'db>, format: DataFormat) -> bool {
        format == DataFormat::YamlDocuments && matches!(ty.peel_optional(self.db), Ty::List(_))
    }

    /// `typed(…)`: untyped data as a value of the type that is declared where it goes.
    fn typed_call(&mut self, expr: ExprId, args: &[Arg], expected: Option<&Ty<'db>>) -> Ty<'db> {
        let [Arg { name: None, value }] = args else {
            let finding = self
                .finding(codes::WRONG_ARGUMENTS, self.loc(expr), "`typed` takes a value of type `Json`")
                .help("write it as in `let port: Port = typed(input.port)`");
            self.report(finding);
            self.unchecked(args);
            return Ty::Error;
        };
        let given = self.infer(*value, None);
        match (given.peel(self.db), expected.map(|ty| ty.peel(self.db))) {
            (Ty::Error, _) | (_, Some(Ty::Error)) => return Ty::Error,
            (Ty::Json, _) => {}
            (Ty::Optional(inner), Some(Ty::Optional(_)) | None) if matches!(inner.peel(self.db), Ty::Json) => {}
            (Ty::Optional(inner), _) if matches!(inner.peel(self.db), Ty::Json) => {
                self.misfit(*value, &given, &Ty::Json, Misfit::Optional);
                return Ty::Error;
            }
            _ => {
                let message = format!("`typed` expects Json, found `{}`", self.show(&given));
                let finding = self
                    .finding(codes::TYPE_MISMATCH, self.loc(*value), message)
                    .help("only data without a declared type needs one");
                self.report(finding);
                return Ty::Error;
            }
        }
        expected.cloned().unwrap_or_else(|| {
            let finding = self
                .finding(codes::DATA_WITHOUT_TYPE, self.loc(expr), "nothing says which type the data has")
                .help("declare one, as in `let port: Port = typed(…)`");
            self.report(finding);
            Ty::Error
        })
    }

    fn secret_call(&mut self, expr: ExprId, args: &[Arg], expected: Option<&Ty<'db>>) -> Ty<'db> {
        match args {
            [Arg { name: None, value }] => {
                self.check(*value, &Ty::String);
            }
            _ => {
                let finding = self
                    .finding(codes::WRONG_ARGUMENTS, self.loc(expr), "`secret` takes the name of a secret")
                    .help("write it as in `secret(\"shop/database-password\")`");
                self.report(finding);
            }
        }
        match expected.map(|ty| ty.peel_optional(self.db)) {
            Some(secret @ Ty::Secret(_)) => secret,
            _ => Ty::Secret(Arc::new(Ty::String)),
        }
    }

    /// `plan release(…)`: the plan, with its arguments checked.
    pub(super) fn plan_call(&mut self, call: &PlanCall) -> Ty<'db> {
        let parts: Vec<SmolStr> = call.path.parts.iter().map(|part| part.text.clone()).collect();
        self.mark_target(&call.path, Kind::Plan);
        match self.resolve(&parts) {
            Ok(found) if found.consumed == parts.len() && found.item.kind(self.db) == Kind::Plan => {
                self.facts.targets.insert(call.path.loc(), Resolution::Item(found.item));
                if let Sig::Plan { params, .. } = &super::super::signature(self.db, found.item).sig {
                    self.arguments(call.path.loc(), found.item, params, &call.args);
                }
                return Ty::Plan(found.item);
            }
            Ok(found) => {
                let message = format!("`{}` is {}, not a plan", call.path.text(), found.item.kind(self.db).phrase());
                let finding = self
                    .finding(codes::WRONG_KIND, call.path.loc(), message)
                    .note(Anchor::name_of(found.item), "declared here");
                self.report(finding);
            }
            Err(error) if error.reported => {}
            Err(_) => {
                let finding = self
                    .finding(codes::UNKNOWN_NAME, call.path.loc(), format!("no plan named `{}`", call.path.text()))
                    .meant(self.db, &call.path.places(), false, |kind| kind == Kind::Plan);
                self.report(finding);
            }
        }
        self.unchecked(&call.args);
        Ty::Error
    }
}
