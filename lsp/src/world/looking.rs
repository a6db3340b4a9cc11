//! Looking at what may have changed: the file that was, at once; the others once there is time.

use ordain_compiler::{SourceFile, parse_package};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::agenda::Due;
use super::publish::{Found, Look};
use super::queue::Pace;
use super::{Snapshot, World};
use crate::features::diagnostics;

impl World {
    /// The number of a look; what a later one found stays.
    fn moment(&mut self) -> u64 {
        self.moments += 1;
        self.moments
    }

    /// Looks at one open document, and at everything else later.
    pub(super) fn look_at(&mut self, path: &SmolStr) {
        self.agenda.soon(Due::Open);
        self.agenda.soon(Due::Everything);
        let Some(&file) = self.files.get(path) else { return };
        let moment = self.moment();
        let again = path.clone();
        self.queue.background(
            Pace::Quick,
            self.snapshot(),
            move |snapshot| look(snapshot, file, moment),
            move |world| world.look_at(&again),
        );
    }

    /// Looks at every open document, and at the plans in them.
    pub(super) fn look_at_open(&mut self) {
        let moment = self.moment();
        let work = move |snapshot: &Snapshot| {
            let open = snapshot.documents.iter().filter_map(|(path, _)| snapshot.files.get(path));
            let open: Vec<SourceFile> = open.copied().collect();
            for &file in &open {
                look(snapshot, file, moment);
            }
            for &file in &open {
                if let Some(found) = found(snapshot, file, diagnostics::of_plans) {
                    snapshot.publisher.found(Look::Plans, moment, found);
                }
            }
        };
        self.queue.background(Pace::Slow, self.snapshot(), work, |world| world.agenda.soon(Due::Open));
    }

    /// Looks at every file of every package.
    pub(super) fn look_at_everything(&mut self) {
        let moment = self.moment();
        let work = move |snapshot: &Snapshot| {
            let whole = diagnostics::of_packages(snapshot);
            snapshot.publisher.rest(Look::Package, moment, &whole, |path| snapshot.uri(path));
            for found in whole.into_values() {
                snapshot.publisher.found(Look::Package, moment, found);
            }
            for &package in &snapshot.packages {
                parse_package(&snapshot.db, package);
            }
            let files: Vec<SourceFile> =
                snapshot.packages.iter().flat_map(|package| package.files(&snapshot.db).values().copied()).collect();
            // Every clone of the database is a thread's own; the findings are told from here.
            let bad = files.into_par_iter().map_with(snapshot.db.clone(), |db, file| {
                // Who completes a name next does not wait for all names to be sorted.
                drop(ordain_compiler::editor::beginning_with(db, file, ""));
                (!ordain_compiler::file_findings(db, file).is_empty()).then_some(file)
            });
            let bad: Vec<SourceFile> = bad.flatten_iter().collect();
            let data = diagnostics::of_data(snapshot, &bad);
            snapshot.publisher.rest(Look::Data, moment, &data, |path| snapshot.uri(path));
            for found in data.into_values() {
                snapshot.publisher.found(Look::Data, moment, found);
            }
            let mut seen: FxHashMap<SmolStr, Found> = FxHashMap::default();
            for file in bad {
                if let Some(found) = found(snapshot, file, diagnostics::of_file) {
                    seen.insert(found.path.clone(), found);
                }
            }
            snapshot.publisher.rest(Look::File, moment, &seen, |path| snapshot.uri(path));
            for found in seen.into_values() {
                snapshot.publisher.found(Look::File, moment, found);
            }
        };
        self.queue.background(Pace::Slow, self.snapshot(), work, |world| world.agenda.soon(Due::Everything));
    }
}

/// Looks at one file.
fn look(snapshot: &Snapshot, file: SourceFile, moment: u64) {
    if let Some(found) = found(snapshot, file, diagnostics::of_file) {
        snapshot.publisher.found(Look::File, moment, found);
    }
}

/// What a look at a file finds. Nothing is wrong with the standard library.
fn found(
    snapshot: &Snapshot,
    file: SourceFile,
    looking: impl FnOnce(&Snapshot, SourceFile) -> Vec<tower_lsp::ls_types::Diagnostic>,
) -> Option<Found> {
    let path = file.path(&snapshot.db).clone();
    if file.package(&snapshot.db) == snapshot.std {
        return None;
    }
    let uri = snapshot.uri(&path)?;
    let version = snapshot.documents.get(&path).map(|document| document.version);
    Some(Found { diagnostics: looking(snapshot, file), path, uri, version })
}
