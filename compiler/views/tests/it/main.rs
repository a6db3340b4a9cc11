//! Tests of the crate through its public face.

#[path = "../../../graph/tests/it/samples.rs"]
mod samples;

mod diff;
mod hostile;
mod markdown;
mod page;
mod pictures;
mod size;
mod timeline;
mod tree;
