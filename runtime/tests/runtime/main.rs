//! Executes real plans: with real files, real processes and a real journal, in directories of their own.

mod audit;
mod commands;
mod failure;
mod files;
mod http;
mod journal;
mod order;
mod refusal;
mod resume;
mod secrets;
mod support;
