//! TLS as a listener speaks it, and its certificates as they are now.

use super::by_name::ByName;
use super::certificate::Certificate;
use super::error::TlsError;
use super::options::{Certificates, TlsOptions, TlsVersion};
use super::self_signed::self_signed;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};
use rustls::{ServerConfig, ServerConnection, version};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Sessions of TLS 1.2 clients without tickets that are remembered, so that they may be taken up again.
const SESSIONS: usize = 4096;

/// TLS as a listener speaks it. A clone is another handle of the same.
///
/// Certificates may be [replaced](Self::replace) while it is in use. Sessions go on with the keys they began with, and may be
/// taken up again after it.
#[derive(Clone)]
pub struct Tls {
    shared: Arc<Shared>,
}

struct Shared {
    provider: Arc<CryptoProvider>,
    /// Keys for tickets, that change every few hours (RFC 5077 section 5.5).
    ticketer: Arc<dyn ProducesTickets>,
    sessions: Arc<dyn StoresServerSessions>,
    now: RwLock<Now>,
}

/// What new connections are going to get.
pub struct Prepared(Now);

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

/// What new connections get.
struct Now {
    config: Arc<ServerConfig>,
    handshake_timeout: Duration,
    warnings: Vec<String>,
    /// The certificate of its own making, and for what it was made.
    own: Option<(Vec<String>, Certificate)>,
}

impl Tls {
    /// As `options` ask for it.
    ///
    /// # Errors
    ///
    /// Where a certificate or a key cannot be read, or the two do not belong together: which file, what is wrong with it, and
    /// what to do.
    pub fn new(options: &TlsOptions) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let ticketer = ring::Ticketer::new().map_err(|error| {
            TlsError::new(
                format!("there are no random bytes for the tickets' keys: {error}"),
                "give the server access to getrandom(2)",
            )
        })?;
        let sessions = ServerSessionMemoryCache::new(SESSIONS);
        let now = Now::new(
            options,
            None,
            &provider,
            &ticketer,
            &(sessions.clone() as _),
        )?;
        Ok(Self {
            shared: Arc::new(Shared {
                provider,
                ticketer,
                sessions,
                now: RwLock::new(now),
            }),
        })
    }

    /// Reads the certificates anew, for new connections. The ones there are go on undisturbed. A certificate of the server's
    /// own making stays the same for the same names.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new): everything stays as it was then.
    pub fn replace(&self, options: &TlsOptions) -> Result<(), TlsError> {
        self.turn(self.prepare(options)?);
        Ok(())
    }

    /// Reads the certificates anew, and changes nothing yet: for who has more to replace, all of it or nothing.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn prepare(&self, options: &TlsOptions) -> Result<Prepared, TlsError> {
        let Shared {
            provider,
            ticketer,
            sessions,
            now,
        } = &*self.shared;
        let own = now
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .own
            .clone();
        Now::new(options, own, provider, ticketer, sessions).map(Prepared)
    }

    /// Shows what was prepared to new connections.
    pub fn turn(&self, prepared: Prepared) {
        let now = &self.shared.now;
        *now.write().unwrap_or_else(PoisonError::into_inner) = prepared.0;
    }

    /// What is wrong with the certificates, though not so wrong that they cannot be shown: that one has expired.
    pub fn warnings(&self) -> Vec<String> {
        let now = self.shared.now.read();
        now.unwrap_or_else(PoisonError::into_inner).warnings.clone()
    }

    /// A new connection's session, and how long its handshake may take.
    pub(super) fn session(&self) -> Option<(ServerConnection, Duration)> {
        let now = self.shared.now.read();
        let now = now.unwrap_or_else(PoisonError::into_inner);
        let session = ServerConnection::new(now.config.clone()).ok()?;
        Some((session, now.handshake_timeout))
    }
}

impl Now {
    fn new(
        options: &TlsOptions,
        own: Option<(Vec<String>, Certificate)>,
        provider: &Arc<CryptoProvider>,
        ticketer: &Arc<dyn ProducesTickets>,
        sessions: &Arc<dyn StoresServerSessions>,
    ) -> Result<Self, TlsError> {
        let mut own = own;
        let certificates = match &options.certificates {
            Certificates::Files(files) => files
                .iter()
                .map(|files| Certificate::read(files, provider))
                .collect::<Result<Vec<_>, _>>()?,
            Certificates::SelfSigned(names) => {
                if own.as_ref().is_none_or(|(before, _)| before != names) {
                    own = Some((names.clone(), self_signed(names)?));
                }
                own.iter()
                    .map(|(_, certificate)| certificate.clone())
                    .collect()
            }
        };
        let Some((first, more)) = certificates.split_first() else {
            return Err(TlsError::new(
                "no certificate is named",
                "name a chain and its key, or ask for one that is signed by itself",
            ));
        };
        let versions: &[_] = match options.least_version {
            TlsVersion::Tls12 => &[&version::TLS13, &version::TLS12],
            TlsVersion::Tls13 => &[&version::TLS13],
        };
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .map_err(|error| {
                TlsError::new(
                    format!("these versions cannot be spoken: {error}"),
                    "ask for TLS 1.2 or 1.3",
                )
            })?;
        let mut config = builder
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ByName::new(first, more)));
        config.ticketer = ticketer.clone();
        config.session_storage = sessions.clone();
        let offered: &[&[u8]] = match options.http2 {
            true => &[b"h2", b"http/1.1"],
            false => &[b"http/1.1"],
        };
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        // A request that is sent before the handshake has ended may be sent again by anyone (RFC 8446 section 8).
        config.max_early_data_size = 0;
        Ok(Self {
            config: Arc::new(config),
            handshake_timeout: options.handshake_timeout,
            warnings: certificates
                .iter()
                .filter_map(|certificate| certificate.warning.clone())
                .collect(),
            own,
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("warnings", &self.warnings())
            .finish_non_exhaustive()
    }
}
