//! Answers GET and HEAD with the files under a root.

use super::beneath::open_root;
use super::body::{FilesBody, First};
use super::coding::{Accepted, Coding};
use super::compress::compress;
use super::entity_tag::Fingerprint;
use super::locate::{Found, Located, Opened, locate};
use super::made::MadeBody;
use super::media_type;
use super::negotiation::{Choice, Making, choose};
use super::options::{EntityTags, FolderOptions};
use super::patience::Patience;
use super::pool::FileRead;
use super::read::{is_changed, read};
use super::refusal::{method_not_allowed, no_index, not_found, redirect, refused, unreadable};
use super::reply::{Reply, failed, not_acceptable, nothing};
use super::representation::{Content, Described, Representation};
use super::store::Store;
use super::target::Target;
use crate::handler::Handler;
use crate::marks::Marks;
use bytes::Bytes;
use http::header::RANGE;
use http::{HeaderMap, Method, Request, Response};
use hyper::body::Incoming;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::OwnedSemaphorePermit;

/// How often a file that changes while it is looked at is looked at anew.
const TRIES: usize = 4;

/// Serves the files under a folder.
#[derive(Clone, Debug)]
pub struct Files {
    root: Arc<OwnedFd>,
    options: Arc<FolderOptions>,
    store: Store,
}

/// What a request asks, besides its target.
struct Asking<'a> {
    headers: &'a HeaderMap,
    /// It is a GET.
    wanted: bool,
    accepted: Accepted,
}

impl Files {
    /// Opens the folder at `root`. It stays this folder, whatever its path comes to name later.
    ///
    /// # Errors
    ///
    /// When it is no folder, or may not be opened.
    pub fn open(root: &Path, options: &FolderOptions, store: &Store) -> io::Result<Self> {
        Ok(Self {
            root: Arc::new(open_root(root)?),
            options: Arc::new(options.clone()),
            store: store.clone(),
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
        let headers = request.headers();
        let asking = Asking {
            headers,
            wanted,
            accepted: Accepted::of(headers),
        };
        let query = request.uri().query();
        let mut tries = 1;
        loop {
            match self.look(&target, query, &asking, journal).await {
                Ok(answer) => return answer,
                // Nothing was promised yet.
                Err(error) if is_changed(&error) && tries < TRIES => tries += 1,
                Err(error) => return unreadable(&error).map(FilesBody::page),
            }
        }
    }

    /// Looks for the target, and answers with what is there.
    async fn look<M: Marks>(
        &self,
        target: &Target,
        query: Option<&str>,
        asking: &Asking<'_>,
        journal: &M,
    ) -> io::Result<Response<FilesBody<M>>> {
        let (found, looked) = self.locate::<M>(target).await;
        let mut reading = Reading { journal, looked };
        let page = match found? {
            Found::File(located) => return self.file(located, asking, &mut reading).await,
            Found::Folder => redirect(&target.folder_location(query)),
            Found::NoIndex => no_index(),
            Found::Nothing => not_found(),
        };
        Ok(page.map(FilesBody::page))
    }

    /// Looks for the target: at once if all that it takes is at hand.
    async fn locate<M: Marks>(&self, target: &Target) -> (io::Result<Found>, FileRead) {
        let at_once = || locate(&self.root, target, &self.options, Patience::None);
        if let Some(found) = self.store.pool.run_at_once::<M, _, _>(at_once) {
            return found;
        }
        let (root, target, options) = (self.root.clone(), target.clone(), self.options.clone());
        let job = move || locate(&root, &target, &options, Patience::Any);
        self.store.pool.run::<M, _, _>(job).await
    }

    /// Answers with a file that is there, in the coding that the client likes best.
    async fn file<M: Marks>(
        &self,
        located: Located,
        asking: &Asking<'_>,
        reading: &mut Reading<'_, M>,
    ) -> io::Result<Response<FilesBody<M>>> {
        let media_type = media_type::of(&located.path);
        let length = located.opened.status.length;
        let is_large = !self.store.is_small(length);
        let may_make = self.options.compress && media_type.is_text;
        let is_worth = may_make && length >= self.options.compress_from;
        let varies = is_worth || !located.beside.is_empty();
        let mut place = None;
        if may_make && is_large {
            place = self.store.encoders.clone().try_acquire_owned().ok();
        }
        // A part is of the file as it is: of what is made on the way there are none.
        let is_part = asking.wanted && asking.headers.contains_key(RANGE);
        let making = match (
            may_make,
            is_worth && !is_part && (!is_large || place.is_some()),
        ) {
            (false, _) => Making::Never,
            (true, false) => Making::AtNeed,
            (true, true) => Making::Worth,
        };
        let there = located.beside.iter();
        let there = there.map(|(coding, opened)| (*coding, opened.status.length));
        let there = there.chain([(Coding::Identity, length)]);
        let Some(choice) = choose(&asking.accepted, there, making) else {
            return Ok(not_acceptable().map(FilesBody::page));
        };
        if matches!(choice, Choice::Made(_)) && is_large && place.is_none() {
            // The pool never closes its semaphore.
            place = self.store.encoders.clone().acquire_owned().await.ok();
        }
        let opened = located.chosen(choice);
        let fingerprint = self.fingerprint(opened, reading).await?;
        let described = Described {
            media_type,
            varies,
            dated: self.options.entity_tags == EntityTags::Status,
        };
        let now = SystemTime::now();
        let representation = Representation::new(&described, choice, opened, fingerprint, now);
        let reply = Reply::to(asking.headers, asking.wanted, &representation);
        self.reply(reply, representation, asking, place, reading)
            .await
    }

    async fn fingerprint<M: Marks>(
        &self,
        opened: &Opened,
        reading: &mut Reading<'_, M>,
    ) -> io::Result<Fingerprint> {
        if self.options.entity_tags == EntityTags::Status {
            return Ok(Fingerprint::of_status(&opened.status));
        }
        let (fingerprint, file_read) = self.store.fingerprint::<M>(opened).await?;
        if let Some(file_read) = file_read {
            reading.add(file_read);
        }
        Ok(fingerprint)
    }

    /// Says of the representation what there is to say, and reads of it what that takes.
    async fn reply<M: Marks>(
        &self,
        reply: Reply,
        mut representation: Representation,
        asking: &Asking<'_>,
        place: Option<OwnedSemaphorePermit>,
        reading: &mut Reading<'_, M>,
    ) -> io::Result<Response<FilesBody<M>>> {
        match reply {
            Reply::Failed => return Ok(failed().map(FilesBody::page)),
            Reply::Nothing(length) => return Ok(nothing(length).map(FilesBody::page)),
            Reply::Whole | Reply::Part(_) | Reply::NotModified => {}
        }
        if !(asking.wanted && reply.has_content()) {
            return Ok(reply.head(&representation).map(|()| FilesBody::empty()));
        }
        if let Some(bytes) = self.load_whole(&representation.content, reading).await? {
            representation = representation.with_bytes(bytes);
        }
        let head = reply.head(&representation);
        let body = match (representation.content, &reply) {
            (Content::Here(bytes), Reply::Part(part)) => {
                FilesBody::page(bytes.slice(part.start as usize..part.end as usize))
            }
            (Content::Here(bytes), _) => FilesBody::page(bytes),
            (Content::File(opened), reply) => {
                let part = match reply {
                    Reply::Part(part) => part.clone(),
                    _ => 0..opened.status.length,
                };
                let first = self.load_first(&opened, &part, reading).await?;
                let (pool, journal) = (self.store.pool.clone(), reading.journal.clone());
                FilesBody::file(opened, part, first, pool, journal)
            }
            (Content::Made(opened, coding), _) => {
                let (pool, journal) = (self.store.pool.clone(), reading.journal.clone());
                FilesBody::made(MadeBody::new(opened, coding, place, pool, journal)?)
            }
        };
        Ok(head.map(|()| body))
    }

    /// All the bytes of what is small enough.
    async fn load_whole<M: Marks>(
        &self,
        content: &Content,
        reading: &mut Reading<'_, M>,
    ) -> io::Result<Option<Bytes>> {
        let (opened, coding) = match content {
            Content::Here(_) => return Ok(None),
            Content::File(opened) => (opened, Coding::Identity),
            Content::Made(opened, coding) => (opened, *coding),
        };
        let length = opened.status.length as usize;
        if !self.store.is_small(opened.status.length) || !self.store.kept.has_room_for(length) {
            return Ok(None);
        }
        let (bytes, _) = self.load(opened, 0, length, reading).await?;
        if coding == Coding::Identity {
            return Ok(Some(self.store.kept.keep(bytes)));
        }
        let job = move || compress(coding, &bytes);
        let (made, _) = self.store.pool.run::<M, _, _>(job).await;
        Ok(Some(self.store.kept.keep(made?)))
    }

    /// What is read of a part before its answer begins: whatever goes wrong by then is answered for.
    async fn load_first<M: Marks>(
        &self,
        opened: &Opened,
        part: &Range<u64>,
        reading: &mut Reading<'_, M>,
    ) -> io::Result<First> {
        let length = self.store.pool.memory.chunk_of(part.end - part.start);
        let (bytes, at_hand) = self.load(opened, part.start, length, reading).await?;
        Ok(First {
            bytes: self.store.pool.memory.keep(bytes),
            at_hand,
        })
    }

    /// Reads: at once if it is at hand, which it says.
    async fn load<M: Marks>(
        &self,
        opened: &Opened,
        offset: u64,
        length: usize,
        reading: &mut Reading<'_, M>,
    ) -> io::Result<(Vec<u8>, bool)> {
        let at_once = || read(opened, offset, length, Patience::None);
        if let Some((bytes, file_read)) = self.store.pool.run_at_once::<M, _, _>(at_once) {
            reading.add(file_read);
            return Ok((bytes?, true));
        }
        let opened = opened.clone();
        let job = move || read(&opened, offset, length, Patience::Any);
        let (bytes, file_read) = self.store.pool.run::<M, _, _>(job).await;
        reading.add(file_read);
        Ok((bytes?, false))
    }
}

/// What a request has waited for files so far. It is told when its answer begins, as one wait.
struct Reading<'a, M: Marks> {
    journal: &'a M,
    looked: FileRead,
}

impl<M: Marks> Reading<'_, M> {
    fn add(&mut self, file_read: FileRead) {
        self.looked = self.looked.until(file_read);
    }
}

impl<M: Marks> Drop for Reading<'_, M> {
    fn drop(&mut self) {
        self.looked.record(self.journal);
    }
}

impl Located {
    /// The file with the bytes of what was chosen, or those that it is made of.
    fn chosen(&self, choice: Choice) -> &Opened {
        let wanted = match choice {
            Choice::There(coding) => coding,
            Choice::Made(_) => Coding::Identity,
        };
        let mut beside = self.beside.iter();
        let found = beside.find(|(coding, _)| *coding == wanted);
        found.map_or(&self.opened, |(_, opened)| opened)
    }
}

impl<M: Marks> Handler<M> for Files {
    type Body = FilesBody<M>;

    async fn handle(&self, request: Request<Incoming>, journal: &M) -> Response<FilesBody<M>> {
        self.answer(&request, journal).await
    }
}
