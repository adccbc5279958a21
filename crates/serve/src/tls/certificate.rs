//! A certificate and its key, as they are read from files.

use super::error::TlsError;
use super::options::CertificateFiles;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use webpki::{EndEntityCert, KeyUsage};

/// The longest file that is taken for a certificate or a key, in bytes.
const LONGEST_FILE: u64 = 1024 * 1024;

/// A certificate with its key, and what is to be known of it.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    /// The names it is for, in lower case; `*.` begins one that stands for many.
    pub(super) names: Vec<String>,
    /// What is worth a warning.
    pub(super) warning: Option<String>,
}

impl Certificate {
    /// Reads a chain and its key.
    pub(super) fn read(
        files: &CertificateFiles,
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        let chain = chain(&files.chain)?;
        let key = key(&files.key)?;
        let certified =
            CertifiedKey::from_der(chain, key, provider).map_err(|error| unfit(&error, files))?;
        Self::new(certified, &files.chain)
    }

    /// A chain with its key, that came from `source`.
    pub(super) fn new(key: CertifiedKey, source: &Path) -> Result<Self, TlsError> {
        let unreadable = || {
            TlsError::in_file(
                source,
                "its first certificate is no X.509 certificate",
                "have it issued again",
            )
        };
        let first = key.cert.first().ok_or_else(unreadable)?;
        let parsed = EndEntityCert::try_from(first).map_err(|_| unreadable())?;
        // RFC 9525 section 2: the names of a certificate are those in its subjectAltName and no others.
        let names = parsed.valid_dns_names();
        let names = names.map(str::to_ascii_lowercase).collect();
        let warning = untimely(&parsed, UnixTime::now()).map(|when| {
            format!(
                "{}: the certificate {when}; clients will refuse it",
                source.display()
            )
        });
        Ok(Self {
            key: Arc::new(key),
            names,
            warning,
        })
    }
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |error: std::io::Error| {
        TlsError::in_file(
            file,
            format!("it cannot be read: {error}"),
            "name a file that the server may read",
        )
    };
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(failed)?;
    opened
        .take(LONGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(TlsError::in_file(
            file,
            "it is larger than any certificate or key",
            "name the right file",
        ));
    }
    Ok(bytes)
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = read(file)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = chain.map_err(|error| bad_pem(file, &error))?;
    if chain.is_empty() {
        return Err(TlsError::in_file(
            file,
            "there is no certificate in it",
            "name the chain as PEM, the server's own certificate first",
        ));
    }
    Ok(chain)
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let bytes = read(file)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| match error {
        pem::Error::NoItemsFound if is_encrypted(&bytes) => encrypted(file),
        pem::Error::NoItemsFound => TlsError::in_file(
            file,
            "there is no private key in it",
            "name the key as PEM, PKCS #8, PKCS #1 or SEC 1",
        ),
        // The lines of an encrypted PKCS #1 key are no base64.
        _ if is_encrypted(&bytes) => encrypted(file),
        error => bad_pem(file, &error),
    })
}

fn encrypted(file: &Path) -> TlsError {
    TlsError::in_file(
        file,
        "the key is encrypted, and nobody is there to be asked for its passphrase",
        "decrypt it with `openssl pkey -in KEY -out NEW` and guard NEW by its mode",
    )
}

fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

fn bad_pem(file: &Path, error: &pem::Error) -> TlsError {
    TlsError::in_file(
        file,
        format!("it is not PEM: {error}"),
        "write it anew, from the line that begins it to the one that ends it",
    )
}

/// Why a key and a chain do not come together.
fn unfit(error: &Error, files: &CertificateFiles) -> TlsError {
    match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::in_file(
            &files.key,
            format!(
                "the key does not belong to the first certificate of {}",
                files.chain.display()
            ),
            "name the two that were issued together, the server's own certificate first in its chain",
        ),
        Error::InvalidCertificate(_) => TlsError::in_file(
            &files.chain,
            format!("its first certificate is of no use: {error}"),
            "have it issued again",
        ),
        _ => TlsError::in_file(
            &files.key,
            format!("the key is of no use: {error}"),
            "name an ECDSA key (P-256, P-384), an Ed25519 key, or an RSA key of 2048 to 8192 bits",
        ),
    }
}

/// What is wrong with the time that a certificate is good for.
fn untimely(certificate: &EndEntityCert<'_>, now: UnixTime) -> Option<String> {
    // The library looks at the time before it looks for an issuer. Of issuers it is told none: whom clients trust is theirs.
    let usage = KeyUsage::server_auth();
    let verified = certificate.verify_for_usage(&[], &[], &[], now, usage, None, None);
    let date =
        |time: UnixTime| httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time.as_secs()));
    match verified.err()? {
        webpki::Error::CertExpired { not_after, .. } => {
            Some(format!("expired on {}", date(not_after)))
        }
        webpki::Error::CertNotValidYet { not_before, .. } => {
            Some(format!("is good from {} only", date(not_before)))
        }
        webpki::Error::InvalidCertValidity => Some("ends before it begins".into()),
        webpki::Error::BadDer | webpki::Error::BadDerTime => {
            Some("is good for a time that cannot be read".into())
        }
        _ => None,
    }
}
