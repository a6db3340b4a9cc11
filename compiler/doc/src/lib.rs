//! The documentation of a package: its sources in, pages out.
//!
//! Everything here is a pure function of the sources' texts. Pages are Markdown or HTML; they hold what doc comments and
//! signatures say, and links among the package's own declarations. Texts are not trusted: no doc comment, name or
//! literal can become markup that its page does not mean. This crate never resolves types or evaluates anything, and
//! reads and writes no files.

mod code;
mod describe;
mod docs;
mod html;
mod markdown;
mod model;
mod pages;
mod scope;
mod tables;
mod visible;

pub use pages::{Format, PackageSource, Page, render};
