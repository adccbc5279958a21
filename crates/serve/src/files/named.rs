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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// It is being looked.
    is_looking: bool,
}

/// A look at where the name leads: one at a time, as a file system that does not answer may keep it for ever.
struct Looking(Arc<Named>);

impl Files {
    /// Opens the folder at `root`. Where its path comes to name another folder, that one is served two seconds later at the
    /// latest: it is looked once a second, and what was answered before may be answered again for a second. While it names
    /// none, the one that it named stays.
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
                is_looking: false,
            }),
        })))
    }

    /// Answers a request; its content is not looked at.
    pub async fn answer<B, M: Marks>(
        &self,
        request: &Request<B>,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        let folder = match self.current() {
            (folder, None) => folder,
            (before, Some(looking)) => {
                let pool = before.pool().clone();
                let looked = pool.run::<M, _, _>(move || Ok(looking.look(&before)));
                let (folder, file_read) = looked.await;
                file_read.record(journal);
                folder.unwrap_or_else(|_| self.0.current().folder.clone())
            }
        };
        folder.answer(request, journal).await
    }

    /// The folder as far as is known, and who is to look for another, if it is time for that.
    fn current(&self) -> (Arc<Folder>, Option<Looking>) {
        let mut current = self.0.current();
        let is_due = monotonic().saturating_sub(current.looked) >= FRESH && !current.is_looking;
        current.is_looking |= is_due;
        let looking = is_due.then(|| Looking(self.0.clone()));
        (current.folder.clone(), looking)
    }
}

impl Named {
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Looking {
    /// The folder that the name leads to, which was `before`.
    fn look(self, before: &Arc<Folder>) -> Arc<Folder> {
        let began = monotonic();
        let other = before.other_at(&self.0.root);
        let mut current = self.0.current();
        current.looked = began;
        if let Some(other) = other {
            current.folder = Arc::new(other);
        }
        current.folder.clone()
    }
}

impl Drop for Looking {
    /// It was looked, or whoever was to look has given up.
    fn drop(&mut self) {
        self.0.current().is_looking = false;
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
    use crate::files::FilesOptions;
    use crate::testing::ListJournal;
    use futures_util::FutureExt;
    use http_body_util::BodyExt;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::pin::pin;
    use std::sync::mpsc;

    /// What `/file` is answered with, status and content.
    async fn asked(files: &Files) -> (u16, String) {
        let request = Request::get("/file").body(()).expect("it is well formed");
        let answer = files.answer(&request, &ListJournal::default()).await;
        let status = answer.status().as_u16();
        let content = answer.into_body().collect().await.expect("it is read");
        let content = content.to_bytes().to_vec();
        (status, String::from_utf8(content).expect("it is text"))
    }

    /// Has it looked again where the name leads.
    fn a_second_later(files: &Files) {
        files.0.current().looked = Duration::ZERO;
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
        a_second_later(&files);
        assert_eq!(asked(&files).await, (200, "two".into()));

        // While the name leads nowhere, what it named is served on.
        fs::rename(at("two"), at("old")).expect("it is ours");
        a_second_later(&files);
        assert_eq!(asked(&files).await, (200, "two".into()));
        let looked = files.0.current().looked;
        assert!(looked > Duration::ZERO, "it was looked");
        fs::rename(at("three"), at("two")).expect("it is ours");
        a_second_later(&files);
        assert_eq!(asked(&files).await, (200, "three".into()));
    }

    #[tokio::test]
    async fn only_one_request_waits_for_a_look_that_does_not_end_and_gives_way_if_it_is_given_up() {
        let around = tempfile::tempdir().expect("a folder can be made");
        fs::write(around.path().join("file"), "there").expect("it is new");
        let (options, store) = (
            FolderOptions::default(),
            Store::new(&FilesOptions {
                reads_in_flight: 1,
                ..FilesOptions::default()
            }),
        );
        let files = Files::open(around.path(), &options, &store).expect("it is a folder");
        assert_eq!(asked(&files).await, (200, "there".into()));

        // The only thread that looks is kept from it.
        let (go_on, wait) = mpsc::channel::<()>();
        let kept = store
            .pool
            .run_ahead::<ListJournal, _, _>(move || Ok(wait.recv().is_err()));
        let kept = kept.expect("there is a turn");
        a_second_later(&files);
        let mut first = pin!(asked(&files));
        assert!(first.as_mut().now_or_never().is_none());
        assert_eq!(asked(&files).await, (200, "there".into()));
        assert!(files.0.current().is_looking);
        go_on.send(()).expect("it waits");
        assert_eq!(first.await, (200, "there".into()));
        assert!(!files.0.current().is_looking);
        assert!(!kept.await.0.expect("it was told"));
    }
}
