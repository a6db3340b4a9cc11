//! Policies about requests decide as Cedar does: the applications of its OOPSLA paper and its integration tests, on the
//! decisions that are given with them and on random requests. What is Cedar's is read from the folder that `ORDAIN_CORPUS`
//! names.

mod applications;
mod integration;
mod peer;
#[path = "../../../tests/skipping.rs"]
mod skipping;

use std::path::PathBuf;

use skipping::skipped;

/// The folder of what others wrote; the test says that it is skipped where there is none.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("ORDAIN_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        skipped("ORDAIN_CORPUS names no folder");
    }
    folder
}

/// How many random requests are asked of each: as many as `ORDAIN_REQUESTS` says.
fn requests() -> usize {
    std::env::var("ORDAIN_REQUESTS").ok().and_then(|number| number.parse().ok()).unwrap_or(2_000)
}
