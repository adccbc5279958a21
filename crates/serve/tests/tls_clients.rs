//! HTTPS to clients that others wrote, by the host's sockets and the gateway.

mod common;

use common::secure::{Identity, identity};
use common::{content, patient, test};
use periplus_net::gateway::{bind, embed};
use periplus_net::{ShardOptions, TcpListener};
use periplus_serve::tls::Tls;
use periplus_serve::{Drained, Files, FolderOptions, Server, Store};
use std::io;
use std::net::SocketAddr;
use std::process::Output;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_local};

struct Served {
    address: SocketAddr,
    identity: Identity,
    root: TempDir,
    stop: oneshot::Sender<()>,
    running: JoinHandle<io::Result<Drained>>,
}

impl Served {
    async fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let identity = identity();
        let tls = Tls::new(&identity.options()).unwrap();
        let files = Files::open(root.path(), &FolderOptions::default(), &Store::default()).unwrap();
        let host = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = host.local_addr().unwrap();
        let embedded = embed(host, ShardOptions::default(), None).unwrap();
        let listener = TcpListener::bind(&embedded.shard, address).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = spawn_local(async move {
            let stopped = async { stopped.await.unwrap_or(()) };
            let drained = Server::secure(files, tls, patient())
                .run(listener, stopped)
                .await;
            embedded.gateway.drain().await;
            drained
        });
        Self {
            address,
            identity,
            root,
            stop,
            running,
        }
    }

    fn url(&self, target: &str) -> String {
        format!("https://localhost:{}{target}", self.address.port())
    }

    async fn curl(&self, arguments: &[&str]) -> Output {
        let resolve = format!("localhost:{}:127.0.0.1", self.address.port());
        let chain = self.identity.chain();
        Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--resolve",
                &resolve,
                "--cacert",
            ])
            .arg(&chain)
            .args(arguments)
            .output()
            .await
            .expect("curl is there: the command's tests need it as well")
    }

    async fn finish(self) {
        self.stop.send(()).unwrap();
        let drained = self.running.await.unwrap().unwrap();
        assert_eq!(drained.cut, 0);
    }
}

#[test]
fn curl_gets_files_by_either_version() {
    test(async {
        let served = Served::start().await;
        let whole = content(3 << 20);
        std::fs::write(served.root.path().join("file"), &whole).unwrap();
        let url = served.url("/file");
        for version in ["1.2", "1.3"] {
            let argument = ["--tls-max", version, "--http1.1", &url, &url];
            let output = served.curl(&argument).await;
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{version}: {told}");
            assert!(
                output.stdout == [&whole[..], &whole[..]].concat(),
                "{version}"
            );
        }
        served.finish().await;
    });
}

#[test]
fn curl_is_told_what_to_do_where_it_speaks_plain_http() {
    test(async {
        let served = Served::start().await;
        let url = served.url("/file").replace("https", "http");
        let output = served.curl(&[&url]).await;
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(answer.contains("speaks HTTPS"), "{answer}");
        served.finish().await;
    });
}
