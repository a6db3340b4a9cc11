//! One file of a package: what every file has, what it imports, and how it is filled up to its size.

use crate::blocks;
use crate::random::Random;

const AREAS: [&str; 10] =
    ["payments", "catalogue", "delivery", "identity", "search", "support", "billing", "insights", "media", "platform"];

const SUBJECTS: [&str; 16] = [
    "ledger", "invoice", "cart", "profile", "session", "index", "ticket", "quota", "report", "stream", "image",
    "gateway", "queue", "cache", "archive", "schedule",
];

/// The longest block, in lines; as long as there is room for it, another block may follow.
const LONGEST_BLOCK: usize = 48;

/// A file, by its number in the package. What it declares for others depends on the number alone, so that a file can
/// be written without looking at those it imports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Module {
    index: usize,
}

impl Module {
    pub(crate) fn new(index: usize) -> Self {
        Self { index }
    }

    pub(crate) fn area(self) -> &'static str {
        AREAS[self.index % AREAS.len()]
    }

    pub(crate) fn subject(self) -> &'static str {
        SUBJECTS[self.index / AREAS.len() % SUBJECTS.len()]
    }

    /// The start of its values' names: `ledger_42`.
    pub(crate) fn snake(self) -> String {
        format!("{}_{}", self.subject(), self.index)
    }

    /// The start of its types' names: `Ledger42`.
    pub(crate) fn camel(self) -> String {
        let subject = self.subject();
        format!("{}{}{}", subject[..1].to_uppercase(), &subject[1..], self.index)
    }

    /// A number that no other module has, for policy codes.
    pub(crate) fn number(self) -> usize {
        self.index
    }

    pub(crate) fn path(self) -> String {
        format!("{}/{}.ord", self.area(), self.snake())
    }

    fn dotted(self) -> String {
        format!("{}.{}", self.area(), self.snake())
    }

    /// The modules it imports, all before it: two near it, one of the few that many import.
    fn imports(self, random: &mut Random) -> Vec<Self> {
        let (near, nearer, central) = (1 + random.below(30), 1 + random.below(10), random.below(40));
        let back = [near, nearer].into_iter().filter_map(|back| self.index.checked_sub(back));
        let mut indices: Vec<usize> = back.chain((self.index > 40).then_some(central)).collect();
        indices.sort_unstable();
        indices.dedup();
        indices.into_iter().map(Self::new).collect()
    }

    /// Its text, of exactly so many lines. A file too small for what every file has is filled with constants alone.
    pub(crate) fn text(self, lines: usize) -> String {
        let mut random = Random::new(1_000_003 * (self.index as u64 + 1));
        let mut out = Text::default();
        let imports = self.imports(&mut random);
        let mut head = Text::default();
        self.head(&mut head, &imports);
        if head.lines <= lines {
            out = head;
            let mut count = 0;
            while out.lines + LONGEST_BLOCK <= lines {
                blocks::any(&mut out, self, count, &mut random);
                count += 1;
            }
        }
        self.fill(&mut out, lines);
        out.text
    }

    fn head(self, out: &mut Text, imports: &[Self]) {
        let (area, subject) = (self.area(), self.subject());
        out.line(format_args!(
            "//! The {subject} of {area}: its settings, what can be done to it, and what must hold."
        ));
        out.line(format_args!("//!"));
        out.line(format_args!(
            "//! Owned by the {area} team. Ask in their channel before changing a capability's contract."
        ));
        out.blank();
        out.line(format_args!("use std.types.{{Name, Port, Region}}"));
        for import in imports {
            out.line(format_args!(
                "use {}.{{{camel}Settings, {camel}Tier, {snake}_share}}",
                import.dotted(),
                camel = import.camel(),
                snake = import.snake(),
            ));
        }
        out.blank();
        blocks::head(out, self, imports);
    }

    /// Brings a text to its length with constants, and comments where no constant has room.
    fn fill(self, out: &mut Text, lines: usize) {
        let mut count = 0;
        while out.lines + 4 <= lines {
            out.line(format_args!("/// The {}th threshold of the {}, in units.", count + 1, self.subject()));
            out.line(format_args!("const {}_threshold_{count}: Int = {}", self.snake(), (count + 1) * 25));
            out.blank();
            count += 1;
        }
        while out.lines < lines {
            out.line(format_args!("// End of the {}.", self.subject()));
        }
    }
}

/// A text that knows how many lines it has.
#[derive(Debug, Default)]
pub(crate) struct Text {
    text: String,
    lines: usize,
}

impl Text {
    pub(crate) fn line(&mut self, line: std::fmt::Arguments<'_>) {
        use std::fmt::Write as _;
        // INVARIANT: writing to a string cannot fail.
        let _ = writeln!(self.text, "{line}");
        self.lines += 1;
    }

    /// Lines of a template with `@a`, `@b`… replaced.
    pub(crate) fn template(&mut self, template: &str, values: &[(&str, &str)]) {
        for line in template.trim_matches('\n').lines() {
            let mut line = line.to_owned();
            for (name, value) in values {
                line = line.replace(name, value);
            }
            self.line(format_args!("{line}"));
        }
    }

    pub(crate) fn blank(&mut self) {
        self.line(format_args!(""));
    }
}
