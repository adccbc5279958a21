//! An echo server on a TCP/IP stack in user space, that says of each connection what the stack knows of it.
//!
//! ```text
//! cargo run --release -p periplus-net --example echo [ADDRESS]
//! nc 127.0.0.1 7007
//! ```

use periplus_net::{ShardOptions, TcpListener, gateway};
use std::error::Error;
use tokio::io::{copy, split};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:7007").parse()?;
    let host = gateway::bind(address)?;
    let address = host.local_addr()?;
    let embedded = gateway::embed(host, ShardOptions::default(), None)?;

    let listener = TcpListener::bind(&embedded.shard, address).await?;
    println!("listening on {address}");
    loop {
        let (stream, peer) = listener.accept().await?;
        tokio::spawn(async move {
            let (mut reader, mut writer) = split(stream);
            match copy(&mut reader, &mut writer).await {
                Ok(bytes) => println!("{peer}: {bytes} bytes there and back"),
                Err(error) => println!("{peer}: {error}"),
            }
        });
    }
}
