//! A thousand clients that stay and ask for one file after another, and twenty thousand that come, ask once and go.

#[path = "command/support/descriptors.rs"]
mod descriptors;
#[path = "command/support/folder.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod folder;
#[path = "command/support/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod server;

use descriptors::need_descriptors;
use folder::{Folder, pattern};
use periplus_tests::in_namespace_with_tap;
use server::{Server, periplus};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinSet, LocalSet};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const CLIENTS: usize = 1_000;
/// What each of them asks for, one after the other on one connection.
const REQUESTS: u64 = 10;

const COMING_AND_GOING: usize = 20_000;
/// How many of those are there at a time.
const AT_A_TIME: usize = 100;

/// The files: none, one and some bytes, around what fits into a segment and a buffer, and large ones.
const SIZES: [usize; 16] = [
    0, 1, 7, 300, 1_024, 1_459, 1_460, 1_461, 4_096, 9_000, 16_384, 16_385, 40_000, 65_535,
    131_072, 300_000,
];

struct Site {
    folder: Folder,
    contents: Vec<Vec<u8>>,
}

impl Site {
    fn new() -> Self {
        let contents: Vec<_> = SIZES.iter().map(|&size| pattern(size)).collect();
        let folder = contents.iter().fold(Folder::new(), |folder, content| {
            folder.with(&format!("{}.bin", content.len()), content)
        });
        Self { folder, contents }
    }
}

/// A file's number, each as often as another, in an order that only `seed` decides (splitmix64).
fn drawn(seed: u64) -> usize {
    let mut drawn = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((drawn ^ (drawn >> 31)) % SIZES.len() as u64) as usize
}

/// Asks for a file, and holds what comes against it, byte for byte.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, content: &[u8], last: bool) {
    let close = if last { "Connection: close\r\n" } else { "" };
    let request = format!(
        "GET /{}.bin HTTP/1.1\r\nHost: a\r\n{close}\r\n",
        content.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::with_capacity(content.len() + 1024);
    let head = loop {
        assert!(
            stream.read_buf(&mut answer).await.expect("an answer") > 0,
            "closed early"
        );
        if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let said = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    assert!(said.starts_with("http/1.1 200 "), "{said}");
    assert!(
        said.contains(&format!("\r\ncontent-length: {}\r\n", content.len())),
        "{said}"
    );
    while answer.len() < head + content.len() {
        assert!(
            stream.read_buf(&mut answer).await.expect("the content") > 0,
            "cut off"
        );
    }
    assert!(answer[head..] == *content, "{} bytes differ", content.len());
    if last {
        assert_eq!(stream.read(&mut [0]).await.expect("an orderly end"), 0);
    }
}

async fn connect(server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    // A connection that is reset at its end leaves no TIME-WAIT: there are not as many ports as come and go.
    socket.set_reuseaddr(true).expect("it is new");
    socket.connect(server).await.expect("a connection")
}

fn run(clients: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    LocalSet::new().block_on(&runtime.expect("a runtime"), clients);
}

/// One client, on its one connection.
async fn stay<S>(mut stream: S, client: u64, contents: &[Vec<u8>])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for request in 0..REQUESTS {
        let content = &contents[drawn(client * REQUESTS + request)];
        ask(&mut stream, content, request + 1 == REQUESTS).await;
    }
}

/// A thousand clients at once, each on its one connection.
async fn a_thousand_stay(server: SocketAddr, contents: Vec<Vec<u8>>, tls: Option<TlsConnector>) {
    let contents = Rc::new(contents);
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS as u64 {
        let (contents, tls) = (contents.clone(), tls.clone());
        clients.spawn_local(async move {
            let stream = connect(server).await;
            match tls {
                None => stay(stream, client, &contents).await,
                Some(tls) => {
                    let name = ServerName::from(server.ip());
                    let stream = tls.connect(name, stream).await.expect("a handshake");
                    stay(stream, client, &contents).await;
                }
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("every client gets every byte");
    }
}

/// Connections that are opened, asked on once, and closed.
async fn twenty_thousand_come_and_go(server: SocketAddr, contents: Vec<Vec<u8>>) {
    let contents = Rc::new(contents);
    let mut clients = JoinSet::new();
    for first in 0..AT_A_TIME {
        let contents = contents.clone();
        clients.spawn_local(async move {
            for _ in (first..COMING_AND_GOING).step_by(AT_A_TIME) {
                let mut stream = connect(server).await;
                ask(&mut stream, &contents[4], true).await;
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("every connection is served");
    }
}

fn stop(server: Server) {
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert!(!ended.talk.contains("cut off"), "{}", ended.talk);
}

#[test]
fn a_thousand_clients_get_every_byte_over_the_gateway() {
    need_descriptors(2 * CLIENTS);
    let site = Site::new();
    let server = Server::start(site.folder.path(), &["--quiet"]);
    run(a_thousand_stay(server.address, site.contents, None));
    stop(server);
}

#[test]
fn a_thousand_clients_get_every_byte_over_a_tap() {
    if !in_namespace_with_tap("a_thousand_clients_get_every_byte_over_a_tap") {
        return;
    }
    need_descriptors(CLIENTS);
    let site = Site::new();
    let mut command = periplus();
    command
        .arg("serve")
        .arg(site.folder.path())
        .args(["--nic", "tap", "--quiet"]);
    let server = Server::spawn(command);
    run(a_thousand_stay(server.address, site.contents, None));
    stop(server);
}

#[test]
fn a_thousand_clients_get_every_byte_over_the_hosts_own_tcp() {
    need_descriptors(2 * CLIENTS);
    let site = Site::new();
    let server = Server::start(site.folder.path(), &["--quiet", "--nic", "host"]);
    run(a_thousand_stay(server.address, site.contents, None));
    stop(server);
}

#[test]
fn a_thousand_clients_get_every_byte_over_tls() {
    need_descriptors(2 * CLIENTS);
    let site = Site::new();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("it is a name");
    let pair = Folder::new()
        .with("chain.pem", made.cert.pem().as_bytes())
        .with("key.pem", made.signing_key.serialize_pem().as_bytes());
    let (chain, key) = (pair.join("chain.pem"), pair.join("key.pem"));
    let options = [
        "--quiet".as_ref(),
        "--tls-cert".as_ref(),
        chain.as_os_str(),
        "--tls-key".as_ref(),
        key.as_os_str(),
    ];
    let server = Server::start(site.folder.path(), &options);
    let mut trusted = RootCertStore::empty();
    trusted.add(made.cert.der().clone()).expect("it is one");
    let client = ClientConfig::builder()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let tls = TlsConnector::from(Arc::new(client));
    run(a_thousand_stay(server.address, site.contents, Some(tls)));
    stop(server);
}

#[test]
fn twenty_thousand_connections_come_and_go_and_none_fails() {
    need_descriptors(2 * AT_A_TIME);
    let site = Site::new();
    let server = Server::start(site.folder.path(), &["--quiet"]);
    run(twenty_thousand_come_and_go(server.address, site.contents));
    stop(server);
}
