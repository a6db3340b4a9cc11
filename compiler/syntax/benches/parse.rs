//! How fast the lexer, the parser and the formatter are on one core, and whether their time grows with the text and no
//! faster. Prints the sizes of the nodes of the tree first, which bound what a tree takes.

#[path = "source.rs"]
mod source;

use divan::counter::{BytesCount, ItemsCount};
use ordain_syntax::ast;

fn main() {
    let sizes = [
        ("Token", size_of::<ordain_syntax::Token>()),
        ("Expr", size_of::<ast::Expr>()),
        ("Type", size_of::<ast::Type>()),
        ("Pattern", size_of::<ast::Pattern>()),
        ("Field", size_of::<ast::Field>()),
        ("FieldType", size_of::<ast::FieldType>()),
        ("Stmt", size_of::<ast::Stmt>()),
        ("PolicyClause", size_of::<ast::PolicyClause>()),
        ("Item", size_of::<ast::Item>()),
    ];
    let sizes: Vec<String> = sizes.iter().map(|(name, size)| format!("{name} {size}")).collect();
    println!("bytes a node: {}", sizes.join(", "));
    divan::main();
}

/// Sizes in lines: a usual file, a large one, and 10 and 100 times as much.
const LINES: &[usize] = &[500, 10_000, 100_000, 1_000_000];

fn bench<T>(bencher: divan::Bencher<'_, '_>, text: &str, run: impl Fn(&str) -> T + Sync) {
    bencher
        .counter(ItemsCount::new(text.lines().count()))
        .counter(BytesCount::of_str(text))
        .bench(|| run(divan::black_box(text)));
}

/// A text without mistakes.
fn sound(lines: usize) -> String {
    let text = source::package(lines);
    assert!(ordain_syntax::parse(&text).errors.is_empty(), "the generated source is sound");
    text
}

#[divan::bench(args = LINES, sample_count = 20, max_time = 4)]
fn lex(bencher: divan::Bencher<'_, '_>, lines: usize) {
    bench(bencher, &sound(lines), ordain_syntax::lex);
}

#[divan::bench(args = LINES, sample_count = 20, max_time = 4)]
fn parse(bencher: divan::Bencher<'_, '_>, lines: usize) {
    bench(bencher, &sound(lines), ordain_syntax::parse);
}

#[divan::bench(args = LINES, sample_count = 20, max_time = 4)]
fn format(bencher: divan::Bencher<'_, '_>, lines: usize) {
    bench(bencher, &sound(lines), ordain_syntax::format);
}

/// A text in which every tenth line is broken: what recovery costs.
#[divan::bench(args = LINES, sample_count = 20, max_time = 4)]
fn parse_broken(bencher: divan::Bencher<'_, '_>, lines: usize) {
    let broken = |(at, line): (usize, &str)| {
        let line = if at % 10 == 7 { line.replace([':', '='], " ") } else { line.to_owned() };
        line + "\n"
    };
    let text: String = source::package(lines).lines().enumerate().map(broken).collect();
    bench(bencher, &text, ordain_syntax::parse);
}

/// Texts of one thing over and over, that a careless parser takes ages or all the memory for: ten times the text must
/// take ten times as long.
#[divan::bench(args = ["(", ")", "[}", "{\n", "\"{", "\"\"\"{", "r#\"\n", "'", "x\n", "- ", "a.", "use a\n"], consts = [1_000_000, 10_000_000], sample_count = 1)]
fn parse_hostile<const BYTES: usize>(bencher: divan::Bencher<'_, '_>, piece: &str) {
    let text = piece.repeat(BYTES / piece.len());
    bencher.counter(BytesCount::of_str(text.as_str())).bench(|| ordain_syntax::parse(divan::black_box(&text)));
}

/// A sound text of 60 MB, close to the largest that the compiler reads.
#[divan::bench(sample_count = 2)]
fn parse_largest(bencher: divan::Bencher<'_, '_>) {
    bench(bencher, &sound(1_900_000), ordain_syntax::parse);
}
