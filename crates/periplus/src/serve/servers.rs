//! The servers: a task a listener.

use super::certificates::Secured;
use super::entrance::Stack;
use super::transport::{Stream, Told, Transport};
use crate::config::Protocol;
use crate::plan::{Listener, Plan};
use periplus_net::host::HostListener;
use periplus_serve::site::Sites;
use periplus_serve::tls::Tls;
use periplus_serve::websocket::{WebSocketAt, echo};
use periplus_serve::{Adjust, ConnectionService, Drained, ServeCounters, ServeOptions, Server, kv};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How many connections may wait in each of a listener's two queues, as many as Linux allows.
const BACKLOG: usize = 4096;

/// Where a WebSocket that asks for it hears what it says. A file of that name in the folder is still served.
const ECHO: &str = "/ws";

/// The servers of a run. They end together.
pub(super) struct Servers {
    listeners: Vec<(Protocol, SocketAddr)>,
    /// Where a redirect leads that names no port: to the first listener that speaks TLS.
    https: u16,
    tasks: JoinSet<io::Result<Drained>>,
    /// Gives each of those that speak HTTP other bounds.
    adjust: Vec<Box<dyn Fn(ServeOptions)>>,
    counters: Vec<(SocketAddr, Arc<ServeCounters>)>,
    stop: watch::Sender<bool>,
    /// How those that have ended did so.
    drained: Drained,
    failed: Option<io::Error>,
}

/// What all listeners lead to.
struct What {
    sites: Sites,
    store: kv::Store,
    options: ServeOptions,
}

impl Servers {
    /// Listens wherever the stack is to, and serves what the protocol of each listener says, in tasks of the current
    /// `LocalSet`.
    pub(super) async fn start(
        stack: &mut Stack,
        plan: &Plan,
        sites: Sites,
        secured: &Secured,
    ) -> io::Result<Self> {
        let mut servers = Self {
            listeners: Vec::new(),
            https: 443,
            tasks: JoinSet::new(),
            adjust: Vec::new(),
            counters: Vec::new(),
            stop: watch::Sender::new(false),
            drained: Drained { open: 0, cut: 0 },
            failed: None,
        };
        let what = What {
            sites,
            store: kv::Store::new(kv::StoreLimits::default()),
            options: plan.serve.clone(),
        };
        let mut listening = Vec::new();
        match stack {
            Stack::Own {
                shard, addresses, ..
            } => {
                for address in addresses {
                    listening.push(Transport::Own(shard.listen(*address, BACKLOG).await?));
                }
            }
            Stack::Host { host, sockets } => {
                let open = |socket| Transport::Host(HostListener::new(socket, host.clone()));
                listening.extend(sockets.drain(..).map(open));
            }
        }
        // Known before any of them serves: one that leads there may stand before it.
        let mut places = plan.listeners.iter().zip(&listening);
        if let Some((_, https)) = places.find(|(place, _)| place.tls.is_some()) {
            servers.https = https.local_addr()?.port();
        }
        for ((place, tls), listener) in secured.of(plan).zip(listening) {
            servers.serve(place, listener, &what, tls)?;
        }
        Ok(servers)
    }

    /// Serves what comes to one listener.
    fn serve(
        &mut self,
        place: &Listener,
        listener: Transport,
        what: &What,
        tls: Option<&Tls>,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        self.listeners.push((place.protocol, address));
        match place.protocol {
            Protocol::Http => {
                let sites = what.sites.over(place.scheme(self.https));
                let handler = WebSocketAt::new(ECHO, echo, sites);
                let https_gateway = place.https_gateway;
                let own = move |options| ServeOptions {
                    https_gateway,
                    ..options
                };
                let options = own(what.options.clone());
                match tls {
                    Some(tls) => {
                        let server = Server::secure(handler, tls.clone(), options);
                        self.run_http(server, own, address, listener);
                    }
                    None => self.run_http(Server::new(handler, options), own, address, listener),
                }
            }
            Protocol::Kv => {
                let server = kv::server(what.store.clone(), what.options.clone());
                self.counters.push((address, server.counters()));
                let stop = is_set(self.stop.subscribe());
                let task = async move { server.run(listener, stop).await };
                self.tasks.spawn_local(task);
            }
        }
        Ok(())
    }

    /// Serves HTTP, or HTTPS, within bounds that may change: `own` makes the listener's own of them.
    fn run_http<C>(
        &mut self,
        server: Server<C>,
        own: impl Fn(ServeOptions) -> ServeOptions + 'static,
        address: SocketAddr,
        listener: Transport,
    ) where
        C: ConnectionService<Stream, Told> + Adjust,
    {
        let server = Rc::new(server);
        self.counters.push((address, server.counters()));
        let adjusted = server.clone();
        self.adjust
            .push(Box::new(move |options| adjusted.adjust(own(options))));
        let stop = is_set(self.stop.subscribe());
        let task = async move { server.run(listener, stop).await };
        self.tasks.spawn_local(task);
    }

    /// Serves new connections of HTTP within these bounds.
    pub(super) fn adjust(&self, options: &ServeOptions) {
        for adjust in &self.adjust {
            adjust(options.clone());
        }
    }

    /// What they count.
    pub(super) fn counters(&self) -> Vec<(SocketAddr, Arc<ServeCounters>)> {
        self.counters.clone()
    }

    /// What they speak, and where.
    pub(super) fn listeners(&self) -> &[(Protocol, SocketAddr)] {
        &self.listeners
    }

    /// Asks them to accept no more and to finish what is in flight.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until all of them have ended, and adds up what they say. Given up and called again, it misses none. Where one
    /// cannot go on the others are stopped as well.
    pub(super) async fn ended(&mut self) -> io::Result<Drained> {
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(Ok(Drained { open, cut })) => {
                    self.drained.open += open;
                    self.drained.cut += cut;
                }
                Ok(Err(error)) => {
                    self.failed.get_or_insert(error);
                    self.stop();
                }
                // Nobody cancels them.
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        }
        self.failed.take().map_or(Ok(self.drained), Err)
    }
}

/// Waits until it is.
async fn is_set(mut flag: watch::Receiver<bool>) {
    // It fails where the sender is gone, and then nobody waits for this any more.
    let _ = flag.wait_for(|&set| set).await;
}
