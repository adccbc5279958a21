//! The control address: where a load balancer, a supervisor or Prometheus asks by HTTP how the server is.
//!
//! It is a socket of the host's, with a thread of its own: whoever asks costs the shard a look at its counters, and a server
//! whose stack is in trouble can still say so. What a caller can cost is bounded in number and in time.

mod metrics;

use crate::failure::{Failure, Kind, reason};
use crate::recording::Rotation;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use periplus_logbook::writer::Inlet;
use periplus_net::ShardHandle;
use periplus_serve::ServeCounters;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

/// Callers that are attended to at once; the next one waits.
const CALLERS: usize = 16;
/// How long a caller may stay, whatever he asks or leaves undone.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long his header section may take.
const ASKING: Duration = Duration::from_secs(5);
/// How long accepting rests when it fails: descriptors have run out.
const REST: Duration = Duration::from_millis(100);

/// A control address that is open, and on which nobody is answered yet.
pub(crate) struct Health(TcpListener);

/// What is told there.
pub(crate) struct Told {
    /// What each listener's server counts.
    pub(crate) servers: Vec<(SocketAddr, Arc<ServeCounters>)>,
    /// None where the host's own TCP serves.
    pub(crate) shard: Option<ShardHandle>,
    /// The way to the logbook, if journeys are kept.
    pub(crate) inlet: Option<Inlet>,
    pub(crate) rotation: Rotation,
}

/// A control address that is served. Dropping it ends that.
pub(crate) struct Serving {
    draining: Arc<AtomicBool>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Health {
    /// Listens at `address`, while the process still has the rights it was started with.
    pub(crate) fn open(address: SocketAddr) -> Result<Self, Failure> {
        TcpListener::bind(address).map(Self).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::PermissionDenied => Kind::Refused,
                _ => Kind::Running,
            };
            let what = format!(
                "cannot listen on the control address {address}: {}",
                reason(&error)
            );
            Failure::new(kind, what)
                .fix("Name another with `--control ADDRESS:PORT`, or in [control] of the file.")
        })
    }

    /// Answers from now on.
    pub(crate) fn serve(self, told: Told) -> Result<Serving, Failure> {
        let cannot = |error| Failure::cannot("serve the control address", &error);
        self.0.set_nonblocking(true).map_err(cannot)?;
        let address = self.0.local_addr().map_err(cannot)?;
        let draining = Arc::new(AtomicBool::new(false));
        let desk = Arc::new(Desk {
            told,
            draining: draining.clone(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(cannot)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("health".into());
        let thread = thread.spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = accept(self.0, desk) => {}
                }
            });
        });
        crate::talk::say(&format!("Telling how it is on http://{address}/metrics"));
        Ok(Serving {
            draining,
            stop: Some(stop),
            thread: Some(thread.map_err(cannot)?),
        })
    }
}

impl Serving {
    /// From now on it is told that the server is ending.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What every answer is made of.
struct Desk {
    told: Told,
    draining: Arc<AtomicBool>,
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let callers = Arc::new(Semaphore::new(CALLERS));
    while let Ok(place) = callers.clone().acquire_owned().await {
        let Ok((caller, _)) = listener.accept().await else {
            sleep(REST).await;
            continue;
        };
        let desk = desk.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let desk = desk.clone();
                async move { Ok::<_, Infallible>(desk.answer(&request).await) }
            });
            let attended = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(ASKING)
                .serve_connection(TokioIo::new(caller), service);
            // An error is the caller's: it is gone.
            let _ = timeout(PATIENCE, attended).await;
            drop(place);
        });
    }
}

impl Desk {
    async fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD\n");
            let allowed = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(ALLOW, allowed);
            return answer;
        }
        match request.uri().path() {
            // Alive and ready are one here: a server that listens can serve, and one that drains wants no more requests.
            "/healthz" | "/readyz" => match self.draining.load(Ordering::Relaxed) {
                false => text(StatusCode::OK, "ok\n"),
                true => text(StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
            },
            "/metrics" => {
                let mut answer = text(StatusCode::OK, metrics::text(&self.told).await);
                let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                answer.headers_mut().insert(CONTENT_TYPE, kind);
                answer
            }
            _ => text(StatusCode::NOT_FOUND, "/healthz, /readyz or /metrics\n"),
        }
    }
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
