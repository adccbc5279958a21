//! TLS, between the stack's stream and what is spoken inside.

mod options;

pub use options::{CertificateFiles, Certificates, TlsOptions, TlsVersion};
