//! A thousand clients that have asked over TLS and stay: what each of them holds of the server's memory.

#[path = "command/support/descriptors.rs"]
mod descriptors;
#[path = "command/support/folder.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod folder;
#[path = "command/support/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod server;

use descriptors::need_descriptors;
use folder::Folder;
use server::{Server, periplus};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const CLIENTS: usize = 1_000;
/// Some come before it is counted: what is made once is not held by each.
const FIRST: usize = 20;
const KIBIBYTE: usize = 1024;
/// What a connection at rest may hold.
const MEMORY: usize = 64 * KIBIBYTE;
const PATIENCE: Duration = Duration::from_secs(60);

/// What clients begin with and what is in the answer to that, by the protocol that was agreed on.
struct Spoken {
    name: &'static str,
    says: &'static [u8],
    hears: &'static [u8],
}

const SPOKEN: [Spoken; 2] = [
    Spoken {
        name: "http/1.1",
        says: b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
        hears: b"content",
    },
    // The preface, SETTINGS, and a PING that is answered behind the server's own (RFC 9113 sections 3.4, 6.5 and 6.7).
    Spoken {
        name: "h2",
        says: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x08\x06\0\0\0\0\0at rest.",
        hears: b"at rest.",
    },
];

/// The memory that the server has now.
fn memory(server: &Server) -> usize {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.expect("proc(5)").trim().trim_end_matches(" kB");
    kibibytes.parse::<usize>().expect("a number") * KIBIBYTE
}

/// A client that has got its answer, and says no more.
fn rest(server: &Server, config: &Arc<ClientConfig>, spoken: &Spoken) -> TcpStream {
    let socket = TcpStream::connect(server.address).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time");
    let name = ServerName::try_from("localhost").expect("a name");
    let session = ClientConnection::new(config.clone(), name).expect("a client");
    let mut stream = StreamOwned::new(session, socket);
    stream.write_all(spoken.says).expect("sent");
    let mut heard = Vec::new();
    let mut some = [0; 4096];
    while !heard
        .windows(spoken.hears.len())
        .any(|part| part == spoken.hears)
    {
        let length = stream.read(&mut some).expect("an answer");
        assert!(length > 0, "it was closed");
        heard.extend_from_slice(&some[..length]);
    }
    assert_eq!(stream.conn.alpn_protocol(), Some(spoken.name.as_bytes()));
    stream.sock
}

/// Serves over TLS, and the certificate to trust.
fn serve(folder: &Folder) -> (Server, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a name");
    let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
    std::fs::write(&chain, made.cert.pem()).expect("a file");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
    let mut command = periplus();
    command.arg("serve").arg(folder.join("site"));
    command.args(["--nic", "host", "--listen", "127.0.0.1:0", "--quiet"]);
    command.arg("--tls-cert").arg(chain);
    command.arg("--tls-key").arg(key);
    // Nobody is given up while the test lasts.
    command.env("PERIPLUS_TIMEOUTS_IDLE", "60 min");
    (Server::spawn(command), made.cert.der().clone())
}

#[test]
fn a_connection_at_rest_over_tls_holds_less_than_64_kibibytes() {
    need_descriptors(FIRST + CLIENTS);
    for spoken in SPOKEN {
        let folder = Folder::new().with("site/a.txt", b"content");
        let (server, certificate) = serve(&folder);
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("it is a certificate");
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().expect("some");
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![spoken.name.into()];
        let config = Arc::new(config);
        let come = || rest(&server, &config, &spoken);
        let first: Vec<TcpStream> = (0..FIRST).map(|_| come()).collect();
        let before = memory(&server);
        let clients: Vec<TcpStream> = (0..CLIENTS).map(|_| come()).collect();
        let each = memory(&server).saturating_sub(before) / CLIENTS;
        println!("{}: {} bytes each", spoken.name, each);
        assert!(each < MEMORY, "{}: {each} bytes each", spoken.name);
        // All of them are there still.
        for client in first.iter().chain(&clients) {
            client.set_nonblocking(true).expect("a flag");
            let mut some = [0; 4096];
            loop {
                match (&*client).read(&mut some) {
                    Ok(0) => panic!("it was closed"),
                    Ok(_) => {} // tickets
                    Err(error) => {
                        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                        break;
                    }
                }
            }
        }
        drop((first, clients));
        let ended = server.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.talk);
    }
}
