//! `[listener.tls]`: what a listener shows of itself, and how it speaks TLS.

use super::key::{Heading, key, open};
use super::place::Place;
use super::section::Section;
use super::units::{A_TIME, time};
use periplus_serve::tls::{CertificateFiles, Certificates, TlsOptions, TlsVersion};

pub(super) const HEADING: Heading = Heading {
    path: "listener.tls",
    many: false,
    about: "TLS for the listener above it.",
    keys: &[
        key(
            "self_signed",
            "[\"localhost\"]",
            "Names for a certificate of its own making, which nobody trusts: for development. Without certificates only.",
        ),
        key(
            "least_version",
            "\"1.2\"",
            "The oldest version of TLS that is spoken: \"1.2\" or \"1.3\".",
        ),
        key(
            "handshake",
            "\"10 s\"",
            "How long a handshake may take: ms, s, min, h or d.",
        ),
    ],
};

pub(super) const CERTIFICATE: Heading = Heading {
    path: "listener.tls.certificate",
    many: true,
    about: "A certificate of that listener, as PEM. The first answers to names that are in no other.",
    keys: &[
        open(
            "chain",
            "\"fullchain.pem\"",
            "The chain, the server's own certificate first. It must be given.",
        ),
        open(
            "key",
            "\"privkey.pem\"",
            "The private key. It must be given.",
        ),
    ],
};

/// What a listener's section says, and where each of its certificates is named.
pub(super) fn of_listener(listener: &Section<'_>) -> Option<(TlsOptions, Vec<Place>)> {
    if listener.is_plain("tls") {
        let is_on = listener.switch("tls")?;
        return is_on.then(|| (TlsOptions::default(), Vec::new()));
    }
    let section = listener.section("tls")?;
    let usual = TlsOptions::default();
    let versions = [("1.2", TlsVersion::Tls12), ("1.3", TlsVersion::Tls13)];
    let certificates = section.sections("certificate");
    let (files, places): (Vec<_>, Vec<_>) = certificates.iter().filter_map(files).unzip();
    let names = section.list("self_signed", |name| Ok(name.to_string()));
    let certificates = match (files.is_empty(), names) {
        (false, None) => Certificates::Files(files),
        (false, Some(_)) => {
            section.refuse_because(
                "self_signed",
                "there is a certificate, and one of its own making is asked for as well",
                "Leave `self_signed` or every [[listener.tls.certificate]] out.",
            );
            return None;
        }
        (true, Some(names)) if names.is_empty() => {
            section.refuse("self_signed", "one name at least, as [\"localhost\"]");
            return None;
        }
        (true, Some(names)) => Certificates::SelfSigned(names),
        (true, None) => usual.certificates,
    };
    let options = TlsOptions {
        certificates,
        least_version: section
            .choice("least_version", &versions)
            .unwrap_or(usual.least_version),
        http2: usual.http2,
        handshake_timeout: section
            .parsed("handshake", A_TIME, time)
            .map_or(usual.handshake_timeout, |(time, _)| time),
    };
    Some((options, places))
}

fn files(section: &Section<'_>) -> Option<(CertificateFiles, Place)> {
    let chain = section.required(section.path("chain"), "chain = \"fullchain.pem\"");
    let key = section.required(section.path("key"), "key = \"privkey.pem\"");
    let files = CertificateFiles {
        chain: chain?.0,
        key: key?.0,
    };
    Some((files, section.place()))
}
