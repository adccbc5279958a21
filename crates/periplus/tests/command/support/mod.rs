//! What the tests share.

mod curl;
mod folder;
mod interface;
mod recording;
mod server;

pub(crate) use curl::{curl, get};
pub(crate) use folder::{Folder, pattern};
pub(crate) use interface::{interfaces, nobody_exists, serve_on};
pub(crate) use recording::Recording;
pub(crate) use server::{RUNTIME_DIR, Server, periplus};
