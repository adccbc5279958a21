//! What is asked of TLS.

use std::path::PathBuf;
use std::time::Duration;

/// How TLS is spoken on a listener.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// What the server shows of itself.
    pub certificates: Certificates,
    /// The oldest version that is spoken.
    pub least_version: TlsVersion,
    /// Offer HTTP/2 as well as HTTP/1.1, by ALPN.
    pub http2: bool,
    /// How long a handshake may take, from the first byte of the ClientHello to its end.
    pub handshake_timeout: Duration,
}

/// What the server shows of itself.
#[derive(Clone, Debug)]
pub enum Certificates {
    /// One or more, each for the names it says; the first answers to what no other does.
    Files(Vec<CertificateFiles>),
    /// One of its own making, for these names and addresses, that nobody trusts: for development.
    SelfSigned(Vec<String>),
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// The chain, the server's own certificate first, as PEM.
    pub chain: PathBuf,
    /// The private key, as PEM.
    pub key: PathBuf,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246, with forward secrecy and authenticated encryption only.
    #[default]
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            certificates: Certificates::SelfSigned(vec!["localhost".into()]),
            least_version: TlsVersion::default(),
            http2: true,
            handshake_timeout: Duration::from_secs(10),
        }
    }
}
