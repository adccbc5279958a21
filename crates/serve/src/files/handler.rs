//! Answers GET and HEAD with the files under a root.

use super::beneath::open_root;
use super::body::FilesBody;
use super::load::{Found, Loaded, load};
use super::media_type;
use super::options::{FilesOptions, FolderOptions};
use super::patience::Patience;
use super::pool::{FileRead, Pool};
use super::target::{Refusal, Target};
use super::validators::Condition;
use crate::handler::Handler;
use crate::marks::Marks;
use crate::pages::page;
use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LAST_MODIFIED, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// What the folders of a server share: who reads, and what is kept.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
}

impl Store {
    /// As the options ask.
    pub fn new(options: &FilesOptions) -> Self {
        Self {
            pool: Pool::new(options),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::new(&FilesOptions::default())
    }
}

/// Serves the files under a folder.
#[derive(Clone, Debug)]
pub struct Files {
    root: Arc<OwnedFd>,
    pool: Pool,
}

impl Files {
    /// Opens the folder at `root`. It stays this folder, whatever its path comes to name later.
    pub fn open(root: &Path, options: &FolderOptions, store: &Store) -> io::Result<Self> {
        let root = Arc::new(open_root(root)?);
        let _ = options;
        Ok(Self {
            root,
            pool: store.pool.clone(),
        })
    }

    /// Answers a request; its content is not looked at.
    pub async fn answer<B, M: Marks>(
        &self,
        request: &Request<B>,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        let wanted = match *request.method() {
            Method::GET => true,
            Method::HEAD => false,
            _ => return method_not_allowed().map(FilesBody::page),
        };
        let target = match Target::parse(request.uri().path()) {
            Ok(target) => target,
            Err(refusal) => return refused(refusal).map(FilesBody::page),
        };
        let condition = Condition::of(request.headers());
        let (found, file_read) = self.load::<M>(&target, condition, wanted).await;
        file_read.record(journal);
        match found {
            Ok(Found::File(loaded)) => self.file(loaded, wanted, journal),
            Ok(Found::Folder) => {
                redirect(&target.folder_location(request.uri().query())).map(FilesBody::page)
            }
            Ok(Found::NoIndex) => {
                let explanation = "This folder has no index.html.";
                page(StatusCode::NOT_FOUND, explanation).map(FilesBody::page)
            }
            Ok(Found::Nothing) => not_found().map(FilesBody::page),
            Err(error) => unreadable(&error).map(FilesBody::page),
        }
    }

    /// Looks for the target and reads its first bytes: at once if all of it is at hand.
    async fn load<M: Marks>(
        &self,
        target: &Target,
        condition: Condition,
        wanted: bool,
    ) -> (io::Result<Found>, FileRead) {
        let (root, memory) = (&self.root, &self.pool.memory);
        let at_once = || load(root, target, &condition, wanted, memory, Patience::None);
        if let Some(loaded) = self.pool.run_at_once::<M, _, _>(at_once) {
            return loaded;
        }
        let (root, memory, target) = (root.clone(), memory.clone(), target.clone());
        let job = move || load(&root, &target, &condition, wanted, &memory, Patience::Any);
        self.pool.run::<M, _, _>(job).await
    }

    fn file<M: Marks>(&self, loaded: Loaded, wanted: bool, journal: &M) -> Response<FilesBody<M>> {
        let mut answer = Response::new(FilesBody::empty());
        let headers = answer.headers_mut();
        if let Some(last_modified) = &loaded.last_modified {
            headers.insert(LAST_MODIFIED, last_modified.clone());
        }
        if loaded.is_fresh {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            return answer;
        }
        headers.insert(CONTENT_TYPE, media_type::of(&loaded.path));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(loaded.length));
        if wanted {
            *answer.body_mut() = FilesBody::file(loaded, self.pool.clone(), journal.clone());
        }
        answer
    }
}

impl<M: Marks> Handler<M> for Files {
    type Body = FilesBody<M>;

    async fn handle(&self, request: Request<Incoming>, journal: &M) -> Response<FilesBody<M>> {
        self.answer(&request, journal).await
    }
}

/// RFC 9110 section 15.5.6: it must say what is allowed.
fn method_not_allowed() -> Response<Bytes> {
    let explanation = "Files can be fetched here, with GET or HEAD, and nothing else.";
    let mut answer = page(StatusCode::METHOD_NOT_ALLOWED, explanation);
    answer
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    answer
}

fn refused(refusal: Refusal) -> Response<Bytes> {
    match refusal {
        Refusal::Malformed => page(
            StatusCode::BAD_REQUEST,
            "The address has a percent sign that encodes nothing.",
        ),
        Refusal::Nothing => not_found(),
    }
}

fn not_found() -> Response<Bytes> {
    page(StatusCode::NOT_FOUND, "There is nothing at this address.")
}

fn redirect(location: &str) -> Response<Bytes> {
    let mut answer = page(
        StatusCode::MOVED_PERMANENTLY,
        "This is a folder: its address ends in a slash.",
    );
    match HeaderValue::try_from(location) {
        Ok(location) => {
            answer.headers_mut().insert(LOCATION, location);
            answer
        }
        Err(_) => not_found(),
    }
}

fn unreadable(error: &io::Error) -> Response<Bytes> {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::ACCESS | Errno::PERM) => {
            page(StatusCode::FORBIDDEN, "The server may not read this file.")
        }
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN) => {
            let explanation = "The server has too much open at the moment. It may work soon.";
            page(StatusCode::SERVICE_UNAVAILABLE, explanation)
        }
        _ => page(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The file could not be read.",
        ),
    }
}
