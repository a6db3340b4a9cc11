//! Adapters for Ordain: programs and services that do what capabilities say.
//!
//! Implement [`Adapter`], and hand it to [`serve_stdio`] or [`serve_http`]. The protocol, JSON-RPC 2.0, is kept by this
//! crate: introductions, several calls at a time, cancellation, time limits, progress and logs.
//!
//! ```no_run
//! use ordain_adapter::{Adapter, Applied, Call, Description, Failure, serve_stdio};
//! use serde_json::json;
//!
//! struct Greeter;
//!
//! #[derive(serde::Deserialize)]
//! struct Greeting {
//!     name: String,
//! }
//!
//! impl Adapter for Greeter {
//!     fn describe(&self) -> Description {
//!         Description::new("greeter", "1.0.0").provides("greeting.make", "1.0.0")
//!     }
//!
//!     fn apply(&self, call: &Call<'_>) -> Result<Applied, Failure> {
//!         let greeting: Greeting = call.inputs()?;
//!         Ok(Applied::new(json!({ "text": format!("Hello, {}", greeting.name) })))
//!     }
//! }
//!
//! fn main() -> std::io::Result<()> {
//!     serve_stdio(&Greeter)
//! }
//! ```

mod call;
mod calls;
mod description;
mod failure;
mod http;
mod message;
mod result;
mod stdio;

pub use call::{Call, Level};
pub use description::{Capability, Description, Example, UndoExample};
pub use failure::Failure;
pub use http::serve_http;
pub use result::{Applied, Observed};
pub use stdio::{serve, serve_stdio};

/// The longest message that is read, in bytes.
pub const MAX_MESSAGE: usize = 16 << 20;

/// Does what capabilities say.
///
/// Calls come from several threads, as many at a time as [`Description::concurrency`] says.
pub trait Adapter: Sync {
    /// What it is. It says the same whenever it is asked.
    fn describe(&self) -> Description;

    /// Does it. A call with a [key](Call::key) that was seen before does nothing twice, and has the same outputs.
    ///
    /// # Errors
    /// It could not be done; the [`Failure`] says whether another try may help.
    fn apply(&self, call: &Call<'_>) -> Result<Applied, Failure>;

    /// Takes something back: applies a capability because the step with the key [`Call::undoes`] is undone.
    ///
    /// # Errors
    /// As for [`Adapter::apply`], which this is where it is not written otherwise.
    fn undo(&self, call: &Call<'_>) -> Result<Applied, Failure> {
        self.apply(call)
    }

    /// Looks at what applying with these inputs would make, and changes nothing.
    ///
    /// # Errors
    /// It cannot look, as here, or could not now.
    fn observe(&self, call: &Call<'_>) -> Result<Observed, Failure> {
        Err(Failure::NotProvided(format!("what `{}` governs cannot be looked at", call.capability())))
    }
}
