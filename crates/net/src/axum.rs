//! `axum::serve` over our listener.

use crate::{TcpListener, TcpStream};
use std::future::pending;
use std::io;
use std::net::SocketAddr;

impl axum::serve::Listener for TcpListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        match TcpListener::accept(self).await {
            Ok(accepted) => accepted,
            // The shard has ended, and no connection will ever come: axum asks to retry, which is to wait.
            Err(_) => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }
}
