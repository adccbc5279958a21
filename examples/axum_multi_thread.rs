//! axum on a TCP/IP stack in user space: the stack has a thread to itself, the handlers run on a multi-thread runtime.
//!
//! ```text
//! cargo run --release -p periplus-net --features axum --example axum_multi_thread [ADDRESS]
//! curl http://127.0.0.1:8080/
//! ```

use axum::{Router, routing::get};
use periplus_net::{ShardHandle, ShardOptions, TcpListener, gateway};
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let (report, started) = oneshot::channel();
    std::thread::spawn(move || shard_thread(&address, report));
    let (shard, address) = started.await.expect("the shard's thread always reports")?;

    // The listener and its streams are used far from the shard's thread: bytes go by its mailbox.
    let listener = TcpListener::bind(&shard, address).await?;
    let app = Router::new().route("/", get(|| async { "Hello from user space\n" }));
    println!("listening on http://{address}");
    axum::serve(listener, app).await
}

/// A shard is a core: one thread with a current-thread runtime.
fn shard_thread(address: &str, report: oneshot::Sender<io::Result<(ShardHandle, SocketAddr)>>) {
    let start = async {
        let host = tokio::net::TcpListener::bind(address).await?;
        let address = host.local_addr()?;
        Ok((
            gateway::embed(host, ShardOptions::default(), None)?,
            address,
        ))
    };
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime
        .expect("a runtime needs descriptors")
        .block_on(async {
            match start.await {
                Ok((embedded, address)) => {
                    let _ = report.send(Ok((embedded.shard.clone(), address)));
                    pending().await
                }
                Err(error) => drop(report.send(Err(error))),
            }
        });
}
