//! A folder being served.

use super::{Shards, patient};
use periplus_net::journey::{Kind, Record};
use periplus_net::{Journal, TcpStream};
use periplus_serve::{
    ConnectionService, Drained, Files, FolderOptions, Handler, ServeCounters, ServeOptions, Server,
    Store,
};
use std::io;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_local};

/// A folder being served.
pub(crate) struct Site {
    root: TempDir,
    shards: Shards,
    pub(crate) counters: Arc<ServeCounters>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<io::Result<Drained>>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::start_with(patient(), |files| files).await
    }

    /// A folder served by what `handler` makes of its files.
    pub(crate) async fn start_with<H: Handler<Journal>>(
        options: ServeOptions,
        handler: impl FnOnce(Files) -> H,
    ) -> Self {
        Self::start_on(|files| Server::new(handler(files), options)).await
    }

    /// A folder served by a server that `serve` makes for its files.
    pub(crate) async fn start_on<C>(serve: impl FnOnce(Files) -> Server<C>) -> Self
    where
        C: ConnectionService<TcpStream, Journal>,
    {
        let root = tempfile::tempdir().unwrap();
        let shards = Shards::start();
        let listener = shards.listen().await;
        let files = Files::open(root.path(), &FolderOptions::default(), &Store::default()).unwrap();
        let backend = serve(files);
        let counters = backend.counters();
        let (stop, stopped) = oneshot::channel();
        let running = spawn_local(async move {
            let stopped = async { stopped.await.unwrap_or(()) };
            backend.run(listener, stopped).await
        });
        Self {
            root,
            shards,
            counters,
            stop,
            running,
        }
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.root.path().join(name), content).unwrap();
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        self.shards.connect().await
    }

    /// Bytes that the server wrote so far: those that were copied, and those that were queued where they lay.
    pub(crate) async fn written(&self) -> (u64, u64) {
        self.shards.written().await
    }

    /// Stops the server. Gives how it drained, and the records of all requests, each of them checked.
    pub(crate) async fn finish(self) -> (Drained, Vec<Record>) {
        let (drained, mut records) = self.finish_all().await;
        records.retain(|record| record.kind == Kind::Request);
        (drained, records)
    }

    /// The same, with the records of connections without a request.
    pub(crate) async fn finish_all(self) -> (Drained, Vec<Record>) {
        self.stop.send(()).unwrap();
        let drained = self.running.await.unwrap().unwrap();
        (drained, self.shards.finish_all().await)
    }
}
