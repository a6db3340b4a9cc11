//! Black-box tests: the built `ordain` command, run as a user runs it, in folders of its own.
//!
//! They know nothing of the crates behind the command but the formats they publish. One binary holds them all, since
//! linking it once is what takes time.

mod adapters;
mod approvals;
mod audit;
mod authorization;
mod bad_data;
mod bad_input;
mod beside;
mod coverage;
mod deterministic;
mod drift;
mod editors;
mod editors_page;
mod exit_codes;
mod explain;
mod garbage;
mod gate_base;
mod gate_baseline;
mod gate_documents;
mod gate_reports;
mod gatekeeper;
mod gates;
mod git;
mod help;
mod hostile_output;
mod http;
mod integrations;
mod keys;
mod large_documents;
mod lock;
mod lsp;
mod montage;
mod ordain;
mod package;
mod policies;
mod policy_tests;
mod presentation;
mod programs;
mod pull_request;
mod refusals;
mod rego;
mod resume;
mod revisions;
mod secrets;
mod shop;
mod signals;
mod skipping;
mod standard;
mod terraform;
mod tls;
mod tour;
mod truncated;
