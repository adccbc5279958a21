//! axum on a TCP/IP stack in user space: the stack has a thread to itself, the handlers run on a multi-thread runtime.
//!
//! ```text
//! cargo run --release -p periplus-net --features axum --example axum_multi_thread [ADDRESS]
//! curl http://127.0.0.1:8080/
//! ```

use axum::{Router, routing::get};
use periplus_net::gateway::{self, Embedded};
use periplus_net::{ShardHandle, ShardOptions, TcpListener};
use std::error::Error;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8080").parse()?;
    let (report, started) = oneshot::channel();
    std::thread::spawn(move || shard_thread(address, report));
    let (shard, address) = started.await.expect("the shard's thread always reports")?;

    // The listener and its streams are used far from the shard's thread: bytes go by its mailbox.
    let listener = TcpListener::bind(&shard, address).await?;
    let app = Router::new().route("/", get(|| async { "Hello from user space\n" }));
    println!("listening on http://{address}");
    axum::serve(listener, app).await?;
    Ok(())
}

/// What the shard's thread reports when it has started, or failed to.
type Started = io::Result<(ShardHandle, SocketAddr)>;

/// A shard is a core: one thread with a current-thread runtime.
fn shard_thread(address: SocketAddr, report: oneshot::Sender<Started>) {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime
        .expect("a runtime needs descriptors")
        .block_on(async {
            match start(address) {
                Ok((embedded, address)) => {
                    let _ = report.send(Ok((embedded.shard.clone(), address)));
                    pending().await
                }
                Err(error) => drop(report.send(Err(error))),
            }
        });
}

fn start(address: SocketAddr) -> io::Result<(Embedded, SocketAddr)> {
    let host = gateway::bind(address)?;
    let address = host.local_addr()?;
    Ok((
        gateway::embed(host, ShardOptions::default(), None)?,
        address,
    ))
}
