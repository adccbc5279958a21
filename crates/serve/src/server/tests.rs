//! Many connections, and the end of a server.

use super::{Acceptor, Drained, Server};
use crate::files::{Files, FolderOptions, Store};
use crate::options::ServeOptions;
use crate::testing::{Client, Line, ListJournal, block_on, line};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Connections that the test opens.
struct Harbour(mpsc::UnboundedReceiver<io::Result<Line>>);

impl Acceptor for Harbour {
    type Stream = Line;
    type Marks = ListJournal;

    async fn accept(&mut self) -> io::Result<(Line, ListJournal)> {
        match self.0.recv().await {
            Some(line) => Ok((line?, ListJournal::default())),
            None => std::future::pending().await,
        }
    }
}

/// A server of a folder with one file.
struct Running {
    harbour: mpsc::UnboundedSender<io::Result<Line>>,
    stop: Option<oneshot::Sender<()>>,
    result: Rc<RefCell<Option<io::Result<Drained>>>>,
    task: tokio::task::JoinHandle<()>,
    _root: tempfile::TempDir,
}

fn running(options: ServeOptions) -> Running {
    let root = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(root.path().join("file"), "content").expect("it is new");
    let files = Files::open(root.path(), &FolderOptions::default(), &Store::default())
        .expect("it is a folder");
    let (harbour, arrivals) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel();
    let result = Rc::new(RefCell::new(None));
    let kept = result.clone();
    let task = tokio::task::spawn_local(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        let ended = Server::new(files, options)
            .run(Harbour(arrivals), stopped)
            .await;
        *kept.borrow_mut() = Some(ended);
    });
    Running {
        harbour,
        stop: Some(stop),
        result,
        task,
        _root: root,
    }
}

impl Running {
    fn connect(&self) -> Client {
        let (near, far) = line();
        self.harbour.send(Ok(near)).expect("the server accepts");
        Client::new(far)
    }

    async fn stop(mut self) -> io::Result<Drained> {
        let _ = self.stop.take().map(|stop| stop.send(()));
        self.ended().await
    }

    async fn ended(self) -> io::Result<Drained> {
        self.task.await.expect("the server does not panic");
        self.result.take().expect("the server has ended")
    }
}

#[test]
fn many_connections_are_served_at_once() {
    block_on(async {
        let running = running(ServeOptions::default());
        let mut clients: Vec<_> = (0..200).map(|_| running.connect()).collect();
        for client in &clients {
            client.far.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        for client in &mut clients {
            assert_eq!(client.reply(false).await.content, b"content");
        }
        assert_eq!(
            running.stop().await.expect("nothing failed"),
            Drained { open: 200, cut: 0 }
        );
    });
}

#[test]
fn at_the_limit_the_next_connection_waits_to_be_accepted() {
    block_on(async {
        let options = ServeOptions {
            max_connections: 1,
            ..ServeOptions::default()
        };
        let running = running(options);
        let (mut first, mut second) = (running.connect(), running.connect());
        second.far.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(first.get("/file").await.status, 200);
        assert_eq!(second.far.consumed(), 0);
        first.far.end();
        assert_eq!(second.reply(false).await.status, 200);
    });
}

#[test]
fn a_connection_that_does_not_finish_in_time_is_cut_off() {
    block_on(async {
        let options = ServeOptions {
            drain_timeout: Duration::from_secs(3),
            ..ServeOptions::default()
        };
        let running = running(options);
        let mut client = running.connect();
        assert_eq!(client.get("/file").await.status, 200);
        // An answer that nobody takes.
        client.far.set_room(10);
        client.far.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let begun = tokio::time::Instant::now();
        assert_eq!(
            running.stop().await.expect("nothing failed"),
            Drained { open: 1, cut: 1 }
        );
        assert_eq!(begun.elapsed().as_secs(), 3);
        client.far.dropped().await;
    });
}

#[test]
fn one_connection_that_cannot_be_accepted_is_not_the_end() {
    block_on(async {
        let running = running(ServeOptions::default());
        running
            .harbour
            .send(Err(io::ErrorKind::ConnectionAborted.into()))
            .expect("it accepts");
        assert_eq!(running.connect().get("/file").await.status, 200);
        running
            .harbour
            .send(Err(io::ErrorKind::NotConnected.into()))
            .expect("it accepts");
        let ended = running.ended().await;
        assert_eq!(
            ended.map_err(|error| error.kind()),
            Err(io::ErrorKind::NotConnected)
        );
    });
}
