//! Findings without positions: they survive edits that move things, and get their ranges when they are shown.

use ordain_diagnostics::{Code, Diagnostic, Edit, Fix, Severity, TextRange};
use smol_str::SmolStr;

use crate::db::Db;
use crate::hir::{Kind, Loc};
use crate::items::{Item, Part};

/// A place in an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub struct Anchor<'db> {
    /// The item.
    pub item: Item<'db>,
    /// Its part.
    pub part: Part,
    /// The place in that part.
    pub loc: Loc,
}

/// A finding in an item.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Finding<'db> {
    /// The code.
    pub code: Code,
    /// Where.
    pub at: Anchor<'db>,
    /// What is wrong.
    pub message: String,
    /// What to say at the place.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Other places.
    pub notes: Vec<Note<'db>>,
    /// Changes that would settle it.
    pub suggestions: Vec<Suggestion<'db>>,
}

/// Another place that explains a finding.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Note<'db> {
    /// Where.
    pub at: Anchor<'db>,
    /// What to say there.
    pub message: String,
}

/// A replacement of a place's text.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Suggestion<'db> {
    /// What it does.
    pub title: String,
    /// The place.
    pub at: Anchor<'db>,
    /// Whether the text goes right after the place instead of replacing it.
    pub insert_after: bool,
    /// The new text.
    pub text: String,
    /// Whether it may be applied unasked.
    pub safe: bool,
}

impl<'db> Anchor<'db> {
    /// The item's name.
    pub fn name_of(item: Item<'db>) -> Self {
        Self { item, part: Part::Signature, loc: Loc(0) }
    }

    /// The file and the range in it.
    pub fn locate(&self, db: &'db dyn Db) -> (SmolStr, TextRange) {
        (self.item.file(db).path(db).clone(), self.item.places(db).range(self.part, self.loc))
    }
}

impl<'db> Finding<'db> {
    /// A finding at a place.
    pub fn new(code: Code, at: Anchor<'db>, message: impl Into<String>) -> Self {
        Self { code, at, message: message.into(), label: None, help: None, notes: Vec::new(), suggestions: Vec::new() }
    }

    /// Says something at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn note(mut self, at: Anchor<'db>, message: impl Into<String>) -> Self {
        self.notes.push(Note { at, message: message.into() });
        self
    }

    /// Suggests to write `text` at the place instead, where there is a similar name.
    #[must_use]
    pub fn did_you_mean(mut self, similar: Option<impl Into<String>>) -> Self {
        if let Some(text) = similar.map(Into::into) {
            self.help.get_or_insert_with(|| format!("did you mean `{text}`?"));
            let title = format!("replace with `{text}`");
            let at = self.at;
            self.suggestions.push(Suggestion { title, at, insert_after: false, text, safe: false });
        }
        self
    }

    /// Says what may have been meant by a path of names of a wanted kind that leads nowhere: something that is not
    /// imported yet, or a name that resembles it. With `fields`, the path may end in fields and variants.
    #[must_use]
    pub(super) fn meant(
        self,
        db: &'db dyn Db,
        path: &[(SmolStr, Loc)],
        fields: bool,
        wanted: impl Fn(Kind) -> bool,
    ) -> Self {
        let file = self.at.item.file(db);
        let parts: Vec<SmolStr> = path.iter().map(|(part, _)| part.clone()).collect();
        if let Some(help) = crate::resolve::elsewhere(db, file, &parts, &wanted) {
            return self.help(help);
        }
        match crate::resolve::similar(db, file, &parts, fields, wanted) {
            Some(similar) => self.replaced(path, &similar),
            None => self,
        }
    }

    /// Suggests another path. One edit has to do, so there is none where several parts differ.
    fn replaced(mut self, path: &[(SmolStr, Loc)], similar: &str) -> Self {
        let known: Vec<&str> = similar.split('.').collect();
        let mut differing = path.iter().zip(&known).filter(|((part, _), known)| part != *known);
        let edit = match (path, differing.next(), differing.next()) {
            ([(_, loc)], ..) => Some((*loc, similar)),
            (_, Some(((_, loc), meant)), None) if path.len() >= known.len() => Some((*loc, *meant)),
            _ => None,
        };
        self.help.get_or_insert_with(|| format!("did you mean `{similar}`?"));
        if let Some((loc, text)) = edit {
            let at = Anchor { loc, ..self.at };
            let title = format!("replace with `{text}`");
            self.suggestions.push(Suggestion { title, at, insert_after: false, text: text.into(), safe: false });
        }
        self
    }

    /// The finding with its positions.
    pub fn locate(&self, db: &'db dyn Db) -> Diagnostic {
        let (path, range) = self.at.locate(db);
        let mut diagnostic = Diagnostic::new(self.code, path, range, self.message.clone());
        diagnostic.primary.message = self.label.clone().unwrap_or_default();
        diagnostic.help = self.help.clone();
        for note in &self.notes {
            let (path, range) = note.at.locate(db);
            diagnostic = diagnostic.related(path, range, note.message.clone());
        }
        for suggestion in &self.suggestions {
            let (path, mut range) = suggestion.at.locate(db);
            if suggestion.insert_after {
                range.start = range.end;
            }
            let edit = Edit { path, range, text: suggestion.text.clone() };
            diagnostic.fixes.push(Fix { title: suggestion.title.clone(), edits: vec![edit], safe: suggestion.safe });
        }
        diagnostic
    }

    /// Whether the catalogue calls it a warning.
    pub fn is_warning(&self) -> bool {
        self.code.entry().severity == Severity::Warning
    }
}
