//! How many lines a second the lexer and the parser take on one core.

#[path = "source.rs"]
mod source;

use divan::counter::{BytesCount, ItemsCount};

fn main() {
    divan::main();
}

/// Sizes in lines; the time must grow with them and no faster.
const LINES: &[usize] = &[1_000, 10_000, 100_000];

fn bench<T>(bencher: divan::Bencher<'_, '_>, lines: usize, run: impl Fn(&str) -> T + Sync) {
    let text = source::package(lines);
    assert!(ordain_syntax::parse(&text).errors.is_empty(), "the generated source is sound");
    bencher
        .counter(ItemsCount::new(text.lines().count()))
        .counter(BytesCount::of_str(text.as_str()))
        .bench(|| run(divan::black_box(&text)));
}

#[divan::bench(args = LINES)]
fn lex(bencher: divan::Bencher<'_, '_>, lines: usize) {
    bench(bencher, lines, ordain_syntax::lex);
}

#[divan::bench(args = LINES)]
fn parse(bencher: divan::Bencher<'_, '_>, lines: usize) {
    bench(bencher, lines, ordain_syntax::parse);
}

/// A text in which every tenth line is broken: what recovery costs.
#[divan::bench(args = LINES)]
fn parse_broken(bencher: divan::Bencher<'_, '_>, lines: usize) {
    let text: String = source::package(lines)
        .lines()
        .enumerate()
        .map(
            |(at, line)| {
                if at % 10 == 7 { format!("{}\n", &line.replace([':', '='], " ")) } else { format!("{line}\n") }
            },
        )
        .collect();
    bencher.counter(ItemsCount::new(text.lines().count())).bench(|| ordain_syntax::parse(divan::black_box(&text)));
}
