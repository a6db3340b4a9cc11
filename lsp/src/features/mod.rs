//! What editors ask for, each as a function of a snapshot.

pub(crate) mod actions;
pub(crate) mod completion;
pub(crate) mod data;
pub(crate) mod describe;
pub(crate) mod diagnostics;
pub(crate) mod folding;
pub(crate) mod formatting;
pub(crate) mod highlight;
pub(crate) mod hover;
pub(crate) mod judged;
pub(crate) mod linked;
pub(crate) mod links;
pub(crate) mod names;
pub(crate) mod navigation;
mod nodes;
pub(crate) mod plans;
pub(crate) mod preview;
pub(crate) mod references;
pub(crate) mod rename;
pub(crate) mod selection;
pub(crate) mod signature_help;
pub(crate) mod symbols;
pub(crate) mod testing;
pub(crate) mod tokens;
