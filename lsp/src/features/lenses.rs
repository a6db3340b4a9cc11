//! Code lenses: what can be done with plans and tests, and how often something is referred to.

use ordain_compiler::editor::Meaning;
use ordain_compiler::{Item, Kind, file_items};
use serde_json::json;
use tower_lsp::ls_types::{CodeLens, Command, Location, Uri};

use super::hierarchy::Key;
use super::names;
use super::references::references;
use crate::world::{File, Snapshot};

/// How many places a lens leads to at most.
const MOST: usize = 5_000;

/// The lenses of a file, in order.
pub(crate) fn lenses(snapshot: &Snapshot, file: &File) -> Option<Vec<CodeLens>> {
    let settings = &snapshot.settings.code_lens;
    if !settings.enable {
        return None;
    }
    let db = &snapshot.db;
    let items = file_items(db, file.source).items(db);
    let uri = snapshot.uri(&file.path)?;
    let mut found = Lenses { snapshot, file, uri, found: Vec::new() };
    let tests: Vec<&str> =
        items.iter().filter(|item| item.kind(db) == Kind::Test).map(|item| item.name(db).as_str()).collect();
    let mut first = true;
    for &item in items {
        match item.kind(db) {
            Kind::Plan => found.plan(item),
            Kind::Test => {
                found.command(item, "Run test", "runTests", json!({ "tests": [item.name(db)] }));
                if std::mem::take(&mut first) && tests.len() > 1 {
                    found.command(item, "Run all tests", "runTests", json!({ "tests": tests }));
                }
            }
            _ => {}
        }
        let counted = matches!(
            item.kind(db),
            Kind::Capability | Kind::Type | Kind::Enum | Kind::Fn | Kind::Policy | Kind::Environment
        );
        if counted && settings.references {
            let data = serde_json::to_value(Key::of(snapshot, item)).ok();
            found.found.push(CodeLens { range: file.range(item.places(db).name), command: None, data });
        }
    }
    Some(found.found)
}

struct Lenses<'s> {
    snapshot: &'s Snapshot,
    file: &'s File,
    uri: Uri,
    found: Vec<CodeLens>,
}

impl Lenses<'_> {
    fn plan(&mut self, item: Item<'_>) {
        let db = &self.snapshot.db;
        let range = self.file.range(item.places(db).name);
        let plan = names::path(self.snapshot, item);
        let argument = json!({ "position": range.start, "plan": plan });
        self.command(item, "Plan", "plan", argument.clone());
        self.command(item, "Verify", "verify", argument);
        let package = self.file.source.package(db);
        let folder = self.snapshot.folders.iter().find(|(known, _)| *known == package);
        // Only a client can show what is done and ask before.
        if let (true, Some((_, folder))) = (self.snapshot.client.commands, folder) {
            self.command(item, "Apply…", "apply", json!({ "plan": plan, "package": folder }));
        }
    }

    /// Adds a lens for a command of the client, or for the server's own of that name.
    fn command(&mut self, item: Item<'_>, title: &str, name: &str, mut argument: serde_json::Value) {
        argument["uri"] = json!(self.uri);
        let place = if self.snapshot.client.commands { "ordain" } else { "ordain.server" };
        self.found.push(CodeLens {
            range: self.file.range(item.places(&self.snapshot.db).name),
            command: Some(Command {
                title: title.into(),
                command: format!("{place}.{name}"),
                arguments: Some(vec![argument]),
            }),
            data: None,
        });
    }
}

/// A lens with how often what it stands above is referred to.
pub(crate) fn resolve(snapshot: &Snapshot, mut lens: CodeLens) -> CodeLens {
    let item = Key::parse(lens.data.as_ref()).and_then(|key| key.find(snapshot));
    let places = item.map_or_else(Vec::new, |item| references(snapshot, Some(item), &Meaning::Item(item), false));
    let title = match places.len() {
        1 => "1 reference".to_owned(),
        count => format!("{count} references"),
    };
    let uri = item.and_then(|item| snapshot.uri(item.file(&snapshot.db).path(&snapshot.db)));
    lens.command = Some(match uri {
        Some(uri) if snapshot.client.commands && !places.is_empty() => {
            let locations: Vec<Location> = locations(snapshot, &places[..places.len().min(MOST)]);
            let argument = json!({ "uri": uri, "position": lens.range.start, "locations": locations });
            Command { title, command: "ordain.showReferences".into(), arguments: Some(vec![argument]) }
        }
        // A command without a name does nothing.
        _ => Command { title, command: String::new(), arguments: None },
    });
    lens
}

/// Places as the protocol has them; those of one file stand together.
fn locations(
    snapshot: &Snapshot,
    places: &[(ordain_compiler::SourceFile, ordain_diagnostics::TextRange)],
) -> Vec<Location> {
    let mut found = Vec::new();
    for own in places.chunk_by(|a, b| a.0 == b.0) {
        let file = snapshot.file_of(own[0].0);
        let Some(uri) = snapshot.uri(&file.path) else { continue };
        found.extend(own.iter().map(|(_, range)| Location { uri: uri.clone(), range: file.range(*range) }));
    }
    found
}
