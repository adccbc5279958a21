//! A certificate, and clients that trust it.

use periplus_net::TcpStream;
use periplus_serve::tls::{CertificateFiles, Certificates, TlsOptions};
use rcgen::generate_simple_self_signed;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A connection to the server's stack, inside TLS.
pub(crate) type Secured = TlsStream<TcpStream>;

/// A certificate for localhost and 127.0.0.1, and its key.
pub(crate) struct Identity {
    folder: TempDir,
    der: CertificateDer<'static>,
}

pub(crate) fn identity() -> Identity {
    let names = ["localhost", "127.0.0.1"].map(String::from);
    let made = generate_simple_self_signed(names).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("chain.pem"), made.cert.pem()).unwrap();
    std::fs::write(
        folder.path().join("key.pem"),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
    Identity {
        folder,
        der: made.cert.der().clone(),
    }
}

impl Identity {
    /// The chain, as a file.
    pub(crate) fn chain(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    pub(crate) fn options(&self) -> TlsOptions {
        let files = CertificateFiles {
            chain: self.chain(),
            key: self.folder.path().join("key.pem"),
        };
        TlsOptions {
            certificates: Certificates::Files(vec![files]),
            ..TlsOptions::default()
        }
    }

    /// Shakes hands as a client of today does.
    pub(crate) async fn connect(&self, stream: TcpStream) -> io::Result<Secured> {
        self.connect_by(&[&TLS13, &TLS12], stream).await
    }

    /// Shakes hands as a client does that has never heard of TLS 1.3.
    pub(crate) async fn connect_old(&self, stream: TcpStream) -> io::Result<Secured> {
        self.connect_by(&[&TLS12], stream).await
    }

    async fn connect_by(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        stream: TcpStream,
    ) -> io::Result<Secured> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }
}
