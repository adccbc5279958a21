//! A certificate of the server's own making.

use super::certificate::Certificate;
use super::error::TlsError;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::path::Path;

/// A new key, and a certificate for these names and addresses that it has signed itself. Both are in memory only.
pub(super) fn self_signed(names: &[String]) -> Result<Certificate, TlsError> {
    let failed = |error: rcgen::Error| {
        TlsError::new(
            format!(
                "no certificate can be made for {}: {error}",
                names.join(", ")
            ),
            "name hosts and IP addresses, as localhost and 127.0.0.1",
        )
    };
    let mut params = CertificateParams::new(names).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Periplus, signed by itself");
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let certified = CertifiedKey::from_der(
        vec![certificate.der().clone()],
        der,
        &ring::default_provider(),
    );
    let certified = certified.map_err(|error| {
        TlsError::new(
            format!("the certificate that was made is of no use: {error}"),
            "name certificate files",
        )
    })?;
    Certificate::new(certified, Path::new("(signed by itself)"))
}
