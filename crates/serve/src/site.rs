//! Sites: what is served under which name of a host, and the rules around the files.
//!
//! * [`Sites`] finds the site that a request is for, by `names`, and has it answered.
//! * `serving` is a site, and the order in which its rules are looked at.
//! * `address` is what they look at; `pattern` says which addresses one is for, `template` where it leads.
//! * `moves` are redirects and rewrites; `secure` leads to TLS.
//! * `lines` and `cors` add header lines to every answer.
//! * `fallback` and `error_page` are for what is not there.

mod address;
mod cors;
mod error_page;
mod fallback;
mod lines;
mod moves;
mod names;
mod options;
mod pattern;
mod secure;
mod serving;
mod template;

pub use options::{Cors, Hsts, Maintenance, Redirect, Rewrite, SiteOptions};
pub use pattern::Pattern;

use crate::files::{FilesBody, Store};
use crate::handler::Handler;
use crate::marks::Marks;
use crate::pages::page;
use crate::request_body::RequestBody;
use http::{Request, Response, StatusCode};
use names::Names;
use serving::Site;
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
    sites: Rc<RefCell<Rc<Opened>>>,
    scheme: Scheme,
}

/// Sites as they are until others replace them.
#[derive(Debug)]
struct Opened {
    names: Names,
    sites: Box<[Site]>,
}

/// A site that cannot be served.
#[derive(Debug)]
pub struct SiteError {
    /// Which of those given, from 0.
    pub site: usize,
    /// Why its folder cannot be opened; or [`io::ErrorKind::InvalidInput`] and which of its rules cannot be kept.
    pub error: io::Error,
}

impl Sites {
    /// Opens the folders of `sites`, whose files are read and kept by `store`.
    ///
    /// # Errors
    ///
    /// When a folder cannot be opened, or a rule not be kept.
    pub fn open(sites: &[SiteOptions], store: &Store) -> Result<Self, SiteError> {
        let opened = Opened::open(sites, store)?;
        Ok(Self {
            sites: Rc::new(RefCell::new(Rc::new(opened))),
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
    /// When a folder cannot be opened, or a rule not be kept: then all is as it was.
    pub fn replace(&self, sites: &[SiteOptions], store: &Store) -> Result<(), SiteError> {
        let opened = Opened::open(sites, store)?;
        *self.sites.borrow_mut() = Rc::new(opened);
        Ok(())
    }

    /// Answers a request; its content is not looked at.
    pub async fn answer<B, M: Marks>(
        &self,
        request: Request<B>,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        let opened = self.sites.borrow().clone();
        // A host that is nobody's is not led anywhere, but told so.
        let Some(site) = opened.names.find(names::host(&request)) else {
            return misdirected();
        };
        if let Scheme::HttpToHttps(port) = self.scheme
            && !secure::is_excepted(&request)
        {
            return secure::to_tls(&request, port).map(FilesBody::page);
        }
        let is_tls = self.scheme == Scheme::Https;
        opened.sites[site].answer(request, is_tls, journal).await
    }
}

impl Opened {
    fn open(sites: &[SiteOptions], store: &Store) -> Result<Self, SiteError> {
        let names = Names::of(sites.iter().map(|site| &*site.hosts));
        let names = names.map_err(|(site, error)| SiteError {
            site,
            error: io::Error::new(io::ErrorKind::InvalidInput, error),
        })?;
        let open = |(site, options): (usize, &SiteOptions)| {
            Site::open(options, store).map_err(|error| SiteError { site, error })
        };
        let sites = sites
            .iter()
            .enumerate()
            .map(open)
            .collect::<Result<_, _>>()?;
        Ok(Self { names, sites })
    }
}

impl<M: Marks> Handler<M> for Sites {
    type Body = FilesBody<M>;

    async fn handle(&self, request: Request<RequestBody>, journal: &M) -> Response<FilesBody<M>> {
        self.answer(request, journal).await
    }
}

/// The target's origin is none of ours (RFC 9110 section 15.5.20). 404 would say that we know the host, and that it has
/// nothing there.
fn misdirected<M>() -> Response<FilesBody<M>> {
    let explanation = "No site of that name is served here.";
    page(StatusCode::MISDIRECTED_REQUEST, explanation).map(FilesBody::page)
}

#[cfg(test)]
mod tests;
