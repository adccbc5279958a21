//! Sites through a connection, with a line in memory for a stream.

use super::*;
use crate::counters::ServeCounters;
use crate::http1::Http1;
use crate::options::ServeOptions;
use crate::testing::{Client, ListJournal, Reply, block_on, line};
use crate::websocket::{WebSocketAt, echo};
use http::{HeaderName, HeaderValue};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;

mod answers;
mod errors;
mod hosts;
mod origins;

/// Folders being served, and a client.
struct World {
    around: TempDir,
    client: Client,
    _draining: watch::Sender<bool>,
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let around = tempfile::tempdir().expect("a folder can be made");
    for (path, content) in files {
        let path = around.path().join(path);
        fs::create_dir_all(path.parent().expect("it is under the root")).expect("it can be made");
        fs::write(path, content).expect("it can be written");
    }
    around
}

/// A site of a folder.
fn site(root: impl AsRef<Path>) -> SiteOptions {
    SiteOptions {
        root: root.as_ref().into(),
        ..SiteOptions::default()
    }
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).expect("it is a pattern")
}

fn connect<H: Handler<ListJournal>>(handler: H) -> (Client, watch::Sender<bool>) {
    let counters = Arc::new(ServeCounters::default());
    let http1 = Http1::new(handler, ServeOptions::default(), counters);
    let (near, far) = line();
    let (draining, drain) = watch::channel(false);
    tokio::task::spawn_local(async move { http1.serve(near, ListJournal::default(), drain).await });
    (Client::new(far), draining)
}

/// One site of these files, over `scheme`, with the rules that `rules` sets.
fn world(scheme: Scheme, files: &[(&str, &str)], rules: impl FnOnce(&mut SiteOptions)) -> World {
    let around = folder(files);
    let mut options = site(around.path());
    rules(&mut options);
    let sites = Sites::open(&[options], &Store::default()).expect("it can be served");
    let (client, draining) = connect(sites.over(scheme));
    World {
        around,
        client,
        _draining: draining,
    }
}

impl World {
    /// Asks with these header lines beside Host.
    async fn ask(&mut self, method: &str, target: &str, lines: &[&str]) -> Reply {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let request = format!("{method} {target} HTTP/1.1\r\nHost: a.example\r\n{lines}\r\n");
        self.client.ask(&request).await
    }

    async fn get(&mut self, target: &str) -> Reply {
        self.ask("GET", target, &[]).await
    }
}
