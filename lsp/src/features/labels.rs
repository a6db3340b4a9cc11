//! Names that are no declarations: groups of people, which environments fill, and the codes of policies.

use memchr::memmem::Finder;
use ordain_compiler::editor::{self, Meaning, hir};
use ordain_compiler::{Item, Kind, Package, Part, SourceFile, items_of};
use ordain_diagnostics::TextRange;
use smol_str::SmolStr;

use super::describe::describe;
use super::hover::block;
use super::navigation::Place;
use super::nodes::{Node, Role, walk};
use crate::world::{File, Snapshot};

/// How many characters of a group's members are shown.
const MOST_MEMBERS: usize = 200;

/// What is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// A group of people.
    Group(SmolStr),
    /// The code of a policy.
    Code(SmolStr),
}

/// The label at an offset, and its place.
pub(crate) fn at(file: &File, offset: u32) -> Option<(TextRange, Label)> {
    let touched = |(range, _): &(TextRange, Label)| range.start <= offset && offset <= range.end;
    all(&file.text).into_iter().find(touched)
}

/// Every label of a source, in order.
fn all(text: &str) -> Vec<(TextRange, Label)> {
    let parsed = ordain_syntax::parse(text).file;
    let mut found = Vec::new();
    walk(&parsed, &mut |range, node| match node {
        Node::Name(Role::Group) => {
            let name = text.get(range.start as usize..range.end as usize).unwrap_or_default();
            found.push((range, Label::Group(name.into())));
        }
        Node::PolicyCode(code) => found.extend(code.as_text().map(|code| (range, Label::Code(code.into())))),
        _ => {}
    });
    found.sort_by_key(|(range, _)| *range);
    found
}

/// What is said of a label.
pub(crate) fn said(snapshot: &Snapshot, file: &File, label: &Label) -> Vec<String> {
    let db = &snapshot.db;
    match label {
        Label::Group(name) => {
            let lines: Vec<String> = groups(snapshot, file, name)
                .into_iter()
                .map(|(environment, group)| {
                    let text = environment.file(db).content(db).text();
                    let range = members(snapshot, environment, group);
                    let written = text.get(range.start as usize..range.end as usize).unwrap_or_default();
                    let mut shown: String = written.chars().take(MOST_MEMBERS).collect();
                    if shown.len() < written.len() {
                        shown.push('…');
                    }
                    format!("- in `{}`: `{shown}`", environment.name(db))
                })
                .collect();
            let members = if lines.is_empty() { "No environment has this group.".into() } else { lines.join("\n") };
            vec![format!("```ordain\ngroup {name}\n```\n\n{members}")]
        }
        Label::Code(code) => policies(snapshot, file, code)
            .into_iter()
            .map(|(policy, _)| block(&describe(snapshot, None, &Meaning::Item(policy))))
            .collect(),
    }
}

/// Where a label is given: a group in the environments that have it, a code in its policy.
pub(crate) fn declarations(snapshot: &Snapshot, file: &File, label: &Label) -> Vec<Place> {
    let db = &snapshot.db;
    match label {
        Label::Group(name) => {
            let place = |(environment, group): (Item<'_>, &hir::Group)| {
                let range = editor::range(db, environment, Part::Signature, group.name.loc);
                (environment.file(db), range, range.cover(members(snapshot, environment, group)))
            };
            groups(snapshot, file, name).into_iter().map(place).collect()
        }
        Label::Code(code) => {
            let place = |(policy, code): (Item<'_>, &hir::Name)| {
                let range = editor::range(db, policy, Part::Signature, code.loc);
                (policy.file(db), range, policy.places(db).range)
            };
            policies(snapshot, file, code).into_iter().map(place).collect()
        }
    }
}

/// Every place of a label, sorted by paths and places; with `declaration` also where it is given.
pub(crate) fn references(
    snapshot: &Snapshot,
    file: &File,
    label: &Label,
    declaration: bool,
) -> Vec<(SourceFile, TextRange)> {
    let db = &snapshot.db;
    let declared: Vec<(SourceFile, TextRange)> =
        declarations(snapshot, file, label).into_iter().map(|(file, name, _)| (file, name)).collect();
    let (Label::Group(word) | Label::Code(word)) = label;
    let finder = Finder::new(word.as_bytes());
    let sources = near(snapshot, file).into_iter().flat_map(|package| package.files(db).values().copied());
    let mut found: Vec<(SourceFile, TextRange)> = sources
        .filter(|source| finder.find(source.content(db).text().as_bytes()).is_some())
        .flat_map(|source| {
            let same = all(source.content(db).text()).into_iter().filter(|(_, other)| other == label);
            same.map(move |(range, _)| (source, range)).collect::<Vec<_>>()
        })
        .filter(|place| declaration || !declared.contains(place))
        .collect();
    found.sort_by(|(a, at), (b, other)| a.path(db).cmp(b.path(db)).then(at.cmp(other)));
    found
}

/// The packages whose labels a file can name, and those that can name its own: a group stands in an environment of one package
/// and in a policy of another.
fn near(snapshot: &Snapshot, file: &File) -> Vec<Package> {
    let db = &snapshot.db;
    fn below(snapshot: &Snapshot, package: Package, found: &mut Vec<Package>) {
        if package == snapshot.std || found.contains(&package) {
            return;
        }
        found.push(package);
        for &dependency in package.dependencies(&snapshot.db).values() {
            below(snapshot, dependency, found);
        }
    }
    let own = file.source.package(db);
    let mut near = Vec::new();
    below(snapshot, own, &mut near);
    for &package in &snapshot.packages {
        let mut all = Vec::new();
        below(snapshot, package, &mut all);
        if all.contains(&own) && !near.contains(&package) {
            near.push(package);
        }
    }
    near
}

fn groups<'db>(snapshot: &'db Snapshot, file: &File, name: &str) -> Vec<(Item<'db>, &'db hir::Group)> {
    let db = &snapshot.db;
    let environments = near(snapshot, file).into_iter().flat_map(|package| items_of(db, package, Kind::Environment));
    environments
        .filter_map(|&environment| match &environment.signature(db).signature {
            hir::Signature::Environment { groups, .. } => {
                Some((environment, groups.iter().find(|group| group.name.text == name)?))
            }
            _ => None,
        })
        .collect()
}

fn members<'db>(snapshot: &'db Snapshot, environment: Item<'db>, group: &hir::Group) -> TextRange {
    let db = &snapshot.db;
    editor::range(db, environment, Part::Signature, environment.signature(db).tree[group.members].loc)
}

fn policies<'db>(snapshot: &'db Snapshot, file: &File, wanted: &str) -> Vec<(Item<'db>, &'db hir::Name)> {
    let db = &snapshot.db;
    let all = near(snapshot, file).into_iter().flat_map(|package| items_of(db, package, Kind::Policy));
    all.filter_map(|&policy| match &policy.signature(db).signature {
        hir::Signature::Policy { code: Some(code), .. } if code.text == wanted => Some((policy, code)),
        _ => None,
    })
    .collect()
}
