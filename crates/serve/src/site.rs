//! Sites: what is served under which name of a host, and the rules around the files.

mod options;
mod pattern;

pub use options::{Cors, Hsts, Maintenance, Redirect, Rewrite, SiteOptions};
pub use pattern::Pattern;

use crate::files::{Files, FilesBody, Store};
use crate::handler::Handler;
use crate::marks::Marks;
use http::{Request, Response};
use hyper::body::Incoming;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;

/// What a listener speaks its HTTP over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// TCP alone.
    #[default]
    Http,
    /// TCP alone, and every request is sent to the same host's TLS at this port.
    HttpToHttps(u16),
    /// TLS.
    Https,
}

/// The sites of a server. Clones share them, so that [`replace`](Self::replace) changes them for all listeners at once.
#[derive(Clone, Debug)]
pub struct Sites {
    sites: Rc<RefCell<Rc<[Site]>>>,
    scheme: Scheme,
}

#[derive(Debug)]
struct Site {
    files: Files,
}

/// A site that cannot be served.
#[derive(Debug)]
pub struct SiteError {
    /// Which of those given, from 0.
    pub site: usize,
    /// Why its folder cannot be opened.
    pub error: io::Error,
}

impl Sites {
    /// Opens the folders of `sites`, whose files are read and kept by `store`.
    ///
    /// # Errors
    ///
    /// When a folder cannot be opened.
    pub fn open(sites: &[SiteOptions], store: &Store) -> Result<Self, SiteError> {
        let opened = open(sites, store)?;
        Ok(Self {
            sites: Rc::new(RefCell::new(opened)),
            scheme: Scheme::Http,
        })
    }

    /// What it is spoken over.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The same sites, for a listener that speaks `scheme`.
    pub fn over(&self, scheme: Scheme) -> Self {
        Self {
            sites: self.sites.clone(),
            scheme,
        }
    }

    /// Serves `sites` from now on. Requests that have begun are answered by those before.
    ///
    /// # Errors
    ///
    /// When a folder cannot be opened: then all is as it was.
    pub fn replace(&self, sites: &[SiteOptions], store: &Store) -> Result<(), SiteError> {
        *self.sites.borrow_mut() = open(sites, store)?;
        Ok(())
    }
}

fn open(sites: &[SiteOptions], store: &Store) -> Result<Rc<[Site]>, SiteError> {
    let open = |(site, options): (usize, &SiteOptions)| {
        Files::open(&options.root, &options.folder, store)
            .map(|files| Site { files })
            .map_err(|error| SiteError { site, error })
    };
    sites.iter().enumerate().map(open).collect()
}

impl<M: Marks> Handler<M> for Sites {
    type Body = FilesBody<M>;

    async fn handle(&self, request: Request<Incoming>, journal: &M) -> Response<FilesBody<M>> {
        let sites = self.sites.borrow().clone();
        sites[0].files.answer(&request, journal).await
    }
}
