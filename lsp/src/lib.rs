//! The language server: the compiler's own database behind the Language Server Protocol 3.17.
//!
//! One thread owns the database and takes in every change in the order it arrived ([`world`]). Requests are answered from
//! snapshots of it on other threads ([`features`]); a change ends those that are under way, which are then answered with
//! `ContentModified`. Nothing is analysed a second time: what the editor shows is what `ordain check` and `ordain plan` say.

mod features;
mod server;
mod text;
mod world;

pub use server::{serve, serve_on};
