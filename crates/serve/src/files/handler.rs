//! Answers GET and HEAD with the files under a root.

use super::body::{FilesBody, First};
use super::cache::Look;
use super::coding::{Accepted, Coding};
use super::compress::compress;
use super::entity_tag::Fingerprint;
use super::kept::{Kept, monotonic};
use super::listing;
use super::locate::{Found, Located, Opened, locate};
use super::made::MadeBody;
use super::media_type;
use super::memory::Held;
use super::negotiation::Choice;
use super::offer::Offer;
use super::options::{EntityTags, FolderOptions};
use super::patience::Patience;
use super::pool::{FileRead, Pool};
use super::read::{is_changed, read};
use super::refusal::{no_index, not_fetched, not_found, redirect, refused, unreadable};
use super::reply::{Reply, failed, not_acceptable, nothing};
use super::representation::{Content, Described, Representation};
use super::root::Root;
use super::store::Store;
use super::target::Target;
use crate::marks::Marks;
use crate::ready::Keep;
use bytes::Bytes;
use http::header::{HeaderValue, RANGE};
use http::{HeaderMap, Method, Request, Response};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::OwnedSemaphorePermit;

/// How often a file that changes while it is looked at is looked at anew.
const TRIES: usize = 4;

/// What may be done with a file.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// A folder whose files are served.
#[derive(Debug)]
pub(super) struct Folder {
    root: Arc<Root>,
    options: Arc<FolderOptions>,
    store: Store,
}

/// What a request asks.
struct Asking<'a> {
    /// The path, as it was written.
    path: &'a str,
    query: Option<&'a str>,
    headers: &'a HeaderMap,
    /// It is a GET.
    wanted: bool,
    accepted: Accepted,
}

impl Asking<'_> {
    fn is_part(&self) -> bool {
        self.wanted && self.headers.contains_key(RANGE)
    }
}

impl Folder {
    /// Opens the folder at `root`. It stays this folder, whatever its path comes to name later.
    pub(super) fn open(root: &Path, options: &FolderOptions, store: &Store) -> io::Result<Self> {
        Ok(Self {
            root: Arc::new(Root::open(root, options, store)?),
            options: Arc::new(options.clone()),
            store: store.clone(),
        })
    }

    /// Where what may wait for a disk is done.
    pub(super) fn pool(&self) -> &Pool {
        &self.store.pool
    }

    /// The folder at `root`, if that is another one by now.
    pub(super) fn other_at(&self, root: &Path) -> Option<Self> {
        if self.root.is_at(root) {
            return None;
        }
        // Where it cannot be opened, this one is better than none.
        Self::open(root, &self.options, &self.store).ok()
    }

    /// Answers a request; its content is not looked at.
    ///
    /// For a small file that is kept this is a straight line to the end of `answer_at_once`, which nothing waits on and
    /// which looks at no file.
    pub(super) async fn answer<B, M: Marks>(
        &self,
        request: &Request<B>,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        let wanted = match *request.method() {
            Method::GET => true,
            Method::HEAD => false,
            _ => return not_fetched(request.method(), METHODS).map(FilesBody::page),
        };
        let headers = request.headers();
        let asking = Asking {
            path: request.uri().path(),
            query: request.uri().query(),
            headers,
            wanted,
            accepted: Accepted::of(headers),
        };
        let kept = self.find(&asking);
        if let Ok(kept) = &kept {
            let reply = Reply::to(headers, wanted, kept);
            if let Some(mut answer) = answer_at_once(&reply, kept, wanted) {
                if matches!(reply, Reply::Whole)
                    && let Some(place) = self.store.cache().place(self.root.number, asking.path)
                {
                    let kept = Kept::new(&self.store, place, kept);
                    answer.extensions_mut().insert(Keep(Arc::new(kept)));
                }
                return answer;
            }
        }
        self.answer_from_files(kept, &asking, journal).await
    }

    /// What is kept for a request, and good.
    fn find(&self, asking: &Asking<'_>) -> Result<Arc<Representation>, Look> {
        let (root, now) = (self.root.number, monotonic());
        let mut cache = self.store.cache();
        cache.find(root, asking.path, &asking.accepted, asking.is_part(), now)
    }

    /// Answers what is not answered at once: with an open file that is `kept`, or with what there is.
    async fn answer_from_files<M: Marks>(
        &self,
        mut kept: Result<Arc<Representation>, Look>,
        asking: &Asking<'_>,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        let mut tries = 1;
        loop {
            let answer = match kept {
                Ok(kept) => {
                    let mut reading = Reading::none(journal);
                    let reply = Reply::to(asking.headers, asking.wanted, &kept);
                    self.reply(reply, &kept, asking, None, &mut reading).await
                }
                Err(look) => self.look(asking, look, journal).await,
            };
            match answer {
                Ok(answer) => return answer,
                // Nothing was promised yet.
                Err(error) if is_changed(&error) && tries < TRIES => tries += 1,
                Err(error) => return unreadable(&error).map(FilesBody::page),
            }
            kept = Err(self.store.cache().look(monotonic()));
        }
    }

    /// Looks for the target, and answers with what is there.
    async fn look<M: Marks>(
        &self,
        asking: &Asking<'_>,
        look: Look,
        journal: &M,
    ) -> io::Result<Response<FilesBody<M>>> {
        let target = match Target::parse(asking.path, self.options.hidden) {
            Ok(target) => target,
            Err(refusal) => return Ok(refused(refusal).map(FilesBody::page)),
        };
        let (found, looked) = self.locate::<M>(&target).await;
        let mut reading = Reading::none(journal);
        reading.add(looked);
        let page = match found? {
            Found::File(located) => return self.file(located, asking, look, &mut reading).await,
            Found::Folder => redirect(&target.folder_location(asking.query)),
            Found::NoIndex if self.options.listing => {
                let (root, pool, hidden) = (&self.root, &self.store.pool, self.options.hidden);
                let asked = listing::Asked::of(&target, asking.query, asking.headers);
                let (answer, file_read) = listing::answer(root, pool, asked, hidden).await;
                reading.add(file_read);
                return answer;
            }
            Found::NoIndex => no_index(),
            Found::Nothing => not_found(),
        };
        Ok(page.map(FilesBody::page))
    }

    /// Looks for the target: at once if all that it takes is at hand.
    async fn locate<M: Marks>(&self, target: &Target) -> (io::Result<Found>, FileRead) {
        let at_once = || locate(&self.root.folder, target, &self.options, Patience::None);
        if let Some(found) = self.store.pool.run_at_once::<M, _, _>(at_once) {
            return found;
        }
        let (root, target, options) = (self.root.clone(), target.clone(), self.options.clone());
        let job = move || locate(&root.folder, &target, &options, Patience::Any);
        self.store.pool.run::<M, _, _>(job).await
    }

    /// Answers with a file that is there, in the coding that the client likes best.
    async fn file<M: Marks>(
        &self,
        located: Located,
        asking: &Asking<'_>,
        look: Look,
        reading: &mut Reading<'_, M>,
    ) -> io::Result<Response<FilesBody<M>>> {
        let media_type = media_type::of(&located.path);
        let offer = Offer::of(&located, &media_type, &self.options);
        let Some(mut choice) = offer.choose(&asking.accepted, asking.is_part()) else {
            return Ok(not_acceptable().map(FilesBody::page));
        };
        let mut place = None;
        if matches!(choice, Choice::Made(_)) && !self.store.is_small(located.opened.status.length) {
            (choice, place) = self.place_for(choice, &asking.accepted).await;
        }
        let root = self.root.number;
        let again = |choice| {
            let mut cache = self.store.cache();
            cache.find_again(root, asking.path, &located, choice, look)
        };
        let known = again(choice);
        let is_kept = known.is_some();
        let mut representation = match known {
            Some(kept) => kept,
            None => {
                let opened = located.chosen(choice);
                let fingerprint = self.fingerprint(opened, reading).await?;
                let described = Described {
                    media_type,
                    varies: offer.varies(),
                    dated: self.options.entity_tags == EntityTags::Status,
                };
                let now = SystemTime::now();
                let new = Representation::new(&described, choice, opened, fingerprint, now);
                Arc::new(new)
            }
        };
        let reply = Reply::to(asking.headers, asking.wanted, &representation);
        if !is_kept {
            if asking.wanted
                && reply.has_content()
                && let Some(bytes) = self.load_whole(&representation.content, reading).await?
            {
                let whole = Representation::clone(&representation).with_bytes(bytes);
                representation = Arc::new(whole);
            }
            self.keep(
                asking.path,
                &located,
                &offer,
                (choice, &representation),
                look,
            );
        }
        self.reply(reply, &representation, asking, place, reading)
            .await
    }

    /// A place to put a large text into a coding. While there is none, a client that accepts the text as it is gets it so.
    async fn place_for(
        &self,
        choice: Choice,
        accepted: &Accepted,
    ) -> (Choice, Option<OwnedSemaphorePermit>) {
        let encoders = self.store.encoders.clone();
        match encoders.clone().try_acquire_owned() {
            Ok(place) => (choice, Some(place)),
            Err(_) if accepted.weight(Coding::Identity) > 0 => {
                (Choice::There(Coding::Identity), None)
            }
            // It is never closed.
            Err(_) => (choice, encoders.acquire_owned().await.ok()),
        }
    }

    /// Keeps what is worth it: small files with their bytes, and others open.
    fn keep(
        &self,
        path: &str,
        located: &Located,
        offer: &Offer,
        (choice, representation): (Choice, &Arc<Representation>),
        look: Look,
    ) {
        let is_worth = match &representation.content {
            Content::Here(_) => true,
            Content::File(opened) => !self.store.is_small(opened.status.length),
            Content::Made(..) => false,
        };
        if !is_worth {
            return;
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap_or_default();
        let beside = located.beside.iter().map(|(_, opened)| opened);
        let mut files = beside.chain([&located.opened]);
        let is_settled = files.all(|opened| opened.status.is_settled(now));
        let root = (self.root.number, &self.root.folder);
        let mut cache = self.store.cache();
        let representation = (choice, representation);
        cache.keep(
            root,
            path,
            located,
            offer,
            representation,
            (look, is_settled),
        );
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
        representation: &Representation,
        asking: &Asking<'_>,
        place: Option<OwnedSemaphorePermit>,
        reading: &mut Reading<'_, M>,
    ) -> io::Result<Response<FilesBody<M>>> {
        if let Some(answer) = answer_at_once(&reply, representation, asking.wanted) {
            return Ok(answer);
        }
        let (pool, journal) = (self.store.pool.clone(), reading.journal.clone());
        let body = match &representation.content {
            Content::Here(bytes) => FilesBody::page(bytes.clone()),
            Content::File(opened) => {
                let part = match &reply {
                    Reply::Part(part) => part.clone(),
                    _ => 0..opened.status.length,
                };
                let first = self.load_first(opened, &part, reading).await?;
                FilesBody::file(opened.clone(), part, first, pool, journal)
            }
            Content::Made(opened, coding) => {
                let opened = opened.clone();
                FilesBody::made(MadeBody::new(opened, *coding, place, pool, journal)?)
            }
        };
        Ok(reply.head(representation).map(|()| body))
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
        if !self.store.is_small(opened.status.length) || !self.store.cache().make_room(length) {
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
        let held = Held::default();
        Ok(First {
            bytes: self.store.pool.memory.keep_for(&held, bytes),
            held,
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
        let pool = &self.store.pool;
        let (bytes, file_read) = pool.read::<M>(opened.clone(), offset, length).await;
        reading.add(file_read);
        Ok((bytes?, false))
    }
}

/// The answer with what is at hand: everything but the content of a file that is not.
fn answer_at_once<M>(
    reply: &Reply,
    representation: &Representation,
    wanted: bool,
) -> Option<Response<FilesBody<M>>> {
    let body = match (reply, &representation.content) {
        (Reply::Failed, _) => return Some(failed().map(FilesBody::page)),
        (Reply::Nothing(length), _) => return Some(nothing(*length).map(FilesBody::page)),
        _ if !(wanted && reply.has_content()) => FilesBody::empty(),
        (Reply::Part(part), Content::Here(bytes)) => {
            FilesBody::page(bytes.slice(part.start as usize..part.end as usize))
        }
        (_, Content::Here(bytes)) => FilesBody::page(bytes.clone()),
        _ => return None,
    };
    Some(reply.head(representation).map(|()| body))
}

/// What a request has waited for files so far. It is told when its answer begins, as one wait.
struct Reading<'a, M: Marks> {
    journal: &'a M,
    read: Option<FileRead>,
}

impl<'a, M: Marks> Reading<'a, M> {
    fn none(journal: &'a M) -> Self {
        Self {
            journal,
            read: None,
        }
    }

    fn add(&mut self, file_read: FileRead) {
        self.read = Some(self.read.map_or(file_read, |read| read.until(file_read)));
    }
}

impl<M: Marks> Drop for Reading<'_, M> {
    fn drop(&mut self) {
        if let Some(read) = self.read {
            read.record(self.journal);
        }
    }
}
