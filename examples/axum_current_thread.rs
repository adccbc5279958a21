//! axum on a TCP/IP stack in user space: stack, gateway and handlers share one thread.
//!
//! ```text
//! cargo run --release -p periplus-net --features axum --example axum_current_thread [ADDRESS]
//! curl http://127.0.0.1:8080/
//! ```

use axum::{Router, routing::get};
use periplus_net::{ShardOptions, TcpListener, gateway};
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8080").parse()?;

    // A host socket, whose connections are carried into a shard of our own stack.
    let host = gateway::bind(address)?;
    let address = host.local_addr()?;
    let embedded = gateway::embed(host, ShardOptions::default(), None)?;

    // From here on it is axum as ever, over a listener of that shard.
    let listener = TcpListener::bind(&embedded.shard, address).await?;
    let app = Router::new().route("/", get(|| async { "Hello from user space\n" }));
    println!("listening on http://{address}");
    axum::serve(listener, app).await?;
    Ok(())
}
