//! The standard library, as sources inside the binary.
//!
//! The sources stand beside this crate's manifest in `std/`, one file a module; a test checks that none is forgotten.

/// Every module: its path below `std/`, and its text.
pub const FILES: &[(&str, &str)] = &[
    ("risk.ord", include_str!("../std/risk.ord")),
    ("types.ord", include_str!("../std/types.ord")),
    ("governance.ord", include_str!("../std/governance.ord")),
];
