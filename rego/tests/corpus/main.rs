//! Policies that others wrote, from the folder that `ORDAIN_CORPUS` names.

mod conftest;
mod documents;
mod gatekeeper;
#[path = "../../../tests/skipping.rs"]
mod skipping;
mod world;
