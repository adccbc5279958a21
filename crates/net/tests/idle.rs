//! An idle shard costs nothing.

mod common;

use common::{SERVER, options};
use periplus_net::ring::memory::{LinkOptions, link};
use periplus_net::{ShardHandle, TcpListener, TcpStream};
use periplus_tests::Watched;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn two_idle_shards_with_a_connection_are_not_woken() {
    let (server_end, client_end) = link(LinkOptions::default());
    let (server_end, client_end) = (Watched::new(server_end), Watched::new(client_end));
    let looks = [server_end.looks(), client_end.looks()];
    let server = ShardHandle::spawn(options(1), server_end, None).unwrap();
    let client = ShardHandle::spawn(options(2), client_end, None).unwrap();
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(&client, SERVER), listener.accept());
    let (mut server, mut client) = (accepted.unwrap().0, client.unwrap());
    client.write_all(b"ping").await.unwrap();
    server.read_exact(&mut [0; 4]).await.unwrap();
    server.write_all(b"pong").await.unwrap();
    client.read_exact(&mut [0; 4]).await.unwrap();

    let before = looks.clone().map(|looks| looks.count());
    // Nothing happens, and that is what is measured: there is no event to wait for.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for (looks, before) in looks.iter().zip(before) {
        // The last acknowledgment goes by a timer, and comes.
        let looked = looks.count() - before;
        assert!(looked < 6, "{looked} looks at an empty ring");
    }
}
