//! axum on a TCP/IP stack in user space, behind an interface of the host: a TAP, which is made, or one that is there and is
//! taken over. Needs root, or a network namespace of one's own (`unshare --user --map-root-user --net`).
//!
//! ```text
//! cargo run --release -p periplus-net --features axum --example digest [tap:NAME | packet:INTERFACE [ADDRESS]]
//! curl -T FILE -X POST http://10.77.0.2/digest      # the SHA-256 of what was sent
//! curl http://10.77.0.2/blocks | sha256sum          # 100 MiB, the same as:
//! curl http://10.77.0.2/blocks/digest
//! ```

use axum::body::{Body, Bytes};
use axum::{Router, routing::get, routing::post};
use http_body_util::{BodyExt, channel::Channel};
use periplus_net::ring::Device;
use periplus_net::{ShardHandle, ShardOptions, TcpListener};
use periplus_nic::{PacketDevice, PacketOptions, TapDevice, TapOptions};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

/// `/blocks` is 1,600 blocks of 64 KiB, each filled with its number.
fn blocks() -> impl Iterator<Item = Bytes> {
    (0..1600u32).map(|number| number.to_be_bytes().repeat(16 * 1024).into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let nic = arguments.next().unwrap_or("tap:tap0".to_owned());
    let address: Ipv4Addr = arguments.next().as_deref().unwrap_or("10.77.0.2").parse()?;
    let [a, b, c, _] = address.octets();
    let mut options = ShardOptions {
        address,
        gateway: Some(Ipv4Addr::new(a, b, c, 1).into()),
        ..ShardOptions::default()
    };
    // No window that is larger than what a packet socket's ring of 1,020 slots takes at once.
    options.tcp.tcp_rmem.most = 512 << 10;

    // An interface, and a shard of our stack as a host behind it.
    let device: Box<dyn Device> = match nic.split_once(':') {
        Some(("tap", name)) => Box::new(TapDevice::open(&TapOptions {
            name: Some(name.to_owned()),
            host_address: Some((Ipv4Addr::new(a, b, c, 1), 24)),
            ..TapOptions::default()
        })?),
        Some(("packet", interface)) => {
            let device = PacketDevice::open(&PacketOptions::new(interface))?;
            options.ethernet = device.ethernet();
            Box::new(device)
        }
        _ => return Err(format!("{nic} is neither tap:NAME nor packet:INTERFACE").into()),
    };
    println!("http://{address} behind {nic}");
    let shard = ShardHandle::spawn(options, device, None)?;

    // From here on it is axum as ever, over a listener of that shard.
    let listener = TcpListener::bind(&shard, SocketAddr::from((address, 80))).await?;
    let app = Router::new()
        .route("/", get(|| async { "Hello from user space\n" }))
        .route("/digest", post(digest))
        .route("/blocks", get(download))
        .route("/blocks/digest", get(blocks_digest));
    Ok(axum::serve(listener, app).await?)
}

async fn digest(mut body: Body) -> Result<String, String> {
    let mut hash = Sha256::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| error.to_string())?;
        hash.update(frame.data_ref().unwrap_or(&Bytes::new()));
    }
    Ok(hex(hash))
}

async fn download() -> Body {
    let (mut sender, body) = Channel::<Bytes>::new(2);
    tokio::spawn(async move {
        for block in blocks() {
            sender.send_data(block).await?; // an error when the client has gone
        }
        Ok::<_, http_body_util::channel::SendError>(())
    });
    Body::new(body)
}

async fn blocks_digest() -> String {
    let mut hash = Sha256::new();
    blocks().for_each(|block| hash.update(block));
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    format!("{:x}\n", Bytes::copy_from_slice(&hash.finalize()))
}
