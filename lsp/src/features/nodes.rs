//! A walk over a syntax tree: every node with its place, outer ones before inner ones.

mod clauses;

use ordain_diagnostics::TextRange;
use ordain_syntax::ast::*;

/// What a name stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The name of a declaration, or a part of it.
    Declared,
    /// A part of the path to a module.
    Module,
    /// A part of a path that names a declaration.
    Path,
    /// The other name that an import gives.
    Alias,
    /// A name in an expression.
    Value,
    /// What a `let`, a loop or a pattern binds.
    Bound,
    /// A step, a sub-plan or a gate of a plan.
    Step,
    /// A stage.
    Stage,
    /// A parameter where it is declared.
    Param,
    /// The name before an argument.
    Argument,
    /// A field where its type is written.
    FieldType,
    /// A field of a value or a literal.
    Field,
    /// A variant where it is declared.
    Variant,
    /// A group of people.
    Group,
    /// One of the language's own values, such as `write` or `high`.
    Word,
    /// A word that is none elsewhere.
    Keyword,
    /// The code of a finding.
    Code,
}

/// A node of a syntax tree.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node<'t> {
    /// An import.
    Use,
    /// An annotation.
    Allow(&'t Allow),
    /// A declaration.
    Item(&'t Item),
    /// A clause, a modifier or a member.
    Clause,
    /// A statement of a plan.
    Stmt,
    /// A statement of a test.
    TestStmt,
    /// An expression.
    Expr(&'t Expr),
    /// A type.
    Type,
    /// A block of expressions, an arm, a field, a parameter, an argument, a `let`.
    Part,
    /// A capability and its inputs.
    Call(&'t StepCall),
    /// A plan and its arguments.
    PlanCall(&'t PlanCall),
    /// The code of a policy.
    PolicyCode(&'t StringLit),
    /// A `let` of an expression.
    Let,
    /// A name.
    Name(Role),
}

/// Goes over a file.
pub(crate) fn walk<'t>(file: &'t File, visit: &mut dyn FnMut(TextRange, Node<'t>)) {
    let mut walk = Walk { visit };
    for tree in &file.uses {
        walk.import(tree);
    }
    for item in &file.items {
        walk.item(item);
    }
}

/// Goes over one declaration.
pub(crate) fn walk_item<'t>(item: &'t Item, visit: &mut dyn FnMut(TextRange, Node<'t>)) {
    Walk { visit }.item(item);
}

struct Walk<'v, 't> {
    visit: &'v mut dyn FnMut(TextRange, Node<'t>),
}

impl<'t> Walk<'_, 't> {
    fn name(&mut self, ident: &'t Ident, role: Role) {
        (self.visit)(ident.range, Node::Name(role));
    }

    fn path(&mut self, path: &'t Path, role: Role) {
        if path.parts.len() > 1 {
            (self.visit)(path.range, Node::Part);
        }
        path.parts.iter().for_each(|part| self.name(part, role));
    }

    fn node(&mut self, range: TextRange, node: Node<'t>) {
        (self.visit)(range, node);
    }

    fn allows(&mut self, allows: &'t [Allow]) {
        for allow in allows {
            self.node(allow.range, Node::Allow(allow));
            self.name(&allow.code, Role::Code);
        }
    }

    fn import(&mut self, tree: &'t Use) {
        self.allows(&tree.allows);
        self.node(tree.range, Node::Use);
        self.path(&tree.path, Role::Module);
        for name in tree.names.iter().flatten() {
            self.path(&name.path, Role::Path);
            name.alias.iter().for_each(|alias| self.name(alias, Role::Alias));
        }
        tree.alias.iter().for_each(|alias| self.name(alias, Role::Alias));
    }

    fn item(&mut self, item: &'t Item) {
        self.node(item.range, Node::Item(item));
        self.allows(&item.allows);
        if !matches!(item.kind, ItemKind::Test(_)) {
            self.path(&item.name, Role::Declared);
        }
        match &item.kind {
            ItemKind::Type(tree) => self.ty(&tree.ty),
            ItemKind::Enum(tree) => tree.variants.iter().for_each(|variant| self.name(&variant.name, Role::Variant)),
            ItemKind::Fn(tree) => {
                self.params(&tree.params);
                self.ty(&tree.result);
                self.block(&tree.body);
            }
            ItemKind::Const(tree) => {
                tree.ty.iter().for_each(|ty| self.ty(ty));
                self.expr(&tree.value);
            }
            ItemKind::Capability(tree) => tree.clauses.iter().for_each(|clause| self.capability(clause)),
            ItemKind::Adapter(tree) => tree.clauses.iter().for_each(|clause| self.adapter(clause)),
            ItemKind::Environment(tree) => {
                self.ty(&tree.ty);
                tree.members.iter().for_each(|member| self.member(member));
            }
            ItemKind::Entity(tree) => {
                self.ty(&tree.ty);
                self.fields(&tree.fields);
            }
            ItemKind::Policy(tree) => {
                tree.from.iter().for_each(|from| self.name(&from.language, Role::Word));
                tree.clauses.iter().for_each(|clause| self.policy(clause));
            }
            ItemKind::Gate(tree) => tree.clauses.iter().for_each(|clause| self.gate(clause)),
            ItemKind::Test(tree) => self.tests(&tree.body),
            ItemKind::Plan(tree) => {
                self.params(&tree.params);
                tree.result.iter().for_each(|ty| self.ty(ty));
                self.stmts(&tree.body);
            }
        }
    }

    fn params(&mut self, params: &'t [Param]) {
        for param in params {
            let end = param.default.as_ref().map_or(param.ty.range, |default| default.range);
            self.node(param.name.range.cover(end), Node::Part);
            self.name(&param.name, Role::Param);
            self.ty(&param.ty);
            param.default.iter().for_each(|default| self.expr(default));
        }
    }

    fn ty(&mut self, ty: &'t Type) {
        self.node(ty.range, Node::Type);
        match &ty.kind {
            TypeKind::Path { path, args } => {
                self.path(path, Role::Path);
                args.iter().for_each(|arg| self.ty(arg));
            }
            TypeKind::List(inner) | TypeKind::Optional(inner) => self.ty(inner),
            TypeKind::Record(record) => self.record_type(record),
            TypeKind::Refined { base, refinement } => {
                self.ty(base);
                match &**refinement {
                    Refinement::Range(expr) | Refinement::Length(expr) | Refinement::Predicate(expr) => self.expr(expr),
                    Refinement::Matching(text) => self.string(text),
                }
            }
            TypeKind::Error => {}
        }
    }

    fn record_type(&mut self, record: &'t RecordType) {
        for field in &record.fields {
            self.node(field.range, Node::Part);
            self.name(&field.name, Role::FieldType);
            self.ty(&field.ty);
            field.default.iter().for_each(|default| self.expr(default));
        }
    }

    fn code(&mut self, text: &'t StringLit) {
        self.node(text.range, Node::PolicyCode(text));
        self.string(text);
    }

    fn string(&mut self, text: &'t StringLit) {
        for part in &text.parts {
            if let StringPart::Expr(expr) = part {
                self.expr(expr);
            }
        }
    }

    fn call(&mut self, call: &'t StepCall) {
        self.node(call.range, Node::Call(call));
        self.path(&call.path, Role::Path);
        self.fields(&call.fields);
    }

    fn args(&mut self, args: &'t [Arg]) {
        for arg in args {
            if let Some(name) = &arg.name {
                self.node(name.range.cover(arg.value.range), Node::Part);
                self.name(name, Role::Argument);
            }
            self.expr(&arg.value);
        }
    }

    fn fields(&mut self, fields: &'t [Field]) {
        fields.iter().for_each(|field| self.field(field));
    }

    fn field(&mut self, field: &'t Field) {
        match field {
            Field::Named { name, value, shorthand } => {
                self.node(name.range.cover(value.range), Node::Part);
                self.name(name, Role::Field);
                if !shorthand {
                    self.expr(value);
                }
            }
            Field::Keyed { key, value } => {
                self.node(key.range.cover(value.range), Node::Part);
                self.expr(key);
                self.expr(value);
            }
            Field::Spread { value, range } => {
                self.node(*range, Node::Part);
                self.expr(value);
            }
        }
    }

    fn binder(&mut self, binder: &'t Binder) {
        self.name(&binder.first, Role::Bound);
        binder.second.iter().for_each(|second| self.name(second, Role::Bound));
    }

    fn binding(&mut self, tree: &'t Let) {
        self.node(tree.range, Node::Let);
        self.name(&tree.name, Role::Bound);
        tree.ty.iter().for_each(|ty| self.ty(ty));
        self.expr(&tree.value);
    }

    fn block(&mut self, block: &'t Block) {
        self.node(block.range, Node::Part);
        block.lets.iter().for_each(|tree| self.binding(tree));
        self.expr(&block.result);
    }

    fn clauses(&mut self, head: &'t Comprehension) {
        for clause in &head.clauses {
            match clause {
                ForClause::For { binder, iter } => {
                    self.binder(binder);
                    self.expr(iter);
                }
                ForClause::If(condition) => self.expr(condition),
            }
        }
    }

    fn expr(&mut self, expr: &'t Expr) {
        self.node(expr.range, Node::Expr(expr));
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Error => {}
            ExprKind::String(text) => self.string(text),
            ExprKind::Name(_) => self.node(expr.range, Node::Name(Role::Value)),
            ExprKind::Field { base, name, .. } => {
                self.expr(base);
                self.name(name, Role::Field);
            }
            ExprKind::Index { base, index } => {
                self.expr(base);
                self.expr(index);
            }
            ExprKind::Call { callee, args } => {
                self.expr(callee);
                self.args(args);
            }
            ExprKind::Plan { path, args } => {
                self.path(path, Role::Path);
                self.args(args);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::List(elements) => elements.iter().for_each(|element| self.expr(element)),
            ExprKind::Record(fields) => self.fields(fields),
            ExprKind::ListFor(body, head) => {
                self.expr(body);
                self.clauses(head);
            }
            ExprKind::MapFor { key, value, head } => {
                self.expr(key);
                self.expr(value);
                self.clauses(head);
            }
            ExprKind::If { condition, then, otherwise } => {
                self.expr(condition);
                self.block(then);
                self.block(otherwise);
            }
            ExprKind::Match { subject, arms } => {
                self.expr(subject);
                for arm in arms {
                    self.node(arm.range, Node::Part);
                    arm.patterns.iter().for_each(|pattern| self.pattern(pattern));
                    arm.guard.iter().for_each(|guard| self.expr(guard));
                    self.expr(&arm.body);
                }
            }
            ExprKind::Block(block) => self.block(block),
        }
    }

    fn pattern(&mut self, pattern: &'t Pattern) {
        self.node(pattern.range, Node::Part);
        match &pattern.kind {
            PatternKind::Name(_) => self.node(pattern.range, Node::Name(Role::Bound)),
            PatternKind::Variant(path) => self.path(path, Role::Path),
            _ => {}
        }
    }
}
