//! The formatter: its fixtures, and what must hold of every text it formats.

mod fixtures;
mod generate;
mod properties;
mod tree;
