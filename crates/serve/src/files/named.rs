//! The folder that a name leads to by now: a deployment may put another in its place, by a link or a rename.

use super::body::FilesBody;
use super::cache::FRESH;
use super::handler::Folder;
use super::kept::monotonic;
use super::options::FolderOptions;
use super::store::Store;
use crate::handler::Handler;
use crate::marks::Marks;
use crate::request_body::RequestBody;
use http::{Request, Response};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Serves the files under a folder. Clones are the same.
#[derive(Clone, Debug)]
pub struct Files(Arc<Named>);

#[derive(Debug)]
struct Named {
    root: PathBuf,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    folder: Arc<Folder>,
    /// When it was last looked whether the name leads elsewhere.
    looked: Duration,
}

impl Files {
    /// Opens the folder at `root`. Where its path comes to name another folder, that one is served a second later at the
    /// latest; while it names none, the one that it named stays.
    ///
    /// # Errors
    ///
    /// When it is no folder, or may not be opened.
    pub fn open(root: &Path, options: &FolderOptions, store: &Store) -> io::Result<Self> {
        let folder = Arc::new(Folder::open(root, options, store)?);
        Ok(Self(Arc::new(Named {
            root: root.to_path_buf(),
            current: Mutex::new(Current {
                folder,
                looked: monotonic(),
            }),
        })))
    }

    /// Answers a request; its content is not looked at.
    pub async fn answer<B, M: Marks>(
        &self,
        request: &Request<B>,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        self.folder().answer(request, journal).await
    }

    fn folder(&self) -> Arc<Folder> {
        let Named { root, current } = &*self.0;
        let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
        let now = monotonic();
        if now.saturating_sub(current.looked) >= FRESH {
            current.looked = now;
            if let Some(other) = current.folder.other_at(root) {
                current.folder = Arc::new(other);
            }
        }
        current.folder.clone()
    }
}

impl<M: Marks> Handler<M> for Files {
    type Body = FilesBody<M>;

    async fn handle(&self, request: Request<RequestBody>, journal: &M) -> Response<FilesBody<M>> {
        self.answer(&request, journal).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ListJournal;
    use http_body_util::BodyExt;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::time::Instant;

    /// What `/file` is answered with, status and content.
    async fn asked(files: &Files) -> (u16, String) {
        let request = Request::get("/file").body(()).expect("it is well formed");
        let answer = files.answer(&request, &ListJournal::default()).await;
        let status = answer.status().as_u16();
        let content = answer.into_body().collect().await.expect("it is read");
        let content = content.to_bytes().to_vec();
        (status, String::from_utf8(content).expect("it is text"))
    }

    /// Asks until the answer is `content`.
    async fn becomes(files: &Files, content: &str) {
        let begun = Instant::now();
        while asked(files).await != (200, content.into()) {
            assert!(begun.elapsed() < Duration::from_secs(10), "not {content}");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_link_that_is_swapped_and_a_folder_that_is_replaced_are_followed() {
        let around = tempfile::tempdir().expect("a folder can be made");
        let at = |name: &str| around.path().join(name);
        for release in ["one", "two", "three"] {
            fs::create_dir(at(release)).expect("it is new");
            fs::write(at(release).join("file"), release).expect("it is new");
        }
        symlink("one", at("current")).expect("it is new");
        let (options, store) = (FolderOptions::default(), Store::default());
        let files = Files::open(&at("current"), &options, &store).expect("it is a folder");
        assert_eq!(asked(&files).await, (200, "one".into()));

        symlink("two", at("next")).expect("it is new");
        fs::rename(at("next"), at("current")).expect("it is ours");
        becomes(&files, "two").await;

        // While the name leads nowhere, what it named is served on.
        fs::rename(at("two"), at("old")).expect("it is ours");
        assert_eq!(asked(&files).await, (200, "two".into()));
        fs::rename(at("three"), at("two")).expect("it is ours");
        becomes(&files, "three").await;
    }
}
