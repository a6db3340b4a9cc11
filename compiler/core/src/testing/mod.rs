//! Tests in the language: expectations about functions, policies and plans.
//!
//! Nothing is executed. A plan under test is compiled and judged, a policy under test is decided on a part of its
//! subject, and `for any` goes over values that are made from a type, always the same ones for the same test.

mod any;
mod coverage;
mod run;

pub use coverage::{Coverage, Covered, Point, PointKind, Reached, cover_test};
pub use run::{Failure, TestRun, run_test};
