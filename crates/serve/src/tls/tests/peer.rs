//! A client, and what it trusts.

use crate::testing::Far;
use crate::tls::{CertificateFiles, Certificates, Tls, TlsOptions};
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A certificate and its key in files, signed by itself.
pub(super) struct Identity {
    pub(super) folder: TempDir,
    pub(super) files: CertificateFiles,
    pub(super) der: CertificateDer<'static>,
}

impl Identity {
    pub(super) fn of(names: &[&str]) -> Self {
        Self::with(names, |_| {})
    }

    pub(super) fn with(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("the names are names");
        change(&mut params);
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.self_signed(&key).expect("it can be signed");
        let files = CertificateFiles {
            chain: write(folder.path(), "chain.pem", &certificate.pem()),
            key: write(folder.path(), "key.pem", &key.serialize_pem()),
        };
        Self {
            folder,
            files,
            der: certificate.der().clone(),
        }
    }

    pub(super) fn options(&self) -> TlsOptions {
        TlsOptions {
            certificates: Certificates::Files(vec![self.files.clone()]),
            ..TlsOptions::default()
        }
    }

    pub(super) fn tls(&self) -> Tls {
        Tls::new(&self.options()).expect("the certificate is good")
    }

    /// A client that trusts it.
    pub(super) fn client(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("it is a certificate");
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("the versions are known")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

fn write(folder: &Path, name: &str, content: &str) -> std::path::PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, content).expect("it is new");
    file
}

/// The far end of a line, as a client of TLS.
pub(super) struct Peer {
    pub(super) far: Far,
    pub(super) session: ClientConnection,
    /// How much of what the server has sent was looked at.
    seen: usize,
    /// The plaintext that came.
    pub(super) heard: Vec<u8>,
    /// The server has said that it ends.
    pub(super) closed: bool,
    pub(super) error: Option<rustls::Error>,
}

impl Peer {
    pub(super) fn new(far: Far, config: &Arc<ClientConfig>, name: &str) -> Self {
        let name = ServerName::try_from(name.to_owned()).expect("it is a name");
        let session = ClientConnection::new(config.clone(), name).expect("the config is good");
        Self {
            far,
            session,
            seen: 0,
            heard: Vec::new(),
            closed: false,
            error: None,
        }
    }

    pub(super) fn say(&mut self, plaintext: &[u8]) {
        self.session
            .writer()
            .write_all(plaintext)
            .expect("memory takes it");
    }

    /// What it has to send now.
    pub(super) fn ciphertext(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut bytes).expect("memory takes it");
        }
        bytes
    }

    /// Looks at what has come.
    pub(super) fn look(&mut self) {
        let sent = self.far.sent();
        let mut new = &sent[self.seen..];
        self.seen = sent.len();
        while !new.is_empty() && self.error.is_none() && !self.closed {
            self.session.read_tls(&mut new).expect("memory is read");
            match self.session.process_new_packets() {
                Ok(state) => {
                    let start = self.heard.len();
                    self.heard
                        .resize(start + state.plaintext_bytes_to_read(), 0);
                    self.session
                        .reader()
                        .read_exact(&mut self.heard[start..])
                        .expect("it said how much there is");
                    self.closed |= state.peer_has_closed();
                }
                Err(error) => self.error = Some(error),
            }
        }
    }

    /// Sends and looks until `done`, or nobody is there any more.
    pub(super) async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        loop {
            self.look();
            let bytes = self.ciphertext();
            self.far.send(bytes);
            if done(self) || self.far.is_dropped() {
                return;
            }
            let seen = self.seen;
            self.far.until_sent(|sent| sent.len() > seen).await;
        }
    }

    pub(super) async fn shake(&mut self) {
        self.until(|peer| !peer.session.is_handshaking() || peer.error.is_some())
            .await;
        assert_eq!(self.error, None);
    }

    /// Asks for `target`, and waits for the end of the answer's content.
    pub(super) async fn get(&mut self, target: &str, ends: &[u8]) -> String {
        self.heard.clear();
        self.say(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        self.until(|peer| peer.heard.ends_with(ends)).await;
        String::from_utf8_lossy(&self.heard).into_owned()
    }
}
