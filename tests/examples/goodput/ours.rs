//! Periplus as an end, behind a TAP, as it is shipped.

use crate::end::{Receiving, Sending, Sent, Side};
use periplus_journey::Instant;
use periplus_net::{ShardHandle, ShardOptions, TcpListener, TcpStream, clock};
use periplus_nic::{TapDevice, TapOptions};
use periplus_wire::ethernet::EthernetAddress;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How long the last segments may take.
const GRACE: Duration = Duration::from_secs(60);

pub(crate) fn send(sending: Sending<'_>) -> Sent {
    beside_a_shard(Side::A, async |shard| {
        let mut stream = connect(&shard, sending.to).await;
        let begun = clock::now();
        stream
            .write_all(sending.content)
            .await
            .expect("the receiver takes what is sent");
        sending.taken.await.expect("the receiver takes all");
        let info = stream.info().await.expect("the connection is there");
        stream.shutdown().await.expect("the connection is there");
        // until the receiver has closed as well
        let rest = stream.read(&mut [0]).await;
        assert_eq!(rest.expect("the receiver closes in order"), 0);
        Sent {
            begun,
            retransmitted: info.total_retrans.into(),
        }
    })
}

/// Connects. ARP's questions may be lost like anything else, and then the next attempt asks again.
async fn connect(shard: &ShardHandle, to: SocketAddr) -> TcpStream {
    loop {
        match TcpStream::connect(shard, to).await {
            Ok(stream) => return stream,
            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}"),
        }
    }
}

/// When everything had been read.
pub(crate) fn receive(receiving: Receiving<'_>) -> Instant {
    beside_a_shard(Side::B, async |shard| {
        let local = (Side::B.stack_address(), 7).into();
        let listener = TcpListener::bind(&shard, local)
            .await
            .expect("the port is free");
        receiving
            .listening
            .send(local)
            .expect("the transfer waits for the receiver");
        let (mut stream, _) = listener.accept().await.expect("the sender connects");
        let mut buffer = vec![0; crate::transfer::CHUNK];
        let mut rest = receiving.content;
        while !rest.is_empty() {
            let length = stream.read(&mut buffer).await.expect("the sender goes on");
            assert!(length > 0, "{} bytes are missing", rest.len());
            let (read, after) = rest.split_at(length);
            assert!(buffer[..length] == *read, "what is read is what was sent");
            rest = after;
        }
        let end = clock::now();
        receiving.taken.send(()).expect("the sender waits");
        let length = stream.read(&mut buffer).await;
        assert_eq!(length.expect("the sender closes in order"), 0);
        end
    })
}

/// Runs `end` beside a shard on the TAP `stack` of `side`, in this thread's namespace.
fn beside_a_shard<T>(side: Side, end: impl AsyncFnOnce(ShardHandle) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let tap = TapDevice::open(&TapOptions {
            name: Some("stack".to_owned()),
            ..TapOptions::default()
        })
        .unwrap_or_else(|error| panic!("{error}"));
        let options = ShardOptions {
            ethernet: EthernetAddress([0x02, 0x70, 0x65, 0x72, 0x69, side.host_number()]),
            address: side.stack_address(),
            ..ShardOptions::default()
        };
        let shard = ShardHandle::spawn(options, tap, None).expect("the runtime is of one thread");
        let result = end(shard.clone()).await;
        let snapshot = shard.shutdown(GRACE).await.expect("the shard is there");
        assert!(snapshot.ledger.is_balanced(), "{:?}", snapshot.ledger);
        result
    })
}
