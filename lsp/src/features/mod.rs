//! What editors ask for, each as a function of a snapshot.

pub(crate) mod diagnostics;
pub(crate) mod plans;
pub(crate) mod references;
