//! Tests of the crate through its public face.

mod build;
mod lock;
mod meaning;
mod operations;
mod parts;
mod plan_file;
mod samples;
mod schema;
mod shapes;
