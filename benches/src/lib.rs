//! What the benches measure with: packages as large as asked for, and a look at this process.
//!
//! Nothing here belongs to the product. The generator is deterministic: the same shape gives the same bytes.

mod applications;
mod blocks;
mod module;
mod package;
mod process;
mod random;
mod rules;
mod steps;
mod terraform;

pub use applications::{Application, Entity, Name, Request};
pub use package::{MemoryTree, Shape, file_text, generate, write_package};
pub use process::peak_memory_bytes;
pub use random::Random;
pub use rules::{COUNT as RULES, ordain_policies, rego_policies};
pub use steps::plan_of_steps;
pub use terraform::terraform_plan;
