//! The command as its users meet it: the real binary, real `curl`, real sockets.
//!
//! A server ends with code 0 only if it can account for every frame, so whoever checks that code checks this as well.
//! Nothing here waits for a time: a server is ready when it has printed its address, and gone when it has exited.

mod access_log;
mod bytes;
mod config;
mod control;
mod crowd;
mod doctor;
mod drain;
mod draw;
mod errors;
mod health;
mod help;
mod host;
mod http;
mod http2;
mod journeys;
mod kv;
mod packet;
mod reload;
mod service;
mod sites;
mod sockets;
mod support;
mod tap;
mod tls;
mod websocket;
