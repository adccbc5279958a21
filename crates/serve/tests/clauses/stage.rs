//! Where the rows are played: the stack, the backend, the sites' handler, and a witness before it.

use super::common::{LONG, Shards, patient};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full};
use periplus_net::{Journal, TcpStream};
use periplus_serve::site::{SiteOptions, Sites};
use periplus_serve::{
    Drained, FilesBody, FilesOptions, Handler, RequestBody, ServeOptions, Server, Store,
};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_local};

/// A server of a folder with a few files, and what its handler saw.
pub(crate) struct Stage {
    _folder: TempDir,
    shards: Shards,
    seen: Rc<RefCell<Vec<String>>>,
    /// What was asked for is kept, and may be given again without the handler.
    pub(crate) keeps: bool,
    stop: oneshot::Sender<()>,
    running: JoinHandle<io::Result<Drained>>,
}

impl Stage {
    pub(crate) async fn new(is_hasty: bool) -> Self {
        Self::with(is_hasty, false).await
    }

    /// One on which answers are ready.
    pub(crate) async fn keeping(is_hasty: bool) -> Self {
        Self::with(is_hasty, true).await
    }

    async fn with(is_hasty: bool, keeps: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("folder")).unwrap();
        std::fs::write(root.join("index.html"), "index\n").unwrap();
        std::fs::write(root.join("file"), "content\n").unwrap();
        std::fs::write(root.join("folder/index.html"), "inner\n").unwrap();
        Self::serve(folder, is_hasty, keeps).await
    }

    /// Serves `root` in `folder`.
    pub(crate) async fn of(folder: TempDir, is_hasty: bool) -> Self {
        Self::serve(folder, is_hasty, false).await
    }

    async fn serve(folder: TempDir, is_hasty: bool, keeps: bool) -> Self {
        let options = if is_hasty { hasty() } else { patient() };
        let site = SiteOptions {
            root: folder.path().join("root"),
            ..SiteOptions::default()
        };
        let mut files = FilesOptions::default();
        if !keeps {
            // What is given again without the handler is not seen by it.
            files.cache = 0;
        }
        let sites = Sites::open(&[site], &Store::new(&files)).unwrap();
        let seen = Rc::<RefCell<Vec<String>>>::default();
        let witness = Witness {
            sites,
            seen: seen.clone(),
        };
        let shards = Shards::start();
        let listener = shards.listen().await;
        let backend = Server::new(witness, options);
        let (stop, stopped) = oneshot::channel();
        let running = spawn_local(async move {
            let stopped = async { stopped.await.unwrap_or(()) };
            backend.run(listener, stopped).await
        });
        Self {
            _folder: folder,
            shards,
            seen,
            keeps,
            stop,
            running,
        }
    }

    /// Frames whose data the server has got so far.
    pub(crate) async fn delivered(&self) -> u64 {
        self.shards.delivered().await
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        let stream = self.shards.connect().await;
        // Each piece goes out when it is written.
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// What the handler saw since this was last asked.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.take()
    }

    pub(crate) async fn finish(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
        self.shards.finish_all().await;
    }
}

fn hasty() -> ServeOptions {
    let soon = Duration::from_millis(100);
    ServeOptions {
        idle_timeout: soon,
        header_timeout: soon,
        stall_timeout: soon,
        handler_timeout: LONG,
        ..ServeOptions::default()
    }
}

/// Letters of what was seen that are noted.
const MOST_SEEN: usize = 60;

/// Notes what is asked, answers `/echo` with the content of the request, and leaves all else to the sites.
struct Witness {
    sites: Sites,
    seen: Rc<RefCell<Vec<String>>>,
}

impl Witness {
    fn note(&self, mut seen: String) {
        if seen.len() > MOST_SEEN {
            seen.truncate(MOST_SEEN);
            seen.push('…');
        }
        self.seen.borrow_mut().push(seen);
    }
}

impl Handler<Journal> for Witness {
    type Body = Either<FilesBody<Journal>, Full<Bytes>>;

    async fn handle(
        &self,
        request: Request<RequestBody>,
        journal: &Journal,
    ) -> Response<Self::Body> {
        let mut line = format!("{} {}", request.method(), request.uri());
        let host = request.headers().get("host").map(|host| host.as_bytes());
        if let Some(host) = host.filter(|host| host != b"a") {
            line.push_str(&format!(" at {}", host.escape_ascii()));
        }
        if request.uri().path() != "/echo" {
            self.note(line);
            return self.sites.handle(request, journal).await.map(Either::Left);
        }
        let mut answer = Response::new(Bytes::new());
        match request.into_body().collect().await {
            Ok(collected) => {
                if let Some(trailers) = collected.trailers() {
                    line.push_str(&format!(", {} trailers", trailers.len()));
                }
                *answer.body_mut() = collected.to_bytes();
                line.push_str(&format!(": {}", answer.body().escape_ascii()));
            }
            Err(_) => {
                *answer.status_mut() = StatusCode::BAD_REQUEST;
                line.push_str(", broken off");
            }
        }
        self.note(line);
        answer.map(|content| Either::Right(Full::new(content)))
    }
}
