//! Tests of the crate through its public face, in one binary: what they share is all used.

mod engine;
mod fixtures;
mod incremental;
mod pages;
mod pending;
mod requests;
#[path = "../../../../tests/skipping.rs"]
mod skipping;
mod units;
mod world;
