//! What tests stand on: a hermetic [`World`] and an [`LspClient`] that behaves like an editor.
//!
//! For tests only; no other crate may depend on it outside `[dev-dependencies]`. It knows the language server
//! protocol and git, and nothing of Countersign: the program under test is named by path. Everything here fails by
//! panicking with what a reader of the test log needs, and waits on conditions with a deadline, never for a time.

mod dice;
mod documents;
mod lsp_client;
mod normalise;
mod position;
mod raw_server;
mod session;
mod uri;
mod wire;
mod world;

pub use dice::Dice;
pub use documents::OpenDocument;
pub use lsp_client::{ApplyEdits, ChangeOrder, ClientOptions, LspClient, MessageRequests};
pub use normalise::normalise_ids;
pub use position::{Encoding, Position};
pub use raw_server::{Ended, RawServer, frame};
pub use uri::{path_from_uri, uri_from_path};
pub use wire::read_frame;
pub use world::{Output, World};
