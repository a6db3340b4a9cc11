//! Executes real plans: with real files, real processes and a real journal, in directories of their own.

mod abandoned;
mod approvals;
mod audit;
mod commands;
mod conformance;
mod drift;
mod failure;
mod files;
mod http;
mod journal;
mod messages;
mod order;
mod power;
mod refusal;
mod remote;
mod resume;
mod secrets;
mod services;
mod support;
mod traces;
