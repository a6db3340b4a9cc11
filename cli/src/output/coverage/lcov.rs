//! Coverage in the tracefile format of lcov (geninfo(1)), which most tools and services read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ordain_compiler::{Coverage, Covered};

use super::super::findings::Texts;
use super::super::places::Places;
use super::by_file;

/// One record for each file: policies and functions as functions, clauses as lines, conditions as branches.
pub(super) fn report(coverage: &Coverage, texts: &Texts) -> String {
    let places = Places::new(texts);
    let mut out = String::new();
    for (path, declarations) in by_file(coverage) {
        record(&mut out, path, declarations, &places);
    }
    out
}

fn record(out: &mut String, path: &str, declarations: &[Covered], places: &Places<'_>) {
    let line = |start: u32| places.position(path, start).0;
    let (mut functions, mut branches) = (String::new(), String::new());
    let (mut called, mut taken, mut all_branches) = (0, 0, 0);
    let mut lines: BTreeMap<usize, u64> = BTreeMap::new();
    // INVARIANT: writing to a string never fails.
    for covered in declarations {
        for (at, point) in covered.points.iter().enumerate() {
            let line = line(point.range.start);
            let hits = lines.entry(line).or_default();
            *hits = point.reached.max(*hits);
            if at == 0 {
                let _ = writeln!(functions, "FN:{line},{}", covered.name);
                let _ = writeln!(functions, "FNDA:{},{}", point.reached, covered.name);
                called += usize::from(point.reached > 0);
            }
            if point.is_condition() {
                for (branch, times) in [point.yes, point.no].into_iter().enumerate() {
                    let times_taken = if point.reached == 0 { "-".to_owned() } else { times.to_string() };
                    // The block tells apart what stands on one line.
                    let _ = writeln!(branches, "BRDA:{line},{},{branch},{times_taken}", point.range.start);
                    taken += usize::from(times > 0);
                    all_branches += 1;
                }
            }
        }
    }
    let _ = writeln!(out, "TN:\nSF:{path}");
    out.push_str(&functions);
    let _ = writeln!(out, "FNF:{}\nFNH:{called}", declarations.len());
    out.push_str(&branches);
    let _ = writeln!(out, "BRF:{all_branches}\nBRH:{taken}");
    for (line, hits) in &lines {
        let _ = writeln!(out, "DA:{line},{hits}");
    }
    let covered_lines = lines.values().filter(|hits| **hits > 0).count();
    let _ = writeln!(out, "LF:{}\nLH:{covered_lines}\nend_of_record", lines.len());
}
