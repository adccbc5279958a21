//! The command as its users meet it: the real binary, real `curl`, real sockets.
//!
//! Nothing here waits for a time: a server is ready when it has printed its address, and gone when it has exited.

mod bytes;
mod crowd;
mod drain;
mod draw;
mod errors;
mod help;
mod http;
mod journeys;
mod support;
